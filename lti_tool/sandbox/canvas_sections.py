"""Sections of a course: every course has one, and who is placed in none is in the first."""

from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from lti_tool.sandbox.canvas_models import CourseSection, SectionPlace
from lti_tool.sandbox.models import Enrolment


async def sections(session: AsyncSession, course_id: int) -> Sequence[CourseSection]:
    """The sections of a course, the first one first."""
    found = await session.scalars(
        select(CourseSection).where(CourseSection.course_id == course_id).order_by(CourseSection.id)
    )
    return found.all()


async def section_ids_of(session: AsyncSession, course_id: int) -> Mapping[int, int]:
    """By person: the section of their enrolment, active or not."""
    first = next(iter(await sections(session, course_id)), None)
    rows = await session.execute(
        select(Enrolment.person_id, SectionPlace.section_id)
        .outerjoin(SectionPlace, SectionPlace.enrolment_id == Enrolment.id)
        .where(Enrolment.course_id == course_id)
    )
    return {person_id: section_id or (first.id if first else 0) for person_id, section_id in rows}


async def sections_of_all(session: AsyncSession, course_id: int) -> Mapping[int, Sequence[int]]:
    """By person: the sections that they see. A student's is one, whoever teaches is in all of them."""
    every = [one.id for one in await sections(session, course_id)]
    teaching = await session.scalars(
        select(Enrolment.person_id).where(
            Enrolment.course_id == course_id, Enrolment.role.in_(("teacher", "assistant"))
        )
    )
    of_one = {person_id: [section_id] for person_id, section_id in (await section_ids_of(session, course_id)).items()}
    return of_one | dict.fromkeys(teaching, every)


async def place(session: AsyncSession, enrolment: Enrolment, section: CourseSection) -> None:
    """Put an enrolment into a section, out of the one it was in."""
    found = await session.get(SectionPlace, enrolment.id)
    if found is None:
        found = SectionPlace(enrolment_id=enrolment.id)
        session.add(found)
    found.section_id = section.id
    await session.flush()
