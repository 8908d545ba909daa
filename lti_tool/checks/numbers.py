"""Numbers as people type them. Pure.

Accepted: ``1.5``, ``1,5``, ``-2`` with any of the dashes that keyboards put for a minus, ``1/2`` and ``1 1/2``, ``1e3``,
digits in groups of three (``12 345``, ``12,345.5``, ``12.345,5``, ``12'345``), a percent sign, digits of any script. Where a
text can be read in two ways, both are returned: ``1,500`` is 1500 in one country and 1.5 in another, and ``50 %`` is 50 where
percents are asked for and else 0.5. Whoever scores takes the reading that is right, and says which one it was.
"""

import re
import unicodedata
from decimal import Decimal
from fractions import Fraction

LONGEST = 60
"""Characters; nobody types longer numbers on purpose."""

_MINUS = dict.fromkeys(map(ord, "−–—‐‑‒﹣－"), "-")
_SPACES = re.compile(r"[\s\u00a0\u2007\u2009\u202f]+")
_QUOTES = str.maketrans("’ʼ‘`＋％⁄∕，．٫٬", "''''+%//,.,'")
"""What keyboards and other scripts put for the signs of numbers."""

_PLAIN = re.compile(r"\d+(?:[.,]\d*)?|[.,]\d+")
_SCIENTIFIC = re.compile(r"(?P<of>(?:\d+(?:[.,]\d*)?|[.,]\d+))(?:[eE]|[·*×x]10\^)(?P<power>[+-]?\d{1,3})")
_FRACTION = re.compile(r"(?:(?P<whole>\d+) )?(?P<over>\d+) ?/ ?(?P<under>\d+)")
_GROUPS = {
    " ": re.compile(r"\d{1,3}(?: \d{3})+(?:[.,]\d+)?"),
    "'": re.compile(r"\d{1,3}(?:'\d{3})+(?:[.,]\d+)?"),
    ",": re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?"),
    ".": re.compile(r"\d{1,3}(?:\.\d{3})+(?:,\d+)?"),
}
_MOST_POWER = 100


def readings(text: str) -> tuple[Fraction, ...]:
    """What the text can mean as a number, without repetition, the likelier first; empty where it is none.

    A point or a comma alone is first read as a decimal sign. Exact: fractions are not rounded.
    """
    if len(text) > LONGEST:
        return ()
    typed = _SPACES.sub(" ", _digits(text).translate(_MINUS).translate(_QUOTES)).strip()
    percent = typed.endswith("%")
    typed = typed.removesuffix("%").rstrip()
    sign = -1 if typed.startswith("-") else 1
    typed = typed[1:].lstrip() if typed[:1] in {"-", "+"} else typed
    found = [sign * value for value in _unsigned(typed)]
    if percent:
        found += [value / 100 for value in found]
    return tuple(dict.fromkeys(found))


def _digits(text: str) -> str:
    """Digits of every script as 0 to 9."""
    return "".join(
        character if (digit := unicodedata.decimal(character, None)) is None else str(digit) for character in text
    )


def _unsigned(typed: str) -> list[Fraction]:
    found = []
    if _PLAIN.fullmatch(typed):
        found.append(_decimal(typed))
    for mark, groups in _GROUPS.items():
        # A group of three after a lone 0 is a decimal: nobody writes 0,500 for five hundred.
        if groups.fullmatch(typed) and not typed.startswith("0"):
            found.append(_decimal(typed.replace(mark, "")))
    scientific = _SCIENTIFIC.fullmatch(typed.replace(" ", ""))
    if scientific and abs(power := int(scientific["power"])) <= _MOST_POWER:
        found.append(_decimal(scientific["of"]) * Fraction(10) ** power)
    fraction = _FRACTION.fullmatch(typed)
    if fraction and int(fraction["under"]):
        found.append(int(fraction["whole"] or 0) + Fraction(int(fraction["over"]), int(fraction["under"])))
    return found


def _decimal(typed: str) -> Fraction:
    return Fraction(f"0{typed.replace(',', '.')}0" if typed[-1] in ".," else f"0{typed.replace(',', '.')}")


def between(value: Fraction, low: Decimal, high: Decimal) -> bool:
    """Whether the value lies from ``low`` to ``high``, both included; exact. Bounds in the wrong order hold nothing."""
    return _compare(value, low) >= 0 and _compare(value, high) <= 0


_FAR = 500


def _compare(value: Fraction, bound: Decimal) -> int:
    """-1, 0 or 1. What was typed lies within 10^±160, so that bounds far beyond are not written out."""
    if not bound.is_finite() or bound.adjusted() > _FAR:
        return -1 if bound > 0 else 1
    if bound and bound.adjusted() < -_FAR:
        return (-1 if bound > 0 else 1) if value == 0 else (1 if value > 0 else -1)
    exact = Fraction(bound)
    return (value > exact) - (value < exact)


def as_decimal(value: Fraction) -> Decimal:
    """The value to be shown: exact where it ends, else to six places."""
    shown = Decimal(value.numerator) / Decimal(value.denominator)
    rounded = shown.quantize(Decimal("0.000001")) if abs(shown) < Decimal(10) ** 20 else shown
    return rounded.normalize() if rounded else Decimal(0)
