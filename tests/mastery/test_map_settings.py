"""Coverage, rules and levels: the teacher's pages and what they keep, on both databases."""

import html
import re
import uuid
from decimal import Decimal

import httpx
import pytest

from lti_tool.clock import ManualClock
from lti_tool.competencies import maps
from lti_tool.competencies.map_views import CourseMapView
from lti_tool.competencies.models import AlignmentRole, Competency, Framework, Scale
from lti_tool.content.service import Gradebook, ItemResult
from lti_tool.db.base import scoped
from lti_tool.db.session import Database
from lti_tool.lti.models import Role
from lti_tool.mastery import coverage, criteria, queries, reading, rules, service, settings
from lti_tool.mastery import routes as mastery_routes
from lti_tool.mastery.entries import Entry
from lti_tool.mastery.models import EvidenceSource
from lti_tool.web.routing import add_router
from tests.competencies.alignment_site import AlignmentSite, an_alignment_site
from tests.playlists import seed
from tests.playlists.seed import NOW

QUIZ, WALLS, TEST = "Quiz 4.NF.1", "Fraction walls", "Unit test"


@pytest.fixture
async def here(database: Database, clock: ManualClock) -> AlignmentSite:
    made = await an_alignment_site(database, clock)
    made.site.app.state.rule_advice = coverage.advice
    add_router(made.site.app, mastery_routes.router)
    return made


def home(here: AlignmentSite) -> str:
    return f"{here.site.course}/competencies"


def text(page: httpx.Response) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page.text)).split())


async def the_map(here: AlignmentSite) -> CourseMapView:
    async with here.site.database.reading() as session:
        found = await maps.the_map(session, here.mapped.school.id, here.mapped.course.id)
    assert found is not None
    return found


async def basis(here: AlignmentSite) -> criteria.Basis:
    async with here.site.database.reading() as session:
        return await criteria.basis(session, here.mapped.school.id, here.mapped.course.id)


async def evidence(here: AlignmentSite, code: str, *right: bool) -> None:
    """Answers of the first student, an hour apart."""
    now = here.site.clock.now()
    async with here.site.database.writing() as session:
        await service.append(
            session,
            here.mapped.course,
            [
                Entry(
                    here.mapped.school.students[0].id,
                    here.mapped.one(code),
                    EvidenceSource.CHECK,
                    presentation=f"answer {number}",
                    observed_at=now,
                    earned=Decimal(int(one)),
                    possible=Decimal(1),
                    item=f"question {number}",
                )
                for number, one in enumerate(right)
            ],
            now,
        )


# --- Who may --------------------------------------------------------------------------------------------------------------

GET = ("/coverage", "/settings", "/settings/rule", "/settings/apply", "/settings/scale/edit")
POST = (
    f"/coverage/{uuid.UUID(int=1)}",
    "/coverage/left",
    "/settings",
    "/settings/rule",
    "/settings/apply",
    "/settings/source-rules",
    "/settings/scale",
    "/settings/scale/edit",
    "/settings/scale/school",
)


async def test_without_a_session_there_is_nothing(here: AlignmentSite) -> None:
    async with here.site.client() as client:
        for path in GET:
            assert (await client.get(home(here) + path)).status_code == 401, path
        for path in POST:
            answer = await client.post(home(here) + path, headers={"Origin": "http://localhost:8000"})
            assert answer.status_code == 401, path


@pytest.mark.parametrize("role", [Role.STUDENT, Role.OBSERVER])
async def test_only_those_who_teach_decide(here: AlignmentSite, role: Role) -> None:
    visitor = await here.site.sign_in(here.mapped.school.students[0], role)
    await visitor.get("/")
    for path in GET:
        assert (await visitor.get(home(here) + path)).status_code == 403, path
    for path in POST:
        assert (await visitor.post(home(here) + path, revision="1")).status_code == 403, path


async def test_another_schools_teacher_sees_nothing_of_it(here: AlignmentSite) -> None:
    async with here.site.database.writing() as session:
        other = await seed.school(session, "Elm School")
    visitor = await here.site.sign_in(other.teacher, Role.TEACHER, school=other)
    for path in GET:
        assert (await visitor.get(home(here) + path)).status_code == 404, path
    await visitor.get(f"/courses/{other.course.id}/playlists")
    for path in POST:
        assert (await visitor.post(home(here) + path, revision="1")).status_code == 404, path


# --- Coverage ---------------------------------------------------------------------------------------------------------------


async def test_coverage_says_what_is_open(here: AlignmentSite) -> None:
    await here.align(QUIZ, "4.NF.A.1")
    await here.align(TEST, "4.NF.A.2")
    await here.align(TEST, "4.NF.B.3")
    await here.align(WALLS, "4.NF.B.4", AlignmentRole.TEACHES)
    visitor = await here.site.teacher()
    page = await visitor.get(home(here) + "/coverage")
    assert page.status_code == 200
    said = text(page)
    assert re.findall(r'<dd class="stat__value">(\d+)</dd>', page.text) == ["2", "2", "3", "3"]
    rules_part = said.split("Rules that can never be satisfied")[1].split("Nothing assesses these")[0]
    assert "4.NF.A.2" in rules_part
    assert "4.NF.B.3" in rules_part
    assert "4.NF.A.1" not in rules_part
    assert "whole score that counts for several competencies" in rules_part
    unassessed = said.split("Nothing assesses these")[1].split("Only one item")[0]
    assert "4.NF.B.4" in unassessed
    assert "4.MD.A.1" in unassessed
    assert "Comparing fractions" in said.split("Items aligned to nothing")[1]


async def test_results_by_an_alignment_that_is_gone_can_be_taken_back(here: AlignmentSite) -> None:
    students = here.mapped.school.students[:2]
    codes = {one.id: code for code, one in here.mapped.competencies.items()}
    now = here.site.clock.now()

    async def known() -> None:
        told = [
            ItemResult(here.mapped.item(title), person.id, 90.0, now, Decimal(9), Decimal(10), 1, now, title)
            for person in students
            for title in (QUIZ, TEST)
        ]
        await reading.take_gradebook(here.site.database, here.mapped.course, Gradebook(told, told, ()), now)

    async def standing() -> list[list[str]]:
        found = []
        for person in students:
            async with here.site.database.reading() as session:
                rows = await queries.evidence_of(
                    session, here.mapped.school.id, here.mapped.course.id, person.id, voided=False
                )
            found.append(sorted(codes[row.competency_id] for row in rows))
        return found

    await here.align(QUIZ, "4.NF.A.1")
    await here.align(TEST, "4.NF.A.2")
    await known()
    both = ["4.NF.A.1", "4.NF.A.2"]
    assert await standing() == [both, both]
    visitor = await here.site.teacher()
    assert "alignments that are gone" not in text(await visitor.get(home(here) + "/coverage"))
    await here.align(QUIZ, "4.NF.A.1", None)
    page = await visitor.get(home(here) + "/coverage")
    said = text(page).split("Results that count by alignments that are gone")[1]
    assert f"{QUIZ} 4.NF.A.1" in said
    assert "2 students" in said
    assert TEST not in said.split("Take back what is ticked")[0]
    gone, stays = (
        f"{here.mapped.item(title)}.{here.mapped.one(code)}" for title, code in ((QUIZ, "4.NF.A.1"), (TEST, "4.NF.A.2"))
    )
    assert f'value="{gone}"' in page.text
    assert "Nothing was ticked" in text(await visitor.post(home(here) + "/coverage/left", left=stays))
    assert await standing() == [both, both]
    assert "Taken back" in text(await visitor.post(home(here) + "/coverage/left", left=gone))
    assert await standing() == [["4.NF.A.2"], ["4.NF.A.2"]]
    assert "alignments that are gone" not in text(await visitor.get(home(here) + "/coverage"))
    await here.align(QUIZ, "4.NF.A.1")
    await known()
    assert await standing() == [both, both]


async def test_a_complete_course_is_told_so(here: AlignmentSite) -> None:
    titles = [title for title in here.mapped.items if title != "Week 1"]
    scored = [title for title in titles if title != WALLS]
    async with here.site.database.writing() as session:
        # A scored item each, and another one for each, so that nothing hangs on one result.
        for code in here.mapped.competencies:
            for number in range(2):
                from lti_tool.content.models import ContentItem, ItemKind

                session.add(
                    ContentItem(
                        organisation_id=here.mapped.school.id,
                        course_id=here.mapped.course.id,
                        external_id=f"{code} {number}",
                        kind=ItemKind.QUIZ,
                        title=f"{code} {number}",
                        result_key=f"{code} {number}",
                        position=50,
                        seen_at=NOW,
                    )
                )
        await session.flush()
        from lti_tool.competencies import alignments
        from lti_tool.competencies.alignment_rules import Change
        from lti_tool.content import service as content

        items = {
            one.title: one.id for one in await content.items(session, here.mapped.school.id, here.mapped.course.id)
        }
        changes = [
            Change(items[f"{code} {number}"], here.mapped.one(code), AlignmentRole.ASSESSES)
            for code in here.mapped.competencies
            for number in range(2)
        ]
        changes += [
            Change(items[title], here.mapped.one("4.NF.A.1"), AlignmentRole.PRACTISES) for title in [*scored, WALLS]
        ]
        await alignments.change(session, here.mapped.course, changes, {}, by=None, now=NOW)
    visitor = await here.site.teacher()
    page = await visitor.get(home(here) + "/coverage")
    assert "Nothing is left open" in page.text


async def test_items_whose_results_do_not_come_are_named(here: AlignmentSite) -> None:
    await here.align(WALLS, "4.NF.A.1")
    visitor = await here.site.teacher()
    page = await visitor.get(home(here) + "/coverage")
    assert WALLS in text(page).split("their results do not come by themselves")[1].split("Items aligned to nothing")[0]


async def test_the_alternative_is_taken_with_one_press(here: AlignmentSite) -> None:
    await here.align(QUIZ, "4.NF.A.1")
    async with here.site.database.writing() as session:
        found = await maps.the_map(session, here.mapped.school.id, here.mapped.course.id)
        assert found is not None
        await settings.set_rule(session, here.mapped.course, found.revision, rules.InARow(3), None, NOW)
    visitor = await here.site.teacher()
    # While aligning it is said already.
    page = await visitor.get(here.address)
    assert "What is aligned can never make 1 competency Secure by its rule" in page.text
    assert "The rule needs 3 results, and what is aligned can give 1 at most." in text(page)
    page = await visitor.get(home(here) + "/coverage")
    revision = re.search(r'name="revision" value="(\d+)"', page.text)
    assert revision is not None
    one = here.mapped.one("4.NF.A.1")
    page = await visitor.post(f"{home(here)}/coverage/{one}", revision=revision[1])
    assert page.status_code == 200
    assert "Saved. The rule holds" in page.text
    assert "Rules that can never be satisfied" not in page.text
    rule = (await the_map(here)).by_id[one].rule
    assert rule is not None
    assert rules.rule_from_json(rule).kind == "default"
    # Nothing more to take; and a second press, or another's, is noticed.
    assert (await visitor.post(f"{home(here)}/coverage/{one}", revision=revision[1])).status_code == 404


# --- Rules --------------------------------------------------------------------------------------------------------------------


async def test_the_passing_mark_is_changed(here: AlignmentSite) -> None:
    visitor = await here.site.teacher()
    await visitor.get(home(here) + "/settings")
    revision = str((await the_map(here)).revision)
    page = await visitor.post(home(here) + "/settings", revision=revision, passing="66,6 %")
    assert "New alignments get this passing mark" in page.text
    assert (await the_map(here)).passing_percent == 66.6
    await here.align(QUIZ, "4.NF.A.1")
    assert [view.passing_percent for view in await here.views()] == [66.6]
    for wrong in ("", "101", "much"):
        page = await visitor.post(home(here) + "/settings", revision=revision, passing=wrong)
        assert page.status_code == 422
        assert "percentage from 0 to 100" in page.text
    page = await visitor.post(home(here) + "/settings", revision=revision, passing="50")
    assert page.status_code == 409
    assert "This map has changed since you opened it" in page.text
    assert (await the_map(here)).passing_percent == 66.6


async def test_what_practises_counts_where_the_course_says_so(here: AlignmentSite) -> None:
    async def counts() -> bool:
        async with here.site.database.reading() as session:
            return await queries.practice_counts(session, here.mapped.school.id, here.mapped.course.id)

    visitor = await here.site.teacher()
    page = await visitor.get(home(here) + "/settings")
    assert 'name="practice" value="yes" checked' not in page.text
    assert not await counts()
    for chosen, kept in (({"practice": "yes"}, True), ({}, False)):
        revision = str((await the_map(here)).revision)
        page = await visitor.post(home(here) + "/settings", revision=revision, passing="80", **chosen)
        assert await counts() is kept
        assert ('name="practice" value="yes" checked' in page.text) is kept


async def test_a_rule_is_looked_at_and_then_saved(here: AlignmentSite) -> None:
    await evidence(here, "4.NF.A.1", True, True, True, True)
    await evidence(here, "4.NF.A.2", True, False)
    visitor = await here.site.teacher()
    page = await visitor.get(home(here) + "/settings")
    assert "Students keep the rule they began with" in page.text
    page = await visitor.get(home(here) + "/settings/rule")
    assert page.text.count('type="radio"') == 12
    revision = str((await the_map(here)).revision)
    given = {"revision": revision, "rule": "in-a-row", "in-a-row.n": "5"}
    page = await visitor.post(home(here) + "/settings/rule", answer="preview", **given)
    said = text(page)
    assert "2 levels have been begun, and keep their rule" in said
    counts = re.findall(r'data-label="(?:Now|With this rule)" class="numeric">(\d+)<', page.text)
    # Now one Secure and one Started; in a row of five, the four right ones are Developing.
    assert counts == ["1", "0", "0", "1", "1", "1"]
    assert (await basis(here)).rule == rules.DefaultLadder()
    page = await visitor.post(home(here) + "/settings/rule", answer="save", **given)
    assert "Saved. The rule holds" in page.text
    assert (await basis(here)).rule == rules.InARow(5)
    assert "Secure with 5 right first answers in a row." in text(page)
    # What was begun keeps its criterion; what is begun now has the new one.
    await evidence(here, "4.NF.B.3", True, True, True, True)
    async with here.site.database.reading() as session:
        states = await queries.states_of_person(
            session, here.mapped.school.id, here.mapped.course.id, here.mapped.school.students[0].id
        )
        standing = {one.competency_id: one.standing.value for one in states}
    assert standing[here.mapped.one("4.NF.A.1")] == "secure"
    assert standing[here.mapped.one("4.NF.B.3")] == "developing"
    page = await visitor.post(home(here) + "/settings/rule", answer="save", **given)
    assert page.status_code == 409


async def test_todays_rules_are_applied_to_what_was_begun_after_a_look(here: AlignmentSite) -> None:
    visitor = await here.site.teacher()
    page = await visitor.get(home(here) + "/settings/apply")
    assert "Nobody has begun anything yet" in text(page)
    assert "Apply to everybody" not in page.text
    await evidence(here, "4.NF.A.1", True, True, True, True)
    await evidence(here, "4.NF.A.2", True, False)
    page = await visitor.get(home(here) + "/settings")
    assert "/settings/apply" in page.text
    page = await visitor.get(home(here) + "/settings/apply")
    assert "Every level is already what the rules of today say." in text(page)
    revision = str((await the_map(here)).revision)
    given = {"revision": revision, "rule": "in-a-row", "in-a-row.n": "5"}
    await visitor.post(home(here) + "/settings/rule", answer="save", **given)
    page = await visitor.get(home(here) + "/settings/apply")
    said = text(page)
    assert "1 level would fall. 0 would rise. All others stay." in said
    assert here.mapped.school.students[0].name in said
    page = await visitor.post(home(here) + "/settings/apply", revision=revision)
    assert page.status_code == 409
    assert "Who would change" in page.text
    page = await visitor.post(home(here) + "/settings/apply", revision=str((await the_map(here)).revision))
    assert "now hold for everything that was begun, too." in text(page)
    async with here.site.database.reading() as session:
        states = await queries.states_of_person(
            session, here.mapped.school.id, here.mapped.course.id, here.mapped.school.students[0].id
        )
    standing = {one.competency_id: one.standing.value for one in states}
    assert standing[here.mapped.one("4.NF.A.1")] == "developing"


async def test_too_much_evidence_is_for_whoever_runs_the_tool(
    here: AlignmentSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    await evidence(here, "4.NF.A.1", True, True, True, True)
    monkeypatch.setattr(settings, "MOST_REPLAYED", 3)
    visitor = await here.site.teacher()
    for page in (
        await visitor.get(home(here) + "/settings/apply"),
        await visitor.post(home(here) + "/settings/apply", revision=str((await the_map(here)).revision)),
    ):
        assert f"lti-tool mastery recompute --course {here.mapped.course.id} --apply-rules" in text(page)
        assert "Apply to everybody" not in page.text


async def test_one_competency_has_a_rule_of_its_own_and_gives_it_back(here: AlignmentSite) -> None:
    visitor = await here.site.teacher()
    one = here.mapped.one("4.NF.B.4")
    page = await visitor.get(f"{home(here)}/settings/rule?competency={one}")
    assert "Rule of 4.NF.B.4" in page.text
    assert "The course’s rule" in page.text
    # Nothing stands below it.
    assert "All below it" not in page.text
    revision = str((await the_map(here)).revision)
    page = await visitor.post(
        home(here) + "/settings/rule", answer="save", revision=revision, competency=str(one), rule="latest"
    )
    assert "Saved. The rule holds" in page.text
    assert "The latest result" in text(page).split("Competencies with a rule of their own")[-1]
    rule = (await the_map(here)).by_id[one].rule
    assert rule == rules.Latest().to_json()
    revision = str((await the_map(here)).revision)
    await visitor.post(
        home(here) + "/settings/rule", answer="save", revision=revision, competency=str(one), rule="usual"
    )
    assert (await the_map(here)).by_id[one].rule is None
    assert (await visitor.get(f"{home(here)}/settings/rule?competency={uuid.uuid4()}")).status_code == 404
    assert (await visitor.get(f"{home(here)}/settings/rule?competency=x")).status_code == 400


async def test_a_parents_rule_is_for_those_that_others_stand_under(here: AlignmentSite) -> None:
    parent, child = here.mapped.one("4.NF.A.1"), here.mapped.one("4.NF.A.2")
    async with here.site.database.writing() as session:
        row = await session.get(Competency, (here.mapped.school.id, child))
        assert row is not None
        row.parent_id = parent
        session.add(row)
    visitor = await here.site.teacher()
    page = await visitor.get(f"{home(here)}/settings/rule?competency={parent}")
    assert "All below it" in page.text
    given = {"revision": str((await the_map(here)).revision), "rule": "at-least", "at-least.n": "1"}
    page = await visitor.post(home(here) + "/settings/rule", answer="preview", competency=str(parent), **given)
    assert "Nobody has begun anything that this rule decides" in page.text
    page = await visitor.post(home(here) + "/settings/rule", answer="save", competency=str(parent), **given)
    assert page.status_code == 200
    assert (await the_map(here)).by_id[parent].rule == rules.AtLeast(1).to_json()
    # It needs no items of its own now.
    page = await visitor.get(home(here) + "/coverage")
    assert "4.NF.A.1" not in text(page).split("Nothing assesses these")[1].split("Items aligned")[0]
    given["revision"] = str((await the_map(here)).revision)
    for wrong in ({"competency": str(child)}, {}):
        assert (await visitor.post(home(here) + "/settings/rule", answer="save", **given, **wrong)).status_code == 400


async def test_what_is_wrong_with_a_rule_is_said(here: AlignmentSite) -> None:
    visitor = await here.site.teacher()
    await visitor.get(home(here) + "/settings/rule")
    page = await visitor.post(
        home(here) + "/settings/rule", answer="save", revision="1", rule="n-of-m", **{"n-of-m.n": "9", "n-of-m.m": "4"}
    )
    assert page.status_code == 422
    assert "More cannot be right than are looked at." in page.text
    assert 'value="9"' in page.text
    assert (await basis(here)).rule == rules.DefaultLadder()


# --- Levels -------------------------------------------------------------------------------------------------------------------


async def levels(here: AlignmentSite, visitor: object, start: str) -> dict[str, str]:
    page = await visitor.get(f"{home(here)}/settings/scale/edit?start={start}")  # type: ignore[attr-defined]
    assert page.status_code == 200, start
    fields = dict(re.findall(r'<input[^>]* name="([a-z]+-\d)"[^>]* value="([^"]*)"', page.text))
    fields |= {
        name: chosen
        for name, options in re.findall(r'<select[^>]* name="([a-z]+-\d)"[^>]*>(.*?)</select>', page.text, re.DOTALL)
        for chosen in re.findall(r'value="([^"]+)" selected', options)
    }
    return {name: html.unescape(one) for name, one in fields.items()}


async def test_levels_of_canvas_are_taken_renamed_and_kept(here: AlignmentSite) -> None:
    visitor = await here.site.teacher()
    fields = await levels(here, visitor, "canvas")
    assert [fields[f"name-{place}"] for place in range(5)] == [
        "Exceeds Mastery",
        "Mastery",
        "Near Mastery",
        "Below Mastery",
        "No Evidence",
    ]
    fields |= {"name-2": "100% <almost>", "title": "Ours", "source": "canvas"}
    page = await visitor.post(home(here) + "/settings/scale/edit", answer="look", revision="1", **fields)
    assert page.status_code == 200
    assert "pale. Its shape" in page.text
    page = await visitor.post(
        home(here) + "/settings/scale/edit", answer="save", revision=str((await the_map(here)).revision), **fields
    )
    assert page.status_code == 200
    assert "Saved. The levels hold" in page.text
    assert "100% &lt;almost&gt;" in page.text
    scale = (await basis(here)).scale
    assert [level.name for level in scale.levels][2] == "100% <almost>"
    assert scale.cut().name == "Mastery"
    async with here.site.database.reading() as session:
        (row,) = (await session.exec(scoped(Scale, here.mapped.school.id))).all()
    assert (row.course_id, row.title, row.source) == (here.mapped.course.id, "Ours", "canvas")
    # Changed again, it is the same scale; another editor's page is out of date.
    page = await visitor.get(f"{home(here)}/settings/scale/edit?scale={row.id}")
    assert "100% &lt;almost&gt;" in page.text
    fields["name-2"] = "Near"
    page = await visitor.post(
        home(here) + "/settings/scale/edit", answer="save", revision="1", scale=str(row.id), **fields
    )
    assert page.status_code == 409
    revision = str((await the_map(here)).revision)
    await visitor.post(
        home(here) + "/settings/scale/edit", answer="save", revision=revision, scale=str(row.id), **fields
    )
    assert [level.name for level in (await basis(here)).scale.levels][2] == "Near"
    # And back to the tool's own.
    await visitor.get(home(here) + "/settings")
    page = await visitor.post(home(here) + "/settings/scale", revision=str((await the_map(here)).revision), scale="")
    assert page.status_code == 200
    assert (await basis(here)).scale == rules.default_scale()


async def test_what_is_wrong_with_levels_is_said_and_nothing_kept(here: AlignmentSite) -> None:
    visitor = await here.site.teacher()
    fields = await levels(here, visitor, "tool") | {"title": "", "icon-1": "star", "threshold-2": "99"}
    page = await visitor.post(home(here) + "/settings/scale/edit", answer="save", revision="1", **fields)
    assert page.status_code == 422
    assert "Please give the scale a name." in page.text
    fields["title"] = "Ours"
    page = await visitor.post(home(here) + "/settings/scale/edit", answer="save", revision="1", **fields)
    assert page.status_code == 422
    assert "Two levels have the same icon" in page.text
    assert "must be lower than that of the level above" in page.text
    async with here.site.database.reading() as session:
        assert (await session.exec(scoped(Scale, here.mapped.school.id))).all() == []


async def test_scales_of_imported_frameworks_can_be_taken(here: AlignmentSite) -> None:
    async with here.site.database.writing() as session:
        one = await session.get(Competency, (here.mapped.school.id, here.mapped.one("4.NF.A.1")))
        framework = await session.get(Framework, (here.mapped.school.id, here.mapped.framework.id))
        assert one is not None
        assert framework is not None
        one.rule = {
            "mastery_points": 3,
            "ratings": [
                {"points": points, "description": name} for points, name in ((3, "Met"), (2, "Nearly"), (1, "Seen"))
            ],
        }
        framework.extra = {
            "scale": {
                "values": ["Not yet", "Almost", "Competent"],
                "configuration": [{"scaleid": "2"}, {"id": 3, "scaledefault": 1, "proficient": 1}],
            }
        }
        session.add_all([one, framework])
    visitor = await here.site.teacher()
    page = await visitor.get(home(here) + "/settings")
    assert "as imported with 4.NF.A.1" in page.text
    assert "as imported with Grade 4" in page.text
    fields = await levels(here, visitor, f"competency.{here.mapped.one('4.NF.A.1')}")
    assert [(fields[f"name-{place}"], fields[f"standing-{place}"]) for place in range(3)] == [
        ("Met", "secure"),
        ("Nearly", "developing"),
        ("Seen", "started"),
    ]
    fields = await levels(here, visitor, f"framework.{here.mapped.framework.id}")
    assert [fields[f"name-{place}"] for place in range(3)] == ["Competent", "Almost", "Not yet"]
    for wrong in ("nonsense", f"scale.{uuid.uuid4()}", f"framework.{uuid.uuid4()}"):
        status = (await visitor.get(f"{home(here)}/settings/scale/edit?start={wrong}")).status_code
        assert status in {400, 404}, wrong


async def test_the_schools_levels_can_be_chosen_and_copied_and_not_changed(here: AlignmentSite) -> None:
    async with here.site.database.writing() as session:
        other = await seed.school(session, "Elm School")
        scales = [
            Scale(
                organisation_id=school.id,
                title=title,
                levels=rules.canvas_scale(
                    [{"points": 2, "description": "Yes"}, {"points": 1, "description": "No"}], 2
                ).to_json(),
                changed_at=NOW,
                created_at=NOW,
            )
            for school, title in ((here.mapped.school, "The school's"), (other, "Elsewhere"))
        ]
        session.add_all(scales)
    visitor = await here.site.teacher()
    page = await visitor.get(home(here) + "/settings")
    assert "The school&#39;s" in page.text
    assert "Elsewhere" not in page.text
    revision = str((await the_map(here)).revision)
    page = await visitor.post(home(here) + "/settings/scale", revision=revision, scale=str(scales[0].id))
    assert page.status_code == 200
    assert [level.name for level in (await basis(here)).scale.levels] == ["Yes", "No"]
    fields = await levels(here, visitor, f"scale.{scales[0].id}")
    assert fields["name-0"] == "Yes"
    assert (await visitor.get(f"{home(here)}/settings/scale/edit?scale={scales[0].id}")).status_code == 404
    revision = str((await the_map(here)).revision)
    for scale in scales:
        answer = await visitor.post(
            home(here) + "/settings/scale/edit",
            answer="save",
            revision=revision,
            scale=str(scale.id),
            title="Mine",
            **fields,
        )
        assert answer.status_code == 404
    assert (
        await visitor.post(home(here) + "/settings/scale", revision=revision, scale=str(scales[1].id))
    ).status_code == 404


async def test_rules_that_came_with_frameworks_are_taken_over(here: AlignmentSite) -> None:
    parent, child = here.mapped.one("4.NF.A.1"), here.mapped.one("4.NF.A.2")
    async with here.site.database.writing() as session:
        rows = {one.code: one for one in (await session.exec(scoped(Competency, here.mapped.school.id))).all()}
        rows["4.NF.A.2"].parent_id = parent
        rows["4.NF.A.1"].rule = {
            "moodle": "core_competency\\competency_rule_points",
            "outcome": "2",
            "config": {"base": {"points": 1}, "competencies": [{"id": "id of 4.NF.A.2", "points": 1, "required": 1}]},
        }
        rows["4.NF.B.3"].rule = {"calculation_method": "decaying_average", "calculation_int": 40}
        # Nothing stands below this one, so that its rule would never say anything.
        rows["4.NF.B.4"].rule = {"moodle": "core_competency\\competency_rule_all", "outcome": "2"}
        session.add_all(rows.values())
    visitor = await here.site.teacher()
    page = await visitor.get(home(here) + "/settings")
    assert "Canvas or Moodle said how the levels of 2 competencies are decided." in page.text
    revision = str((await the_map(here)).revision)
    page = await visitor.post(home(here) + "/settings/source-rules", revision=revision)
    assert "follow the rules that came with them" in page.text
    assert "Canvas or Moodle said" not in page.text
    found = (await the_map(here)).by_id
    assert found[parent].rule == rules.MoodlePoints(1, (rules.ChildPoints(str(child), 1, required=True),)).to_json()
    assert found[here.mapped.one("4.NF.B.3")].rule == rules.CanvasWeightedAverage(40).to_json()
    assert found[here.mapped.one("4.NF.B.4")].rule is None
    assert (await visitor.post(home(here) + "/settings/source-rules", revision=revision)).status_code == 409
    assert (await visitor.get(f"{home(here)}/settings/rule?competency={parent}")).status_code == 200


async def test_an_administrator_chooses_the_schools_levels(here: AlignmentSite) -> None:
    visitor = await here.site.teacher()
    fields = await levels(here, visitor, "canvas") | {"title": "District levels", "source": "canvas"}
    await visitor.post(
        home(here) + "/settings/scale/edit", answer="save", revision=str((await the_map(here)).revision), **fields
    )
    async with here.site.database.reading() as session:
        (own,) = (await session.exec(scoped(Scale, here.mapped.school.id))).all()
    page = await visitor.get(home(here) + "/settings")
    assert "For the whole school" not in page.text
    assert (await visitor.post(home(here) + "/settings/scale/school", scale=str(own.id))).status_code == 403
    administrator = await here.site.sign_in(here.mapped.school.teacher, Role.TEACHER, administers=True)
    page = await administrator.get(home(here) + "/settings")
    assert "For the whole school" in page.text
    page = await administrator.post(home(here) + "/settings/scale/school", scale=str(own.id))
    assert "use these levels wherever a course has chosen none" in page.text
    # Twice makes one; a course that has chosen none has them.
    await administrator.post(home(here) + "/settings/scale/school", scale=str(own.id))
    async with here.site.database.reading() as session:
        kept = (await session.exec(scoped(Scale, here.mapped.school.id).where(Scale.is_default))).all()
    assert [(one.course_id, one.title, one.source) for one in kept] == [(None, "District levels", "canvas")]
    await administrator.post(home(here) + "/settings/scale", revision=str((await the_map(here)).revision), scale="")
    assert (await basis(here)).scale.levels[0].name == "Exceeds Mastery"
    assert (await administrator.post(home(here) + "/settings/scale/school", scale=str(uuid.uuid4()))).status_code == 404
    assert (await administrator.post(home(here) + "/settings/scale/school")).status_code == 400


async def test_a_course_without_a_map_can_be_set_up_too(here: AlignmentSite) -> None:
    async with here.site.database.writing() as session:
        other = await seed.school(session, "Elm School")
        other.course.content_read_at = NOW
        session.add(other.course)
    visitor = await here.site.sign_in(other.teacher, Role.TEACHER, school=other)
    address = f"/courses/{other.course.id}/competencies"
    assert "First the competencies" in (await visitor.get(address + "/coverage")).text
    page = await visitor.get(address + "/settings")
    assert page.status_code == 200
    page = await visitor.post(address + "/settings", revision="0", passing="70")
    assert "New alignments get this passing mark" in page.text
