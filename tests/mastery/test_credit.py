"""A review waits for harder work: what reaches states, briefs and sentences, whatever order evidence comes in."""

import itertools
from datetime import datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import update
from sqlmodel import col

from lti_tool.db.session import Database
from lti_tool.mastery import explaining, queries, recomputing, service
from lti_tool.mastery.explaining import Audience
from lti_tool.mastery.models import EvidenceSource, LearnerMastery, MasteryState, Standing
from lti_tool.mastery.rules import InARow
from tests.mastery.test_histories import void, without_ids
from tests.mastery.test_service import picture
from tests.mastery.world import DAY, World, append, world
from tests.playlists.seed import NOW

CHAIN = ("A", "B", "C", "D", "E")
"""A comes before B, B before C, and so on."""

STEPS = tuple(itertools.pairwise(CHAIN))
MIDNIGHT = NOW.replace(hour=0, minute=0, second=0, microsecond=0)
LATER = NOW + 60 * DAY


async def a_chain(database: Database, name: str = "Oak School") -> World:
    async with database.writing() as session:
        return await world(session, CHAIN, rule=InARow(n=1), before=STEPS, students=1, name=name)


async def states_of(database: Database, made: World) -> dict[str, MasteryState]:
    codes = {one.id: code for code, one in made.competencies.items()}
    async with database.reading() as session:
        found = await queries.states_of_person(session, made.id, made.course.id, made.ada.id)
        [row] = await queries.board(session, made.id, made.course.id)
        session.expunge_all()
    states = {codes[state.competency_id]: state for state in found}
    for place, code in enumerate(CHAIN, 1):
        due_at = states[code].review_due_at if code in states else None
        brief = row.standings.get(str(place))
        # The brief says the same as the state, by the day.
        assert (brief[2] if brief else None) == (None if due_at is None else (due_at.timestamp() // 86_400))
    return states


async def dates(database: Database, made: World) -> dict[str, datetime | None]:
    return {code: state.review_due_at for code, state in (await states_of(database, made)).items()}


async def test_a_right_answer_to_harder_work_lets_reviews_below_wait_by_their_distance(database: Database) -> None:
    made = await a_chain(database)
    for code in "AB":
        await append(database, made, made.entry(code, "1", NOW, True))
    # A review of a day, due tomorrow; B, which comes after A, was right on the same day and moves nothing yet.
    assert await dates(database, made) == {"A": NOW + DAY, "B": NOW + DAY}
    await append(database, made, made.entry("C", "1", NOW + 3 * DAY, True))
    day = MIDNIGHT + 3 * DAY
    assert await dates(database, made) == {"A": day + DAY / 2, "B": day + DAY, "C": NOW + 4 * DAY}
    await append(database, made, made.entry("D", "1", NOW + 6 * DAY, True))
    assert (await dates(database, made))["A"] == MIDNIGHT + 6 * DAY + DAY / 3
    # Four prerequisites away is too far.
    await append(database, made, made.entry("E", "1", NOW + 9 * DAY, True))
    found = await dates(database, made)
    assert found["A"] == MIDNIGHT + 6 * DAY + DAY / 3
    assert found["B"] == MIDNIGHT + 9 * DAY + DAY / 3
    # What is below Secure has no review, and gains none.
    async with database.reading() as session:
        before = await queries.state(session, made.id, made.course.id, made.ada.id, made.competencies["A"].id)
    assert before is not None
    assert before.credited_at == MIDNIGHT + 6 * DAY


async def test_wrong_answers_help_and_judgements_of_the_learner_give_no_credit(database: Database) -> None:
    made = await a_chain(database)
    await append(database, made, made.entry("A", "1", NOW, True))
    at = NOW + 5 * DAY
    await append(
        database,
        made,
        made.entry("B", "wrong", at, False),
        made.entry("B", "helped", at, True, first=False),
        made.entry("B", "undated", at, True, dated=False),
        made.entry("B", "self", at, judged=Standing.MASTERED, source=EvidenceSource.SELF),
        made.entry("B", "set", at, judged=Standing.MASTERED, source=EvidenceSource.OVERRIDE, note="orally"),
    )
    state = (await states_of(database, made))["A"]
    assert (state.review_due_at, state.credited_at) == (NOW + DAY, None)


async def test_a_voided_answer_takes_its_credit_with_it(database: Database) -> None:
    made = await a_chain(database)
    await append(database, made, made.entry("A", "1", NOW, True))
    await append(database, made, made.entry("B", "2", NOW + 2 * DAY, True))
    before = await picture(database, made)
    await append(database, made, made.entry("C", "3", NOW + 3 * DAY, True))
    await append(database, made, made.entry("B", "4", NOW + 9 * DAY, True))
    assert (await dates(database, made))["A"] == MIDNIGHT + 10 * DAY
    await void(database, made, {"3", "4"})
    assert await picture(database, made) == before
    assert (await dates(database, made))["A"] == MIDNIGHT + 3 * DAY


async def test_the_sentence_says_which_day_let_the_review_wait(database: Database) -> None:
    made = await a_chain(database)
    await append(database, made, made.entry("A", "1", NOW, True))
    await append(database, made, made.entry("B", "2", NOW + 2 * DAY, True))
    state = (await states_of(database, made))["A"]
    student = (
        "Secure: 1 right in a row, the latest on September 1; a review is due on September 4. "
        "The review is later because you used this in harder work on September 3."
    )
    async with database.reading() as session:
        told = await explaining.explained(session, state, NOW + 2 * DAY)
    assert told.sentence == explaining.sentence(state, NOW + 2 * DAY) == student
    assert told.review_due_at == MIDNIGHT + 3 * DAY
    assert explaining.sentence(state, NOW + 2 * DAY, Audience.TEACHER).endswith(
        "The review is later because this was used in harder work on September 3."
    )
    # Once it is due, why it is not earlier tells nobody anything.
    assert explaining.sentence(state, NOW + 9 * DAY).endswith("a review is due now.")


async def test_learners_from_before_books_were_kept_get_theirs_with_their_next_evidence(database: Database) -> None:
    made = await a_chain(database)
    for number, code in enumerate("ABC"):
        await append(database, made, made.entry(code, "1", NOW + number * DAY, True))
    expected = await picture(database, made)
    async with database.writing() as session:
        mine = col(LearnerMastery.organisation_id) == made.id
        await session.exec(update(LearnerMastery).where(mine).values(reviewing=None))
        for state in await queries.states_of_person(session, made.id, made.course.id, made.ada.id):
            # As an earlier release left them.
            state.review_due_at, state.credited_at = datetime.fromisoformat(state.running["review"]["due_at"]), None
            session.add(state)
    [row] = (await picture(database, made))["learners"].values()
    assert row["reviewing"] is None
    await append(database, made, made.entry("E", "x", NOW + 3 * DAY, False))
    await void(database, made, {"x"})
    assert await picture(database, made) == expected


few = settings(
    max_examples=12,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

answers = st.lists(
    st.tuples(st.sampled_from(CHAIN), st.integers(0, 24 * 40), st.booleans()), min_size=1, max_size=12
).flatmap(lambda history: st.tuples(st.just(history), st.permutations(range(len(history)))))


@few
@given(coming=answers, extra=st.lists(st.tuples(st.sampled_from(CHAIN), st.integers(0, 24 * 40)), max_size=3))
async def test_order_of_arrival_and_what_is_voided_make_no_difference(
    database: Database, coming: Any, extra: Any
) -> None:
    history, order = coming
    ordered, shuffled = await a_chain(database), await a_chain(database)
    for made in (ordered, shuffled):
        # Everybody has begun everywhere: what is frozen must not depend on what comes first.
        entries = [made.entry(code, "first", NOW - DAY, code in "AB") for code in CHAIN]
        await append(database, made, *entries, now=LATER)

    def entry(made: World, number: int) -> Any:
        code, hours, right = history[number]
        return made.entry(code, f"p:{number}", NOW + hours * DAY / 24, right)

    for number in sorted(range(len(history)), key=lambda one: history[one][1]):
        await append(database, ordered, entry(ordered, number), now=LATER)
    for number, (code, hours) in enumerate(extra):
        await append(database, shuffled, shuffled.entry(code, f"x:{number}", NOW + hours * DAY / 24, True), now=LATER)
    for number in order:
        await append(database, shuffled, entry(shuffled, number), now=LATER)
    await void(database, shuffled, {f"x:{number}" for number in range(3)})
    await states_of(database, shuffled)
    expected = without_ids(await picture(database, ordered), ordered)
    assert without_ids(await picture(database, shuffled), shuffled) == expected
    done = await recomputing.recompute_course(database, shuffled.id, shuffled.course.id, LATER)
    assert done.changed == 0
    assert without_ids(await picture(database, shuffled), shuffled) == expected


@pytest.mark.parametrize("code", ["A", "B"])
async def test_a_teachers_observation_of_harder_work_counts_too(database: Database, code: str) -> None:
    made = await a_chain(database)
    await append(database, made, made.entry(code, "1", NOW, True))
    seen = service.Observed(made.ada.id, made.competencies["C"].id, right=True)
    async with database.writing() as session:
        await service.observe_many(session, made.course, [seen], "lesson", NOW + 2 * DAY, NOW + 2 * DAY, None)
    distance = {"A": 2, "B": 1}[code]
    assert (await dates(database, made))[code] == MIDNIGHT + 2 * DAY + DAY / distance
