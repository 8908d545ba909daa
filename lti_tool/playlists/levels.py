"""A course's levels in the reader's language, for pages of paths: shape, word and colour."""

import uuid
from dataclasses import dataclass

from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.competencies.models import Scale as ScaleRow
from lti_tool.db.base import scoped
from lti_tool.mastery.rules.scales import Icon, NoScale, Scale, default_scale
from lti_tool.mastery.rules.values import Standing
from lti_tool.web.i18n import N_, current_language

_NOT_STARTED = N_("Not started")


@dataclass(frozen=True, slots=True)
class LevelView:
    """A level as a badge shows it. ``colour`` is the school's own (#RRGGBB) where its scale is not the tool's."""

    label: str
    standing: Standing
    icon: Icon
    colour: str | None = None
    is_message: bool = False

    @property
    def name(self) -> str:
        """What it is called in the language of the page; a school's levels are called what the school calls them."""
        return current_language().gettext(self.label) if self.is_message else self.label


NONE = LevelView(_NOT_STARTED, Standing.NOT_STARTED, Icon.EMPTY, is_message=True)


@dataclass(frozen=True, slots=True)
class Levels:
    """The levels of a course by key, and the lowest for each standing."""

    by_key: dict[str, LevelView]

    def of(self, key: str | None, standing: Standing) -> LevelView:
        """The level with this key; of a scale that has it no more, the lowest that stands for as much."""
        if not key:
            return NONE
        found = self.by_key.get(key)
        rising = sorted(self.by_key.values(), key=lambda level: level.standing.rank)
        return found or next((level for level in rising if level.standing >= standing), NONE)


async def of_course(session: AsyncSession, organisation_id: uuid.UUID, scale_id: uuid.UUID | None) -> Levels:
    """The levels of a course's own scale, else the school's, else the tool's."""
    statement = scoped(ScaleRow, organisation_id)
    if scale_id is not None:
        statement = statement.where(ScaleRow.id == scale_id)
    else:
        statement = statement.where(col(ScaleRow.course_id).is_(None), col(ScaleRow.is_default).is_(True))
    scale = _read((await session.exec(statement.order_by(col(ScaleRow.created_at)))).first())
    own = scale != default_scale()
    return Levels(
        {
            level.key: LevelView(
                level.name, Standing(level.standing.value), level.icon, level.colour if own else None, not own
            )
            for level in scale.levels
        }
    )


def _read(row: ScaleRow | None) -> Scale:
    """A row's scale; one that cannot be read must not keep a path from being seen."""
    try:
        return Scale.from_json(row.levels) if row is not None else default_scale()
    except NoScale:
        return default_scale()
