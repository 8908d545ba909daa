"""The audit log in the console: who sees whose, in words, page by page, and that the look itself is entered."""

import ast
import csv
import io
import re
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

import lti_tool
from lti_tool import audit
from lti_tool.admin.audit_words import ACTION_WORDS, KINDS
from lti_tool.audit import AuditEntry
from lti_tool.courses.models import Person
from tests.lti.support import TOOL

from .site import TEACHER, School, Site

PRODUCT = Path(lti_tool.__file__).parent


async def enter(site: Site, school: School | None, action: str, **fields: str) -> None:
    async with site.database.writing() as session:
        audit.record(
            session,
            site.clock.now(),
            action,
            organisation_id=school.organisation_id if school else None,
            **fields,  # type: ignore[arg-type]
        )


async def looks(site: Site) -> int:
    return sum(action == "audit.viewed" for action, _ in await site.actions())


async def person(site: Site, school: School, name: str | None) -> uuid.UUID:
    async with site.database.writing() as session:
        made = Person(
            organisation_id=school.organisation_id,
            registration_id=school.registration_id,
            sub=uuid.uuid4().hex,
            name=name,
            created_at=site.clock.now(),
        )
        session.add(made)
    return made.id


def rows(page: str) -> list[str]:
    """The text of each row of the table."""
    body = page.partition('id="entries"')[2].partition("<tbody")[2].partition("</tbody>")[0]
    return [" ".join(re.sub(r"<[^>]+>", " ", row).split()) for row in body.split("<tr")[1:]]


async def test_the_log_is_for_administrators(site: Site) -> None:
    teacher = await site.launched(TEACHER)
    for path in ("/admin/audit", "/admin/audit.csv"):
        assert (await site.anybody().get(path)).status_code == 401
        assert (await teacher.get(path)).status_code == 403
    assert await looks(site) == 0


async def test_an_administrator_reads_the_own_schools_log_in_words_and_names(site: Site) -> None:
    teacher = await person(site, site.school, "Grace Hopper")
    student = await person(site, site.school, None)
    foreign = await person(site, site.other, "Mallory")
    await enter(site, site.school, "student.viewed", actor=str(teacher), subject=f"person:{student}")
    await enter(
        site, site.school, "registration.made", actor="owner", subject=f"registration {site.school.registration_id}"
    )
    await enter(site, site.other, "student.viewed", actor=str(foreign), subject=f"person:{foreign}")
    await enter(
        site, site.school, "deployment.held", actor=str(foreign), subject=f"registration {site.other.registration_id}"
    )
    await enter(site, None, "launch.refused", actor="someone", detail="nonce-wrong: the nonce", reference="ABC-123")
    visitor = await site.administrator()
    page = await visitor.get("/admin/audit")
    assert page.status_code == 200
    text = " | ".join(rows(page.text))
    assert "A student's work was looked at Grace Hopper Student " in text
    assert "A platform was connected Owner of this installation" in text
    assert f'href="/admin/platforms/{site.school.registration_id}"' in page.text
    # What is another school's has no name here, even where an entry of the own school speaks of it.
    assert "Mallory" not in page.text
    assert "An installation was put on hold Somebody of this organisation a platform that is gone" in text
    assert "ABC-123" not in page.text
    assert len(rows(page.text)) == 4


async def test_the_owner_reads_all_of_it_without_names_of_people(site: Site) -> None:
    teacher = await person(site, site.school, "Grace Hopper")
    await enter(site, site.school, "student.viewed", actor=str(teacher), subject=f"person:{teacher}")
    await enter(site, site.other, "playlist.assigned", actor="x", subject=f"playlist:{uuid.uuid4()}")
    await enter(site, None, "launch.refused", actor="someone", detail="nonce-wrong: the nonce", reference="ABC-123")
    owner = await site.owner()
    page = await owner.get("/admin/audit")
    text = " | ".join(rows(page.text))
    assert "A student's work was looked at Somebody of this organisation a student School" in text
    assert "nonce-wrong: the nonce Reference ABC-123 A user of the LMS" in text
    assert "Elsewhere" in text
    assert "Grace" not in page.text
    assert "someone" not in page.text
    page = await owner.get(f"/admin/audit?organisation={site.other.organisation_id}")
    assert {row.split()[-1] for row in rows(page.text)} == {"Elsewhere"}


async def test_another_schools_log_is_not_there(site: Site) -> None:
    visitor = await site.administrator()
    for path in ("/admin/audit", "/admin/audit.csv"):
        for wanted in (site.other.organisation_id, uuid.UUID(int=0), "nothing"):
            assert (await visitor.get(f"{path}?organisation={wanted}")).status_code == 404
        assert (await visitor.get(f"{path}?organisation={site.school.organisation_id}")).status_code == 200


async def test_a_look_is_entered_once_an_hour_and_each_download(site: Site) -> None:
    visitor = await site.administrator()
    for _ in range(3):
        await visitor.get("/admin/audit")
    assert await looks(site) == 1
    await (await site.administrator(school=site.other)).get("/admin/audit")
    owner = await site.owner()
    await owner.get("/admin/audit")
    await owner.get(f"/admin/audit?organisation={site.school.organisation_id}")
    assert await looks(site) == 4
    site.clock.move(timedelta(minutes=61))
    await visitor.get("/admin/audit")
    assert await looks(site) == 5
    for _ in range(2):
        await visitor.get("/admin/audit.csv")
    assert sum(action == "audit.exported" for action, _ in await site.actions()) == 2


async def test_the_log_is_read_page_by_page_even_where_moments_are_the_same(site: Site) -> None:
    async with site.database.writing() as session:
        for number in range(120):
            session.add(
                AuditEntry(
                    organisation_id=site.school.organisation_id,
                    at=site.clock.now() - timedelta(minutes=number // 40),
                    action="roster.read",
                    detail=f"entry-{number:03}",
                )
            )
    visitor = await site.administrator()
    address: str | None = "/admin/audit?kind=people"
    seen: list[str] = []
    pages = 0
    while address:
        page = await visitor.get(address)
        seen += re.findall(r"entry-\d+", page.text)
        found = re.search(r'href="([^"]+before=[^"]+)"', page.text)
        address = found[1].replace("&amp;", "&") if found else None
        pages += 1
    assert pages == 3
    assert len(seen) == 120
    assert set(seen) == {f"entry-{number:03}" for number in range(120)}
    assert [one >= "entry-080" for one in seen] == [False] * 80 + [True] * 40
    for nowhere in ("nothing", "2026-01-01~nothing", f"0001-01-01T00:00:00%2B14:00~{uuid.uuid4()}"):
        assert (await visitor.get(f"/admin/audit?before={nowhere}")).status_code == 400


async def test_the_log_is_narrowed_to_a_kind_and_a_day_in_the_readers_zone(site: Site) -> None:
    await enter(site, site.school, "roster.read", actor="a")
    await enter(site, site.school, "playlist.assigned", actor="b")
    async with site.database.writing() as session:
        # Half past eleven in the evening of the day before, as Madrid counts it.
        late = datetime(2026, 8, 31, 21, 30, tzinfo=UTC)
        session.add(AuditEntry(organisation_id=site.school.organisation_id, at=late, action="roster.read", actor="c"))
    visitor = await site.administrator()
    assert len(rows((await visitor.get("/admin/audit?kind=people")).text)) == 2
    assert len(rows((await visitor.get("/admin/audit?kind=people&day=2026-08-31")).text)) == 1
    assert len(rows((await visitor.get("/admin/audit?kind=teaching")).text)) == 1
    nothing = await visitor.get("/admin/audit?kind=launches&day=2020-02-29")
    assert nothing.status_code == 200
    assert "Nothing of this kind" in nothing.text
    for day in ("tomorrow", "0001-01-01", "0001-01-03", "9999-12-31", "9999-12-30"):
        assert (await visitor.get(f"/admin/audit?kind=nothing&day={day}")).status_code == 200
    madrid = await site.administrator(
        sub="77", **{"https://purl.imsglobal.org/spec/lti/claim/custom": {"person_timezone": "Europe/Madrid"}}
    )
    for day in ("0001-01-01", "0001-01-02", "9999-12-31"):
        assert (await madrid.get(f"/admin/audit?day={day}")).status_code == 200
    page = await madrid.get("/admin/audit?kind=people&day=2026-08-31")
    assert len(rows(page.text)) == 1


async def test_the_file_holds_the_same_and_no_formulas(site: Site) -> None:
    await enter(site, site.school, "roster.read", actor="=1+1", detail="12 people", reference="REF")
    await enter(site, site.other, "roster.read", actor="theirs")
    visitor = await site.administrator()
    answer = await visitor.get("/admin/audit.csv?kind=people")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.text.startswith("\ufeff")
    [head, line] = list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert len(head) == len(line)
    assert line[1:3] == ["The people of a course were read from the LMS", "'=1+1"]
    assert line[5:] == ["roster.read", "12 people", "REF"]


async def test_a_form_cannot_be_made_of_it(site: Site) -> None:
    owner = await site.owner()
    assert (await owner.client.post("/admin/audit", headers={"Origin": TOOL})).status_code == 405


def recorded() -> set[str]:
    """Every action that the product's code records: dotted words in modules that know the audit log, or leave a note in it."""
    found = set()
    for path in PRODUCT.rglob("*.py"):
        source = path.read_text("utf-8")
        found |= set(re.findall(r"\.note\(\s*\"([a-z]+\.[a-z-]+)\"", source))
        if "sandbox" in path.parts or not re.search(r"import audit\b|audit\.record", source):
            continue
        found |= {
            node.value
            for node in ast.walk(ast.parse(source))
            if isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and re.fullmatch(r"[a-z]+\.[a-z]+(-[a-z]+)*", node.value)
        }
    return found


def test_every_action_has_words_and_a_kind() -> None:
    actions = recorded()
    assert {"launch.refused", "registration.made", "key.retired", "audit.viewed", "column.made"} <= actions
    assert actions - set(ACTION_WORDS) == set()
    begins = {one for _, group in KINDS.values() for one in group}
    assert {action.partition(".")[0] for action in ACTION_WORDS} <= begins


async def test_an_action_without_words_is_shown_as_it_is(site: Site) -> None:
    await enter(site, site.school, "something.new")
    assert "something.new" in (await (await site.administrator()).get("/admin/audit")).text


async def test_who_has_supports_is_not_named_in_the_log(site: Site) -> None:
    teacher = await person(site, site.school, "Grace Hopper")
    student = await person(site, site.school, "Ada Lovelace")
    for action in ("supports.viewed", "supports.changed", "supports.modified", "supports.modification-ended"):
        await enter(site, site.school, action, actor=str(teacher), subject=f"person:{student}")
    visitor = await site.administrator()
    page, file = await visitor.get("/admin/audit"), await visitor.get("/admin/audit.csv")
    for text in (page.text, file.text):
        assert "supports were changed" in text
        assert "Grace Hopper" in text
        assert "a student" in text
        assert "Ada Lovelace" not in text
        assert str(student) not in text
