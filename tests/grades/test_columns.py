"""Columns keep in step with what they are of, can be off, and are repaired."""

from datetime import UTC, datetime, timedelta

import pytest

from lti_tool.grades import queries, rules, service
from lti_tool.grades.models import Choice, ColumnState, Delivery, Difference
from lti_tool.grades.rules import Standing, Upkeep
from lti_tool.grades.words import COLUMNS, STANDINGS, upkeep_of
from lti_tool.lti.services import LineItemData
from tests.grades.conftest import LINE_ITEMS, School
from tests.grades.lms import BROKEN, DOWN, NO_PERMISSION, Column, fail, refused

DUE = datetime(2026, 9, 30, 21, 59, tzinfo=UTC)


async def _off(school: School) -> bool:
    column = await school.line_item()
    async with school.database.writing() as session:
        return await service.switch_off(session, await session.merge(column), school.clock.now())


async def _on(school: School) -> bool:
    column = await school.line_item()
    async with school.database.writing() as session:
        return await service.switch_on(session, await session.merge(column), school.clock.now())


async def _repair(school: School) -> bool:
    column = await school.line_item()
    async with school.database.writing() as session:
        return await service.repair(session, await session.merge(column), school.clock.now())


# --- In step ------------------------------------------------------------------------------------------------------------


async def test_a_new_name_maximum_and_due_date_reach_the_column(school: School) -> None:
    await school.owe(80)
    await school.deliver()
    assert school.lms.updates == 0
    made = await school.line_item()
    assert (made.version, made.delivered_version, upkeep_of(made)) == (1, 1, Upkeep.IN_STEP)
    await school.column(label="Fractions and decimals", maximum=40, end_at=DUE)
    assert upkeep_of(await school.line_item()) is Upkeep.CHANGING
    assert school.runner.nudges[-1] == (service.DELIVER, str(school.registration_id))
    await school.deliver()
    there = school.lms.the_column().data
    assert (there.label, there.score_maximum, there.end_at) == ("Fractions and decimals", 40, DUE)
    assert (there.resource_id, there.tag) == ("playlist:1", "progress")
    told = await school.line_item()
    assert (told.version, told.delivered_version, told.next_attempt_at, told.lease_token) == (2, 2, None, None)
    assert (school.lms.updates, school.lms.made, school.lms.posts) == (1, 1, 1)


async def test_asking_for_the_same_column_again_tells_the_lms_nothing(school: School) -> None:
    await school.column(end_at=DUE)
    await school.deliver()
    for _ in range(3):
        await school.column(end_at=DUE)
        await school.deliver()
    assert (school.lms.updates, (await school.line_item()).version) == (0, 1)


async def test_some_changes_before_they_are_told_are_one_request(school: School) -> None:
    await school.column()
    await school.deliver()
    for label in ("A", "B", "C"):
        await school.column(label=label)
    await school.deliver()
    assert (school.lms.updates, school.lms.the_column().data.label) == (1, "C")


async def test_a_change_while_the_column_is_being_told_is_told_as_well(school: School) -> None:
    await school.column()
    await school.deliver()
    update = school.lms.update_line_item
    names = iter(["Third"])

    async def meanwhile(item: LineItemData) -> LineItemData:
        told = await update(item)
        name = next(names, None)
        if name is not None:
            await school.column(label=name)
        return told

    school.lms.update_line_item = meanwhile  # type: ignore[method-assign]
    await school.column(label="Second")
    await school.deliver()
    column = await school.line_item()
    assert (school.lms.updates, school.lms.the_column().data.label) == (2, "Third")
    assert column.version == column.delivered_version == 3


async def test_a_change_while_the_column_is_being_made_is_told_afterwards(school: School) -> None:
    create = school.lms.create_line_item

    async def meanwhile(line_items_url: str, item: LineItemData) -> LineItemData:
        made = await create(line_items_url, item)
        await school.column(label="Renamed")
        return made

    school.lms.create_line_item = meanwhile  # type: ignore[method-assign]
    await school.column()
    await school.deliver()
    assert (school.lms.updates, school.lms.the_column().data.label) == (1, "Renamed")


async def test_a_refused_change_says_so_and_stops_no_score(school: School) -> None:
    await school.column()
    await school.deliver()

    async def refuses(_item: LineItemData) -> LineItemData:
        school.lms.updates += 1
        fail(NO_PERMISSION)

    update, school.lms.update_line_item = school.lms.update_line_item, refuses  # type: ignore[method-assign,assignment]
    await school.column(label="Renamed")
    for number in range(8):
        await school.owe(10 + number, column=await school.line_item())
        await school.later(minutes=15)
        assert school.lms.grade("s0") == (10 + number) / 100
    column = await school.line_item()
    assert (column.state, column.trouble, column.next_attempt_at) == (ColumnState.MADE, "no-permission", None)
    assert upkeep_of(column) is Upkeep.CHANGE_REFUSED
    assert (await school.standing())[0].state is Standing.DELIVERED
    assert school.lms.updates == 6
    school.lms.update_line_item = update  # type: ignore[method-assign]
    assert await _repair(school)
    await school.deliver()
    assert school.lms.the_column().data.label == "Renamed"
    assert upkeep_of(await school.line_item()) is Upkeep.IN_STEP


@pytest.mark.parametrize("fault", [BROKEN, DOWN, refused(429, "rate-limited")], ids=["500", "down", "429"])
async def test_a_change_that_does_not_get_through_is_tried_again(school: School, fault: object) -> None:
    await school.column()
    await school.deliver()
    school.lms.before.append(fault)  # type: ignore[arg-type]
    await school.column(label="Renamed")
    await school.deliver()
    assert upkeep_of(await school.line_item()) is Upkeep.CHANGING
    assert school.lms.the_column().data.label == "Fractions"
    await school.later(minutes=16)
    assert school.lms.the_column().data.label == "Renamed"


async def test_scores_go_before_the_new_name(school: School) -> None:
    await school.column()
    await school.deliver()
    calls: list[str] = []

    def noted(call: str) -> float:
        calls.append(call)
        return 0

    school.lms.slow = noted
    await school.column(label="Renamed")
    await school.owe(10, column=await school.line_item())
    await school.deliver()
    assert calls == ["post", "update"]


async def test_a_change_that_meets_no_column_makes_it_anew_with_all_scores(school: School) -> None:
    await school.owe(70)
    await school.deliver()
    school.lms.columns.clear()
    await school.column(label="Renamed")
    await school.deliver()
    assert (school.lms.the_column().data.label, school.lms.grade("s0")) == ("Renamed", 0.7)
    column = await school.line_item()
    assert (column.state, column.delivered_version) == (ColumnState.MADE, 2)


async def test_who_is_late_with_a_change_writes_nothing_over_a_column_found_gone(school: School) -> None:
    """While the LMS is told a new name, a score meets no column: the column is wanted again whatever the teller writes."""
    await school.owe(10)
    await school.deliver()
    update = school.lms.update_line_item

    async def slowly(item: LineItemData) -> LineItemData:
        told = await update(item)
        school.lms.update_line_item = update  # type: ignore[method-assign]
        school.lms.columns.clear()
        await school.owe(20, column=await school.line_item())
        await school.worker().deliver(school.registration_id)
        return told

    school.lms.update_line_item = slowly  # type: ignore[method-assign]
    await school.column(label="Renamed")
    await school.deliver()
    await school.later(minutes=1)
    assert school.lms.grade("s0") == 0.2
    assert (await school.line_item()).state is ColumnState.MADE


async def test_a_column_that_is_found_keeps_its_name_until_ours_changes(school: School) -> None:
    school.lms.columns[f"{LINE_ITEMS}/7"] = Column(
        LineItemData("A teacher's name", 100, id=f"{LINE_ITEMS}/7", resource_id="playlist:1", tag="progress")
    )
    await school.column()
    await school.deliver()
    assert (school.lms.updates, school.lms.the_column().data.label) == (0, "A teacher's name")
    await school.column(label="Renamed")
    await school.deliver()
    assert school.lms.the_column().data.label == "Renamed"


async def test_a_rename_before_the_lms_made_the_column_with_its_link_is_told(school: School) -> None:
    now = school.clock.now()
    said = {"course": school.course, "resource_id": "playlist:1", "score_maximum": 100, "end_at": None, "now": now}
    async with school.database.writing() as session:
        await service.expect_column(session, label="First", **said)  # type: ignore[arg-type]
    await school.column(label="Second")
    url = f"{LINE_ITEMS}/7"
    school.lms.columns[url] = Column(LineItemData("First", 100, id=url, resource_id="playlist:1", tag="progress"))
    async with school.database.writing() as session:
        await service.adopt_column(session, label="Second", url=url, **said)  # type: ignore[arg-type]
    await school.deliver()
    assert (school.lms.made, school.lms.the_column().data.label) == (0, "Second")


# --- Off ----------------------------------------------------------------------------------------------------------------


async def test_a_column_that_is_off_keeps_what_it_owes_and_sends_it_when_it_is_on(school: School) -> None:
    await school.owe(10)
    await school.deliver()
    assert await _off(school)
    assert not await _off(school)
    posts = school.lms.posts
    await school.owe(20, column=await school.line_item())
    await school.owe(30, person=1, column=await school.line_item())
    async with school.database.writing() as session:
        await service.owe_in_column(
            session,
            course=school.course,
            resource_id="playlist:1",
            label="Fractions",
            score_maximum=100,
            end_at=None,
            person_id=school.people[2].id,
            given=40,
            maximum=100,
            finished=False,
            now=school.clock.now(),
        )
    await school.column(label="Renamed while off")
    await school.later(hours=5)
    assert (school.lms.posts, school.lms.updates, school.lms.grade("s0")) == (posts, 0, 0.1)
    assert [line.state for line in await school.standing()] == [Standing.OFF] * 3
    assert all(score.next_attempt_at is None for score in await school.scores())
    assert upkeep_of(await school.line_item()) is Upkeep.OFF
    assert await _on(school)
    assert not await _on(school)
    await school.deliver()
    assert [school.lms.grade(f"s{person}") for person in range(3)] == [0.2, 0.3, 0.4]
    assert school.lms.the_column().data.label == "Renamed while off"


async def test_a_column_that_was_off_before_it_was_made_is_made_when_it_is_on(school: School) -> None:
    await school.owe(10)
    await _off(school)
    await school.deliver()
    assert school.lms.made == 0
    await _on(school)
    await school.deliver()
    assert (school.lms.made, school.lms.grade("s0")) == (1, 0.1)


async def test_a_column_switched_off_while_it_is_made_stays_off_and_is_not_made_twice(school: School) -> None:
    create = school.lms.create_line_item

    async def meanwhile(line_items_url: str, item: LineItemData) -> LineItemData:
        made = await create(line_items_url, item)
        await _off(school)
        return made

    school.lms.create_line_item = meanwhile  # type: ignore[method-assign]
    await school.owe(10)
    await school.deliver()
    assert ((await school.line_item()).state, school.lms.posts) == (ColumnState.OFF, 0)
    await _on(school)
    await school.deliver()
    assert (school.lms.made, school.lms.grade("s0")) == (1, 0.1)


async def test_send_again_and_repair_send_nothing_to_a_column_that_is_off(school: School) -> None:
    await school.owe(10)
    await _off(school)
    async with school.database.writing() as session:
        assert await service.send_again(session, line_item=await school.line_item(), now=school.clock.now()) == 0
    assert not await _repair(school)
    await school.deliver()
    assert (school.lms.made, school.lms.posts) == (0, 0)


async def test_the_address_that_comes_while_a_column_is_off_is_remembered(school: School) -> None:
    await school.owe(10)
    await _off(school)
    url = f"{LINE_ITEMS}/9"
    school.lms.columns[url] = Column(LineItemData("Fractions", 100, id=url, resource_id="playlist:1", tag="progress"))
    async with school.database.writing() as session:
        await service.adopt_column(
            session,
            course=school.course,
            resource_id="playlist:1",
            label="Fractions",
            score_maximum=100,
            end_at=None,
            url=url,
            now=school.clock.now(),
        )
    column = await school.line_item()
    assert (column.state, column.url) == (ColumnState.OFF, url)
    await _on(school)
    await school.deliver()
    assert (school.lms.made, school.lms.grade("s0")) == (0, 0.1)


# --- Repaired -----------------------------------------------------------------------------------------------------------


async def test_a_column_found_gone_is_made_again_with_all_its_scores(school: School) -> None:
    for person in range(3):
        await school.owe(50 + person, person)
    await school.deliver()
    school.lms.columns.clear()
    assert (await school.compare()).gone
    assert upkeep_of(await school.line_item()) is Upkeep.GONE
    assert await _repair(school)
    await school.deliver()
    assert [school.lms.grade(f"s{person}") for person in range(3)] == [0.5, 0.51, 0.52]
    column = await school.line_item()
    assert (column.state, column.gone_at, column.remade) == (ColumnState.MADE, None, 0)
    assert upkeep_of(column) is Upkeep.IN_STEP
    assert not await _repair(school)


async def test_a_column_that_was_made_too_often_is_made_again_by_hand(school: School) -> None:
    await school.owe(10)
    await school.deliver()
    for number in range(rules.MOST_REMADE + 1):
        school.lms.columns.clear()
        await school.owe(20 + number, column=await school.line_item())
        await school.later(minutes=1)
    column = await school.line_item()
    assert (column.state, column.trouble, upkeep_of(column)) == (ColumnState.REFUSED, "line-item-gone", Upkeep.GONE)
    assert not school.lms.columns
    assert await _repair(school)
    await school.deliver()
    assert school.lms.grade("s0") == 0.23


async def test_what_was_said_about_differences_ends_with_the_column(school: School) -> None:
    await school.owe(10)
    await school.deliver()
    school.lms.columns.clear()
    await school.compare()
    async with school.database.writing() as session:
        score = await queries.score_of(session, await school.line_item(), school.people[0].id)
        assert score is not None
        score.difference, score.choice, score.chosen_given = Difference.OVERRIDDEN, Choice.THEIRS, 5.0
        session.add(score)
    await _repair(school)
    await school.deliver()
    assert school.lms.grade("s0") == 0.1
    score = await school.score()
    assert (score.difference, score.choice, score.delivery) == (None, None, Delivery.DELIVERED)


async def test_a_refused_column_is_tried_again(school: School) -> None:
    school.lms.always = NO_PERMISSION
    await school.owe(10)
    for _ in range(8):
        await school.later(minutes=15)
    assert upkeep_of(await school.line_item()) is Upkeep.REFUSED
    school.lms.always = None
    assert await _repair(school)
    await school.deliver()
    assert school.lms.grade("s0") == 0.1


async def test_a_column_that_stands_twice_is_said(school: School) -> None:
    for number in (7, 8):
        url = f"{LINE_ITEMS}/{number}"
        school.lms.columns[url] = Column(
            LineItemData("Fractions", 100, id=url, resource_id="playlist:1", tag="progress")
        )
    await school.owe(10)
    await school.deliver()
    column = await school.line_item()
    assert (column.url, column.doubled, upkeep_of(column)) == (f"{LINE_ITEMS}/7", 1, Upkeep.DOUBLED)
    assert not await _repair(school)
    del school.lms.columns[f"{LINE_ITEMS}/8"]
    school.clock.move(timedelta(hours=1))
    await school.compare()
    assert upkeep_of(await school.line_item()) is Upkeep.IN_STEP


def test_every_upkeep_and_standing_has_words() -> None:
    assert set(COLUMNS) == set(Upkeep)
    assert set(STANDINGS) == set(Standing)
    assert all("%(label)s" in words.what for words in COLUMNS.values())


@pytest.mark.parametrize(
    ("state", "gone", "behind", "due", "doubled", "said"),
    [
        (ColumnState.MADE, False, False, False, 0, Upkeep.IN_STEP),
        (ColumnState.MADE, False, True, True, 0, Upkeep.CHANGING),
        (ColumnState.MADE, False, True, False, 0, Upkeep.CHANGE_REFUSED),
        (ColumnState.MADE, False, True, False, 1, Upkeep.DOUBLED),
        (ColumnState.MADE, True, True, False, 1, Upkeep.GONE),
        (ColumnState.WANTED, False, True, True, 0, Upkeep.MAKING),
        (ColumnState.REFUSED, False, True, False, 0, Upkeep.REFUSED),
        (ColumnState.OFF, True, True, False, 1, Upkeep.OFF),
    ],
)
def test_what_is_most_serious_is_said_first(
    state: ColumnState, gone: bool, behind: bool, due: bool, doubled: int, said: Upkeep
) -> None:
    assert rules.upkeep(state, None, gone=gone, behind=behind, due=due, doubled=doubled) is said
