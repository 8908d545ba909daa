"""Languages: which one a request is answered in, its translated messages, and how it writes dates and numbers.

The language of the page being rendered stands in a context variable, so that macros of imported templates, which Jinja
gives no request, find it too. Rendering never awaits, so two requests cannot see each other's.
"""

import contextvars
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal
from functools import lru_cache
from gettext import NullTranslations
from pathlib import Path
from typing import NamedTuple

from babel import Locale, UnknownLocaleError, dates, numbers
from babel.support import Translations

from lti_tool.clock import day_in, zone_named

LOCALES = Path(__file__).parent / "locales"
DOMAIN = "lti_tool"
SOURCE_LANGUAGE = "en"


def N_(message: str) -> str:  # noqa: N802 - the name gettext's tools look for.
    """Mark a message id for extraction where it is written; it is translated where it is shown."""
    return message


class Plural(NamedTuple):
    """A message that counts something: its form for one, and its form for many."""

    one: str
    many: str


def NN_(one: str, many: str) -> Plural:  # noqa: N802 - as N_.
    """Mark a message with a plural for extraction where it is written; it is translated where it is shown."""
    return Plural(one, many)


@dataclass(frozen=True)
class Language:
    """One language with its messages; ``locale`` also knows the region, so that en-GB writes its dates as in Britain."""

    locale: Locale
    translations: NullTranslations

    @property
    def tag(self) -> str:
        """The BCP 47 tag for ``<html lang>``."""
        return str(self.locale).replace("_", "-")

    @property
    def direction(self) -> str:
        """``ltr`` or ``rtl``."""
        return "rtl" if self.locale.text_direction == "rtl" else "ltr"

    def gettext(self, message: str) -> str:
        """The message in this language, or as it is."""
        # gettext's catalogues answer the empty id with their own header.
        return self.translations.gettext(message) if message else ""

    def ngettext(self, singular: str, plural: str, n: int) -> str:
        """The form that goes with ``n``."""
        return self.translations.ngettext(singular, plural, n)

    def pgettext(self, context: str, message: str) -> str:
        """The message as it is meant in ``context``."""
        return self.translations.pgettext(context, message)

    def npgettext(self, context: str, singular: str, plural: str, n: int) -> str:
        """The form that goes with ``n``, as it is meant in ``context``."""
        return self.translations.npgettext(context, singular, plural, n)


_current: contextvars.ContextVar["Language"] = contextvars.ContextVar("language")


def current_language() -> Language:
    """The language of the page being rendered; English outside of one."""
    return _current.get(None) or language_for(())


_zone: contextvars.ContextVar[tzinfo] = contextvars.ContextVar("time_zone", default=UTC)


@contextmanager
def in_zone(name: str | None) -> Iterator[None]:
    """Write moments in the time zone with this IANA name inside the block; in UTC without one."""
    token = _zone.set(zone_named(name))
    try:
        yield
    finally:
        _zone.reset(token)


def zone_name() -> str:
    """The IANA name of the page's zone, for a form that is sent without script."""
    return str(_zone.get())


@contextmanager
def speaking(language: Language) -> Iterator[None]:
    """Render in ``language`` inside the block."""
    token = _current.set(language)
    try:
        yield
    finally:
        _current.reset(token)


def available_languages() -> frozenset[str]:
    """The languages there are catalogues for, and English, which the messages are written in."""
    return frozenset({SOURCE_LANGUAGE, *(path.parts[-3] for path in LOCALES.glob(f"*/LC_MESSAGES/{DOMAIN}.mo"))})


@lru_cache(maxsize=256)
def language_for(wanted: tuple[str, ...]) -> Language:
    """The first of the wanted BCP 47 tags that there is a catalogue for; English when there is none.

    A region we have no catalogue for still decides how dates and numbers are written.
    """
    have = available_languages()
    for tag in wanted:
        locale = _parse(tag)
        if locale is None:
            continue
        for name in _names(locale):
            if name in have:
                return Language(locale, _catalogue(name))
    return Language(Locale(SOURCE_LANGUAGE), NullTranslations())


def accepted(header: str) -> list[str]:
    """The tags of an ``Accept-Language`` header (RFC 9110 §12.5.4), best first; weight 0 means not wanted."""
    weighed: list[tuple[float, int, str]] = []
    for place, part in enumerate(header[:500].split(",")):
        tag, _, parameter = part.strip().partition(";")
        try:
            weight = float(parameter.strip().removeprefix("q=")) if parameter else 1.0
        except ValueError:
            continue
        if tag and tag != "*" and 0 < weight <= 1:
            weighed.append((-weight, place, tag.strip()))
    return [tag for _, _, tag in sorted(weighed)[:8]]


def _names(locale: Locale) -> Iterable[str]:
    parts = str(locale).split("_")
    return ("_".join(parts[:length]) for length in range(len(parts), 0, -1))


def _parse(tag: str) -> Locale | None:
    # LMSs send en-US, en_US and en-us; Moodle also es_mx and de_kids, whose second half is no region.
    cleaned = tag.strip().replace("_", "-")[:35]
    for candidate in (cleaned, cleaned.partition("-")[0]):
        try:
            return Locale.parse(candidate, sep="-")
        except (UnknownLocaleError, ValueError):
            continue
    return None


@lru_cache(maxsize=64)
def _catalogue(name: str) -> NullTranslations:
    if name == SOURCE_LANGUAGE and not (LOCALES / name).is_dir():
        return NullTranslations()
    return Translations.load(LOCALES, [name], DOMAIN)


def iso_day(value: datetime) -> str:
    """The day of a moment in the page's zone, as files have it: ``2026-05-05``."""
    return day_in(_zone.get(), value).isoformat()


def format_date(value: date | datetime, style: str = "medium") -> str:
    """A day as the language writes it, a moment's in the page's zone; ``style`` is short, medium, long or full."""
    if isinstance(value, datetime):
        value = value.astimezone(_zone.get())
    return dates.format_date(value, format=style, locale=current_language().locale)


_NEAR = {-1: N_("yesterday, %(time)s"), 0: N_("today, %(time)s"), 1: N_("tomorrow, %(time)s")}


def format_near(value: datetime, now: datetime) -> str:
    """A moment as people speak of one that is near: today, tomorrow, a day of the next six; in the page's zone."""
    zone = _zone.get()
    days = (value.astimezone(zone).date() - now.astimezone(zone).date()).days
    if days in _NEAR:
        return current_language().gettext(_NEAR[days]) % {"time": format_time(value)}
    if 1 < days < 7:
        day = dates.format_skeleton("MMMEd", value, zone, locale=current_language().locale)
        return f"{day}, {format_time(value)}"
    return f"{format_date(value)}, {format_time(value)}"


def format_day(value: datetime, today: datetime | None = None) -> str:
    """A day with its month's name, in the page's zone; with the year where it is not the year of ``today``."""
    locale = current_language().locale
    if _same_year(value, today):
        return dates.format_skeleton("MMMMd", value, _zone.get(), locale=locale)
    return dates.format_date(value.astimezone(_zone.get()), "long", locale=locale)


def format_month(value: datetime, today: datetime | None = None) -> str:
    """A month's name, in the page's zone; with the year where it is not the year of ``today``."""
    locale = current_language().locale
    if _same_year(value, today):
        return dates.format_date(value.astimezone(_zone.get()), "LLLL", locale=locale)
    return dates.format_skeleton("yMMMM", value, _zone.get(), locale=locale)


def _same_year(value: datetime, today: datetime | None) -> bool:
    zone = _zone.get()
    return today is not None and today.astimezone(zone).year == value.astimezone(zone).year


def format_time(value: datetime, style: str = "short") -> str:
    """A time of day in the page's zone (``in_zone``); where that is not known, the page's script turns ``when()`` into the
    browser's.
    """
    return dates.format_time(value.astimezone(_zone.get()), format=style, locale=current_language().locale)


def format_datetime(value: datetime, style: str = "medium") -> str:
    """A day and time in the page's zone."""
    return dates.format_datetime(value.astimezone(_zone.get()), format=style, locale=current_language().locale)


def format_number(value: float | Decimal, digits: int = 1) -> str:
    """A number with at most ``digits`` decimals, trailing zeros dropped."""
    rounded = round(value, digits) if isinstance(value, Decimal) else round(float(value), digits)
    return numbers.format_decimal(rounded, locale=current_language().locale, decimal_quantization=False)


def format_percent(share: float, digits: int = 0) -> str:
    """A share between 0 and 1 as a percentage."""
    return numbers.format_percent(
        round(share, digits + 2), locale=current_language().locale, decimal_quantization=False
    )
