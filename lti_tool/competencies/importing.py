"""Importing a framework: what it would change, and changing it. Nothing is ever deleted that evidence or a map may name.

A framework is known again by its source's identifier. Canvas's outcomes and plain CSV have none for the whole: such a file
belongs to the framework of its kind that shares at least half of its competencies, unless somebody says otherwise.
"""

import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool import audit
from lti_tool.competencies import framework_queries, import_queries, maps
from lti_tool.competencies.import_rules import (
    ELSEWHERE,
    LEFT_OUT,
    OURS,
    RELATED_AS,
    Change,
    Plan,
    elsewhere_ends,
    framework_changes,
    merged_extra,
    plan,
    same,
)
from lti_tool.competencies.models import Framework, FrameworkSource
from lti_tool.competencies.reading.loops import Edge, Loop
from lti_tool.competencies.reading.values import FrameworkFile, Problem
from lti_tool.errors import Conflict, NotFound
from lti_tool.ids import new_id
from lti_tool.web.i18n import N_

_NAMESPACE = uuid.UUID("5f0c3d0e-3a51-5b0e-9a43-6d5d1e5f2b10")
"""For identifiers of frameworks whose format has none: the same file at once from two people is one framework."""

_WORDS = ("title", "creator", "description", "subject", "language", "status", "uri", "extra")
_SAID = {
    FrameworkSource.CASE: _WORDS,
    FrameworkSource.MOODLE: ("title", "description", "extra"),
}
"""What each format says of the framework itself; of the others only a title is known, and only if somebody gives one."""


class UsedElsewhere(Conflict):
    """Other courses use what would change, and nobody has confirmed that it may."""

    code = "framework-used"
    title = N_("Other courses use this framework")
    advice = N_("Look at what would change for them, then confirm that it may. Nothing was changed.")


class AnotherCoursesOwn(Conflict):
    """The file's identifier is that of a framework which belongs to another course."""

    code = "framework-of-another-course"
    title = N_("This framework belongs to another course")
    advice = N_(
        "A teacher there wrote its competencies. Ask them to export it under another name. Nothing was changed."
    )


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants of an import.

    ``into``: the framework that it updates; ``as_new``: a framework of its own, whatever it shares with others. ``title`` goes
    before what the file says, ``title_if_none`` behind it, for a new framework. ``related_as_prerequisites``: None for what
    was chosen the last time. ``left_out``: the prerequisites, as pairs of identifiers, to leave out where they close a loop;
    None for what was decided the last time.
    """

    course_id: uuid.UUID | None = None
    into: uuid.UUID | None = None
    as_new: bool = False
    title: str = ""
    title_if_none: str = ""
    related_as_prerequisites: bool | None = None
    left_out: Collection[Edge] | None = None
    source_address: str | None = None


@dataclass(frozen=True, slots=True)
class Counts:
    """How many competencies an import adds, changes, leaves as they are, retires; and rows that it refuses."""

    added: int
    updated: int
    unchanged: int
    retired: int
    refused: int

    def as_json(self) -> dict[str, int]:
        """By name."""
        return {
            "added": self.added,
            "updated": self.updated,
            "unchanged": self.unchanged,
            "retired": self.retired,
            "refused": self.refused,
        }


@dataclass(frozen=True, slots=True)
class Preview:
    """What an import does, or has done. ``framework`` is None while it does not exist."""

    file: FrameworkFile
    title: str
    framework: Framework | None
    is_new: bool
    plan: Plan
    changes: tuple[Change, ...]
    used_by: tuple[tuple[uuid.UUID, str], ...]
    """Other courses whose maps use it: ids and titles."""
    related_as_prerequisites: bool
    values: Mapping[str, Any]

    @property
    def framework_id(self) -> uuid.UUID | None:
        """The framework's id, once it exists."""
        return self.framework.id if self.framework is not None else None

    @property
    def counts(self) -> Counts:
        """In numbers."""
        done = self.plan
        return Counts(len(done.added), len(done.updated), done.unchanged, len(done.retired), self.file.refused)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What was wrong with the file."""
        return self.file.problems

    @property
    def loops(self) -> tuple[Loop, ...]:
        """Loops of prerequisites, each with the one that is left out."""
        return self.plan.loops

    @property
    def needs_confirming(self) -> bool:
        """Whether other courses use what changes."""
        return bool(self.used_by) and (self.plan.changes_competencies or bool(self.plan.links_removed))

    @property
    def changes_nothing(self) -> bool:
        """Whether all is as the file says already."""
        done = self.plan
        return not (
            self.framework is None
            or self.changes
            or done.added
            or done.changes_competencies
            or done.moved
            or done.links_added
            or done.links_changed
            or done.links_removed
        )


async def preview(session: AsyncSession, organisation_id: uuid.UUID, file: FrameworkFile, wish: Wish) -> Preview:
    """What importing a file would do. Raises AnotherCoursesOwn and NotFound."""
    framework = await _target(session, organisation_id, file, wish)
    return await _previewed(session, organisation_id, file, wish, framework)


async def apply(
    session: AsyncSession,
    organisation_id: uuid.UUID,
    file: FrameworkFile,
    wish: Wish,
    now: datetime,
    *,
    by: uuid.UUID | None,
    actor: str | None = None,
    confirmed: bool = False,
) -> Preview:
    """Import a file, all or nothing in the caller's transaction; the same file again changes nothing.

    Raises UsedElsewhere where other courses use what changes and it is not ``confirmed``; AnotherCoursesOwn; NotFound.
    """
    framework = await _target(session, organisation_id, file, wish)
    was_there = framework is not None
    identifier = framework.identifier if framework else file.identifier or _made_identifier(file, wish)
    claimed = {
        "organisation_id": organisation_id,
        "id": new_id(),
        "identifier": identifier,
        "source": file.source,
        "course_id": None,
        "title": _title(file, wish) or wish.title_if_none[:500] or identifier,
        "creator": "",
        "description": "",
        "subject": "",
        "language": "",
        "uri": None,
        "source_address": wish.source_address,
        "status": "",
        "extra": {},
        "changed_at": now,
        "created_by": by,
        "created_at": now,
    }
    framework_id = await import_queries.claim(session, claimed)
    # Whoever had it before may have changed it meanwhile: it is read again, now that nobody else can.
    framework = await session.get(Framework, (organisation_id, framework_id), populate_existing=True)
    if framework is None:
        raise RuntimeError("a framework that was just written is not there")
    _refuse_another_courses(framework, wish)
    done = await _previewed(session, organisation_id, file, wish, framework)
    if done.needs_confirming and not confirmed:
        raise UsedElsewhere(f"{len(done.used_by)} courses use it")
    if not done.changes_nothing or (wish.source_address or framework.source_address) != framework.source_address:
        await _write(session, organisation_id, framework_id, done, wish, now)
        for course_id in {one for one, _ in done.used_by} | {wish.course_id}:
            if course_id is not None:
                maps.levels_follow(session, organisation_id, course_id)
    counts = done.counts
    audit.record(
        session,
        now,
        "framework.updated" if was_there else "framework.imported",
        organisation_id=organisation_id,
        actor=str(by) if by else actor,
        subject=f"framework {framework_id}",
        detail=", ".join(f"{number} {name}" for name, number in counts.as_json().items()),
    )
    await session.refresh(framework)
    return replace(done, framework=framework, is_new=not was_there)


async def _write(
    session: AsyncSession,
    organisation_id: uuid.UUID,
    framework_id: uuid.UUID,
    done: Preview,
    wish: Wish,
    now: datetime,
) -> None:
    values = dict(done.values) | {"changed_at": now}
    if wish.source_address:
        values["source_address"] = wish.source_address
    await import_queries.change_framework(session, organisation_id, framework_id, values)
    planned = done.plan
    await import_queries.add_competencies(session, organisation_id, framework_id, planned.added, now)
    await import_queries.change_competencies(session, organisation_id, planned.updated, now)
    await import_queries.move_competencies(session, organisation_id, planned.moved)
    await import_queries.retire(session, organisation_id, [one.id for one in planned.retired], now)
    await import_queries.remove_links(session, organisation_id, planned.links_removed)
    await import_queries.add_links(session, organisation_id, framework_id, planned.links_added)
    await import_queries.change_links(session, organisation_id, planned.links_changed)


async def _target(
    session: AsyncSession, organisation_id: uuid.UUID, file: FrameworkFile, wish: Wish
) -> Framework | None:
    """The framework that the file updates; None for a new one."""
    if wish.into is not None:
        found = await session.get(Framework, (organisation_id, wish.into))
        if found is None:
            raise NotFound("there is no such framework")
        _refuse_another_courses(found, wish)
        return found
    if file.identifier is not None:
        found = await framework_queries.framework_by_identifier(session, organisation_id, file.identifier)
        if found is not None:
            _refuse_another_courses(found, wish)
        return found
    if wish.as_new:
        return None
    found = await alike(session, organisation_id, file)
    if found is None:
        # The identifier that would be made may be there: the same file came before, and has become another framework since.
        made = _made_identifier(file, wish)
        found = await framework_queries.framework_by_identifier(session, organisation_id, made)
    return found


async def alike(session: AsyncSession, organisation_id: uuid.UUID, file: FrameworkFile) -> Framework | None:
    """The framework that a file without an identifier is most likely a newer version of: of the same kind, with at least half of
    the competencies of the smaller of the two in common.
    """
    identifiers = [row.identifier for row in file.competencies]
    for framework_id, shared, size in await import_queries.by_overlap(
        session, organisation_id, file.source, identifiers
    ):
        if shared * 2 >= min(len(identifiers), max(size, 1)):
            return await session.get(Framework, (organisation_id, framework_id))
    return None


def _refuse_another_courses(framework: Framework, wish: Wish) -> None:
    if framework.course_id is not None and wish.course_id is not None and framework.course_id != wish.course_id:
        raise AnotherCoursesOwn("the framework is another course's own")


async def _previewed(
    session: AsyncSession,
    organisation_id: uuid.UUID,
    file: FrameworkFile,
    wish: Wish,
    framework: Framework | None,
) -> Preview:
    before = dict(framework.extra) if framework is not None else {}
    chosen = wish.related_as_prerequisites
    related_as = bool(before.get(RELATED_AS)) if chosen is None else chosen
    read = file.with_related_as_prerequisites() if related_as and file.related else file
    if framework is None:
        stored, links, used = [], [], []
    else:
        stored = await import_queries.stored_competencies(session, organisation_id, framework.id)
        links = await import_queries.stored_links(session, organisation_id, framework.id)
        used = await import_queries.courses_using(session, organisation_id, framework.id)
    decided = _edges(before.get(LEFT_OUT)) if wish.left_out is None else wish.left_out
    ends = [found for one in read.elsewhere if (found := elsewhere_ends(one)) is not None]
    outside = sorted({end for found in ends for end in found[:2]} - {row.identifier for row in read.competencies})
    foreign = await import_queries.elsewhere(session, organisation_id, framework.id if framework else None, outside)
    done = plan(read, stored, links, decided=decided, foreign=foreign)
    values = _framework_values(read, framework, wish, done, related_as)
    changes: list[Change] = []
    if framework is not None:
        changes = framework_changes({name: getattr(framework, name) for name in values}, values)
    return Preview(
        file=file,
        title=str(values.get("title") or (framework.title if framework else "") or wish.title_if_none),
        framework=framework,
        is_new=framework is None,
        plan=done,
        changes=tuple(changes),
        used_by=tuple(one for one in used if one[0] != wish.course_id),
        related_as_prerequisites=related_as,
        values=values,
    )


def _framework_values(
    file: FrameworkFile, framework: Framework | None, wish: Wish, done: Plan, related_as: bool
) -> dict[str, Any]:
    """The framework's own fields as they will be."""
    says = _SAID.get(file.source, ())
    values: dict[str, Any] = {name: getattr(file, name) for name in says if name != "extra"}
    if framework is not None and "uri" in values and same(values["uri"], framework.uri):
        values["uri"] = framework.uri
    title = _title(file, wish)
    if framework is None:
        title = title or wish.title_if_none[:500]
    if title:
        values["title"] = title
    before = dict(framework.extra) if framework is not None else {}
    if "extra" in says:
        source_says = {name: value for name, value in before.items() if name not in OURS}
        new = dict(file.extra) | ({ELSEWHERE: list(file.elsewhere)} if file.elsewhere else {})
        cannot_say = {name for name in file.cannot_say if not name.startswith("item.")}
        extra = merged_extra(source_says, new, cannot_say)
    else:
        extra = {name: value for name, value in before.items() if name not in OURS}
    # What was decided is kept while the file does not speak of it, as our own export does not.
    spoken_of = {(link.origin, link.destination) for link in file.links}
    left_out = [one for one in _edges(before.get(LEFT_OUT)) if one not in spoken_of]
    left_out += [loop.left_out for loop in done.loops]
    if left_out:
        extra[LEFT_OUT] = [list(one) for one in left_out]
    if related_as:
        extra[RELATED_AS] = True
    values["extra"] = extra
    return values


def _title(file: FrameworkFile, wish: Wish) -> str:
    return (wish.title or file.title)[:500]


def _made_identifier(file: FrameworkFile, wish: Wish) -> str:
    """An identifier for a framework whose format has none; one that is to be of its own gets one that nothing else has."""
    if wish.as_new:
        return str(new_id())
    words = [_title(file, wish) or wish.title_if_none[:500], *sorted(row.identifier for row in file.competencies)]
    return str(uuid.uuid5(_NAMESPACE, "\n".join(words)))


def _edges(value: Any) -> list[Edge]:
    return [(one[0], one[1]) for one in value or [] if isinstance(one, list) and len(one) == 2]
