"""Turns one resource of the manifest into the item it is: page, quiz, assignment, discussion, file, link or tool."""

import html
import mimetypes
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import replace
from urllib.parse import unquote, urlsplit
from xml.etree.ElementTree import Element

from lti_tool.cartridges import canvas
from lti_tool.cartridges.archive import Archive
from lti_tool.cartridges.content import CourseFile, Item, ItemKind, OldToolLink, QuestionKind
from lti_tool.cartridges.manifest import Manifest, Resource
from lti_tool.cartridges.markup import (
    Unreadable,
    as_html,
    child,
    children,
    descendants,
    name,
    number,
    parse,
    parse_html,
    text,
    truth,
)
from lti_tool.cartridges.notes import Remark, Why, said
from lti_tool.cartridges.qti import bank_title, read_assessment

_PAGES = (".html", ".htm", ".xhtml")
_BY_TYPE = {
    "imswl": ItemKind.LINK,
    "imsdt": ItemKind.DISCUSSION,
    "imsbasiclti": ItemKind.TOOL,
    "imsqti": ItemKind.QUIZ,
    "assignment": ItemKind.ASSIGNMENT,
}
"""What the beginning of a resource's type says that it is."""


class Contents:
    """Reads resources, each once. Whatever is not understood goes to ``remark``."""

    def __init__(
        self,
        archive: Archive,
        manifest: Manifest,
        groups: dict[str, str],
        from_canvas: bool,
        remark: Remark,
        *,
        outline: bool = False,
    ) -> None:
        self._archive = archive
        self._manifest = manifest
        self._groups = groups
        self._canvas = from_canvas
        self._remark = remark
        self._outline = outline
        # How questions are asked and answered is no part of an outline.
        self._remark_questions: Remark = (lambda _where, _reason: None) if outline else remark
        self._items: dict[str, Item] = {}
        self._named: set[str] = set()

    def item(self, reference: str) -> Item | None:
        """The content that a place refers to, following the variant a resource prefers; None when there is none."""
        resource = self._manifest.resources.get(reference)
        if resource is not None and resource.preferred in self._manifest.resources:
            resource = self._manifest.resources[resource.preferred]
        if resource is None:
            return None
        if resource.identifier not in self._items:
            item = self._read(resource)
            self._named.update(_names_in(item.body))
            self._items[resource.identifier] = replace(item, body="", questions=()) if self._outline else item
        return self._items[resource.identifier]

    def kind(self, reference: str) -> ItemKind | None:
        """What a resource is by its type alone, its file unseen; None where the type does not say."""
        resource = self._manifest.resources.get(reference)
        if resource is None:
            return None
        if resource.type == "webcontent":
            return ItemKind.PAGE if self._is_page(resource.href or next(iter(resource.files), "")) else ItemKind.FILE
        return next((kind for start, kind in _BY_TYPE.items() if resource.type.startswith(start)), None)

    def shows(self, path: str) -> bool:
        """Whether what has been read refers to a file, in one of the ways of writing its address."""
        parts = unicodedata.normalize("NFC", path).split("/")
        return any("/".join(parts[place:]) in self._named for place in range(len(parts)))

    def is_activity(self, resource: Resource) -> bool:
        """Whether the resource is something of its own, and not only a part of another or settings."""
        if resource.preferred in self._manifest.resources:
            return False
        if resource.type == "webcontent":
            return True
        if resource.type.endswith("/learning-application-resource"):
            return resource.intended_use == "syllabus" or self._settings_of_assignment(resource) is not None
        return resource.type.startswith(("imsdt", "imswl", "imsbasiclti", "assignment")) or (
            resource.type.startswith("imsqti") and resource.type.endswith("/assessment")
        )

    def files(self) -> tuple[CourseFile, ...]:
        """All files of the course that are neither pages nor descriptions of activities."""
        found: dict[str, CourseFile] = {}
        for resource in self._manifest.resources.values():
            if resource.preferred in self._manifest.resources or not (
                resource.type == "webcontent" or _is_associated(resource)
            ):
                continue
            for href in dict.fromkeys((*([resource.href] if resource.href else []), *resource.files)):
                path = self._archive.find(href)
                if path and path not in found and self._is_file(path, resource):
                    data = b"" if self._outline else self._archive.read(path)
                    found[path] = CourseFile(resource.identifier, path, media_type(path), data)
        return tuple(found.values())

    def _is_file(self, path: str, resource: Resource) -> bool:
        if _is_associated(resource):
            return not path.endswith((".xml", ".qti", *_PAGES)) and not path.startswith(canvas.SETTINGS)
        return not self._is_page(path)

    def _is_page(self, path: str) -> bool:
        """Canvas keeps pages in a folder of their own, and lets teachers upload HTML files as files beside."""
        if self._canvas:
            return path.startswith(("wiki_content/", canvas.SETTINGS)) and path.lower().endswith(_PAGES)
        return path.lower().endswith(_PAGES)

    def _read(self, resource: Resource) -> Item:
        try:
            return self._understood(resource)
        except Unreadable as error:
            self._remark(self._where(resource), error.said)
            return Item("", resource.identifier, ItemKind.UNKNOWN, _last_part(resource), path=resource.href)

    def _understood(self, resource: Resource) -> Item:
        read = next((read for fits, read in self._readers() if fits(resource)), None)
        if read is None:
            raise Unreadable(Why.UNKNOWN_TYPE, type=resource.type)
        return read(resource)

    def _readers(self) -> tuple[tuple[Callable[[Resource], bool], Callable[[Resource], Item]], ...]:
        """What reads which resource; the first that fits."""
        return (
            (lambda found: found.type == "webcontent" or found.intended_use == "syllabus", self._webcontent),
            (lambda found: found.type.startswith("imswl"), self._link),
            (lambda found: found.type.startswith("imsdt"), self._discussion),
            (lambda found: found.type.startswith("imsbasiclti"), self._tool),
            (lambda found: found.type.startswith("imsqti") and found.type.endswith("/assessment"), self._quiz),
            (lambda found: found.type.startswith("assignment"), self._assignment),
            (lambda found: self._settings_of_assignment(found) is not None, self._old_assignment),
            (_is_content, self._webcontent),
        )

    def _where(self, resource: Resource) -> str:
        return next(iter(resource.files), None) or resource.href or resource.identifier

    def _path(self, resource: Resource) -> str:
        """The path of the resource's main file."""
        for href in (*resource.files[:1], *([resource.href] if resource.href else [])):
            path = self._archive.find(href)
            if path is not None:
                return path
        raise Unreadable(Why.NO_FILE)

    def _document(self, resource: Resource) -> Element:
        """The resource's own XML: in the manifest, or in its file."""
        return resource.inline if resource.inline is not None else self._xml(self._path(resource))

    def _xml(self, path: str) -> Element:
        limits = self._archive.limits
        return parse(self._archive.read(path, limits.xml), path, limits.depth)

    def _body(self, path: str) -> tuple[str, str, dict[str, str]]:
        found = parse_html(self._archive.read(path, self._archive.limits.xml))
        return found.title, found.body, found.meta

    def _webcontent(self, resource: Resource) -> Item:
        main = self._archive.find(resource.href) if resource.href else None
        path = main or self._path(resource)
        if not self._is_page(path):
            return Item("", resource.identifier, ItemKind.FILE, path.rsplit("/", 1)[-1], path=path)
        title, body, meta = self._body(path)
        return Item(
            identifier="",
            content_id=resource.identifier,
            kind=ItemKind.PAGE,
            title=title or _last_part(resource),
            body=body,
            path=path,
            published=meta.get("workflow_state") != "unpublished",
        )

    def _link(self, resource: Resource) -> Item:
        root = self._document(resource)
        place = child(root, "url")
        url = place.get("href", "").strip() if place is not None else ""
        if not web_address(url):
            self._remark(self._where(resource), said(Why.NO_ADDRESS, address=url or "–"))
        return Item(
            identifier="",
            content_id=resource.identifier,
            kind=ItemKind.LINK,
            title=text(root, "title"),
            url=web_address(url),
            new_window=place is not None and place.get("target", "") in ("_blank", "_new"),
        )

    def _settings(self, resource: Resource, wanted: str) -> Element | None:
        """Canvas's settings of an activity: the file beside it whose root is ``wanted``."""
        linked = [self._manifest.resources.get(reference) for reference in resource.dependencies]
        hrefs = [href for other in (resource, *filter(None, linked)) for href in (other.href, *other.files) if href]
        for href in dict.fromkeys(hrefs):
            path = self._archive.find(href) if href.endswith(".xml") else None
            if path is not None:
                root = self._xml(path)
                if name(root) == wanted:
                    return root
        return None

    def _discussion(self, resource: Resource) -> Item:
        root = self._xml(self._path(resource))
        meta = self._settings(resource, "topicMeta")
        assignment = child(meta, "assignment")
        grading = canvas.read_grading(assignment, self._groups)
        announcement = text(meta, "type") == "announcement"
        if announcement:
            self._remark(self._where(resource), said(Why.ANNOUNCEMENT, title=text(root, "title")))
        self._remark_attachments(root, resource)
        return Item(
            identifier="",
            content_id=resource.identifier,
            kind=ItemKind.DISCUSSION,
            title=text(root, "title"),
            body=as_html(child(root, "text")),
            points=grading.points,
            due_at=grading.due_at,
            group=grading.group,
            published=text(meta, "workflow_state") not in ("unpublished", "post_delayed") and grading.published,
            announcement=announcement,
        )

    def _remark_attachments(self, root: Element, resource: Resource) -> None:
        for attachment in descendants(root, "attachment"):
            self._remark(self._where(resource), said(Why.ATTACHMENT, file=attachment.get("href", "")))

    def _tool(self, resource: Resource) -> Item:
        root = self._document(resource)
        url = text(root, "secure_launch_url") or text(root, "launch_url")
        custom = tuple((found.get("name", ""), text(found)) for found in children(child(root, "custom"), "property"))
        points = next(
            (
                number(text(found))
                for extension in children(root, "extensions")
                for found in children(extension, "property")
                if found.get("name") == "outcome"
            ),
            None,
        )
        return Item(
            identifier="",
            content_id=resource.identifier,
            kind=ItemKind.TOOL,
            title=text(root, "title"),
            body=as_html(child(root, "description")),
            url=web_address(url),
            points=points,
            tool=OldToolLink(
                url=web_address(url),
                description=text(root, "description"),
                vendor=text(root, "vendor", "name"),
                custom=custom,
            ),
        )

    def _assignment(self, resource: Resource) -> Item:
        """Common Cartridge's assignment extension, with Canvas's own settings inside where they are."""
        root = self._xml(self._path(resource))
        extension = next((found for found in descendants(child(root, "extensions"), "assignment")), None)
        grading = canvas.read_grading(extension, self._groups)
        gradable = child(root, "gradable")
        points = grading.points
        if extension is None and gradable is not None and truth(text(gradable)):
            points = number(gradable.get("points_possible", ""))
        self._remark_attachments(root, resource)
        formats = tuple(found.get("type", "") for found in children(child(root, "submission_formats"), "format"))
        return Item(
            identifier="",
            content_id=resource.identifier,
            kind=ItemKind.ASSIGNMENT,
            title=text(root, "title"),
            body=as_html(child(root, "text")),
            points=points,
            due_at=grading.due_at,
            group=grading.group,
            published=grading.published,
            submission_types=grading.submission_types or formats,
            url=web_address(grading.tool_url or ""),
        )

    def _settings_of_assignment(self, resource: Resource) -> str | None:
        """Canvas's older form of an assignment: an HTML page with ``assignment_settings.xml`` beside it."""
        return next((href for href in resource.files if href.endswith("assignment_settings.xml")), None)

    def _old_assignment(self, resource: Resource) -> Item:
        settings = self._archive.find(self._settings_of_assignment(resource) or "")
        if settings is None:
            raise Unreadable(Why.NO_SETTINGS)
        grading = canvas.read_grading(self._xml(settings), self._groups)
        page = next(
            (path for href in resource.files if (path := self._archive.find(href)) and path.endswith(_PAGES)), None
        )
        title, body, _ = self._body(page) if page else ("", "", {})
        return Item(
            identifier="",
            content_id=resource.identifier,
            kind=ItemKind.ASSIGNMENT,
            title=grading.title or title.removeprefix("Assignment: "),
            body=body,
            points=grading.points,
            due_at=grading.due_at,
            group=grading.group,
            published=grading.published,
            submission_types=grading.submission_types,
            url=web_address(grading.tool_url or ""),
            path=page,
        )

    def _quiz(self, resource: Resource) -> Item:
        own = self._archive.find(f"non_cc_assessments/{resource.identifier}.xml.qti") if self._canvas else None
        path = own or self._path(resource)
        meta = self._settings(resource, "quiz")
        if self._outline and text(meta, "title") and number(text(meta, "points_possible")) is not None:
            # Everything but the questions stands in Canvas's settings, and questions are most of what a course has.
            begun = Item("", resource.identifier, ItemKind.QUIZ, text(meta, "title"))
            return self._with_quiz_settings(begun, meta, path)
        root, where = self._xml(path), path
        title = next((part.get("title", "") for part in descendants(root, "assessment")), "")
        found = read_assessment(
            root,
            lambda identifier, what: self._remark_questions(
                f"{where} ({identifier})" if identifier else where, what.about(quiz=title)
            ),
            self._bank,
        )
        if found is None:
            raise Unreadable(Why.NO_ASSESSMENT)
        points = sum(question.points for question in found.questions)
        item = Item(
            identifier="",
            content_id=resource.identifier,
            kind=ItemKind.QUIZ,
            title=found.title,
            body=found.body,
            questions=found.questions,
            points=points or None,
            attempts=found.attempts,
            minutes=found.minutes,
        )
        if not any(question.kind is not QuestionKind.TEXT for question in found.questions):
            self._remark_questions(where, said(Why.NO_QUESTIONS, title=found.title))
        return item if meta is None else self._with_quiz_settings(item, meta, where)

    def _with_quiz_settings(self, item: Item, meta: Element | None, where: str) -> Item:
        grading = canvas.read_grading(child(meta, "assignment"), self._groups)
        kind = text(meta, "quiz_type")
        attempts = number(text(meta, "allowed_attempts"))
        if kind in ("survey", "graded_survey"):
            self._remark_questions(where, said(Why.SURVEY, title=text(meta, "title")))
        if truth(text(meta, "one_question_at_a_time")):
            self._remark_questions(where, said(Why.ONE_AT_A_TIME, title=text(meta, "title")))
        if text(meta, "access_code") or text(meta, "ip_filter"):
            self._remark_questions(where, said(Why.LOCKED_QUIZ, title=text(meta, "title")))
        stated = number(text(meta, "points_possible"))
        graded = kind not in ("survey", "practice_quiz")
        return replace(
            item,
            title=text(meta, "title") or item.title,
            body=text(meta, "description") or item.body,
            points=(stated if stated is not None else item.points) if graded else None,
            due_at=grading.due_at,
            group=grading.group,
            published=truth(text(meta, "available") or "true"),
            attempts=int(attempts) if attempts and attempts > 0 else None,
            shuffle=truth(text(meta, "shuffle_answers")),
        )

    def _bank(self, reference: str) -> Element | None:
        path = self._archive.find(f"non_cc_assessments/{reference}.xml.qti")
        resource = self._manifest.resources.get(reference)
        if path is None and resource is not None:
            path = self._archive.find(next(iter(resource.files), ""))
        if path is None:
            return None
        try:
            return self._xml(path)
        except Unreadable:
            return None

    def remark_bank(self, resource: Resource) -> bool:
        """Remarks a bank of questions, which is kept in no quiz of its own. False when the resource is none."""
        for href in (*resource.files, *([resource.href] if resource.href else [])):
            path = self._archive.find(href)
            if path is None or not path.endswith((".qti", ".xml")):
                continue
            if self._outline and path.endswith(".qti"):
                return True
            try:
                found = bank_title(self._xml(path))
            except Unreadable:
                continue
            if found is not None:
                self._remark_questions(path, said(Why.BANK, count=found[1], title=found[0]))
                return True
        return False


def _is_associated(resource: Resource) -> bool:
    return resource.type.startswith("associatedcontent") or resource.type.endswith("/learning-application-resource")


def _is_content(resource: Resource) -> bool:
    """A file that belongs to another resource, but that an item names for itself."""
    return _is_associated(resource) and not (resource.href or "").endswith((".xml", ".qti"))


_NAMED = re.compile(
    r"""\b(?:src|href|data|poster|srcset)\s*=\s*(?:"([^"<>]{1,2000})"|'([^'<>]{1,2000})')""", re.IGNORECASE
)
_ABOVE = re.compile(r"(\$[A-Za-z-]{1,40}\$|\.{0,2}/)+")


def _names_in(body: str) -> Iterator[str]:
    """What a page refers to, without what it is relative to (``../``, Canvas's ``$IMS-CC-FILEBASE$/``)."""
    for found in _NAMED.finditer(body):
        plain = html.unescape(found[1] or found[2]).split("#", 1)[0].split("?", 1)[0].strip()
        above = _ABOVE.match(plain)
        yield unicodedata.normalize("NFC", unquote(plain[above.end() :] if above else plain))


def _last_part(resource: Resource) -> str:
    return (resource.href or next(iter(resource.files), "") or resource.identifier).rsplit("/", 1)[-1]


def media_type(path: str) -> str:
    """A media type by the name's ending; ``application/octet-stream`` where that tells nothing."""
    return mimetypes.guess_type(path)[0] or "application/octet-stream"


def web_address(url: str) -> str | None:
    """The address when it is an absolute one of the web; None for everything else (``javascript:`` and the like)."""
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return None
    return url.strip() if parts.scheme in ("http", "https") and parts.netloc else None
