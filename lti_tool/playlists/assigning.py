"""What a teacher can choose from when assigning a playlist, and what a choice comes to.

Whoever is held to their own sections sees their own students, and the groups made of them alone; what others chose beyond that
stays as it is. Pure but for ``offer`` and ``offer_of``; menus are assigned by the latter.
"""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.courses import groups, sections
from lti_tool.courses import queries as course_queries
from lti_tool.courses.access import InCourse
from lti_tool.courses.models import CourseGroup, Person
from lti_tool.courses.sections import Section
from lti_tool.courses.visibility import visible_students
from lti_tool.errors import Conflict
from lti_tool.playlists import audience
from lti_tool.playlists.audience import EVERYBODY, NOBODY, Audience
from lti_tool.playlists.models import Playlist, PlaylistStatus
from lti_tool.web.i18n import N_


class Who(StrEnum):
    """Whom a teacher assigns a playlist to."""

    EVERYBODY = "everybody"
    GROUPS = "groups"
    STUDENTS = "students"


class AudienceGone(Conflict):
    """A choice of a group, a section or a student that this teacher cannot make, or not any more."""

    code = "audience-gone"
    title = N_("Somebody you chose is not there any more")
    advice = N_("Here is who can be chosen now. Nothing was changed: choose again.")


@dataclass(frozen=True, slots=True)
class OfferedGroup:
    """A group of the LMS, and how many present students are in it. One that is gone there is offered while it is chosen."""

    group: CourseGroup
    count: int

    @property
    def is_gone(self) -> bool:
        """Whether the LMS does not have it any more; who was in it last is still meant."""
        return not self.group.active


@dataclass(frozen=True, slots=True)
class Offer:
    """Who can be chosen by the teacher who is here, and who is chosen now.

    ``everybody``: the teacher sees the whole course. ``kept`` is what is assigned beyond what the teacher sees; it stays.
    ``fixed``: it is assigned to everybody, which only somebody who sees everybody can change.
    """

    students: Sequence[Person]
    groups: Sequence[OfferedGroup] = ()
    sections: Sequence[Section] = ()
    everybody: bool = True
    current: Audience = EVERYBODY
    kept: Audience = NOBODY
    fixed: bool = False

    @property
    def who(self) -> Who:
        """Which of the choices is made now."""
        if self.current.everybody:
            return Who.EVERYBODY
        by_group = self.current.groups or self.current.sections
        return Who.GROUPS if by_group or not self.current.people else Who.STUDENTS

    def chosen(
        self, who: Who, group_ids: Collection[uuid.UUID], sections: Collection[str], person_ids: Collection[uuid.UUID]
    ) -> Audience:
        """The audience that a choice comes to; it names nobody where nobody was chosen. AudienceGone for what is not offered.

        ``person_ids``: of single students, those; of groups and sections, who gets it besides.
        """
        if self.fixed:
            return self.current
        if who is Who.EVERYBODY:
            if not self.everybody:
                raise AudienceGone("everybody, chosen by somebody held to their sections")
            return EVERYBODY
        wanted = Audience(everybody=False, people=frozenset(person_ids))
        if who is Who.GROUPS:
            wanted = replace(wanted, groups=frozenset(group_ids), sections=frozenset(sections))
        there = (
            wanted.groups <= {one.group.id for one in self.groups}
            and wanted.sections <= {one.id for one in self.sections}
            and wanted.people <= {one.id for one in self.students}
        )
        if not there:
            raise AudienceGone("a group, section or student that is not offered")
        return wanted

    def complete(self, chosen: Audience) -> Audience:
        """A choice together with what stays: what the teacher does not see; single students who have left, and may be back."""
        if chosen.everybody or (self.everybody and not chosen.people):
            return chosen
        return replace(
            chosen,
            groups=chosen.groups | self.kept.groups,
            sections=chosen.sections | self.kept.sections,
            people=chosen.people | self.kept.people,
        )


async def offer(session: AsyncSession, here: InCourse, playlist: Playlist) -> Offer:
    """Who can be chosen for a playlist by the teacher who is here, and who is chosen now."""
    current = (await audience.audiences_of(session, here.organisation_id, [playlist.id]))[playlist.id]
    return await offer_of(session, here, current, assigned=playlist.status is PlaylistStatus.ASSIGNED)


async def offer_of(session: AsyncSession, here: InCourse, current: Audience, *, assigned: bool) -> Offer:
    """Who can be chosen by the teacher who is here for anything that is for ``current`` now."""
    organisation_id, course_id = here.organisation_id, here.course.id
    everyone = await course_queries.students(session, organisation_id, course_id)
    students = await visible_students(session, here)
    restricted = await _is_held(session, here)
    seen, present = {person.id for person in students}, {person.id for person in everyone}
    offered_sections = await sections.seen(session, here)
    offered_groups = [
        OfferedGroup(one.group, len(members))
        for one in await groups.of_course(session, organisation_id, course_id, also=current.groups)
        if ((members := one.person_ids & present) or one.group.id in current.groups)
        and (not restricted or (members and members <= seen))
    ]
    if restricted and not assigned and current.everybody:
        # A draft is for nobody yet; whoever cannot choose everybody begins with their own sections.
        current = Audience(everybody=False, sections=frozenset(one.id for one in offered_sections))
    kept = Audience(
        everybody=False,
        groups=current.groups - {one.group.id for one in offered_groups},
        sections=current.sections - {one.id for one in offered_sections},
        people=current.people - seen,
    )
    return Offer(
        students=students,
        groups=offered_groups,
        sections=offered_sections,
        everybody=not restricted,
        current=current,
        kept=kept,
        fixed=restricted and current.everybody,
    )


async def _is_held(session: AsyncSession, here: InCourse) -> bool:
    if here.visit.person_id is None:
        return False
    restricted, _ = await course_queries.seeing(session, here.organisation_id, here.course.id, here.visit.person_id)
    return restricted
