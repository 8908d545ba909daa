"""``read_cartridge``: a file in, a ``CourseContent`` out."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO
from xml.etree.ElementTree import Element

from lti_tool.cartridges import canvas
from lti_tool.cartridges.archive import Archive, Limits
from lti_tool.cartridges.content import (
    CartridgeError,
    CourseContent,
    CourseFile,
    Item,
    ItemKind,
    Module,
    OldToolLink,
)
from lti_tool.cartridges.manifest import Manifest, Place, Resource, read_manifest
from lti_tool.cartridges.markup import Unreadable, parse, text
from lti_tool.cartridges.notes import Note, Said, Why, said
from lti_tool.cartridges.resources import Contents, web_address

MANIFEST = "imsmanifest.xml"
_CANVAS_KINDS = {
    "Assignment": ItemKind.ASSIGNMENT,
    "Quizzes::Quiz": ItemKind.QUIZ,
    "Quiz": ItemKind.QUIZ,
    "WikiPage": ItemKind.PAGE,
    "Attachment": ItemKind.FILE,
    "DiscussionTopic": ItemKind.DISCUSSION,
    "ExternalUrl": ItemKind.LINK,
    "ContextExternalTool": ItemKind.TOOL,
    "ContextModuleSubHeader": ItemKind.HEADING,
}


def read_cartridge(
    source: Path | str | BinaryIO, limits: Limits | None = None, *, outline: bool = False
) -> CourseContent:
    """Reads a Common Cartridge 1.1 to 1.4, full or thin, or a Canvas export (``.imscc``), every item in its place and order.

    :param source: a path, or a file opened for reading bytes; it is only read.
    :param outline: leave out what items hold: bodies, questions and the bytes of files.
    :raises CartridgeError: when it is no cartridge, damaged, over the limits or unsafe. See docs/cartridges.md.
    """
    with Archive(source, limits or Limits()) as archive:
        return _Reading(archive, outline=outline).content()


class _Reading:
    """One reading of one cartridge."""

    def __init__(self, archive: Archive, *, outline: bool = False) -> None:
        self._archive = archive
        self._outline = outline
        self._notes: list[Note] = []
        self._canvas = any(
            archive.find(canvas.SETTINGS + known)
            for known in ("module_meta.xml", "canvas_export.txt", "course_settings.xml")
        )
        self._manifest = self._read_manifest()
        groups = self._settings("assignment_groups.xml")
        self._contents = Contents(
            archive,
            self._manifest,
            canvas.read_groups(groups) if groups is not None else {},
            self._canvas,
            self._remark,
            outline=outline,
        )
        self._placed: set[str] = set()
        self._references = dict(_references(self._manifest.places))

    def content(self) -> CourseContent:
        """The whole course."""
        meta = self._settings("module_meta.xml")
        modules = self._canvas_modules(meta) if meta is not None else self._modules()
        files = self._contents.files()
        unplaced = self._unplaced(modules, files)
        self._remark_left_out()
        self._remark_tools((*(item for module in modules for item in module.items), *unplaced))
        settings = self._settings("course_settings.xml")
        outcomes = self._settings("learning_outcomes.xml")
        rubrics = self._settings("rubrics.xml")
        return CourseContent(
            title=text(settings, "title") or self._manifest.title or "Course",
            identifier=self._manifest.identifier,
            version=self._manifest.version,
            source="canvas" if self._canvas else self._manifest.kind,
            description=self._manifest.description,
            language=self._manifest.language,
            modules=modules,
            unplaced=unplaced,
            files=files,
            outcomes=canvas.read_outcomes(outcomes) if outcomes is not None else (),
            rubrics=canvas.read_rubrics(rubrics) if rubrics is not None else (),
            notes=tuple(dict.fromkeys(self._notes)),
            origin=canvas.read_origin(self._settings("context.xml")) if self._canvas else None,
            holds_questions=any(one.type.startswith("imsqti") for one in self._manifest.resources.values()),
        )

    def _remark(self, where: str, what: Said) -> None:
        self._notes.append(Note(where, what))

    def _read_manifest(self) -> Manifest:
        path = self._archive.find(MANIFEST)
        if path is None:
            deeper = [other for other in self._archive.paths() if other.endswith("/" + MANIFEST)]
            hint = f" There is one in {deeper[0]}: zip what lies in that folder, not the folder." if deeper else ""
            raise CartridgeError(
                "not-a-cartridge", f"This zip file is no cartridge: it has no {MANIFEST} at its top.{hint}"
            )
        try:
            root = parse(self._archive.read(path, self._archive.limits.xml), path, self._archive.limits.depth)
        except Unreadable as error:
            raise CartridgeError("broken-manifest", f"The cartridge's manifest cannot be read: {error}.") from error
        for doubled in self._archive.doubled:
            self._remark(doubled, said(Why.DOUBLED_FILE))
        return read_manifest(root, self._remark)

    def _settings(self, name: str) -> Element | None:
        path = self._archive.find(canvas.SETTINGS + name)
        if path is None:
            return None
        try:
            return parse(self._archive.read(path, self._archive.limits.xml), path, self._archive.limits.depth)
        except Unreadable as error:
            self._remark(path, error.said)
            return None

    # Common Cartridge: the organization tree.

    def _modules(self) -> tuple[Module, ...]:
        """Folders below the root are modules; single items between them are gathered in a module of their own."""
        modules: list[Module] = []
        loose: list[Item] = []

        def gather() -> None:
            if loose:
                modules.append(Module(f"{loose[0].identifier}_loose", self._manifest.title or "Course", tuple(loose)))
                loose.clear()

        for place in self._manifest.places:
            if place.reference is not None and not place.places:
                loose.append(self._placed_item(place, 0))
                continue
            gather()
            items = [self._placed_item(replace(place, places=()), 0)] if place.reference is not None else []
            items.extend(item for below in place.places for item in self._flat(below, 0))
            modules.append(Module(place.identifier, place.title or "Untitled", tuple(items)))
        gather()
        return tuple(modules)

    def _flat(self, place: Place, indent: int) -> list[Item]:
        """A place and all below it, each level indented once more; a folder stands as a heading."""
        items = [self._placed_item(place, indent)]
        for below in place.places:
            items.extend(self._flat(below, indent + 1))
        return items

    def _placed_item(self, place: Place, indent: int) -> Item:
        if place.reference is None:
            return Item(place.identifier, "", ItemKind.HEADING, place.title or "Untitled", indent=indent)
        found = self._contents.item(place.reference)
        if found is None:
            self._remark(place.identifier, said(Why.REFERS_NOWHERE, title=place.title, reference=place.reference))
            found = Item("", place.reference, ItemKind.UNKNOWN, place.title)
        found = self._without_its_file(found, self._contents.kind(place.reference))
        self._placed.add(found.content_id)
        # What an organization names is meant to be seen: Common Cartridge knows no unpublished items.
        return replace(
            found,
            identifier=place.identifier,
            title=place.title or found.title or "Untitled",
            indent=indent,
            published=True,
        )

    def _without_its_file(self, item: Item, kind: ItemKind | None) -> Item:
        """An item whose own file is missing or damaged: an outline does without, if its place says what it is."""
        if item.kind is not ItemKind.UNKNOWN or kind is None or not self._outline:
            return item
        return replace(item, kind=kind)

    # Canvas: module_meta.xml, which knows more than the organization tree (unpublished items, indents, tools).

    def _canvas_modules(self, meta: Element) -> tuple[Module, ...]:
        return tuple(
            Module(
                module.identifier,
                module.title or "Untitled",
                tuple(self._canvas_item(line) for line in module.lines),
                module.published,
            )
            for module in canvas.read_modules(meta, self._remark)
        )

    def _canvas_item(self, line: canvas.Line) -> Item:
        kind = _CANVAS_KINDS.get(line.content_type)
        found = self._contents.item(line.reference) or self._contents.item(self._references.get(line.identifier, ""))
        if kind is ItemKind.TOOL:
            found = replace(found, url=web_address(line.url or "") or found.url) if found else self._tool(line)
        elif kind is ItemKind.LINK and found is None:
            found = self._url(line)
        elif kind is ItemKind.HEADING:
            found = Item("", "", ItemKind.HEADING, line.title)
        elif found is None:
            known = said(Why.REFERS_NOWHERE, title=line.title, reference=line.reference)
            nothing = said(Why.REFERS_TO_NOTHING, title=line.title, kind=line.content_type)
            self._remark(line.identifier, known if line.reference else nothing)
            found = Item("", line.reference, ItemKind.UNKNOWN, line.title)
        if kind is None:
            self._remark(line.identifier, said(Why.UNKNOWN_KIND, title=line.title, kind=line.content_type))
        found = self._without_its_file(found, kind)
        self._placed.add(found.content_id)
        return replace(
            found,
            identifier=line.identifier,
            title=line.title or found.title or "Untitled",
            indent=line.indent,
            published=line.published,
            new_window=line.new_tab or found.new_window,
            requirement=line.requirement,
            requirement_points=line.requirement_points,
        )

    def _url(self, line: canvas.Line) -> Item:
        if web_address(line.url or "") is None:
            self._remark(line.identifier, said(Why.NO_LINK_ADDRESS, title=line.title, address=line.url or "–"))
        return Item("", line.reference, ItemKind.LINK, line.title, url=web_address(line.url or ""))

    def _tool(self, line: canvas.Line) -> Item:
        url = web_address(line.url or "")
        return Item("", line.reference, ItemKind.TOOL, line.title, url=url, tool=OldToolLink(url))

    # What stands in no module.

    def _unplaced(self, modules: tuple[Module, ...], files: tuple[CourseFile, ...]) -> tuple[Item, ...]:
        """Activities that no module names. Files that a page shows are a part of that page and not listed again."""
        found: list[Item] = []
        for resource in self._manifest.resources.values():
            if resource.identifier in self._placed:
                continue
            if self._contents.is_activity(resource):
                item = self._contents.item(resource.identifier)
                if item is not None:
                    found.append(replace(item, identifier=resource.identifier, title=item.title or "Untitled"))
            elif not self._contents.remark_bank(resource):
                self._remark_unknown(resource)
        shown = {file.path for file in files if self._contents.shows(file.path)}
        return tuple(item for item in found if item.kind is not ItemKind.FILE or item.path not in shown)

    def _remark_unknown(self, resource: Resource) -> None:
        known = ("associatedcontent", "webcontent", "imsdt", "imswl", "imsbasiclti", "imsqti", "assignment")
        if not resource.type.startswith(known) and not resource.type.endswith("/learning-application-resource"):
            where = next(iter(resource.files), None) or resource.identifier
            self._remark(where, said(Why.UNKNOWN_RESOURCE, type=resource.type))

    def _remark_tools(self, items: tuple[Item, ...]) -> None:
        amount = sum(1 for item in items if item.tool is not None)
        if amount:
            self._remark(MANIFEST, said(Why.OLD_TOOLS, count=amount))

    def _remark_left_out(self) -> None:
        """Names the files that nothing reads: Canvas's other settings, and files that no resource lists."""
        listed = {MANIFEST}
        for resource in self._manifest.resources.values():
            for href in (*resource.files, *([resource.href] if resource.href else [])):
                path = self._archive.find(href)
                if path is None:
                    self._remark(resource.identifier, said(Why.NO_SUCH_FILE, file=href))
                else:
                    listed.add(path)
        for path in self._archive.paths():
            if path.startswith(canvas.SETTINGS):
                self._remark_settings(path)
            elif path not in listed and not path.endswith(".xsd"):
                self._remark(path, said(Why.UNLISTED))

    def _remark_settings(self, path: str) -> None:
        name = path.removeprefix(canvas.SETTINGS)
        if name in canvas.READ_ELSEWHERE:
            return
        root = self._settings(name) if name.endswith(".xml") else None
        what = canvas.left_out(name, root) if root is not None else None
        if what is not None:
            self._remark(path, what)


def _references(places: tuple[Place, ...]) -> Iterator[tuple[str, str]]:
    """What each place refers to. Canvas's module lines have the identifiers of the places, but not always the resource's."""
    for place in places:
        if place.reference is not None:
            yield place.identifier, place.reference
        yield from _references(place.places)
