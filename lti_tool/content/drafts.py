"""Files that a teacher chose, kept between the preview and the confirmation, so that nothing is brought in unseen.

A file can hold names and grades: it is kept encrypted, for who chose it alone, for an hour at most. Of each kind the last few
stay: nobody fills the disk by choosing files.
"""

import asyncio
import uuid
import zlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import Depends
from sqlmodel import col, delete, select
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.datastructures import FormData, UploadFile

from lti_tool.clock import Clock
from lti_tool.content.models import UploadDraft
from lti_tool.content.secrets import SecretBox
from lti_tool.courses.access import TeacherIn
from lti_tool.courses.models import Course
from lti_tool.db.base import crossing, scoped
from lti_tool.db.session import Database
from lti_tool.errors import BadRequest, NotFound
from lti_tool.ids import new_id
from lti_tool.jobs import Periodic, Work
from lti_tool.lti.secret import secret_key
from lti_tool.settings import Settings
from lti_tool.web.dependencies import CurrentSettings, Now
from lti_tool.web.i18n import N_

KEPT = timedelta(hours=1)
MOST_KEPT = 5
"""Files of one person and kind in one course; the oldest goes when another is chosen."""
PURGED_EVERY = timedelta(minutes=10)


class DraftGone(NotFound):
    """A file that is not kept any more, or was chosen by somebody else."""

    code = "draft-gone"
    title = N_("This file is no longer kept")
    advice = N_(
        "A file is kept for an hour, until it has been used. Choose it again; what was brought in before is kept."
    )


class NoFile(BadRequest):
    """The form came without a file."""

    code = "no-file"
    title = N_("No file was chosen")
    advice = N_("Choose a file or enter an address, then press the button again.")


def box(settings: Settings) -> SecretBox:
    """What files are sealed with."""
    return SecretBox(secret_key(settings))


async def chosen(form: FormData, most: int) -> tuple[str, bytes]:
    """The name of the file that was chosen, and at most one byte more than ``most`` of it; two empties where none was."""
    given = form.get("file")
    if not isinstance(given, UploadFile):
        return "", b""
    return given.filename or "", await given.read(most + 1)


@dataclass(frozen=True, slots=True)
class Drafts:
    """The files that one person has chosen in one course, at one moment.

    A file's ``kind`` is what it is to become, in one word.
    """

    course: Course
    person_id: uuid.UUID | None
    sealing: SecretBox
    now: datetime

    async def keep(self, session: AsyncSession, kind: str, name: str, content: bytes) -> uuid.UUID:
        """Keep a file for its preview; the id to ask for it by."""
        draft_id = new_id()
        # A second for a large one, in which others are answered.
        sealed = await asyncio.to_thread(_sealed, self.sealing, content, draft_id)
        await self._make_room(session, kind)
        session.add(
            UploadDraft(
                organisation_id=self.course.organisation_id,
                id=draft_id,
                course_id=self.course.id,
                person_id=self.person_id,
                kind=kind,
                name=name.replace("\x00", "")[:255],
                content=sealed,
                expires_at=self.now + KEPT,
                created_at=self.now,
            )
        )
        await session.flush()
        return draft_id

    async def find(self, session: AsyncSession, kind: str, draft_id: uuid.UUID) -> tuple[str, bytes]:
        """The file's name and content. Raises DraftGone where there is none of this kind, course and person any more."""
        statement = scoped(UploadDraft, self.course.organisation_id).where(
            UploadDraft.id == draft_id, UploadDraft.course_id == self.course.id, UploadDraft.kind == kind
        )
        draft = (await session.exec(statement)).one_or_none()
        if draft is None or draft.expires_at <= self.now or draft.person_id != self.person_id:
            raise DraftGone(f"no {kind} draft")
        return draft.name, await asyncio.to_thread(_opened, self.sealing, draft.content, draft_id)

    async def forget(self, session: AsyncSession, draft_id: uuid.UUID) -> None:
        """The file has been used, or is not wanted."""
        await session.exec(
            delete(UploadDraft).where(
                col(UploadDraft.organisation_id) == self.course.organisation_id,
                col(UploadDraft.course_id) == self.course.id,
                col(UploadDraft.id) == draft_id,
            )
        )

    async def _make_room(self, session: AsyncSession, kind: str) -> None:
        person_id = col(UploadDraft.person_id)
        mine = (
            col(UploadDraft.organisation_id) == self.course.organisation_id,
            col(UploadDraft.course_id) == self.course.id,
            person_id.is_(None) if self.person_id is None else person_id == self.person_id,
            col(UploadDraft.kind) == kind,
        )
        newest_first = (col(UploadDraft.created_at).desc(), col(UploadDraft.id).desc())
        every = (await session.exec(select(UploadDraft.id).where(*mine).order_by(*newest_first))).all()
        if len(every) >= MOST_KEPT:
            await session.exec(delete(UploadDraft).where(*mine, col(UploadDraft.id).in_(every[MOST_KEPT - 1 :])))


def _sealed(sealing: SecretBox, content: bytes, draft_id: uuid.UUID) -> bytes:
    return sealing.seal_bytes(zlib.compress(content), _purpose(draft_id))


def _opened(sealing: SecretBox, content: bytes, draft_id: uuid.UUID) -> bytes:
    return zlib.decompress(sealing.open_bytes(content, _purpose(draft_id)))


async def _drafts(here: TeacherIn, settings: CurrentSettings, clock: Now) -> Drafts:
    return Drafts(here.course, here.visit.person_id, box(settings), clock.now())


TheirDrafts = Annotated[Drafts, Depends(_drafts)]
"""What the teacher who asks has chosen in the course."""


async def purge(session: AsyncSession, now: datetime) -> None:
    """Delete every file whose hour has passed."""
    await session.exec(
        delete(UploadDraft).where(col(UploadDraft.expires_at) <= now),
        execution_options=crossing("Files expire alike in all schools."),
    )


def work(database: Database, clock: Clock) -> Work:
    """The periodic work: files whose hour has passed."""

    async def purge_drafts() -> None:
        async with database.writing() as session:
            await purge(session, clock.now())

    return Work(periodic=(Periodic("content.purge-drafts", PURGED_EVERY, purge_drafts),))


def _purpose(draft_id: uuid.UUID) -> str:
    return f"upload-draft:{draft_id}"
