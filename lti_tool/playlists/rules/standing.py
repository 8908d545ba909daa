"""Where one student stands with one step, and what moves it."""

from dataclasses import dataclass, replace
from datetime import datetime

from lti_tool.playlists.models import DoneBy, DoneRule, StepState

ENOUGH = frozenset({DoneRule.OPENED, DoneRule.MARKED})
"""Where it is enough that the LMS counts the item as completed."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one student stands with one step. The default is where everybody starts."""

    state: StepState = StepState.TODO
    opened_at: datetime | None = None
    done_at: datetime | None = None
    done_by: DoneBy | None = None
    result_percent: float | None = None
    result_at: datetime | None = None
    reopened_at: datetime | None = None
    """When a teacher last took the step back; results from before then no longer count."""
    words: str = ""
    """What the student wrote: a reflection, or why they passed the step over."""
    skipped_at: datetime | None = None

    @property
    def is_skipped(self) -> bool:
        """Whether the student passed the step over, and did nothing with it since."""
        return self.skipped_at is not None and self.state is not StepState.DONE


def counting_result(standing: Standing) -> float | None:
    """The LMS's result in percent, unless a teacher took the step back after it."""
    if standing.result_at is None or standing.result_percent is None:
        return None
    if standing.reopened_at is not None and standing.result_at <= standing.reopened_at:
        return None
    return standing.result_percent


def opened(standing: Standing, rule: DoneRule, now: datetime) -> Standing:
    """After the student opened the step. Opening again changes nothing, but that what was passed over is taken up."""
    if standing.state is StepState.DONE:
        return standing
    if rule is DoneRule.OPENED:
        return _done(standing, DoneBy.STUDENT, now)
    if standing.state is StepState.OPENED and not standing.is_skipped:
        return standing
    return replace(_taken_up(standing), state=StepState.OPENED, opened_at=standing.opened_at or now)


def marked(standing: Standing, by: DoneBy, now: datetime) -> Standing:
    """After somebody said that the step is done. The first word stands: saying it again changes nothing."""
    return standing if standing.state is StepState.DONE else _done(standing, by, now)


def unmarked(standing: Standing, by: DoneBy, now: datetime) -> Standing:
    """After it was taken back. A student takes back only their own word; a teacher anybody's, and asks for newer work."""
    if standing.state is not StepState.DONE:
        return standing
    if by is not DoneBy.TEACHER and standing.done_by is not by:
        return standing
    return replace(
        standing,
        state=StepState.OPENED,
        done_at=None,
        done_by=None,
        reopened_at=now if by is DoneBy.TEACHER else standing.reopened_at,
    )


def afresh(standing: Standing, now: datetime) -> Standing:
    """After a teacher allowed another try that starts from nothing: what was done or scored before counts no more."""
    if standing.state is StepState.TODO and standing.result_at is None:
        return standing
    return replace(_taken_up(standing), state=StepState.OPENED, done_at=None, done_by=None, reopened_at=now)


def asked_again(standing: Standing) -> Standing:
    """After a step that was done because nothing was asked of the student is asked for again: as if it had never been done."""
    if standing.state is not StepState.DONE:
        return standing
    was_opened = standing.opened_at is not None and standing.opened_at != standing.done_at
    return replace(
        standing,
        state=StepState.OPENED if was_opened else StepState.TODO,
        opened_at=standing.opened_at if was_opened else None,
        done_at=None,
        done_by=None,
    )


def written(standing: Standing, rule: DoneRule, text: str, now: datetime) -> Standing:
    """After the student wrote ``text`` (not blank). With ``WRITTEN`` the step is done; the same words again change nothing."""
    is_said = standing.words == text and not standing.is_skipped and standing.state is not StepState.TODO
    if is_said and (rule is not DoneRule.WRITTEN or standing.state is StepState.DONE):
        return standing
    told = replace(_taken_up(standing), words=text)
    if standing.state is StepState.DONE:
        return told
    if rule is DoneRule.WRITTEN:
        return _done(told, DoneBy.STUDENT, now)
    return replace(told, state=StepState.OPENED, opened_at=standing.opened_at or now)


def skipped(standing: Standing, why: str, now: datetime) -> Standing:
    """After the student passed the step over, saying ``why``. What is done or was written stays; again changes nothing."""
    if standing.state is StepState.DONE or standing.is_skipped or standing.words:
        return standing
    return replace(standing, words=why, skipped_at=now)


def with_result(
    standing: Standing,
    rule: DoneRule,
    pass_percent: float | None,
    percent: float,
    at: datetime,
    *,
    is_precheck: bool = False,
) -> Standing:
    """After the LMS reported a result of ``percent`` (0 to 100 and beyond) that came to be ``at``.

    An older result than the one known changes nothing. A result shows that the step was opened; with ``RESULT`` it is
    done from ``pass_percent`` on (any result where that is absent), unless a teacher took the step back since. A pre-check
    is done with any result: it was taken.
    """
    if standing.result_at is not None and at < standing.result_at:
        return standing
    taken_up = standing
    if standing.skipped_at is not None and at > standing.skipped_at:
        taken_up = _taken_up(standing)
    known = replace(
        taken_up,
        result_percent=percent,
        result_at=at,
        state=StepState.OPENED if standing.state is StepState.TODO else standing.state,
        opened_at=standing.opened_at or at,
    )
    return settled(known, rule, pass_percent, at, is_precheck=is_precheck)


def completed(standing: Standing, rule: DoneRule, at: datetime | None, now: datetime) -> Standing:
    """After the LMS counted the step's item as completed ``at`` (None: it does not say when, and it is known since ``now``).

    That is enough where opening or a student's own word is; results, mastery, sign-offs and words are asked for all the same.
    What a teacher took back since is asked for again, and without a moment nobody knows that it was done again.
    """
    if standing.state is StepState.DONE or rule not in ENOUGH:
        return standing
    if standing.reopened_at is not None and not _is_since(at, standing.reopened_at):
        return standing
    # A platform's clock may be ahead of ours; what it counts as completed has happened.
    return _done(standing, DoneBy.LMS, min(at or now, now))


def settled(
    standing: Standing,
    rule: DoneRule,
    pass_percent: float | None,
    now: datetime,
    *,
    is_precheck: bool = False,
    secure_since: datetime | None = None,
) -> Standing:
    """Where a standing leads under a rule that may have changed: a result that suffices, an opening, words, or mastery.

    ``secure_since`` is when the latest evidence came by which the step's competency is Secure, or None where it is not; with
    ``MASTERY`` that is enough, unless a teacher took the step back after it. Nothing is ever undone here, so that a teacher's
    change of mind takes no work away.
    """
    if standing.state is StepState.DONE:
        return standing
    percent = counting_result(standing)
    if rule is DoneRule.RESULT and percent is not None and (is_precheck or percent >= (pass_percent or 0.0)):
        return _done(standing, DoneBy.LMS, standing.result_at)
    if rule is DoneRule.MASTERY and _is_since(secure_since, standing.reopened_at):
        return _done(standing, DoneBy.MASTERY, now)
    looked_again = standing.reopened_at is None or percent is not None
    if rule is DoneRule.OPENED and standing.opened_at is not None and looked_again and not standing.is_skipped:
        return _done(standing, DoneBy.STUDENT if percent is None else DoneBy.LMS, standing.opened_at)
    if rule is DoneRule.WRITTEN and standing.words and standing.reopened_at is None and not standing.is_skipped:
        return _done(standing, DoneBy.STUDENT, standing.opened_at)
    return standing


def tested(standing: Standing, at: datetime) -> Standing:
    """After a pre-check was passed ``at``. What a teacher took back since is asked for all the same."""
    if standing.state is StepState.DONE or not _is_since(at, standing.reopened_at):
        return standing
    return _done(standing, DoneBy.TESTED, at)


def _is_since(at: datetime | None, reopened_at: datetime | None) -> bool:
    return at is not None and (reopened_at is None or at > reopened_at)


def _taken_up(standing: Standing) -> Standing:
    """What was passed over is on the path again; its words said why it was not."""
    return standing if standing.skipped_at is None else replace(standing, skipped_at=None, words="")


def _done(standing: Standing, by: DoneBy, at: datetime | None) -> Standing:
    taken_up = _taken_up(standing)
    return replace(taken_up, state=StepState.DONE, opened_at=taken_up.opened_at or at, done_at=at, done_by=by)
