"""What a Schoology section holds: its folders from the uppermost down, joined with the lists that say more of what is in them."""

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from datetime import UTC, tzinfo

from lti_tool.platforms.native import ApiCourseNotFound, ApiNotPermitted, ApiUnreadable, NativeItem, NativeOutcome
from lti_tool.platforms.schoology_http import Query, SchoologyHttp
from lti_tool.platforms.schoology_rows import (
    Paper,
    Places,
    Row,
    Standing,
    discussion_paper,
    external_id,
    folder_published,
    item_of,
    loose_item,
    paper_of,
    row_id,
    rows_at,
    tags_of,
    text,
    type_of,
    zone_of,
)

ROOT = "0"
"""The uppermost folder."""

DEEPEST = 20
MOST_FOLDERS = 2000


@dataclass
class Tree:
    """What was met on the way through the folders, each thing once, and what it is tagged with, by its external id."""

    items: list[NativeItem] = field(default_factory=list)
    tags: dict[str, tuple[NativeOutcome, ...]] = field(default_factory=dict)


async def read_tree(api: SchoologyHttp, section: str, places: Places) -> Tree:
    """A section's items in the order of its materials, then the columns of the gradebook that stand in no folder, and what they
    are tagged with. Raises NativeTrouble.
    """
    walk = _Walk(api, section, places, await _read_shelf(api, section))
    await walk.folder(ROOT, Standing())
    walk.add_loose()
    found = {external_id(kind, item_id): tuple(tags_of(row)) for (kind, item_id), row in walk.shelf.rows.items()}
    return Tree(
        walk.items, {item.external_id: found[item.external_id] for item in walk.items if found.get(item.external_id)}
    )


async def optional(api: SchoologyHttp, path: str, name: str, query: Query | None = None) -> AsyncIterator[Row]:
    """A list that some accesses may not read; what it would add is then not known."""
    try:
        async for row in api.rows(path, name, query=query):
            yield row
    except (ApiNotPermitted, ApiCourseNotFound):
        return


@dataclass
class _Shelf:
    """Lists beside the folders: columns of the gradebook by what folders call their work, and rows by type and id."""

    papers: dict[str, Paper] = field(default_factory=dict)
    rows: dict[tuple[str, str], Row] = field(default_factory=dict)

    def take(self, row: Row, paper: Paper | None, kind: str) -> None:
        if paper is not None:
            self.papers.setdefault(paper.content_id, paper)
        for found in (row_id(row.get("id")), paper.content_id if paper else None):
            if found is not None:
                self.rows[kind, found] = row


async def _read_shelf(api: SchoologyHttp, section: str) -> _Shelf:
    zone = await _zone(api)
    query: Query = {"with_tags": 1}
    shelf = _Shelf()
    async for row in api.rows(f"sections/{section}/assignments", "assignment", query=query):
        shelf.take(row, paper_of(row, zone), type_of(row.get("type"), "assignment"))
    async for row in optional(api, f"sections/{section}/discussions", "discussion", query):
        shelf.take(row, discussion_paper(row, zone), "discussion")
    for name in ("document", "page"):
        async for row in optional(api, f"sections/{section}/{name}s", name, query):
            shelf.take(row, None, name)
    return shelf


async def _zone(api: SchoologyHttp) -> tzinfo:
    try:
        return zone_of(await api.get(f"users/{await api.whose()}"))
    except (ApiNotPermitted, ApiCourseNotFound, ApiUnreadable):
        return UTC


@dataclass
class _Walk:
    """On the way through the folders."""

    api: SchoologyHttp
    section: str
    places: Places
    shelf: _Shelf
    items: list[NativeItem] = field(default_factory=list)
    folders: set[str] = field(default_factory=set)
    known: set[str] = field(default_factory=set)

    async def folder(self, folder_id: str, standing: Standing) -> None:
        """What is in a folder, and in those in it: depth first, as a page of materials shows it."""
        if folder_id in self.folders or standing.indent > DEEPEST:
            return
        self.folders.add(folder_id)
        if len(self.folders) > MOST_FOLDERS:
            raise ApiUnreadable("the folders do not end")
        try:
            body = await self.api.get(f"courses/{self.section}/folder/{folder_id}")
        except ApiCourseNotFound:
            if folder_id == ROOT:
                raise
            # Deleted since the folder above it was read.
            return
        if "self" not in body and "folder-item" not in body:
            raise ApiUnreadable("the answer is no folder")
        for row in rows_at(body, "folder-item"):
            inner = row_id(row.get("id")) if type_of(row.get("type")) == "folder" else None
            if inner is None or folder_id != ROOT:
                self._add_row(row, standing)
            if inner is not None:
                await self.folder(inner, self._below(row, inner, standing, uppermost=folder_id == ROOT))

    def add_loose(self) -> None:
        """The columns that no item has; midterms' and finals' are no work of their own."""
        placed = {item.result_key for item in self.items}
        papers = (paper for paper in self.shelf.papers.values() if paper.id not in placed and not paper.final)
        self._add(loose_item(paper, self.places) for paper in papers)

    @staticmethod
    def _below(row: Row, folder_id: str, standing: Standing, *, uppermost: bool) -> Standing:
        """Where things in a folder stand. Those in the materials themselves are sections, those in a folder headings."""
        return Standing(
            section=text(row.get("title")) if uppermost else standing.section,
            folder_id=folder_id,
            indent=0 if uppermost else standing.indent + 1,
            published=standing.published and folder_published(row),
        )

    def _add_row(self, row: Row, standing: Standing) -> None:
        item = item_of(row, standing, self.places, self.shelf.papers, self.shelf.rows)
        self._add([item] if item is not None else [])

    def _add(self, items: Iterable[NativeItem]) -> None:
        for item in items:
            if item.external_id not in self.known:
                self.known.add(item.external_id)
                self.items.append(item)
