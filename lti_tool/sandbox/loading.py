"""Puts a course into the sandbox: the sample course, or what ``cartridges.read_cartridge`` found in a file.

Every item keeps its module, place, indent and title. What the sandbox has no place for is listed as an ImportNote and
shown on the page “What was not understood”; nothing is dropped in silence.
"""

import re
import unicodedata
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from lti_tool.cartridges import CourseContent, Item, ItemKind, Question
from lti_tool.sandbox import addresses
from lti_tool.sandbox.canvas_sample import add_canvas_sample
from lti_tool.sandbox.cleaning import References, clean
from lti_tool.sandbox.groups import add_sample_groups
from lti_tool.sandbox.models import (
    Assignment,
    Course,
    Discussion,
    FileEntry,
    ImportNote,
    Module,
    ModuleItem,
    Page,
    Quiz,
)
from lti_tool.sandbox.quizzes import to_json
from lti_tool.sandbox.sample import course_code, sample_course, sample_people
from lti_tool.sandbox.schoology_sample import add_schoology_sample
from lti_tool.sandbox.store import Store, add_course, add_person, enrol, like_of, observe, people

UNPLACED = "Not in any module"
_TYPES = {
    ItemKind.PAGE: "Page",
    ItemKind.UNKNOWN: "Page",
    ItemKind.QUIZ: "Quiz",
    ItemKind.ASSIGNMENT: "Assignment",
    ItemKind.DISCUSSION: "Discussion",
    ItemKind.FILE: "File",
    ItemKind.LINK: "ExternalUrl",
    ItemKind.TOOL: "ExternalTool",
    ItemKind.HEADING: "SubHeader",
}


async def load_sample(store: Store, now: datetime | None = None) -> int:
    """Load the sample course and its people, unless it is there already. Gives the course's id.

    ``now`` (the machine's clock when None) is what due dates are counted from.
    """
    moment = now or datetime.now(UTC)
    return await load_course(store, sample_course(moment), now=moment, code=course_code(), is_sample=True)


async def load_course(
    store: Store,
    content: CourseContent,
    *,
    now: datetime | None = None,
    source: str | None = None,
    code: str | None = None,
    is_sample: bool = False,
) -> int:
    """Load a course and enrol everybody in it, in one transaction. Gives the course's id.

    ``source`` names where it came from (a file's name, say; the cartridge's own identifier when None). A course from the
    same source is there already after a restart: then nothing is changed and its id is given. People are added when the
    store has none. ``is_sample``: where Canvas or Schoology is played it has more than its files say.
    """
    moment = now or datetime.now(UTC)
    origin = source or content.identifier or content.title
    async with store.writing() as session:
        known = await session.scalars(select(Course.id).where(Course.source == origin).order_by(Course.id))
        course_id = known.first()
        if course_id is not None:
            return course_id
        await add_people(session, moment)
        short = code or content.title
        course = await add_course(session, name=content.title[:300], now=moment, code=short[:100], source=origin[:300])
        course.description = content.description
        await _enrol_everybody(session, course, moment)
        await _Loading(session, course, content, moment).run()
        if is_sample and like_of(session).has_developer_keys:
            await add_canvas_sample(session, course, {one.login: one for one in await people(session)}, moment)
        if is_sample and like_of(session).has_schoology_api:
            await add_schoology_sample(session, course)
        return course.id


async def add_people(session: AsyncSession, now: datetime) -> None:
    """Add the sample's people, unless there is anybody already."""
    if await people(session):
        return
    for person in sample_people():
        await add_person(
            session,
            login=person.login,
            given_name=person.given_name,
            family_name=person.family_name,
            kind=person.kind,
            locale=person.locale,
            now=now,
        )


async def _enrol_everybody(session: AsyncSession, course: Course, now: datetime) -> None:
    everybody = {person.login: person for person in await people(session)}
    families = like_of(session).observers_enrol
    for person in everybody.values():
        if person.kind != "administrator" and (families or person.kind != "observer"):
            await enrol(session, course, person, person.kind, now)
    for sample in sample_people() if families else ():
        for login in sample.observes:
            observer, student = everybody.get(sample.login), everybody.get(login)
            if observer is not None and student is not None:
                await observe(session, course, observer, student)
    await add_sample_groups(session, course, everybody)


@dataclass
class _Loading:
    """One course on its way in. Rows come first, so that every reference between pages has an address to lead to."""

    session: AsyncSession
    course: Course
    content: CourseContent
    now: datetime
    ids: dict[str, int] = field(default_factory=dict)
    slugs: dict[str, str] = field(default_factory=dict)
    contents: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    file_ids: dict[str, int] = field(default_factory=dict)
    references: References = field(default_factory=lambda: References("/"))

    async def run(self) -> None:
        """Load everything."""
        for note in self.content.notes:
            self._note("cartridge", note.reason, where=note.where)
        for module in self.content.modules:
            required = [item.requirement.value for item in module.items if item.requirement is not None]
            if required:
                words = f"Module “{module.title}”: left out are {len(required)} completion requirements"
                self._note("cartridge", f"{words} ({', '.join(dict.fromkeys(required))})", where=module.identifier)
        self._note_outcomes()
        await self._load_files()
        for item in self.content.items():
            await self._add_content(item)
        home = addresses.course(self.course.id)
        self.references = References(home, self.contents, self.files)
        self.course.description = clean(self.course.description, self.references)
        for item in self.content.items():
            await self._fill(item)
        await self._load_modules()
        await self.session.flush()

    def _note(self, kind: str, words: str, *, where: str = "", detail: str = "") -> None:
        self.session.add(
            ImportNote(
                course_id=self.course.id,
                kind=kind,
                title=words[:500],
                detail=detail or words[500:],
                identifier=where[:300] or None,
            )
        )

    def _note_outcomes(self) -> None:
        for outcome in self.content.outcomes:
            group = " / ".join(outcome.group)
            self._note("outcome", f"Learning outcome “{outcome.title}”", where=outcome.identifier, detail=group)
        for rubric in self.content.rubrics:
            rows = "; ".join(criterion.description for criterion in rubric.criteria)
            self._note("rubric", f"Rubric “{rubric.title}”", where=rubric.identifier, detail=rows)

    async def _load_files(self) -> None:
        for file in self.content.files:
            entry = FileEntry(
                course_id=self.course.id,
                path=file.path[:1000],
                name=file.name[:300],
                content_type=file.media_type[:100],
                size=len(file.data),
                content=file.data,
            )
            self.session.add(entry)
            await self.session.flush()
            self.file_ids[file.path] = entry.id
            self.files[file.path] = addresses.file_bytes(self.course.id, entry.id)
            self.contents[file.identifier] = addresses.content(self.course.id, "File", entry.id)

    async def _add_content(self, item: Item) -> None:
        """The row an item leads to, still without its words. Content that stands in two places is one row."""
        key = _key(item)
        if key in self.ids or item.kind in (ItemKind.LINK, ItemKind.TOOL, ItemKind.HEADING):
            return
        row: Page | Quiz | Assignment | Discussion
        match item.kind:
            case ItemKind.QUIZ:
                row = await self._quiz(item)
            case ItemKind.ASSIGNMENT:
                row = self._assignment(item)
            case ItemKind.DISCUSSION:
                row = Discussion(course_id=self.course.id, title=item.title[:500], html="")
                if item.points:
                    self._note(
                        "sandbox", f"“{item.title}” is a graded discussion; it has no grade here", where=item.content_id
                    )
            case ItemKind.FILE if item.path in self.file_ids:
                self.ids[key] = self.file_ids[item.path]
                return
            case _:
                row = Page(
                    course_id=self.course.id,
                    slug=self._slug(item),
                    title=item.title[:500],
                    html="",
                    updated_at=self.now,
                )
        self.session.add(row)
        await self.session.flush()
        self.ids[key] = row.id
        place = row.slug if isinstance(row, Page) else row.id
        address = addresses.content(self.course.id, _type(row), place)
        self.contents[item.content_id] = address
        if isinstance(row, Page):
            self.contents.setdefault(row.slug, address)
        if item.path:
            self.files.setdefault(item.path, address)

    def _slug(self, item: Item) -> str:
        """A page's place in addresses. A page of Canvas keeps the name of its file, which is its slug there too."""
        name = item.path.rsplit("/", 1)[-1].rsplit(".", 1)[0] if item.path else item.title
        ascii_only = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
        slug = re.sub(r"[^a-z0-9]+", "-", ascii_only.lower()).strip("-")[:180] or "page"
        number, unique = 1, slug
        while unique in self.slugs:
            number += 1
            unique = f"{slug}-{number}"
        self.slugs[unique] = item.content_id
        return unique

    def _assignment(self, item: Item) -> Assignment:
        return Assignment(
            course_id=self.course.id,
            name=item.title[:500],
            points_possible=item.points or 0.0,
            due_at=item.due_at,
            position=len(self.ids) + 1,
            submission_type=self._submission_type(item),
            published=item.published,
            created_at=self.now,
            updated_at=self.now,
        )

    def _submission_type(self, item: Item) -> str:
        if item.kind is ItemKind.QUIZ:
            return "online_quiz"
        types = set(item.submission_types)
        if not types or types & {"online_text_entry", "text", "html"}:
            return "online_text_entry"
        if types & {"online_url", "url"}:
            return "online_url"
        if types & {"online_upload", "file", "media_recording"}:
            self._note(
                "sandbox", f"“{item.title}” asks for a file; here a text is handed in instead", where=item.content_id
            )
            return "online_text_entry"
        if "external_tool" in types:
            self._note(
                "sandbox",
                f"“{item.title}” is done in an external tool, which is not registered here",
                where=item.content_id,
            )
        return "on_paper" if "on_paper" in types else "none"

    async def _quiz(self, item: Item) -> Quiz:
        assignment = self._assignment(item)
        self.session.add(assignment)
        await self.session.flush()
        if item.shuffle:
            self._note(
                "sandbox", f"“{item.title}” shuffles its answers; here they keep their order", where=item.content_id
            )
        if item.minutes:
            self._note(
                "sandbox",
                f"“{item.title}” has a limit of {item.minutes} minutes; here there is none",
                where=item.content_id,
            )
        return Quiz(
            course_id=self.course.id,
            assignment_id=assignment.id,
            title=item.title[:500],
            questions=[],
            allowed_attempts=item.attempts or -1,
        )

    async def _fill(self, item: Item) -> None:
        """The words of an item's content, with references that lead to the rows made before."""
        row_id = self.ids.get(_key(item))
        if row_id is None:
            return
        match item.kind:
            case ItemKind.QUIZ:
                quiz = await self.session.get_one(Quiz, row_id)
                quiz.description = self._clean(item, item.body)
                quiz.questions = to_json([self._clean_question(item, question) for question in item.questions])
            case ItemKind.ASSIGNMENT:
                assignment = await self.session.get_one(Assignment, row_id)
                assignment.description = self._clean(item, item.body)
            case ItemKind.DISCUSSION:
                discussion = await self.session.get_one(Discussion, row_id)
                discussion.html = self._clean(item, item.body)
            case ItemKind.PAGE:
                page = await self.session.get_one(Page, row_id)
                page.html = self._clean(item, item.body)
            case ItemKind.UNKNOWN | ItemKind.FILE if item.path not in self.file_ids:
                page = await self.session.get_one(Page, row_id)
                page.html = "<p>This item of the cartridge was not understood. Its place in the module is kept.</p>"

    def _clean(self, item: Item, html: str) -> str:
        folder = item.path.rsplit("/", 1)[0] if item.path and "/" in item.path else ""
        return clean(html, self.references, folder, lambda url: self._lost(item, url))

    def _lost(self, item: Item, url: str) -> None:
        self._note(
            "sandbox", f"“{item.title}” refers to {url}, which the cartridge does not have", where=item.content_id
        )

    def _clean_question(self, item: Item, question: Question) -> Question:
        return replace(
            question,
            prompt=self._clean(item, question.prompt),
            choices=tuple(replace(choice, html=self._clean(item, choice.html)) for choice in question.choices),
            blanks=tuple(
                replace(
                    blank,
                    label=self._clean(item, blank.label),
                    choices=tuple(replace(choice, html=self._clean(item, choice.html)) for choice in blank.choices),
                )
                for blank in question.blanks
            ),
            feedback=self._clean(item, question.feedback),
            feedback_right=self._clean(item, question.feedback_right),
            feedback_wrong=self._clean(item, question.feedback_wrong),
        )

    async def _load_modules(self) -> None:
        modules = list(self.content.modules)
        places: list[tuple[str, bool, tuple[Item, ...]]] = [(m.title, m.published, m.items) for m in modules]
        if self.content.unplaced:
            places.append((UNPLACED, True, self.content.unplaced))
        for position, (title, published, items) in enumerate(places, start=1):
            module = Module(course_id=self.course.id, name=title[:500], position=position, published=published)
            self.session.add(module)
            await self.session.flush()
            for place, item in enumerate(items, start=1):
                self.session.add(self._module_item(module, item, place))

    def _module_item(self, module: Module, item: Item, position: int) -> ModuleItem:
        content_id = self.ids.get(_key(item))
        # A file whose bytes are missing stands as a page that says so.
        missing = item.kind is ItemKind.FILE and item.path not in self.file_ids
        return ModuleItem(
            course_id=self.course.id,
            module_id=module.id,
            type="Page" if missing else _TYPES[item.kind],
            title=item.title[:500],
            position=position,
            indent=item.indent,
            published=item.published,
            content_id=content_id,
            external_url=item.url if item.kind in (ItemKind.LINK, ItemKind.TOOL) else None,
            new_tab=item.new_window,
        )


def _key(item: Item) -> str:
    return f"{item.kind.value}:{item.content_id or item.identifier}"


def _type(row: Page | Quiz | Assignment | Discussion) -> str:
    return type(row).__name__


__all__ = ["UNPLACED", "add_people", "load_course", "load_sample"]
