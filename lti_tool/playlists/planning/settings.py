"""A personal playlist's settings as JSON: what planning is told, and what the pages need besides."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeVar

from lti_tool.mastery.rules import Standing
from lti_tool.playlists.planning.base import Settings

VERSION = 1

W = TypeVar("W", bound=StrEnum)


class Wheel(StrEnum):
    """Who chooses the next step: the tool, which offers equals; or the student, among the steps that the tool finds good now."""

    TOOL = "tool"
    STUDENT = "student"


@dataclass(frozen=True, slots=True)
class PathSettings:
    """All settings of a personal playlist."""

    planning: Settings = field(default_factory=Settings)
    target_steps: int = 10
    """How many steps done count as all of it, 1 to 200."""
    approve: bool = False
    """Whether a teacher approves what the tool planned before a student sees it."""
    wheel: Wheel = Wheel.TOOL


_KNOWN = frozenset(
    ("version", "unit", "met_at", "length", "remedial", "low", "high", "reviews", "tries", "placement")
) | {"target_steps", "approve", "wheel"}


def write(settings: PathSettings) -> dict[str, Any]:
    """Plain values for ``Playlist.settings``."""
    planning = settings.planning
    return {
        "version": VERSION,
        "unit": sorted(planning.unit),
        "met_at": planning.met_at.value,
        "length": planning.length,
        "remedial": planning.remedial,
        "low": planning.low,
        "high": planning.high,
        "reviews": planning.reviews,
        "tries": planning.tries,
        "placement": None if planning.placement is None else planning.placement.hex,
        "target_steps": settings.target_steps,
        "approve": settings.approve,
        "wheel": settings.wheel.value,
    }


def read(data: Mapping[str, Any] | None) -> PathSettings:
    """Back from ``write``; what is absent stands at its default, and so does everything where there is nothing.

    Raises ``ValueError``, with a sentence that says which setting cannot be so, for values out of range, of another type, or
    that nobody knows.
    """
    if not data:
        return PathSettings()
    if data.get("version", VERSION) != VERSION:
        raise ValueError("these settings were written by another version")
    if unknown := sorted(set(data) - _KNOWN):
        raise ValueError(f"unknown settings: {', '.join(unknown)}")
    usual, usual_path = Settings(), PathSettings()
    low = _number(data, "low", usual.low, 0.0, 1.0)
    high = _number(data, "high", usual.high, 0.0, 1.0)
    if low >= high:
        raise ValueError("low has to be below high")
    planning = Settings(
        unit=_unit(data.get("unit")),
        met_at=_word(data, "met_at", usual.met_at, Standing),
        length=_whole(data, "length", usual.length, 2, 20),
        remedial=_whole(data, "remedial", usual.remedial, 0, 10),
        low=low,
        high=high,
        reviews=_number(data, "reviews", usual.reviews, 0.0, 1.0),
        tries=_whole(data, "tries", usual.tries, 1, 20),
        placement=_id(data.get("placement")),
    )
    if planning.met_at.rank < Standing.STARTED.rank:
        raise ValueError("met_at has to be a level that needs evidence")
    return PathSettings(
        planning,
        _whole(data, "target_steps", usual_path.target_steps, 1, 200),
        _yes_or_no(data, "approve", usual_path.approve),
        _word(data, "wheel", usual_path.wheel, Wheel),
    )


def _number(data: Mapping[str, Any], name: str, usual: float, least: float, most: float) -> float:
    value = data.get(name, usual)
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise ValueError(f"{name} has to be a number from {least:g} to {most:g}")
    return float(value)


def _whole(data: Mapping[str, Any], name: str, usual: int, least: int, most: int) -> int:
    value = data.get(name, usual)
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise ValueError(f"{name} has to be a whole number from {least} to {most}")
    return value


def _yes_or_no(data: Mapping[str, Any], name: str, usual: bool) -> bool:
    value = data.get(name, usual)
    if not isinstance(value, bool):
        raise ValueError(f"{name} has to be true or false")  # noqa: TRY004 - one kind of error for settings.
    return value


def _word(data: Mapping[str, Any], name: str, usual: W, kind: type[W]) -> W:
    try:
        return kind(data.get(name, usual))
    except ValueError:
        words = ", ".join(member.value for member in kind)
        raise ValueError(f"{name} has to be one of {words}") from None


def _unit(value: Any) -> frozenset[int]:
    if value is None:
        return frozenset()
    if not isinstance(value, list | tuple) or any(isinstance(one, bool) or not isinstance(one, int) for one in value):
        raise ValueError("unit has to be a list of competencies' numbers")
    return frozenset(value)


def _id(value: Any) -> uuid.UUID | None:
    if value is None:
        return None
    try:
        return uuid.UUID(str(value))
    except ValueError:
        raise ValueError("placement has to be the id of an item") from None


def agreed(settings: Mapping[str, Any]) -> PathSettings:
    """What ``Playlist.settings`` says; the usual where it cannot be read, so that a student always has a path."""
    try:
        return read(settings)
    except ValueError:
        return PathSettings()
