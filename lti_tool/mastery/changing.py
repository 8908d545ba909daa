"""Changing how levels are decided: for those who begin from now on, or, once the teacher has seen what it does, for all.

A criterion is frozen on what was begun. So a new rule or scale first holds for who begins; applied to all, it takes the place
of what was frozen, and every level follows from the same evidence by the new one.
"""

import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool import audit
from lti_tool.competencies import map_queries
from lti_tool.courses.models import Course
from lti_tool.db.session import Database
from lti_tool.errors import BadRequest, NotFound
from lti_tool.logs import reference_code
from lti_tool.mastery import criteria, queries, recomputing, rules
from lti_tool.mastery.models import Standing
from lti_tool.mastery.recomputing import Recomputed
from lti_tool.web.i18n import N_


class BadRule(BadRequest):
    """What was to decide levels is no rule, or no rule for what it was chosen for."""

    code = "bad-rule"
    title = N_("Levels cannot be decided like this")
    advice = N_("Choose one of the rules and check its numbers. Nothing was changed.")


@dataclass(frozen=True, slots=True)
class Move:
    """How many learners stand in a competency at ``before`` now and would at ``after``."""

    competency_id: uuid.UUID
    before: Standing
    after: Standing
    learners: int


@dataclass(frozen=True, slots=True)
class Preview:
    """What a rule would do, applied to all: ``moves`` where something changes, and how many states stay as they are."""

    moves: tuple[Move, ...]
    unchanged: int

    @property
    def up(self) -> int:
        """How many levels would rise."""
        return sum(move.learners for move in self.moves if move.after > move.before)

    @property
    def down(self) -> int:
        """How many levels would fall."""
        return sum(move.learners for move in self.moves if move.after < move.before)


def read_rule(data: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """A rule's JSON, checked: of a level rule, or of one for parents; None for the course's or the tool's own. Raises BadRule."""
    if data is None:
        return None
    try:
        if data.get("rule") in rules.PARENT_RULES:
            return rules.parent_rule_from_json(data).to_json()
        return rules.rule_from_json(data).to_json()
    except (ValueError, TypeError, KeyError) as error:
        raise BadRule("the rule cannot be read") from error


async def choose_rule(
    session: AsyncSession,
    course: Course,
    competency_id: uuid.UUID | None,
    rule: Mapping[str, Any] | None,
    now: datetime,
    by: uuid.UUID | None,
) -> None:
    """Have a course's levels, or those of one competency, decided by a rule from now on, for who begins (``rule`` as JSON).

    None goes back to the course's rule, or the tool's own. A rule for parents is one competency's alone. What was begun keeps
    its criterion until ``apply_to_all``; parents follow at once where they are recomputed. Raises BadRule and NotFound.
    """
    checked = read_rule(rule)
    found = await map_queries.course_map(session, course.organisation_id, course.id, lock=True)
    if found is None:
        raise NotFound("the course has no map")
    if competency_id is None:
        if checked is not None and checked["rule"] in rules.PARENT_RULES:
            raise BadRule("a rule for parents is chosen for one competency")
        found.rule = checked
    else:
        rows = await map_queries.map_rows(session, course.organisation_id, course.id)
        place = next((row for row in rows if row.competency_id == competency_id), None)
        if place is None:
            raise NotFound("the competency is not on the map")
        place.rule = checked
        session.add(place)
    found.revision += 1
    found.changed_at = now
    session.add(found)
    audit.record(
        session,
        now,
        "mastery.rule-changed",
        organisation_id=course.organisation_id,
        actor=str(by) if by else None,
        subject=f"course {course.id}",
        reference=reference_code.get(),
        detail="for who begins from now on",
    )


async def preview(
    database: Database,
    course: Course,
    competency_ids: Sequence[uuid.UUID] | None,
    rule: Mapping[str, Any] | None,
    now: datetime,
    *,
    chosen: bool = False,
) -> Preview:
    """What a rule would do if it were applied to all who have begun these competencies (None: all that name no rule of their
    own); ``chosen`` looks at what the map has chosen already instead of ``rule``. Changes nothing. Raises BadRule.

    Parents are not counted: they follow.
    """
    checked = read_rule(rule)
    async with database.reading() as session:
        found = await recomputing.look(session, course.organisation_id, course.id)
        wanted = _wanted(found, competency_ids)
        moves: Counter[tuple[uuid.UUID, Standing, Standing]] = Counter()
        for competency_id in wanted:
            criterion = _criterion(found, competency_id, checked, chosen=chosen)
            if criterion is None:
                continue
            pieces = await queries.pieces_of(session, course.organisation_id, course.id, competency_id)
            before = {
                state.person_id: state.standing
                for state in await queries.states_of_competency(
                    session, course.organisation_id, course.id, competency_id
                )
                if not state.rolled_up
            }
            for person_id, some in pieces.items():
                after = criterion.judge([piece.observation() for piece in some], now, brief=True).standing
                moves[competency_id, before.get(person_id, Standing.NOT_STARTED), after] += 1
    return Preview(
        tuple(Move(*key, number) for key, number in sorted(moves.items(), key=_place) if key[1] is not key[2]),
        sum(number for (_, was, becomes), number in moves.items() if was is becomes),
    )


def _place(item: tuple[tuple[uuid.UUID, Standing, Standing], int]) -> tuple[str, int, int]:
    (competency_id, before, after), _ = item
    return str(competency_id), before.rank, after.rank


async def apply_to_all(
    database: Database,
    course: Course,
    competency_ids: Sequence[uuid.UUID] | None,
    now: datetime,
    by: uuid.UUID | None,
) -> Recomputed:
    """Have what the map has chosen (rules and scale) hold for those who have begun, too, and compute all levels again.

    ``competency_ids`` None: for the whole course. Learners are worked on in several transactions; being cut off leaves some at
    their old criteria, and doing it again does the rest.
    """
    async with database.writing() as session:
        found = await recomputing.look(session, course.organisation_id, course.id)
        wanted = list(found.places) if competency_ids is None else _wanted(found, competency_ids)
        afresh: dict[uuid.UUID, uuid.UUID] = {}
        for competency_id in wanted:
            criterion = _criterion(found, competency_id, None, chosen=True)
            if criterion is not None:
                afresh[competency_id] = await criteria.freeze(
                    session, course.organisation_id, course.id, criterion, now
                )
        audit.record(
            session,
            now,
            "mastery.rule-changed",
            organisation_id=course.organisation_id,
            actor=str(by) if by else None,
            subject=f"course {course.id}",
            reference=reference_code.get(),
            detail=f"for all, {len(afresh)} competencies",
        )
    return await recomputing.recompute_course(database, course.organisation_id, course.id, now, afresh=afresh)


def _wanted(found: recomputing.Course, competency_ids: Sequence[uuid.UUID] | None) -> list[uuid.UUID]:
    if competency_ids is not None:
        return [one for one in dict.fromkeys(competency_ids) if one in found.places]
    return [one for one, place in found.places.items() if not place.rule]


def _criterion(
    found: recomputing.Course, competency_id: uuid.UUID, rule: Mapping[str, Any] | None, *, chosen: bool
) -> rules.Criterion | None:
    """What who began now would begin with; None where a rule for parents decides, which is never frozen."""
    data = found.places[competency_id].rule if chosen else rule
    if data and data.get("rule") in rules.PARENT_RULES:
        if not chosen:
            return None
        data = None
    return criteria.begun_with(found.basis, data, found.aligned.get(competency_id, ()))


__all__ = ["BadRule", "Move", "Preview", "apply_to_all", "choose_rule", "preview", "read_rule"]
