"""What the tool has put into a course itself, its links and its gradebook columns, is no content of the course.

Read back, it would stand on playlists as if it were work, and the scores that the tool has sent would come back as evidence.
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.content import queries
from lti_tool.content.ports import NativeItem
from lti_tool.courses.models import Course

_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class OwnColumn:
    """A gradebook column that the tool has made; ``copies``: how often it stands there.

    ``told`` is what the platform was told of it before, label and points, while it has not taken what they are now.
    """

    label: str
    points: float
    copies: int = 1
    told: tuple[str, float] | None = None


OwnColumns = Callable[[AsyncSession, Course], Awaitable[Sequence[OwnColumn]]]
"""The columns that the tool has in a course's gradebook."""


async def _none(_session: AsyncSession, _course: Course) -> Sequence[OwnColumn]:
    return ()


@dataclass(frozen=True, slots=True)
class Own:
    """How the tool knows what it has put into courses: by its own address, and by the columns it has made."""

    base_url: str = ""
    columns: OwnColumns = _none

    async def left_out(
        self, session: AsyncSession, course: Course, items: Sequence[NativeItem], before: Sequence[OwnColumn] = ()
    ) -> tuple[NativeItem, ...]:
        """The items of a course without the tool's own. ``before`` are the ``columns`` before the items were asked for: a column
        that was given another name meanwhile may be among them by either.
        """
        links = await queries.link_ids(session, course.organisation_id, course.id)
        columns = await self.columns(session, course) if any(one.bare for one in items) else ()
        return without_own(items, self.base_url, links, columns, before)


def without_own(
    items: Iterable[NativeItem],
    base_url: str,
    links: Collection[str],
    columns: Iterable[OwnColumn],
    before: Iterable[OwnColumn] = (),
) -> tuple[NativeItem, ...]:
    """The items that are not the tool's: no link that launches it (``links`` by id, or by its address), and none of its columns.

    No platform's own API says which column is whose. One that nobody hands anything in to, and that has the label and the points
    of one of ours, is it; unless the course has more of them than the tool has made, since then one is the teacher's.
    """
    others = [one for one in items if one.link_id not in links and not is_own_address(one.tool_url, base_url)]
    ours = _named(columns) | _named(before)
    # An assignment can stand in several modules, and is one column all the same.
    there = Counter(name for name, _ in {(_column(one), one.result_key) for one in others if one.bare})
    return tuple(one for one in others if not one.bare or not 0 < there[_column(one)] <= ours[_column(one)])


def _named(columns: Iterable[OwnColumn]) -> Counter[tuple[str, float]]:
    """How many columns may be called so, by label and points."""
    found: Counter[tuple[str, float]] = Counter()
    for column in columns:
        for label, points in {(column.label, column.points), column.told or (column.label, column.points)}:
            found[label.strip(), points] += column.copies
    return found


def _column(item: NativeItem) -> tuple[str, float]:
    return item.title.strip(), item.points_possible or 0.0


def is_own_address(url: str | None, base_url: str) -> bool:
    """Whether an address is one of the tool's own, whatever the scheme: a proxy may tell the platform another."""
    if not url or not base_url:
        return False
    try:
        ours, theirs = urlsplit(base_url), urlsplit(url)
        places = [(one.hostname, one.port or _PORTS.get(one.scheme)) for one in (ours, theirs)]
    except ValueError:
        return False
    folder = ours.path.rstrip("/")
    known = places[0][0] is not None and places[0][0] == places[1][0]
    same_port = places[0][1] == places[1][1] or {one[1] for one in places} == {80, 443}
    return known and same_port and (theirs.path == folder or theirs.path.startswith(f"{folder}/"))
