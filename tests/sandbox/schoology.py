"""What tests of the sandbox as Schoology share: a section with one of everything, and calls that are signed.

The signature is written from RFC 5849 and from nothing of the tool's.
"""

import base64
import hashlib
import hmac
import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

import httpx

from lti_tool.sandbox.canvas_progress import note, require
from lti_tool.sandbox.groups import add_group
from lti_tool.sandbox.models import Assignment, Discussion, FileEntry, Module, ModuleItem, Page, Quiz, Submission
from lti_tool.sandbox.schoology_access import Keys
from lti_tool.sandbox.schoology_models import EXCUSED, MISSING, ContentTag, GradeException
from lti_tool.sandbox.schoology_rows import FILES, FOLDERS, INNER, LINKS, PAGES, PLACES, TALKS, WORKS, numbered
from lti_tool.sandbox.store import add_person, enrol, enrolment_in
from tests.sandbox.conftest import BASE, Lms

_NONCES = itertools.count()


def escaped(value: str) -> str:
    return quote(value, safe="-._~")


def header(
    method: str,
    url: str,
    keys: Keys,
    at: float,
    token: tuple[str, str] = ("", ""),
    more: Mapping[str, str] | None = None,
    **changes: str | None,
) -> str:
    """An ``Authorization`` header, right but for ``changes`` (a field of None is left out)."""
    fields: dict[str, str] = {
        "oauth_consumer_key": keys.key,
        "oauth_token": token[0],
        "oauth_nonce": f"nonce-{next(_NONCES)}",
        "oauth_timestamp": str(int(at)),
        "oauth_signature_method": "HMAC-SHA1",
        "oauth_version": "1.0",
        **(more or {}),
    }
    fields |= {name: value for name, value in changes.items() if value is not None}
    fields = {name: value for name, value in fields.items() if changes.get(name, "") is not None}
    parts = urlsplit(url)
    pairs = [*parse_qsl(parts.query, keep_blank_values=True), *fields.items()]
    normal = "&".join(f"{one}={two}" for one, two in sorted((escaped(one), escaped(two)) for one, two in pairs))
    base = "&".join([method, escaped(f"{parts.scheme}://{parts.netloc}{parts.path}"), escaped(normal)])
    key = f"{escaped(keys.secret)}&{escaped(token[1])}"
    made = base64.b64encode(hmac.new(key.encode(), base.encode(), hashlib.sha1).digest()).decode()
    fields["oauth_signature"] = changes.get("oauth_signature") or made
    return 'OAuth realm="Schoology API", ' + ", ".join(f'{name}="{escaped(value)}"' for name, value in fields.items())


@dataclass
class Api:
    """Somebody with keys, and perhaps with a person's token."""

    lms: Lms
    keys: Keys
    token: tuple[str, str] = ("", "")

    async def ask(self, path: str, method: str = "GET", **more: Any) -> httpx.Response:
        url = f"{BASE}/v1/{path}"
        signed = header(method, url, self.keys, self.lms.platform.now().timestamp(), self.token)
        headers = {"Authorization": signed, "Accept": "application/json"} | more.pop("headers", {})
        return await self.lms.http.request(method, url, headers=headers, **more)

    async def body(self, path: str) -> Any:
        answer = await self.ask(path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    @property
    def section(self) -> str:
        return f"sections/{self.lms.course.id}"


@dataclass
class Filled:
    """The numbers of what ``filled`` put into the section."""

    numbers: dict[str, int] = field(default_factory=dict)

    def __getitem__(self, name: str) -> int:
        return self.numbers[name]


async def filled(lms: Lms) -> Filled:
    """A folder with one of everything, a folder in it, a hidden folder, grades, exceptions, rules, tags and a group."""
    now, found = lms.platform.now(), Filled()
    async with lms.platform.store.writing() as session:
        course = await session.merge(lms.course)
        common = {"course_id": course.id, "created_at": now, "updated_at": now}
        essay = Assignment(name="Essay", points_possible=20, due_at=now + timedelta(days=1), position=1, **common)
        test = Assignment(name="Test", points_possible=5, position=2, submission_type="online_quiz", **common)
        loose = Assignment(name="Final project", points_possible=50, position=3, **common)
        page = Page(course_id=course.id, slug="halves", title="Halves", html="<p>½</p>", updated_at=now)
        talk = Discussion(course_id=course.id, title="Why?", html="")
        entry = FileEntry(
            course_id=course.id, path="a.pdf", name="a.pdf", content_type="application/pdf", size=3, content=b"pdf"
        )
        unit = Module(course_id=course.id, name="Unit 1", position=1)
        drafts = Module(course_id=course.id, name="Drafts", position=2, published=False)
        session.add_all([essay, test, loose, page, talk, entry, unit, drafts])
        await session.flush()
        quiz = Quiz(course_id=course.id, assignment_id=test.id, title="Test", questions=[])
        session.add(quiz)
        await session.flush()
        lines: list[tuple[str, str, int | None, str | None, int]] = [
            ("Halves", "Page", page.id, None, 0),
            ("Essay", "Assignment", essay.id, None, 0),
            ("More", "SubHeader", None, None, 0),
            ("Test", "Quiz", quiz.id, None, 1),
            ("Wall", "ExternalUrl", None, "https://example.org/a", 1),
            ("Why?", "Discussion", talk.id, None, 0),
            ("a.pdf", "File", entry.id, None, 0),
        ]
        items = {
            title: ModuleItem(
                course_id=course.id,
                module_id=unit.id,
                type=kind,
                title=title,
                position=position,
                indent=indent,
                content_id=content_id,
                external_url=url,
                published=title != "a.pdf",
            )
            for position, (title, kind, content_id, url, indent) in enumerate(lines, 1)
        }
        session.add_all(items.values())
        third = await add_person(session, login="third", given_name="Ida", family_name="Zan", kind="student", now=now)
        await enrol(session, course, third, "student", now)
        await session.flush()
        places = {one.login: await enrolment_in(session, course.id, one.id) for one in (lms.student, lms.second, third)}

        async def graded(assignment: Assignment, person_id: int, score: float) -> None:
            row = Submission(course_id=course.id, assignment_id=assignment.id, person_id=person_id)
            session.add(row)
            row.score, row.graded_at, row.workflow_state = score, now, "graded"

        await graded(essay, lms.student.id, 15)
        await graded(test, lms.student.id, 5)
        await graded(essay, third.id, 10)
        session.add_all(
            [
                GradeException(assignment_id=essay.id, person_id=lms.second.id, exception=EXCUSED, at=now),
                GradeException(assignment_id=test.id, person_id=lms.second.id, exception=MISSING, at=now),
                Submission(
                    course_id=course.id,
                    assignment_id=test.id,
                    person_id=third.id,
                    workflow_state="pending_review",
                    submitted_at=now,
                ),
                ContentTag(
                    number=9001, item_id=items["Essay"].id, course_id=course.id, title="CCSS.1", description="Adds."
                ),
                ContentTag(
                    number=9001, item_id=items["Halves"].id, course_id=course.id, title="CCSS.1", description="Adds."
                ),
            ]
        )
        # The second student is excused, and has looked at nothing.
        await require(session, items["Halves"].id, "must_view")
        await require(session, items["Essay"].id, "min_score", 10)
        await note(session, items["Halves"].id, lms.student.id, "viewed", now)
        await add_group(session, course, "Owls", [lms.student, lms.second])
        found.numbers = {
            "essay": numbered(WORKS, essay.id),
            "test": numbered(WORKS, test.id),
            "loose": numbered(WORKS, loose.id),
            "page": numbered(PAGES, page.id),
            "talk": numbered(TALKS, talk.id),
            "file": numbered(FILES, entry.id),
            "link": numbered(LINKS, items["Wall"].id),
            "unit": numbered(FOLDERS, unit.id),
            "drafts": numbered(FOLDERS, drafts.id),
            "more": numbered(INNER, items["More"].id),
            "third": third.id,
            **{f"place of {login}": numbered(PLACES, place.id) for login, place in places.items() if place is not None},
        }
    return found
