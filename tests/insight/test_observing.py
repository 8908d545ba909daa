"""Observations of many students at once: what is kept, what is said, what is not lost."""

import re
import uuid
from datetime import UTC, datetime
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from lti_tool.insight import observing
from lti_tool.insight.observing import Kind
from lti_tool.mastery.models import EvidenceSource, Standing
from tests.insight.site import Site, a_group

NOW = datetime(2026, 9, 1, 8, tzinfo=UTC)
PEOPLE = [uuid.UUID(int=number) for number in range(1, 4)]
COMPETENCY = uuid.UUID(int=99)


def read(kind: Kind = Kind.ANSWER, **values: str) -> observing.Filled:
    named = {name.replace("_", "-"): value for name, value in values.items()}
    return observing.read({"day": "2026-09-01", **named}, PEOPLE, COMPETENCY, kind, NOW)


def chosen(number: int, value: str) -> dict[str, str]:
    return {f"p-{PEOPLE[number]}": value}


def test_a_sheet_is_read_into_observations() -> None:
    filled = observing.read(
        {
            "day": "2026-08-31",
            "note": "Group work",
            **chosen(0, "right"),
            **chosen(1, "not-yet"),
            f"n-{PEOPLE[0]}": "Alone",
        },
        PEOPLE,
        COMPETENCY,
        Kind.ANSWER,
        NOW,
    )
    assert filled.errors == {}
    assert [(one.person_id, one.right, one.note) for one in filled.observed] == [
        (PEOPLE[0], True, "Alone\nGroup work"),
        (PEOPLE[1], False, "Group work"),
    ]
    assert filled.at == datetime(2026, 8, 31, 12, tzinfo=UTC)


def test_levels_are_judgements() -> None:
    filled = observing.read({"day": "2026-09-01", **chosen(2, "mastered")}, PEOPLE, COMPETENCY, Kind.LEVEL, NOW)
    assert [(one.judged, one.right) for one in filled.observed] == [(Standing.MASTERED, None)]
    # Noon is still to come: it happened no later than now.
    assert filled.at == NOW


def test_what_is_wrong_is_said_at_its_place() -> None:
    assert set(read().errors) == {"rows"}
    assert set(read(day="2026-09-02", **chosen(0, "right")).errors) == {"day"}
    assert set(read(day="yesterday", **chosen(0, "right")).errors) == {"day"}
    assert set(read(note="x" * 1001, **chosen(0, "right")).errors) == {"note"}
    note = f"n-{PEOPLE[0]}"
    values = {"day": "2026-09-01", note: "A note alone"}
    assert set(observing.read(values, PEOPLE, COMPETENCY, Kind.ANSWER, NOW).errors) == {f"p-{PEOPLE[0]}"}


@given(
    st.dictionaries(
        st.sampled_from([f"p-{one}" for one in PEOPLE] + ["day", "note", "time_zone"]), st.text(max_size=30)
    )
)
def test_anything_a_sheet_brings_is_read_without_trouble(values: dict[str, str]) -> None:
    for kind in Kind:
        filled = observing.read(values, PEOPLE, COMPETENCY, kind, NOW)
        assert filled.observed or filled.errors
        assert all(one.person_id in PEOPLE for one in filled.observed)


def form(page: str) -> dict[str, str]:
    """The hidden fields of the sheet."""
    sheet = page.partition("data-sheet>")[2]
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', sheet))
    return {name: value for name, value in fields.items() if name != "session"}


async def test_a_sheet_is_kept_once_and_can_be_taken_back(site: Site) -> None:
    teacher = await site.teacher()
    address = f"{site.mastery}/observations/{site.competencies[0].id}"
    page = await teacher.get(address)
    fields = {
        **form(page.text),
        "day": "2026-08-31",
        f"p-{site.school.students[0].id}": "right",
        f"p-{site.school.students[1].id}": "not-yet",
        "note": "At the board",
    }
    page = await teacher.post(address, **fields)
    assert "2 observations are kept." in page.text
    (one,) = await site.evidence(0)
    assert (one.source, one.earned, one.possible, one.note) == (EvidenceSource.OBSERVATION, 1, 1, "At the board")
    assert one.entered_by == site.school.teacher.id
    # Sent twice, it is one sheet.
    await teacher.post(address, **fields)
    assert len(await site.evidence(0)) == 1
    occasion = re.search(r'name="occasion" value="([^"]+)"', page.text)
    assert occasion is not None
    assert occasion[1] == fields["occasion"]
    page = await teacher.post(f"{address}/undo", occasion=occasion[1])
    assert "Taken back." in page.text
    assert [row.void_reason for row in await site.evidence(0) + await site.evidence(1)] == [
        "Taken back right after it was entered"
    ] * 2
    assert (await teacher.post(f"{address}/undo", occasion="x")).status_code == 400


async def test_levels_are_entered_as_judgements(site: Site) -> None:
    teacher = await site.teacher()
    address = f"{site.mastery}/observations/{site.competencies[0].id}"
    page = await teacher.get(f"{address}?kind=level")
    assert re.findall(r'data-key="(\d)"', page.text)[:5] == ["0", "1", "2", "3", "4"]
    fields = {**form(page.text), "day": "2026-08-31", f"p-{site.school.students[2].id}": "secure"}
    page = await teacher.post(address, **fields)
    assert "1 observation is kept." in page.text
    (one,) = await site.evidence(2)
    assert (one.judged, one.earned) == (Standing.SECURE, None)


async def test_nothing_is_lost_on_an_error(site: Site) -> None:
    teacher = await site.teacher()
    address = f"{site.mastery}/observations/{site.competencies[0].id}"
    fields = form((await teacher.get(address)).text)
    page = await teacher.post(
        address,
        **fields,
        day="2027-01-01",
        note="For “all”",
        **{f"p-{site.school.students[0].id}": "right", f"n-{site.school.students[0].id}": "Well <done>"},
    )
    assert page.status_code == 400
    assert "Please choose a day that is not still to come." in page.text
    assert 'value="2027-01-01"' in page.text
    assert 'value="For “all”"' in page.text
    assert 'value="Well &lt;done&gt;"' in page.text
    assert re.search(r'value="right" data-key="2" checked', page.text)
    assert f'value="{fields["occasion"]}"' in page.text
    assert await site.evidence(0) == []


async def test_a_group_narrows_the_sheet(site: Site) -> None:
    async with site.database.writing() as session:
        group = await a_group(session, site.school, "Red", 1)
    teacher = await site.teacher()
    address = f"{site.mastery}/observations/{site.competencies[0].id}"
    page = await teacher.get(f"{address}?group={group.id}")
    assert "Ben Birch" in page.text
    assert "Ada Ash" not in page.text
    # Who is not on the sheet is not observed, whatever is sent.
    fields = {**form(page.text), "day": "2026-09-01", f"p-{site.school.students[0].id}": "right"}
    assert (await teacher.post(address, **fields)).status_code == 400
    assert await site.evidence(0) == []


async def test_one_competency_is_chosen_first(site: Site) -> None:
    teacher = await site.teacher()
    page = await teacher.get(f"{site.mastery}/observations")
    assert page.text.count("<option value=") == 4
    page = await teacher.get(f"{site.mastery}/observations?competency={site.competencies[1].id}&kind=level")
    assert "Observations: N.2" in page.text
    assert 'name="kind" value="level"' in page.text


async def test_points_are_exact(site: Site) -> None:
    teacher = await site.teacher()
    address = f"{site.mastery}/observations/{site.competencies[0].id}"
    fields = form((await teacher.get(address)).text)
    await teacher.post(address, **fields, day="2026-09-01", **{f"p-{site.school.students[0].id}": "not-yet"})
    (one,) = await site.evidence(0)
    assert one.earned == Decimal(0)
