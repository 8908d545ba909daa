"""A teacher's page about one learner: the map, the evidence behind each level with its history, and teachers' notes."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool import audit
from lti_tool.courses.access import InCourse
from lti_tool.courses.models import Person
from lti_tool.courses.visibility import visible_student
from lti_tool.errors import NotFound
from lti_tool.insight import history, queries
from lti_tool.insight.evidence_views import EvidenceView, evidence_views
from lti_tool.insight.explained import fall_sentence
from lti_tool.insight.history import Change
from lti_tool.insight.learner import LearnerMap, Stand, learner_map
from lti_tool.insight.models import LearnerNote
from lti_tool.learners import supports
from lti_tool.logs import reference_code
from lti_tool.mastery import criteria, explaining
from lti_tool.mastery import queries as mastery_queries
from lti_tool.mastery.models import EvidenceSource
from lti_tool.mastery.rules import Audience


@dataclass(frozen=True, slots=True)
class Behind:
    """What is behind one level: the evidence, void or not, the steps that led here, and why it fell, if it did."""

    stand: Stand
    evidence: list[EvidenceView]
    changes: list[Change]
    fell: str

    @property
    def override(self) -> EvidenceView | None:
        """The level a teacher set that still stands, if one does."""
        return next((one for one in self.evidence if one.source is EvidenceSource.OVERRIDE and not one.is_void), None)


@dataclass(frozen=True, slots=True)
class NoteView:
    """A note, and who wrote it."""

    note: LearnerNote
    by: str


@dataclass(frozen=True, slots=True)
class StudentPage:
    """Everything a teacher sees of one student. ``map`` is None where the course has no map."""

    person: Person
    map: LearnerMap | None
    behind: Behind | None
    notes: list[NoteView]
    recent: list[tuple[Stand, Change]]
    """The latest changes of level over all competencies, the latest first."""


RECENT = 12


async def student_page(
    session: AsyncSession, here: InCourse, person_id: uuid.UUID, competency_id: uuid.UUID | None, now: datetime
) -> StudentPage:
    """The page of one student; the look leaves an audit entry in this transaction. Raises NotFound."""
    person = await visible_student(session, here, person_id)
    found = await learner_map(session, here.course, person_id, now, Audience.TEACHER)
    notes = await queries.notes(session, here.organisation_id, here.course.id, person_id)
    authors = await queries.names(session, here.organisation_id, {note.written_by for note in notes if note.written_by})
    behind, recent = None, []
    if found is not None:
        every = await mastery_queries.evidence_of(session, here.organisation_id, here.course.id, person_id)
        states = {
            one.competency_id: one
            for one in await mastery_queries.states_of_person(session, here.organisation_id, here.course.id, person_id)
        }
        frozen = await criteria.frozen(session, here.organisation_id, {one.criterion_id for one in states.values()})
        changes = await history.all_changes(session, states, every, found.levels, now)
        recent = sorted(
            ((stand, change) for stand in found.stands for change in changes.get(stand.competency.id, ())),
            key=lambda one: one[1].at,
            reverse=True,
        )[:RECENT]
        chosen = found.stand(competency_id) if competency_id else None
        if chosen is not None:
            rows = [row for row in every if row.competency_id == chosen.competency.id]
            items = await queries.items(
                session,
                here.organisation_id,
                here.course.id,
                {row.content_item_id for row in rows if row.content_item_id},
            )
            people = {one for row in rows for one in (row.entered_by, row.voided_by) if one is not None}
            names = await queries.names(session, here.organisation_id, people)
            state = states.get(chosen.competency.id)
            criterion = frozen.get(state.criterion_id) if state else None
            behind = Behind(
                chosen,
                evidence_views(rows, items, names, found.levels, knows_marks=await supports.may_see(session, here)),
                changes.get(chosen.competency.id, []),
                fall_sentence(criterion, state, now, Audience.TEACHER),
            )
    if behind is None:
        record(session, here, now, "student.viewed", person_id, "mastery")
    else:
        explaining.note_look(session, here.course, person_id, now, here.visit.person_id)
    written = [NoteView(note, authors.get(note.written_by, "") if note.written_by else "") for note in notes]
    return StudentPage(person, found, behind, written, recent)


# --- Notes -----------------------------------------------------------------------------------------------------------


async def write_note(session: AsyncSession, here: InCourse, person_id: uuid.UUID, text: str, now: datetime) -> None:
    """Write a note about a student for those who teach this course. Raises NotFound."""
    await visible_student(session, here, person_id)
    session.add(
        LearnerNote(
            organisation_id=here.organisation_id,
            course_id=here.course.id,
            person_id=person_id,
            text=text,
            written_by=here.visit.person_id,
            created_at=now,
        )
    )
    record(session, here, now, "student.note-written", person_id)


async def remove_note(
    session: AsyncSession, here: InCourse, person_id: uuid.UUID, note_id: uuid.UUID, now: datetime
) -> None:
    """Take a note away. Raises NotFound."""
    await visible_student(session, here, person_id)
    note = await queries.note(session, here.organisation_id, here.course.id, person_id, note_id)
    if note is None:
        raise NotFound("no such note")
    note.removed_at, note.removed_by = now, here.visit.person_id
    record(session, here, now, "student.note-removed", person_id)


def record(
    session: AsyncSession, here: InCourse, now: datetime, action: str, person_id: uuid.UUID, detail: str | None = None
) -> None:
    """Leave a trace of what somebody did, or looked at, about a student."""
    audit.record(
        session,
        now,
        action,
        organisation_id=here.organisation_id,
        actor=here.actor,
        subject=f"person:{person_id}",
        reference=reference_code.get(),
        detail=detail,
    )
