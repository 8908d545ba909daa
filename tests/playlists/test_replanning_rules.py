"""What a plan changes on a path, whatever was there before: pure, with Hypothesis."""

import uuid
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from lti_tool.playlists import personal_pages, replanning
from lti_tool.playlists.models import DoneRule, StepOrigin, StepRole, StepState
from lti_tool.playlists.personal import Book, _begun, _walked
from lti_tool.playlists.personal_queries import CopyRow, CourseTimes, WorkRow
from lti_tool.playlists.planned_queries import OwnStep
from lti_tool.playlists.planning import base
from lti_tool.playlists.planning.course import compile_course
from lti_tool.playlists.planning.settings import PathSettings
from tests.playlists.seed import NOW

TODAY = date(2026, 9, 1)
NUMBERS = range(1, 5)


def _id(number: int) -> uuid.UUID:
    return uuid.UUID(int=number)


ITEMS = {
    _id(100 + 10 * number + place): base.Item(
        _id(100 + 10 * number + place),
        10 * number + place,
        f"item {number}.{place}",
        kind,
        (base.Aim(number, does),),
        scored=does is base.Does.ASSESSES,
    )
    for number in NUMBERS
    for place, (kind, does) in enumerate(
        [("page", base.Does.TEACHES), ("tool", base.Does.PRACTISES), ("quiz", base.Does.ASSESSES)]
    )
}
COMPETENCIES: Any = {number: SimpleNamespace(id=_id(number), number=number, words=f"C{number}") for number in NUMBERS}
BOOK = Book(
    times=CourseTimes(NOW, 1, None, None, None),
    course=compile_course(
        [base.Competency(number, number, f"C{number}") for number in NUMBERS], [(1, 2), (2, 3)], ITEMS.values()
    ),
    competencies=COMPETENCIES,
    items=ITEMS,
    passing={},
    dated=(),
    view=None,
    numbers={_id(number): number for number in NUMBERS},
)
COPY = CopyRow(_id(1), _id(2), _id(3), None, None, None, {}, NOW, 1, None, None, None, None, None, 0, None)


@st.composite
def paths(draw: st.DrawFn) -> tuple[list[OwnStep], dict[uuid.UUID, WorkRow], PathSettings, dict[int, Any]]:
    """A path as it may stand, with what was done on it; settings; and where the learner is."""
    chosen = draw(st.lists(st.sampled_from(sorted(ITEMS)), unique=True, max_size=8))
    own, rows = [], {}
    for position, item_id in enumerate(chosen):
        item = ITEMS[item_id]
        role = draw(st.sampled_from([StepRole.TEACH, StepRole.PRACTISE, StepRole.ASSESS, None]))
        origin = StepOrigin.TEACHER if role is None else draw(st.sampled_from([StepOrigin.TOOL, StepOrigin.STUDENT]))
        step = OwnStep(
            _id(1000 + position), COPY.id, position, "item", item.title, item_id, "marked", None, None,
            _id(item.aims[0].competency), origin, role, {"reason": "ready"}, None, draw(st.booleans()),
        )  # fmt: skip
        own.append(step)
        state = draw(st.sampled_from([None, StepState.TODO, StepState.OPENED, StepState.DONE]))
        if state is not None:
            skipped = NOW if state is not StepState.DONE and draw(st.booleans()) else None
            done = NOW if state is StepState.DONE else None
            rows[step.id] = WorkRow(COPY.person_id, step.id, item_id, state, NOW, done, skipped)
    settings = PathSettings(
        base.Settings(unit=frozenset(draw(st.sets(st.sampled_from(list(NUMBERS)))))), approve=draw(st.booleans())
    )
    standings = draw(st.dictionaries(st.sampled_from(list(NUMBERS)), st.sampled_from(list(base.Standing)), max_size=4))
    return own, rows, settings, standings


def _facts(own: list[OwnStep], rows: dict[uuid.UUID, WorkRow], settings: PathSettings, standings: Any) -> Any:
    done = {
        row.item_id: base.Done(finished=True)
        for row in rows.values()
        if row.state is StepState.DONE and row.item_id is not None
    }
    learner = base.Learner(
        standings=standings, items=done, begun=_begun(BOOK, own, rows), walked=_walked(BOOK, own, rows)
    )
    return replanning._Facts(_id(9), BOOK, COPY, settings, learner, {}, own, rows, frozenset(learner.chosen))


def _applied(own: list[OwnStep], draft: replanning.Draft) -> list[OwnStep]:
    """The path after what is written."""
    changed = dict(draft.changed)
    left = [step._replace(**changed.get(step.id, {})) for step in own if step.id not in draft.gone]
    left += [
        OwnStep(**{name: row["personal_playlist_id" if name == "copy_id" else name] for name in OwnStep._fields})
        for row in draft.added
    ]
    return sorted(left, key=lambda step: step.position)


@given(paths())
def test_places_have_no_gaps_and_what_was_done_or_begun_stays(path: Any) -> None:
    own, rows, settings, standings = path
    draft = replanning._drawn(_facts(*path), "seen", TODAY)
    after = _applied(own, draft)
    assert [step.position for step in after] == list(range(len(after)))
    kept = {step.id for step in after}
    for step in own:
        row = rows.get(step.id)
        begun = row is not None and row.state is StepState.OPENED and row.skipped_at is None
        if begun or (row is not None and row.state is StepState.DONE) or step.origin is StepOrigin.TEACHER:
            assert step.id in kept
    done = [step.id in rows and rows[step.id].state is StepState.DONE for step in after]
    assert done == sorted(done, reverse=True), "what is done comes first"


@given(paths())
def test_every_planned_step_is_on_the_path_once(path: Any) -> None:
    own, rows, settings, standings = path
    draft = replanning._drawn(_facts(*path), "seen", TODAY)
    undone = [step for step in _applied(own, draft) if not (step.id in rows and rows[step.id].state is StepState.DONE)]
    there = [(step.content_item_id, step.role) for step in undone if step.role is not None]
    for planned in draft.plan.steps:
        assert there.count((planned.item, planned.role)) == 1


@given(paths())
def test_the_same_plan_again_changes_nothing(path: Any) -> None:
    own, rows, settings, standings = path
    first = replanning._drawn(_facts(*path), "seen", TODAY)
    after = _applied(own, first)
    again = replanning._drawn(_facts(after, rows, settings, standings), "seen", TODAY)
    assert not again.is_other
    assert again.planned == first.planned


@given(paths())
def test_what_was_approved_stays_approved(path: Any) -> None:
    own, _, settings, _ = path
    after = {step.id: step for step in _applied(own, replanning._drawn(_facts(*path), "seen", TODAY))}
    for step in own:
        if not step.proposed and step.id in after:
            assert not after[step.id].proposed


def test_conflicts_that_tell_of_a_modification_are_for_who_may_see_supports() -> None:
    told = [base.Conflict(base.Clash.PIN_IS_MODIFIED, _id(111)), base.Conflict(base.Clash.PIN_IS_BANNED, _id(111))]
    assert personal_pages._told(told, may_see=True) == told
    assert personal_pages._told(told, may_see=False) == told[1:]


def test_a_plan_is_out_of_date_when_a_time_is_another_and_on_its_day() -> None:
    times = BOOK.times
    planned = {"seen": replanning.seen(times, COPY), "again": None}
    fresh = COPY._replace(planned=planned)
    assert not replanning.is_stale(times, fresh, TODAY)
    assert replanning.is_stale(times, COPY, TODAY)
    assert replanning.is_stale(times._replace(content=NOW), fresh, TODAY)
    assert replanning.is_stale(times, fresh._replace(mastery=NOW - timedelta(days=9)), TODAY)
    waits = COPY._replace(planned={**planned, "again": (TODAY + timedelta(days=1)).isoformat()})
    assert not replanning.is_stale(times, waits, TODAY)
    assert replanning.is_stale(times, waits, TODAY + timedelta(days=1))


def _drawn_for(learner: base.Learner, own: list[OwnStep] | None = None) -> replanning.Draft:
    facts = replanning._Facts(_id(9), BOOK, COPY, PathSettings(), learner, {}, own or [], {}, frozenset(learner.chosen))
    return replanning._drawn(facts, "seen", TODAY)


def test_a_plan_says_on_which_day_it_would_be_another() -> None:
    tomorrow, friday = TODAY + timedelta(days=1), TODAY + timedelta(days=3)
    known = {1: base.Standing.SECURE}
    assert _drawn_for(base.Learner()).planned["again"] is None
    for learner, day in (
        (base.Learner(dated=[base.Dated(_id(142), friday)]), tomorrow),
        (base.Learner(items={_id(110): base.Done(skipped_on=TODAY)}), tomorrow),
        (base.Learner(standings=known, reviews={1: friday, 2: friday + timedelta(days=5)}), friday),
        (base.Learner(standings=known, reviews={1: TODAY}), tomorrow),
    ):
        assert _drawn_for(learner).planned["again"] == day.isoformat()


def test_what_was_passed_once_and_is_reviewed_is_marked_and_what_is_new_counts_by_its_result() -> None:
    scored = base.Planned(_id(112), 1, StepRole.REVIEW, base.Why(base.Reason.REVIEW))
    new = _facts([], {}, PathSettings(), {})
    passed = replanning._Facts(
        _id(9),
        BOOK,
        COPY,
        PathSettings(),
        base.Learner(items={_id(112): base.Done(finished=True)}),
        {},
        [],
        {},
        frozenset(),
    )
    assert replanning._done_rule(new, scored, ITEMS[_id(112)])[0] is DoneRule.RESULT
    assert replanning._done_rule(passed, scored, ITEMS[_id(112)])[0] is DoneRule.MARKED


def test_a_step_that_the_student_chose_stays_their_choice() -> None:
    first = _drawn_for(base.Learner(chosen=[_id(110)]))
    [row] = [row for row in first.added if row["content_item_id"] == _id(110)]
    assert row["origin"] is StepOrigin.STUDENT
    [step] = [step for step in _applied([], first) if step.content_item_id == _id(110)]
    again = _applied([step], _drawn_for(base.Learner(), [step]))
    assert [one.origin for one in again if one.id == step.id] == [StepOrigin.STUDENT]


def test_what_is_begun_twice_stays_twice() -> None:
    """The same item for two competencies, say: the plan names it once, and the student has both open."""
    steps = [
        OwnStep(
            _id(1000 + number), COPY.id, number, "item", "Quiz", _id(112), "result", None, None,
            _id(number), StepOrigin.TOOL, StepRole.ASSESS, {"reason": "show"}, None, False,
        )
        for number in (1, 2)
    ]  # fmt: skip
    rows = {step.id: WorkRow(COPY.person_id, step.id, _id(112), StepState.OPENED, NOW, None, None) for step in steps}
    draft = replanning._drawn(_facts(steps, rows, PathSettings(), {}), "seen", TODAY)
    assert [one.item for one in draft.plan.steps].count(_id(112)) == 1
    assert draft.gone == []
    assert {step.id for step in steps} <= {one.id for one in _applied(steps, draft)}
