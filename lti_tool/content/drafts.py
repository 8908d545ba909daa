"""Files that a teacher chose, kept between the preview and the confirmation, so that nothing is brought in unseen.

A file can hold names and grades: it is kept encrypted, for who chose it alone, for an hour at most.
"""

import uuid
import zlib
from datetime import datetime, timedelta

from sqlmodel import col, delete
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.datastructures import FormData, UploadFile

from lti_tool.clock import Clock
from lti_tool.content.models import UploadDraft
from lti_tool.content.secrets import SecretBox
from lti_tool.courses.models import Course
from lti_tool.db.base import crossing, scoped
from lti_tool.db.session import Database
from lti_tool.errors import BadRequest, NotFound
from lti_tool.ids import new_id
from lti_tool.jobs import Periodic, Work
from lti_tool.lti.secret import secret_key
from lti_tool.settings import Settings
from lti_tool.web.i18n import N_

KEPT = timedelta(hours=1)
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


async def keep(
    session: AsyncSession,
    sealing: SecretBox,
    course: Course,
    person_id: uuid.UUID | None,
    kind: str,
    name: str,
    content: bytes,
    now: datetime,
) -> uuid.UUID:
    """Keep a file for its preview; the id to ask for it by. ``kind`` says what it is to become, in one word."""
    draft_id = new_id()
    session.add(
        UploadDraft(
            organisation_id=course.organisation_id,
            id=draft_id,
            course_id=course.id,
            person_id=person_id,
            kind=kind,
            name=name.replace("\x00", "")[:255],
            content=sealing.seal_bytes(zlib.compress(content), _purpose(draft_id)),
            expires_at=now + KEPT,
            created_at=now,
        )
    )
    await session.flush()
    return draft_id


async def find(
    session: AsyncSession,
    sealing: SecretBox,
    course: Course,
    person_id: uuid.UUID | None,
    kind: str,
    draft_id: uuid.UUID,
    now: datetime,
) -> tuple[str, bytes]:
    """The file's name and content. Raises DraftGone where there is none of this kind, course and person any more."""
    statement = scoped(UploadDraft, course.organisation_id).where(
        UploadDraft.id == draft_id, UploadDraft.course_id == course.id, UploadDraft.kind == kind
    )
    draft = (await session.exec(statement)).one_or_none()
    if draft is None or draft.expires_at <= now or draft.person_id != person_id:
        raise DraftGone(f"no {kind} draft")
    return draft.name, zlib.decompress(sealing.open_bytes(draft.content, _purpose(draft_id)))


async def forget(session: AsyncSession, course: Course, draft_id: uuid.UUID) -> None:
    """The file has been used, or is not wanted."""
    await session.exec(
        delete(UploadDraft).where(
            col(UploadDraft.organisation_id) == course.organisation_id,
            col(UploadDraft.course_id) == course.id,
            col(UploadDraft.id) == draft_id,
        )
    )


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
