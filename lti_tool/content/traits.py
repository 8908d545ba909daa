"""What teachers say about items beside the platform: minutes, topics, language, and which item is another form of which."""

import re
import unicodedata
import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.content import queries
from lti_tool.content.models import ContentItem, ItemKind, ItemTrait
from lti_tool.courses.models import Course
from lti_tool.db.base import scoped
from lti_tool.db.upsert import upsert
from lti_tool.errors import BadRequest, NotFound
from lti_tool.ids import new_id
from lti_tool.web.i18n import N_

MOST_MINUTES = 1000
MOST_TOPICS = 12
"""Of one item: more say nothing about it."""
MOST_TOPIC_LENGTH = 60
TRAIT_KEY = ("organisation_id", "content_item_id")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*")


@dataclass(frozen=True, slots=True)
class Trait:
    """What is said about one item; the beginning is that nothing is."""

    minutes: int | None = None
    topics: tuple[str, ...] = ()
    variant_of: uuid.UUID | None = None
    serves: frozenset[str] = frozenset()
    """The supports that this form is for, as ``learners.models.Support`` names them."""
    language: str = ""

    @property
    def is_form(self) -> bool:
        """Whether the item is another form of an item."""
        return self.variant_of is not None


@dataclass(frozen=True, slots=True)
class Change:
    """What shall be said about items. None keeps what is said."""

    minutes: int | None = None
    no_minutes: bool = False
    topics: Sequence[str] | None = None
    """In place of those there are."""
    more_topics: Sequence[str] = ()
    fewer_topics: Sequence[str] = ()
    language: str | None = None
    variant_of: uuid.UUID | None = None
    serves: frozenset[str] = frozenset()
    no_form: bool = False


class BadForm(BadRequest):
    """An item was said to be another form of something that it cannot be."""

    code = "form-of-a-form"
    title = N_("An item cannot be another form of this one")
    advice = N_(
        "Choose the item that most students open. It must be another one, in this course, and no other form of anything itself."
    )


def topics_of(text: str) -> list[str]:
    """Topics from a line with commas between them, each once, whatever its case."""
    found: dict[str, str] = {}
    for part in text.replace(";", ",").split(","):
        topic = " ".join(unicodedata.normalize("NFC", part).split())[:MOST_TOPIC_LENGTH]
        if topic:
            found.setdefault(topic.casefold(), topic)
    return list(found.values())


def is_language(tag: str) -> bool:
    """Whether a text looks like a language tag (BCP 47), such as es or pt-BR."""
    return len(tag) <= 35 and _LANGUAGE.fullmatch(tag) is not None


async def of_course(session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID) -> dict[uuid.UUID, Trait]:
    """What is said about a course's items, by item; those of which nothing is said are left out."""
    statement = scoped(ItemTrait, organisation_id).where(ItemTrait.course_id == course_id)
    return {row.content_item_id: _trait(row) for row in (await session.exec(statement)).all()}


def topics_in_use(traits: Mapping[uuid.UUID, Trait]) -> list[str]:
    """Every topic of a course, by name."""
    known: dict[str, str] = {}
    for trait in traits.values():
        for topic in trait.topics:
            known.setdefault(topic.casefold(), topic)
    return sorted(known.values(), key=str.casefold)


def can_have_traits(item: ContentItem) -> bool:
    """Whether something can be said about an item: headings only hold others together."""
    return item.kind is not ItemKind.HEADING


async def change(
    session: AsyncSession, course: Course, item_ids: Collection[uuid.UUID], wanted: Change, now: datetime
) -> int:
    """Say something about items; of how many something else is said now. Paths that were planned with them are planned anew.

    Raises NotFound for an item that is not in the course, and BadForm.
    """
    there = {
        item.id for item in await queries.items(session, course.organisation_id, course.id) if can_have_traits(item)
    }
    items = set(item_ids)
    if not items <= there:
        raise NotFound("an item that is not in this course")
    known = await of_course(session, course.organisation_id, course.id)
    if wanted.variant_of is not None:
        _must_be_whole(wanted.variant_of, items, there, known)
    spelled = {topic.casefold(): topic for topic in topics_in_use(known)}
    rows = []
    for item_id in sorted(items):
        before = known.get(item_id, Trait())
        after = _after(before, wanted, spelled)
        if after != before:
            rows.append(_row(course, item_id, after, now))
    if rows:
        changed = ("minutes", "topics", "variant_of_id", "serves", "language", "changed_at")
        await upsert(session, ItemTrait, rows, key=TRAIT_KEY, update=changed)
        await queries.note_change(session, course.organisation_id, course.id, now)
    return len(rows)


def _must_be_whole(
    target: uuid.UUID, items: Collection[uuid.UUID], there: Collection[uuid.UUID], known: Mapping[uuid.UUID, Trait]
) -> None:
    """Forms are one deep: what has forms is none, and what is a form has none."""
    have_forms = {trait.variant_of for trait in known.values() if trait.variant_of is not None}
    if target not in there or target in items or known.get(target, Trait()).is_form:
        raise BadForm("the item is not there, itself, or a form")
    if have_forms & set(items):
        raise BadForm("an item that has other forms would be one")


def _after(before: Trait, wanted: Change, spelled: Mapping[str, str]) -> Trait:
    minutes = None if wanted.no_minutes else (before.minutes if wanted.minutes is None else wanted.minutes)
    topics: Iterable[str] = before.topics if wanted.topics is None else wanted.topics
    away = {topic.casefold() for topic in wanted.fewer_topics}
    kept = {topic.casefold(): spelled.get(topic.casefold(), topic) for topic in (*topics, *wanted.more_topics)}
    after = replace(
        before,
        minutes=minutes,
        topics=tuple(topic for key, topic in kept.items() if key not in away)[:MOST_TOPICS],
        language=before.language if wanted.language is None else wanted.language,
    )
    if wanted.no_form:
        return replace(after, variant_of=None, serves=frozenset())
    if wanted.variant_of is not None:
        return replace(after, variant_of=wanted.variant_of, serves=wanted.serves)
    return after


def _trait(row: ItemTrait) -> Trait:
    return Trait(row.minutes, tuple(row.topics), row.variant_of_id, frozenset(row.serves), row.language)


def _row(course: Course, item_id: uuid.UUID, trait: Trait, now: datetime) -> dict[str, object]:
    return {
        "organisation_id": course.organisation_id,
        "id": new_id(),
        "course_id": course.id,
        "content_item_id": item_id,
        "minutes": trait.minutes,
        "topics": list(trait.topics),
        "variant_of_id": trait.variant_of,
        "serves": sorted(trait.serves),
        "language": trait.language,
        "changed_at": now,
    }


async def one(session: AsyncSession, course: Course, item_id: uuid.UUID) -> Trait:
    """What is said about one item."""
    statement = scoped(ItemTrait, course.organisation_id).where(
        ItemTrait.course_id == course.id, col(ItemTrait.content_item_id) == item_id
    )
    row = (await session.exec(statement)).one_or_none()
    return Trait() if row is None else _trait(row)
