"""SQL of what a path is made of besides the template's own rows: sections, own steps, forms, requests, and what is Secure."""

import uuid
from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, or_, type_coerce
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.db.base import scoped
from lti_tool.db.types import UtcDateTime
from lti_tool.mastery.models import MasteryState, Standing
from lti_tool.playlists.models import (
    DoneRule,
    PersonalPlaylist,
    PersonalStep,
    Playlist,
    PlaylistAudience,
    PlaylistSection,
    PlaylistStatus,
    PlaylistStep,
    StepState,
    StepVariant,
    StepVariantLearner,
)

_MOST_NAMED = 500
"""Items that are named in a statement; of more, the playlists' steps are read and those that are wanted are taken from them."""

_SECURE = (Standing.SECURE, Standing.MASTERED)


async def sections(
    session: AsyncSession, organisation_id: uuid.UUID, playlist_ids: Collection[uuid.UUID]
) -> dict[uuid.UUID, list[PlaylistSection]]:
    """The sections of each playlist in order, those taken out included."""
    found: dict[uuid.UUID, list[PlaylistSection]] = {playlist_id: [] for playlist_id in playlist_ids}
    statement = (
        scoped(PlaylistSection, organisation_id)
        .where(col(PlaylistSection.playlist_id).in_(playlist_ids))
        .order_by(col(PlaylistSection.position), col(PlaylistSection.id))
        .execution_options(populate_existing=True)
    )
    for section in (await session.exec(statement)).all():
        found[section.playlist_id].append(section)
    return found


async def given(
    session: AsyncSession, organisation_id: uuid.UUID, person_ids: Collection[uuid.UUID]
) -> dict[uuid.UUID, set[uuid.UUID]]:
    """The forms that teachers gave these people by name, by person."""
    statement = select(col(StepVariantLearner.person_id), col(StepVariantLearner.variant_id)).where(
        col(StepVariantLearner.organisation_id) == organisation_id, col(StepVariantLearner.person_id).in_(person_ids)
    )
    found: dict[uuid.UUID, set[uuid.UUID]] = {}
    for person_id, variant_id in (await session.exec(statement)).all():
        found.setdefault(person_id, set()).add(variant_id)
    return found


async def secure(
    session: AsyncSession,
    organisation_id: uuid.UUID,
    course_id: uuid.UUID,
    competency_ids: Collection[uuid.UUID],
    person_ids: Collection[uuid.UUID],
) -> dict[uuid.UUID, dict[uuid.UUID, datetime | None]]:
    """Those of these competencies that are Secure or above, by person, with when the latest evidence of each came."""
    latest = func.coalesce(col(MasteryState.latest_at), col(MasteryState.since), col(MasteryState.changed_at))
    statement = select(
        col(MasteryState.person_id), col(MasteryState.competency_id), type_coerce(latest, UtcDateTime())
    ).where(
        col(MasteryState.organisation_id) == organisation_id,
        col(MasteryState.course_id) == course_id,
        col(MasteryState.competency_id).in_(competency_ids),
        col(MasteryState.person_id).in_(person_ids),
        col(MasteryState.standing).in_(_SECURE),
    )
    found: dict[uuid.UUID, dict[uuid.UUID, datetime | None]] = {}
    for person_id, competency_id, latest_at in (await session.exec(statement)).all():
        found.setdefault(person_id, {})[competency_id] = latest_at
    return found


async def playlists_with_items(
    session: AsyncSession,
    organisation_id: uuid.UUID,
    playlist_ids: Collection[uuid.UUID],
    item_ids: Collection[uuid.UUID],
) -> set[uuid.UUID]:
    """Those of these playlists of which a step, of the template or of one copy, or another form of one leads to such an item."""
    steps = select(col(PlaylistStep.playlist_id), col(PlaylistStep.content_item_id)).where(
        col(PlaylistStep.organisation_id) == organisation_id,
        col(PlaylistStep.playlist_id).in_(playlist_ids),
        col(PlaylistStep.removed_at).is_(None),
        col(PlaylistStep.content_item_id).is_not(None),
    )
    forms = (
        select(col(PlaylistStep.playlist_id), col(StepVariant.content_item_id))
        .join(
            StepVariant,
            (col(PlaylistStep.id) == col(StepVariant.step_id))
            & (col(PlaylistStep.organisation_id) == col(StepVariant.organisation_id)),
        )
        .where(
            col(PlaylistStep.organisation_id) == organisation_id,
            col(StepVariant.organisation_id) == organisation_id,
            col(PlaylistStep.playlist_id).in_(playlist_ids),
            col(StepVariant.content_item_id).is_not(None),
        )
    )
    if len(item_ids) <= _MOST_NAMED:
        # The steps of all copies of a large class are many; those of one result's item are few.
        steps = steps.where(col(PlaylistStep.content_item_id).in_(item_ids))
        forms = forms.where(col(StepVariant.content_item_id).in_(item_ids))
    # Items are compared here: a gradebook names any number of them, a statement does not.
    rows = [*(await session.exec(steps.distinct())).all(), *(await session.exec(forms.distinct())).all()]
    return {playlist_id for playlist_id, item_id in rows if item_id in item_ids}


async def waiting_for(
    session: AsyncSession,
    organisation_id: uuid.UUID,
    course_id: uuid.UUID,
    person_ids: Collection[uuid.UUID],
    item_ids: Collection[uuid.UUID],
    rules: Collection[DoneRule],
) -> set[tuple[uuid.UUID, uuid.UUID]]:
    """Those of these people and items, as pairs, where a step that counts by one of these rules leads to the item, in any of
    its forms, and is not done. Without putting any path together: a whole school's completions come again and again.
    """
    found: set[tuple[uuid.UUID, uuid.UUID]] = set()
    people = sorted(person_ids)
    for start in range(0, len(people), _MOST_NAMED):
        some = people[start : start + _MOST_NAMED]
        for own in (False, True):
            for another_form in (False, True):
                statement = _waiting(organisation_id, course_id, rules, own=own, another_form=another_form)
                rows = await session.exec(statement.where(col(PersonalPlaylist.person_id).in_(some)))
                # Items are compared here: a platform names any number of them, a statement does not.
                found |= {(row[0], row[1]) for row in rows.all() if row[1] in item_ids}
    return found


async def people_waiting(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID, rules: Collection[DoneRule]
) -> set[uuid.UUID]:
    """Everybody with a step that counts by one of these rules, leads to an item in any of its forms, and is not done."""
    found: set[uuid.UUID] = set()
    for own in (False, True):
        for another_form in (False, True):
            statement = _waiting(organisation_id, course_id, rules, own=own, another_form=another_form)
            rows = await session.exec(statement.with_only_columns(col(PersonalPlaylist.person_id)))
            found |= {row[0] for row in rows.all()}
    return found


def _waiting(
    organisation_id: uuid.UUID, course_id: uuid.UUID, rules: Collection[DoneRule], *, own: bool, another_form: bool
) -> Any:
    """People and items of steps that are not done: of the templates, or of one copy each; in the usual form, or another."""
    item_id = col(StepVariant.content_item_id) if another_form else col(PlaylistStep.content_item_id)
    of_copy = col(PlaylistStep.personal_playlist_id) == col(PersonalPlaylist.id)
    of_template = (col(PlaylistStep.playlist_id) == col(PersonalPlaylist.playlist_id)) & (
        col(PlaylistStep.personal_playlist_id).is_(None)
    )
    statement = (
        select(col(PersonalPlaylist.person_id), item_id)
        .join(
            Playlist,
            (col(Playlist.organisation_id) == col(PersonalPlaylist.organisation_id))
            & (col(Playlist.id) == col(PersonalPlaylist.playlist_id)),
        )
        .join(
            PlaylistStep,
            (col(PlaylistStep.organisation_id) == col(PersonalPlaylist.organisation_id))
            & (of_copy if own else of_template),
        )
    )
    if another_form:
        statement = statement.join(
            StepVariant,
            (col(StepVariant.organisation_id) == col(PlaylistStep.organisation_id))
            & (col(StepVariant.step_id) == col(PlaylistStep.id)),
        )
    statement = statement.join(
        PersonalStep,
        (col(PersonalStep.organisation_id) == col(PersonalPlaylist.organisation_id))
        & (col(PersonalStep.personal_playlist_id) == col(PersonalPlaylist.id))
        & (col(PersonalStep.step_id) == col(PlaylistStep.id)),
        isouter=True,
    )
    return statement.where(
        col(PersonalPlaylist.organisation_id) == organisation_id,
        col(Playlist.course_id) == course_id,
        col(Playlist.status) == PlaylistStatus.ASSIGNED,
        col(PersonalPlaylist.left_at).is_(None),
        col(PlaylistStep.removed_at).is_(None),
        col(PlaylistStep.done_rule).in_(sorted(rules)),
        item_id.is_not(None),
        or_(col(PersonalStep.id).is_(None), col(PersonalStep.state) != StepState.DONE),
    ).distinct()


async def playlists_by_mastery(
    session: AsyncSession, organisation_id: uuid.UUID, playlist_ids: Collection[uuid.UUID]
) -> set[uuid.UUID]:
    """Those of these playlists that have a step, of the template or of one copy, that counts by mastery."""
    statement = (
        select(col(PlaylistStep.playlist_id))
        .where(
            col(PlaylistStep.organisation_id) == organisation_id,
            col(PlaylistStep.playlist_id).in_(playlist_ids),
            col(PlaylistStep.removed_at).is_(None),
            col(PlaylistStep.done_rule) == DoneRule.MASTERY,
        )
        .distinct()
    )
    return set((await session.exec(statement)).all())


async def audience_rows(
    session: AsyncSession, organisation_id: uuid.UUID, playlist_ids: Collection[uuid.UUID]
) -> dict[uuid.UUID, list[PlaylistAudience]]:
    """Whom each of these playlists is assigned to, row by row; none: everybody."""
    statement = (
        scoped(PlaylistAudience, organisation_id)
        .where(col(PlaylistAudience.playlist_id).in_(playlist_ids))
        .order_by(col(PlaylistAudience.id))
    )
    found: dict[uuid.UUID, list[PlaylistAudience]] = {playlist_id: [] for playlist_id in playlist_ids}
    for row in (await session.exec(statement)).all():
        found[row.playlist_id].append(row)
    return found


async def forget_audience(session: AsyncSession, organisation_id: uuid.UUID, playlist_id: uuid.UUID) -> None:
    """Take away what is said of whom a playlist is for."""
    await session.exec(
        delete(PlaylistAudience)
        .where(
            col(PlaylistAudience.organisation_id) == organisation_id, col(PlaylistAudience.playlist_id) == playlist_id
        )
        .execution_options(synchronize_session=False)
    )
