"""Levels in words and shapes, in the reader's language: the scale's own names, the same everywhere on these pages."""

from collections.abc import Mapping
from dataclasses import dataclass

from lti_tool.insight.board import Face, Holding, Words
from lti_tool.mastery.rules.scales import Icon, Level, Scale, default_scale
from lti_tool.mastery.rules.values import Standing
from lti_tool.web.i18n import N_, current_language

_NOT_STARTED = N_("Not started")
_DUE = N_("%(level)s, review due")


_CLASSES = {
    Icon.EMPTY: "ie",
    Icon.QUARTER: "iq",
    Icon.HALF: "ih",
    Icon.THREE_QUARTERS: "it",
    Icon.FULL: "if",
    Icon.STAR: "is",
    Icon.TRIANGLE: "ia",
    Icon.SQUARE: "iu",
    Icon.DIAMOND: "id",
}
"""The classes of shapes in styles/72-board.css: short, since a large board has 96,000 of them."""


RANKS = list(Standing)
"""The ladder by rank, 0 to 4."""


@dataclass(frozen=True, slots=True)
class LevelView:
    """A level as a badge shows it. ``colour`` is the school's own (#RRGGBB) where its scale is not the tool's."""

    key: str
    name: str
    standing: Standing
    icon: Icon
    colour: str | None = None

    @property
    def face(self) -> Face:
        """How it looks in a cell of the board."""
        return Face(self.name, f"l{self.standing.rank} {_CLASSES[self.icon]}")

    @property
    def is_known(self) -> bool:
        """Whether it stands for Secure or more."""
        return self.standing.is_secure


class Levels:
    """The levels of a course in the reader's language, from not started to the highest."""

    def __init__(self, scale: Scale) -> None:
        own = scale != default_scale()
        say = current_language().gettext
        self.none = LevelView("", say(_NOT_STARTED), Standing.NOT_STARTED, Icon.EMPTY)
        # The names of the tool's own scale are messages; a school's are what the school called them.
        self._by_key = {level.key: _view(level, level.name if own else say(level.name), own) for level in scale.levels}
        self.rising: list[LevelView] = [self.none, *reversed(self._by_key.values())]

    def of(self, key: str | None, standing: Standing = Standing.NOT_STARTED) -> LevelView:
        """The level with this key; not started without one.

        A criterion is frozen with its scale when somebody begins. Where the course has changed its scale since, and has no such
        level any more, it is the level that shows the same ``standing``.
        """
        if not key:
            return self.none
        return self._by_key.get(key) or self.for_standing(standing)

    def held(self, holding: Holding | None) -> LevelView:
        """The level of what somebody holds; not started for nothing."""
        return self.of(holding[1], RANKS[holding[0]]) if holding is not None else self.none

    def for_standing(self, standing: Standing) -> LevelView:
        """The level that shows a standing in this scale: the lowest that stands for it, or for more."""
        return next((level for level in self.rising if level.standing >= standing), self.rising[-1])

    @property
    def faces(self) -> Mapping[str, Face]:
        """How each looks on the board, by key."""
        return {key: level.face for key, level in self._by_key.items()}

    @property
    def ranked(self) -> list[Face]:
        """How each rank of the ladder looks on the board, 0 to 4; for levels that the scale has no more."""
        return [self.for_standing(one).face for one in RANKS]


def _view(level: Level, name: str, own: bool) -> LevelView:
    return LevelView(level.key, name, Standing(level.standing.value), level.icon, level.colour if own else None)


def board_words(levels: Levels) -> Words:
    """The words of the board's table."""
    say = current_language().gettext
    return Words(
        caption=say(N_("Levels of each student, one column for each competency")),
        student=say(N_("Student")),
        to_go=say(N_("Not yet secure")),
        secure=say(N_("Students who are secure")),
        not_started=levels.none.face,
        due=say(_DUE),
        no_domain=say(N_("Other competencies")),
    )
