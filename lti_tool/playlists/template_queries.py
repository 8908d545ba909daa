"""The SQL of templates: their sections, steps and other forms of steps, and how they were before each change."""

import uuid
from collections.abc import Collection, Iterable

from sqlmodel import col, delete, select
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.db.base import TenantRow, scoped
from lti_tool.playlists import titles
from lti_tool.playlists.models import (
    PlaylistEdit,
    PlaylistSection,
    PlaylistStep,
    StepVariant,
    StepVariantLearner,
)


async def sections(session: AsyncSession, organisation_id: uuid.UUID, playlist_id: uuid.UUID) -> list[PlaylistSection]:
    """A playlist's sections in order, those taken out included."""
    statement = (
        scoped(PlaylistSection, organisation_id)
        .where(PlaylistSection.playlist_id == playlist_id)
        .order_by(col(PlaylistSection.position), col(PlaylistSection.id))
        .execution_options(populate_existing=True)
    )
    return list((await session.exec(statement)).all())


async def steps(session: AsyncSession, organisation_id: uuid.UUID, playlist_id: uuid.UUID) -> list[PlaylistStep]:
    """The steps that a playlist has for everybody in order, those taken out included; what belongs to one copy is left out."""
    statement = (
        scoped(PlaylistStep, organisation_id)
        .where(PlaylistStep.playlist_id == playlist_id, col(PlaylistStep.personal_playlist_id).is_(None))
        .order_by(col(PlaylistStep.position), col(PlaylistStep.id))
        .execution_options(populate_existing=True)
    )
    return await titles.followed(session, organisation_id, list((await session.exec(statement)).all()))


async def variants(session: AsyncSession, organisation_id: uuid.UUID, playlist_id: uuid.UUID) -> list[StepVariant]:
    """The other forms of a playlist's steps in order, those taken out included."""
    statement = (
        scoped(StepVariant, organisation_id)
        .where(
            col(StepVariant.step_id) == col(PlaylistStep.id),
            PlaylistStep.organisation_id == organisation_id,
            PlaylistStep.playlist_id == playlist_id,
            col(PlaylistStep.personal_playlist_id).is_(None),
        )
        .order_by(col(StepVariant.position), col(StepVariant.id))
        .execution_options(populate_existing=True)
    )
    return list((await session.exec(statement)).all())


async def learners(
    session: AsyncSession, organisation_id: uuid.UUID, variant_ids: Collection[uuid.UUID]
) -> dict[uuid.UUID, list[StepVariantLearner]]:
    """Whom these forms are for by name, by the form's id, as they were named."""
    found: dict[uuid.UUID, list[StepVariantLearner]] = {variant_id: [] for variant_id in variant_ids}
    if not found:
        return found
    statement = (
        scoped(StepVariantLearner, organisation_id)
        .where(col(StepVariantLearner.variant_id).in_(variant_ids))
        .order_by(col(StepVariantLearner.created_at), col(StepVariantLearner.person_id))
    )
    for row in (await session.exec(statement)).all():
        found[row.variant_id].append(row)
    return found


async def known(
    session: AsyncSession,
    table: type[TenantRow],
    organisation_id: uuid.UUID,
    ids: Iterable[uuid.UUID],
) -> set[uuid.UUID]:
    """Those of these ids that the school still has: what was erased since a template was kept is not put back."""
    wanted = set(ids)
    if not wanted:
        return set()
    statement = select(col(table.id)).where(table.organisation_id == organisation_id, col(table.id).in_(wanted))
    return set((await session.exec(statement)).all())


# --- How it was -----------------------------------------------------------------------------------------------------------


async def latest_edit(session: AsyncSession, organisation_id: uuid.UUID, playlist_id: uuid.UUID) -> PlaylistEdit | None:
    """The change made last that can still be undone."""
    statement = (
        scoped(PlaylistEdit, organisation_id)
        .where(PlaylistEdit.playlist_id == playlist_id, col(PlaylistEdit.undone_at).is_(None))
        .order_by(col(PlaylistEdit.revision).desc())
        .limit(1)
    )
    return (await session.exec(statement)).first()


async def next_redo(session: AsyncSession, organisation_id: uuid.UUID, playlist_id: uuid.UUID) -> PlaylistEdit | None:
    """The change undone last that can be made again: the one that came after the latest that still stands."""
    stands = await latest_edit(session, organisation_id, playlist_id)
    statement = scoped(PlaylistEdit, organisation_id).where(
        PlaylistEdit.playlist_id == playlist_id, col(PlaylistEdit.undone_at).is_not(None)
    )
    if stands is not None:
        statement = statement.where(col(PlaylistEdit.revision) > stands.revision)
    return (await session.exec(statement.order_by(col(PlaylistEdit.revision)).limit(1))).first()


async def forget_undone(
    session: AsyncSession, organisation_id: uuid.UUID, playlist_id: uuid.UUID, before: int | None = None
) -> None:
    """Forget the changes that were undone, so that they cannot be made again; with ``before`` those made before a revision."""
    statement = delete(PlaylistEdit).where(
        col(PlaylistEdit.organisation_id) == organisation_id,
        col(PlaylistEdit.playlist_id) == playlist_id,
        col(PlaylistEdit.undone_at).is_not(None),
    )
    if before is not None:
        statement = statement.where(col(PlaylistEdit.revision) < before)
    await session.exec(statement)


async def forget_edits(session: AsyncSession, organisation_id: uuid.UUID, playlist_id: uuid.UUID, keep: int) -> None:
    """Forget all changes but the latest ``keep``."""
    old = (
        select(col(PlaylistEdit.id))
        .where(PlaylistEdit.organisation_id == organisation_id, PlaylistEdit.playlist_id == playlist_id)
        .order_by(col(PlaylistEdit.revision).desc())
        .offset(keep)
    )
    ids = (await session.exec(old)).all()
    if ids:
        await session.exec(
            delete(PlaylistEdit).where(
                col(PlaylistEdit.organisation_id) == organisation_id, col(PlaylistEdit.id).in_(ids)
            )
        )
