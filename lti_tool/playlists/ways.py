"""Other ways to the same thing: items of the course that are for the same competency as a step's.

Those that do the same for it (teach, practise, assess) are *equals*, and a student may do one instead of what the tool chose;
of a step that was planned, those that its plan found as good, since a choice that the next plan would not keep is none. The
others that teach or practise it are *another way*: for whoever is stuck, and wants it shown differently.
"""

import uuid
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

from sqlmodel import col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.competencies import alignments
from lti_tool.competencies.alignment_rules import AlignmentView
from lti_tool.competencies.models import AlignmentRole
from lti_tool.content import rules as content_rules
from lti_tool.content.models import ContentItem, ItemTrait
from lti_tool.courses.access import InCourse
from lti_tool.courses.models import Course
from lti_tool.db.base import scoped
from lti_tool.errors import Conflict
from lti_tool.playlists import asking, service
from lti_tool.playlists.models import (
    DoneRule,
    PlaylistKind,
    PlaylistStep,
    StepKind,
    StepOrigin,
    StepRole,
    StepState,
)
from lti_tool.playlists.path_models import PathRuling, RulingKind
from lti_tool.playlists.paths import Path, standing_of
from lti_tool.web.i18n import N_

MOST = 4
"""More than these are no help in choosing."""

INSTEAD = "instead"
"""Where a planned step's reason names the items that are as good, by their ids; see ``planning.base.Planned.equals``."""

_DOES = {
    StepRole.TEACH: AlignmentRole.TEACHES,
    StepRole.PRACTISE: AlignmentRole.PRACTISES,
    StepRole.ASSESS: AlignmentRole.ASSESSES,
}


class NotAmongEquals(Conflict):
    """A student chose an item that is no other way to what their step is for, or not any more."""

    code = "not-among-equals"
    title = N_("This cannot take the step’s place")
    advice = N_("Go back to your path: what you can choose from may have changed. Nothing of your work was lost.")


@dataclass(frozen=True, slots=True)
class Way:
    """An item that does what a step is for. ``address`` is where it opens; without one ``place`` says where it is found."""

    item_id: uuid.UUID
    title: str
    kind: str
    address: str | None
    does: AlignmentRole
    minutes: int | None = None
    scored: bool = False
    """Whether it assesses, and the LMS tells of its results."""
    place: str = ""


@dataclass(frozen=True, slots=True)
class Ways:
    """The other ways of one step, in the course's order."""

    equals: tuple[Way, ...] = ()
    others: tuple[Way, ...] = ()

    @property
    def any(self) -> tuple[Way, ...]:
        """All of them, equals first."""
        return (*self.equals, *self.others)


@dataclass(slots=True)
class Finder:
    """What is needed to find other ways on one path: the course's alignments, items and traits, and who forbids what."""

    path: Path
    aligned: list[AlignmentView]
    items: dict[uuid.UUID, ContentItem]
    minutes: dict[uuid.UUID, int | None] = field(default_factory=dict)
    forms: frozenset[uuid.UUID] = frozenset()
    """Items that are another form of one: they come by the supports, and are no choice."""
    banned: frozenset[uuid.UUID] = frozenset()
    banned_competencies: frozenset[uuid.UUID] = frozenset()

    def of(self, step: PlaylistStep) -> Ways:
        """The other ways of a step; none where nothing says what the step is for."""
        competency_id = self._about(step)
        if competency_id is None or competency_id in self.banned_competencies:
            return Ways()
        does, as_good = self._does(step, competency_id), _as_good(step)
        taken = {one.content_item_id for one in self.path.present if self._is_settled(one)} | {step.content_item_id}
        equals: dict[uuid.UUID, Way] = {}
        others: dict[uuid.UUID, Way] = {}
        for view in self.aligned:
            way = self._way(view) if view.competency_id == competency_id else None
            if way is None or way.item_id in taken:
                continue
            if way.does is does and (as_good is None or str(way.item_id) in as_good):
                equals.setdefault(way.item_id, way)
            elif way.does is not AlignmentRole.ASSESSES:
                others.setdefault(way.item_id, way)
        return Ways(self._first(equals), self._first({key: way for key, way in others.items() if key not in equals}))

    def _is_settled(self, step: PlaylistStep) -> bool:
        """Whether a step of the path stays where it is: what the tool has only planned may come now instead."""
        begun = standing_of(self.path.rows.get(step.id)).state is not StepState.TODO
        return begun or step.personal_playlist_id is None or step.origin is StepOrigin.TEACHER

    def _about(self, step: PlaylistStep) -> uuid.UUID | None:
        if step.competency_id is not None:
            return step.competency_id
        own = [view.competency_id for view in self.aligned if view.content_item_id == step.content_item_id]
        return own[0] if own and step.content_item_id is not None else None

    def _does(self, step: PlaylistStep, competency_id: uuid.UUID) -> AlignmentRole | None:
        for view in self.aligned:
            if view.content_item_id == step.content_item_id and view.competency_id == competency_id:
                return view.role
        return _DOES.get(step.role) if step.role is not None else None

    def _way(self, view: AlignmentView) -> Way | None:
        item = self.items.get(view.content_item_id)
        address, place = content_rules.students_address(item), content_rules.place_in_course(item)
        if item is None or (address is None and not place):
            return None
        if item.id in self.banned or item.id in self.forms:
            return None
        scored = view.role is AlignmentRole.ASSESSES and content_rules.gives_results(item)
        minutes = self.minutes.get(item.id)
        return Way(item.id, item.title, item.kind.value, address, view.role, minutes, scored, place)

    def _first(self, ways: dict[uuid.UUID, Way]) -> tuple[Way, ...]:
        place = {key: (self.items[key].position, str(key)) for key in ways}
        return tuple(sorted(ways.values(), key=lambda way: place[way.item_id]))[:MOST]


def _as_good(step: PlaylistStep) -> Collection[str] | None:
    """The items that the step's plan found as good; None where nothing was planned."""
    return None if step.why is None else step.why.get(INSTEAD)


async def finder(session: AsyncSession, course: Course, path: Path) -> Finder:
    """What other ways there are on a path; four statements, whatever its length."""
    aligned = await alignments.of_course(session, course.organisation_id, course.id)
    ids = {view.content_item_id for view in aligned}
    rows = (
        await session.exec(
            scoped(ContentItem, course.organisation_id).where(
                ContentItem.course_id == course.id, col(ContentItem.id).in_(ids)
            )
        )
    ).all()
    traits = (
        await session.exec(
            select(ItemTrait.content_item_id, ItemTrait.minutes, ItemTrait.variant_of_id).where(
                ItemTrait.organisation_id == course.organisation_id, ItemTrait.course_id == course.id
            )
        )
    ).all()
    rulings = (
        await session.exec(
            scoped(PathRuling, course.organisation_id).where(
                PathRuling.playlist_id == path.playlist.id,
                PathRuling.kind == RulingKind.BAN,
                col(PathRuling.ended_at).is_(None),
                or_(col(PathRuling.person_id).is_(None), PathRuling.person_id == path.copy.person_id),
            )
        )
    ).all()
    return Finder(
        path=path,
        aligned=aligned,
        items={row.id: row for row in rows},
        minutes={item_id: minutes for item_id, minutes, _ in traits},
        forms=frozenset(item_id for item_id, _, variant_of in traits if variant_of is not None),
        banned=frozenset(row.content_item_id for row in rulings if row.content_item_id is not None),
        banned_competencies=frozenset(row.competency_id for row in rulings if row.competency_id is not None),
    )


async def choose(
    session: AsyncSession,
    here: InCourse,
    copy_id: uuid.UUID,
    step_id: uuid.UUID,
    item_id: uuid.UUID,
    now: datetime,
) -> PlaylistStep:
    """The student does another item instead of what the tool chose; the step that stands for it now.

    A step not yet begun leads to an equal item from now on. What was begun stays as it is, passed over, and the other item comes
    as a step of its own before it, begun at once, and so does what shows it differently: nothing that was done is lost, and no
    plan takes it away. Twice is once, also from two tabs. Raises NotAmongEquals for an item that is no other way, or a step that
    a teacher chose; NotFound, PlaylistRemoved and ``step-removed`` as ``asking``.
    """
    path, step = await asking.own_path(session, here, copy_id, step_id, now)
    own = step is not None and step.personal_playlist_id == copy_id and step.origin is not StepOrigin.TEACHER
    if step is None or not own or path.playlist.kind is not PlaylistKind.PERSONAL:
        raise NotAmongEquals("the step is not one that the tool chose")
    chosen = next((one for one in path.present if one.content_item_id == item_id), None)
    if chosen is not None and chosen.origin is StepOrigin.STUDENT:
        return chosen
    standing = standing_of(path.rows.get(step.id))
    found = (await finder(session, here.course, path)).of(step)
    way = next((one for one in found.any if one.item_id == item_id), None)
    if way is None or standing.state is StepState.DONE or step.kind is not StepKind.ITEM:
        raise NotAmongEquals("the item is no other way to what the step is for")
    rule = _rule(step, way)
    if standing.state is not StepState.TODO or way not in found.equals:
        return await _beside(session, here, path, step, way, rule, now)
    _lead_to(step, way, rule)
    session.add(step)
    for other in path.present:
        # What was planned for later comes now, and not twice.
        if other.content_item_id == item_id and other.id != step.id:
            other.removed_at = now
            session.add(other)
    path.copy.moved_at = now
    session.add(path.copy)
    return step


def _rule(step: PlaylistStep, way: Way) -> DoneRule:
    """What counts as done for another item: what does for the step, but no result where the LMS tells of none."""
    return DoneRule.MARKED if step.done_rule is DoneRule.RESULT and not way.scored else step.done_rule


def _lead_to(step: PlaylistStep, way: Way, rule: DoneRule) -> None:
    step.content_item_id, step.title, step.minutes = way.item_id, way.title[:500], way.minutes
    step.follows_item = True
    step.done_rule, step.origin = rule, StepOrigin.STUDENT
    step.pass_percent = step.pass_percent if rule is DoneRule.RESULT else None
    step.role = _role(way, step)


async def _beside(
    session: AsyncSession, here: InCourse, path: Path, step: PlaylistStep, way: Way, rule: DoneRule, now: datetime
) -> PlaylistStep:
    """A step of its own for the other item, begun at once: what is begun stays, whatever plans say later."""
    for other in path.own:
        if other.position >= step.position:
            other.position += 1
            session.add(other)
    made = PlaylistStep(
        organisation_id=step.organisation_id,
        playlist_id=step.playlist_id,
        personal_playlist_id=path.copy.id,
        position=step.position - 1,
        kind=StepKind.ITEM,
        title=way.title[:500],
        follows_item=True,
        need=step.need,
        content_item_id=way.item_id,
        done_rule=rule,
        pass_percent=step.pass_percent if rule is DoneRule.RESULT else None,
        minutes=way.minutes,
        competency_id=step.competency_id,
        origin=StepOrigin.STUDENT,
        role=_role(way, step),
    )
    session.add(made)
    row = path.rows.get(step.id)
    if row is not None and row.skipped_at is None and not row.words:
        row.skipped_at = now
        session.add(row)
    await session.flush()
    await service.open_step(session, here.course, here.person_id, path.copy.id, made.id, now)
    return made


def _role(way: Way, step: PlaylistStep) -> StepRole | None:
    return next((role for role, does in _DOES.items() if does is way.does), step.role)


async def take_up(session: AsyncSession, here: InCourse, copy_id: uuid.UUID, step_id: uuid.UUID, now: datetime) -> None:
    """Put a step back on the path that the student passed over, and that plans took off since; nothing for any other step.

    Opening it, which is what comes next, begins it, and what is begun stays.
    """
    path, _ = await asking.own_path(session, here, copy_id, None, now)
    for step in path.passed_over:
        if step.id == step_id and step.removed_at is not None:
            step.removed_at = None
            session.add(step)
            await session.flush()
