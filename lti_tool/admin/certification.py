"""What 1EdTech's certification of a tool asks for of NRPS 2.0 and AGS 2.0, read off the calls of a check. Pure.

The certification's platform has no button for its service tests: the tool makes the calls, and they are compared with what they
have to be. A case works only where the call itself was right, not merely answered.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from lti_tool.admin.check_rules import OUTCOME_WORDS, PROGRESS, Line, Outcome, Said, Step
from lti_tool.lti import claims
from lti_tool.lti.listening import Exchange
from lti_tool.web.i18n import N_

_AGS_SCOPES = (claims.LINE_ITEM_SCOPE, claims.RESULT_READ_SCOPE, claims.SCORE_SCOPE)
_SCORE_FIELDS = ("userId", "timestamp", "activityProgress", "gradingProgress", "scoreGiven", "scoreMaximum")

NRPS = N_("Names and Role Provisioning Services 2.0")
AGS = N_("Assignment and Grade Services 2.0")


@dataclass(frozen=True, slots=True)
class Case:
    """One thing the certification looks at. ``exchange`` is the call that showed it; ``why`` says why there is none."""

    part: str
    name: str
    outcome: Outcome
    exchange: Exchange | None = None
    why: Said | None = None


@dataclass(frozen=True, slots=True)
class _Asked:
    """A case: the step whose calls show it, and what one of them has to be; ``times`` of them, where one is not enough."""

    part: str
    name: str
    step: Step
    right: Callable[[Exchange], bool]
    times: int = 1


def _said(one: Exchange, accept: str = "", content_type: str = "") -> bool:
    return (
        one.answered and (not accept or one.accept == accept) and (not content_type or one.content_type == content_type)
    )


def _token_for(*scopes: str) -> Callable[[Exchange], bool]:
    def right(one: Exchange) -> bool:
        given = one.granted if one.granted is not None else one.scopes
        return one.answered and set(scopes) <= set(one.scopes) and set(scopes) <= set(given)

    return right


_CASES = (
    _Asked(NRPS, N_("The list of members is asked for"), Step.ROSTER, lambda one: one.method == "GET" and one.answered),
    _Asked(
        NRPS, N_("Accept names the membership container"), Step.ROSTER, lambda one: _said(one, claims.MEMBERS_MEDIA)
    ),
    _Asked(
        NRPS, N_("The access token is sent as a bearer token"), Step.ROSTER, lambda one: one.bearer and one.answered
    ),
    _Asked(
        NRPS,
        N_("The token was asked for with the scope of the service"),
        Step.ACCESS_MEMBERS,
        _token_for(claims.MEMBERSHIP_READ_SCOPE),
    ),
    _Asked(AGS, N_("A token for columns, results and scores"), Step.ACCESS, _token_for(*_AGS_SCOPES)),
    _Asked(AGS, N_("Columns are listed"), Step.FIND, lambda one: one.bearer and _said(one, claims.LINE_ITEMS_MEDIA)),
    _Asked(
        AGS,
        N_("A column is made, and answered with 201"),
        Step.MAKE,
        lambda one: one.bearer and one.status == 201 and _said(one, content_type=claims.LINE_ITEM_MEDIA),
    ),
    _Asked(
        AGS,
        N_("A score is sent with every field it needs"),
        Step.SCORE,
        lambda one: one.bearer and _said(one, content_type=claims.SCORE_MEDIA) and set(_SCORE_FIELDS) <= set(one.sent),
    ),
    _Asked(
        AGS,
        N_("Every progress is taken: Initialized, Started, InProgress, Submitted, Completed"),
        Step.SCORE,
        lambda one: _said(one, content_type=claims.SCORE_MEDIA),
        times=len(PROGRESS),
    ),
    _Asked(AGS, N_("Results are read"), Step.RESULT, lambda one: one.bearer and _said(one, claims.RESULTS_MEDIA)),
    _Asked(AGS, N_("The column is removed"), Step.REMOVE, lambda one: one.method == "DELETE" and one.answered),
)


def cases(lines: Mapping[Step, Line], *, launched: bool) -> list[Case]:
    """Every case in the certification's order. ``launched``: a course has been opened, which is the core launch of each part."""
    found = []
    for part in (NRPS, AGS):
        found.append(Case(part, N_("A launch (not required)"), Outcome.WORKS if launched else Outcome.SKIPPED))
        found += [_case(asked, lines.get(asked.step)) for asked in _CASES if asked.part is part]
    return found


def _case(asked: _Asked, line: Line | None) -> Case:
    if line is None or not line.exchanges:
        outcome = Outcome.FAILS if line is not None and line.outcome is Outcome.FAILS else Outcome.SKIPPED
        return Case(asked.part, asked.name, outcome, why=line.seen if line is not None else None)
    right = [one for one in line.exchanges if asked.right(one)]
    if len(right) >= asked.times:
        return Case(asked.part, asked.name, Outcome.WORKS, right[-1])
    wrong = [one for one in line.exchanges if one not in right]
    return Case(asked.part, asked.name, Outcome.FAILS, (wrong or right)[-1], line.seen)


# --- In words ---------------------------------------------------------------------------------------------------------


def sent(one: Exchange) -> list[Said]:
    """What was sent, a sentence for each feature: names and types, never a value."""
    address = f"{one.host}{one.path}" + (
        f"?{'&'.join(f'{name}=…' for name in one.parameters)}" if one.parameters else ""
    )
    told = [Said(N_("%(method)s %(address)s"), {"method": one.method, "address": address})]
    if one.bearer:
        told.append(Said(N_("Authorization: Bearer, the access token")))
    if one.accept:
        told.append(Said(N_("Accept: %(type)s"), {"type": one.accept}))
    if one.content_type:
        told.append(Said(N_("Content-Type: %(type)s"), {"type": one.content_type}))
    if one.sent:
        told.append(Said(N_("Fields: %(names)s"), {"names": ", ".join(one.sent)}))
    if one.scopes:
        told.append(Said(N_("Scopes: %(names)s"), {"names": " ".join(one.scopes)}))
    return told


def answered(one: Exchange) -> list[Said]:
    """What came back."""
    if one.status is None:
        return [Said(N_("No answer"))]
    told = [Said(N_("Status %(status)s"), {"status": one.status})]
    if one.answered_type:
        told.append(Said(N_("Content-Type: %(type)s"), {"type": one.answered_type}))
    if one.granted is not None:
        told.append(Said(N_("Scopes granted: %(names)s"), {"names": " ".join(one.granted)}))
    return told


def report(
    found: Sequence[Case], *, tool: str, platform: str, at: datetime, gettext: Callable[[str], str] = str
) -> str:
    """The cases as plain text, to be kept or sent on. ``platform`` is its issuer; no person and no token is in it."""
    lines = [
        gettext(N_("Service check for the certification of LTI Advantage")),
        gettext(N_("Tool: %(tool)s")) % {"tool": tool},
        gettext(N_("Platform: %(platform)s")) % {"platform": platform},
        gettext(N_("Time: %(time)s")) % {"time": at.isoformat(timespec="seconds")},
    ]
    part = ""
    for case in found:
        if case.part != part:
            part = case.part
            lines += ["", gettext(part), "=" * len(gettext(part))]
        lines.append(f"[{gettext(OUTCOME_WORDS[case.outcome])}] {gettext(case.name)}")
        if case.why is not None:
            lines.append(f"    {case.why.in_words(gettext)}")
        if case.exchange is not None:
            lines += [f"    > {said.in_words(gettext)}" for said in sent(case.exchange)]
            lines += [f"    < {said.in_words(gettext)}" for said in answered(case.exchange)]
    return "\n".join(lines) + "\n"
