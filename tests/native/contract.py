"""The questions that every LMS's connector answers alike.

An LMS's module makes a ``NativeCase`` in a fixture called ``native`` and has the questions asked by inheriting them::

    class TestCanvas(NativeContract):
        pass

What holds for any course is asked of every case. What a course is known to hold stands in the case's ``Known``; there is none
for a real server, whose course belongs to whoever runs the tests.
"""

import dataclasses
import math
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar

import pytest

from lti_tool.platforms.native import (
    ApiCourseNotFound,
    ApiNotOffered,
    ApiNotPermitted,
    ApiTokenRefused,
    Capability,
    FoundOut,
    Lacking,
    NativeCompletion,
    NativeConnector,
    NativeContents,
    NativeKind,
    NativePerson,
    NativeRating,
    NativeRequirement,
    NativeResult,
    NativeResults,
    NoResult,
    Window,
)

T = TypeVar("T")

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class KnownItem:
    """What is known of an item."""

    external_id: str
    kind: NativeKind
    title: str
    section: str = ""
    result_key: str | None = None
    requirement: NativeRequirement | None = None
    published: bool = True


@dataclass(frozen=True)
class Known:
    """What is known of a case's course. None: nobody knows, or the LMS has no such thing; then nothing is expected of it.

    Pairs are (result key, user id) of results and gaps, (external id, user id) of completion, and (outcome id, user id) of
    ratings. ``groups`` are sets of user ids by the group's name.
    """

    items: tuple[KnownItem, ...] | None = None
    percents: Mapping[tuple[str, str], float] | None = None
    attempts: Mapping[tuple[str, str], int] | None = None
    gaps: Mapping[tuple[str, str], NoResult] | None = None
    changed_at: datetime | None = None
    """When the last result in ``percents`` changed; asked for what changed from then on, it is told again."""
    completed: frozenset[tuple[str, str]] | None = None
    outcomes: Mapping[str, str] | None = None
    """Titles by outcome id."""
    alignments: frozenset[tuple[str, str]] | None = None
    """(outcome id, external id)."""
    ratings: Mapping[tuple[str, str], tuple[Decimal, Decimal]] | None = None
    """Earned and possible."""
    groups: Mapping[str, frozenset[str]] | None = None
    people: frozenset[NativePerson] | None = None
    window_on: tuple[str, str] | None = None
    """(result key, user id) of an item whose dates may be changed for a student; only where that harms nobody."""


@dataclass(frozen=True)
class NativeCase:
    """A connector and a course that it may read.

    ``user_ids`` are students of the course, as the LMS's API calls them. ``dead`` is the same connector with an access that
    has ended, ``elsewhere`` an id that no course has; either None where it cannot be tried. ``strange_ids`` are ids that the
    platform cannot have. ``able`` are the capabilities that this access has; None where nobody knows.
    """

    connector: NativeConnector
    course_id: str
    user_ids: tuple[str, ...]
    dead: NativeConnector | None = None
    elsewhere: str | None = None
    strange_ids: tuple[str, ...] = ("no such id", "-1", "", "1/../2", "x" * 300)
    able: frozenset[Capability] | None = None
    known: Known = field(default_factory=Known)
    _met: dict[str, Any] = field(default_factory=dict, repr=False)
    """What was asked before, where a question asks for it again on its way to something else."""

    async def found_out(self) -> FoundOut:
        if "found out" not in self._met:
            self._met["found out"] = await self.connector.find_out(self.course_id)
        found: FoundOut = self._met["found out"]
        return found

    async def needs(self, capability: Capability) -> None:
        """Skips a question about something that this access cannot do; whether it should is a question of its own."""
        if capability not in self.connector.offers:
            pytest.skip(f"this kind of platform does not offer {capability.value}")
        if not (await self.found_out()).abilities[capability].able:
            pytest.skip(f"this access cannot do {capability.value}")

    async def contents(self) -> NativeContents:
        await self.needs(Capability.CONTENTS)
        return await self.connector.read_contents(self.course_id)

    async def result_keys(self) -> tuple[str, ...]:
        if "result keys" not in self._met:
            found = (item.result_key for item in (await self.contents()).items)
            self._met["result keys"] = tuple(dict.fromkeys(key for key in found if key is not None))
        keys: tuple[str, ...] = self._met["result keys"]
        return keys

    async def gradebook(self, *, since: datetime | None = None) -> NativeResults:
        """All batches in one."""
        await self.needs(Capability.RESULTS)
        keys = await self.result_keys()
        batches = [batch async for batch in self.connector.results(self.course_id, keys, self.user_ids, since=since)]
        return NativeResults(
            tuple(one for batch in batches for one in batch.results),
            tuple(one for batch in batches for one in batch.attempts),
            tuple(one for batch in batches for one in batch.gaps),
        )

    async def completions(self) -> tuple[NativeCompletion, ...]:
        await self.needs(Capability.COMPLETION)
        batches = self.connector.completions(self.course_id, self.user_ids)
        return tuple([one async for batch in batches for one in batch])

    async def ratings(self) -> tuple[NativeRating, ...]:
        await self.needs(Capability.OUTCOMES)
        outcomes = await self.connector.read_outcomes(self.course_id)
        ids = [outcome.outcome_id for outcome in outcomes.outcomes]
        batches = self.connector.ratings(self.course_id, ids, self.user_ids)
        return tuple([one async for batch in batches for one in batch])


class NativeContract:
    """The questions. Each says in its name what it holds a connector to."""

    # --- What it can do ------------------------------------------------------------------------------------------------

    async def test_every_capability_is_found_out_and_what_is_lacking_has_a_reason(self, native: NativeCase) -> None:
        for course_id in (native.course_id, None):
            found = await native.connector.find_out(course_id)
            assert set(found.abilities) == set(Capability)
            for capability, ability in found.abilities.items():
                if ability.able:
                    assert capability in native.connector.offers
                    assert (ability.why, ability.needs) == (None, ())
                else:
                    assert ability.why is not None
                    assert (ability.why is Lacking.NOT_OFFERED) or capability in native.connector.offers
                    assert ability.needs or ability.why is not Lacking.NOT_PERMITTED
            assert len(found.version) <= 100
            assert all(remark and remark == remark.lower() for remark in found.remarks)

    async def test_it_is_able_to_do_what_this_access_allows(self, native: NativeCase) -> None:
        found = await native.found_out()
        if native.able is None:
            pytest.skip("nobody knows what this access allows")
        assert {one for one, ability in found.abilities.items() if ability.able} == native.able

    async def test_what_is_not_offered_says_so_when_it_is_asked(self, native: NativeCase) -> None:
        one, course, offers = native.connector, native.course_id, native.connector.offers
        some = ("1",)
        asked: Mapping[Capability, tuple[Callable[[], Awaitable[object]], ...]] = {
            Capability.CONTENTS: (lambda: one.read_contents(course),),
            Capability.RESULTS: (lambda: _all(lambda: one.results(course, some, some)),),
            Capability.COMPLETION: (lambda: _all(lambda: one.completions(course, some)),),
            Capability.OUTCOMES: (
                lambda: one.read_outcomes(course),
                lambda: _all(lambda: one.ratings(course, some, some)),
            ),
            Capability.GROUPS: (lambda: one.read_groups(course),),
            Capability.STUDENT_ACCESS: (lambda: one.give_window(course, "1", "1", Window()),),
        }
        for capability, calls in asked.items():
            for call in calls if capability not in offers else ():
                with pytest.raises(ApiNotOffered):
                    await call()

    # --- Contents ------------------------------------------------------------------------------------------------------

    async def test_items_are_told_apart_and_fit_their_columns(self, native: NativeCase) -> None:
        contents = await native.contents()
        ids = Counter(item.external_id for item in contents.items)
        assert [name for name, times in ids.items() if times > 1] == []
        for item in contents.items:
            assert 0 < len(item.external_id) <= 255
            assert 0 < len(item.title) <= 500
            assert len(item.section) <= 500
            assert item.indent >= 0
            assert item.kind != "heading" or (item.result_key, item.requirement) == (None, None)
            assert item.due_at is None or item.due_at.tzinfo is not None
            for number in (item.points_possible, item.requirement_points):
                assert number is None or math.isfinite(number)
        for url in [contents.home_url, *(item.url for item in contents.items)]:
            assert url is None or (url.startswith(("https://", "http://")) and len(url) <= 2000)

    async def test_a_second_reading_tells_the_same(self, native: NativeCase) -> None:
        assert (await native.contents()).items == (await native.contents()).items

    async def test_the_known_items_are_there_in_their_order(self, native: NativeCase) -> None:
        known = _known(native.known.items, "items")
        wanted = {item.external_id for item in known}
        names = [one.name for one in dataclasses.fields(KnownItem)]
        found = [
            KnownItem(**{name: getattr(item, name) for name in names})
            for item in (await native.contents()).items
            if item.external_id in wanted
        ]
        assert found == list(known)

    # --- Results -------------------------------------------------------------------------------------------------------

    async def test_a_gradebook_tells_of_whom_and_what_was_asked_and_of_each_pair_once(self, native: NativeCase) -> None:
        keys, users = set(await native.result_keys()), set(native.user_ids)
        found = await native.gradebook()
        assert {pair[0] for pair in _pairs(found)} <= keys
        assert {pair[1] for pair in _pairs(found)} <= users
        for result in (*found.results, *found.attempts):
            assert 0 <= result.percent < math.inf
            assert result.at.tzinfo is not None
            assert result.attempt is None or result.attempt >= 1
            assert result.earned is None or result.earned.is_finite()
            assert result.possible is None or result.possible > 0
        pairs = Counter(_pairs(dataclasses.replace(found, attempts=())))
        assert [pair for pair, times in pairs.items() if times > 1] == []

    async def test_batches_keep_what_belongs_together(self, native: NativeCase) -> None:
        await native.needs(Capability.RESULTS)
        keys = await native.result_keys()
        met: set[tuple[str, str]] = set()
        async for batch in native.connector.results(native.course_id, keys, native.user_ids):
            here = set(_pairs(batch))
            assert not here & met
            met |= here

    async def test_the_known_grades_are_there(self, native: NativeCase) -> None:
        known = _known(native.known.percents, "grades")
        found = await native.gradebook()
        percents = {(one.result_key, one.user_id): one.percent for one in found.results}
        assert {pair: percents.get(pair) for pair in known} == {
            pair: pytest.approx(percent, abs=0.01) for pair, percent in known.items()
        }
        attempts = Counter((one.result_key, one.user_id) for one in found.attempts)
        for pair, times in (native.known.attempts or {}).items():
            assert (pair, attempts[pair]) == (pair, times)

    async def test_what_is_known_to_be_no_result_is_none_and_says_why(self, native: NativeCase) -> None:
        known = _known(native.known.gaps, "gaps")
        found = await native.gradebook()
        gaps = {(one.result_key, one.user_id): one.why for one in found.gaps}
        assert {pair: gaps.get(pair) for pair in known} == dict(known)
        assert not set(known) & {(one.result_key, one.user_id) for one in found.results}

    async def test_what_changed_since_long_ago_is_every_grade(self, native: NativeCase) -> None:
        assert _by_pair((await native.gradebook(since=LONG_AGO)).results) == _by_pair(
            (await native.gradebook()).results
        )

    async def test_what_changed_just_then_is_told_again(self, native: NativeCase) -> None:
        changed = _known(native.known.changed_at, "times of results")
        everything = await native.gradebook()
        latest = {(one.result_key, one.user_id) for one in everything.results if one.at >= changed}
        told = {(one.result_key, one.user_id) for one in (await native.gradebook(since=changed)).results}
        assert latest
        assert latest <= told
        # A reading may tell more than what changed, and never what is not there.
        later = await native.gradebook(since=changed + timedelta(days=1))
        assert set(_by_pair(later.results)) <= set(_by_pair(everything.results))

    async def test_ids_the_platform_cannot_have_are_left_out(self, native: NativeCase) -> None:
        await native.needs(Capability.RESULTS)
        keys, strange = await native.result_keys(), native.strange_ids
        for asked_keys, asked_users in ((strange, native.user_ids), (keys, strange), ((), native.user_ids), (keys, ())):
            found = await native.connector.read_results(native.course_id, asked_keys, asked_users)
            assert found == NativeResults()
        with_strange = await native.connector.read_results(
            native.course_id, (*keys, *strange), (*native.user_ids, *strange)
        )
        assert _by_pair(with_strange.results) == _by_pair((await native.gradebook()).results)

    # --- Completion ----------------------------------------------------------------------------------------------------

    async def test_completion_is_of_items_of_the_course_and_of_whom_was_asked(self, native: NativeCase) -> None:
        found = await native.completions()
        items = {item.external_id for item in (await native.contents()).items}
        for one in found:
            assert one.external_id in items
            assert one.user_id in native.user_ids
            assert one.at is None or one.at.tzinfo is not None
        pairs = Counter((one.external_id, one.user_id) for one in found)
        assert [pair for pair, times in pairs.items() if times > 1] == []

    async def test_the_known_completion_is_there(self, native: NativeCase) -> None:
        known = _known(native.known.completed, "completion")
        done = {(one.external_id, one.user_id) for one in await native.completions() if one.done}
        assert done == known

    async def test_nobodys_completion_is_nothing(self, native: NativeCase) -> None:
        await native.needs(Capability.COMPLETION)
        batches = native.connector.completions(native.course_id, native.strange_ids)
        assert [one async for batch in batches for one in batch] == []

    # --- Outcomes ------------------------------------------------------------------------------------------------------

    async def test_alignments_join_outcomes_and_items_of_the_course(self, native: NativeCase) -> None:
        await native.needs(Capability.OUTCOMES)
        found = await native.connector.read_outcomes(native.course_id)
        ids = [outcome.outcome_id for outcome in found.outcomes]
        assert len(ids) == len(set(ids))
        assert all(outcome.title for outcome in found.outcomes)
        items = {item.external_id for item in (await native.contents()).items}
        pairs = [(one.outcome_id, one.external_id) for one in found.alignments]
        assert len(pairs) == len(set(pairs))
        assert {outcome_id for outcome_id, _ in pairs} <= set(ids)
        assert {external_id for _, external_id in pairs} <= items

    async def test_the_known_outcomes_and_alignments_are_there(self, native: NativeCase) -> None:
        known = _known(native.known.outcomes, "outcomes")
        await native.needs(Capability.OUTCOMES)
        found = await native.connector.read_outcomes(native.course_id)
        assert {one.outcome_id: one.title for one in found.outcomes} == dict(known)
        if native.known.alignments is not None:
            assert {(one.outcome_id, one.external_id) for one in found.alignments} == native.known.alignments

    async def test_a_rating_has_a_name_that_stays(self, native: NativeCase) -> None:
        found, again = await native.ratings(), await native.ratings()
        assert sorted(found, key=lambda one: one.source_id) == sorted(again, key=lambda one: one.source_id)
        names = [one.source_id for one in found]
        assert len(names) == len(set(names))
        for one in found:
            assert one.user_id in native.user_ids
            assert one.possible > 0
            assert one.earned.is_finite()
            assert one.at.tzinfo is not None

    async def test_the_known_ratings_are_there(self, native: NativeCase) -> None:
        known = _known(native.known.ratings, "ratings")
        found = {(one.outcome_id, one.user_id): (one.earned, one.possible) for one in await native.ratings()}
        assert {pair: found.get(pair) for pair in known} == dict(known)

    # --- People --------------------------------------------------------------------------------------------------------

    async def test_groups_are_told_apart(self, native: NativeCase) -> None:
        await native.needs(Capability.GROUPS)
        found = await native.connector.read_groups(native.course_id)
        ids = [group.group_id for group in found]
        assert len(ids) == len(set(ids))
        assert all(group.name for group in found)

    async def test_the_known_groups_are_there(self, native: NativeCase) -> None:
        known = _known(native.known.groups, "groups")
        await native.needs(Capability.GROUPS)
        found = {group.name: group.user_ids for group in await native.connector.read_groups(native.course_id)}
        assert {name: found.get(name) for name in known} == dict(known)

    async def test_nobody_is_two_people(self, native: NativeCase) -> None:
        found = await native.connector.read_people(native.course_id)
        assert len({one.user_id for one in found}) == len(found)
        assert len({one.subject for one in found}) == len(found)
        if native.known.people is not None:
            assert set(found) == native.known.people

    # --- Dates for one student -----------------------------------------------------------------------------------------

    async def test_dates_for_one_student_are_given_and_taken_back(self, native: NativeCase) -> None:
        result_key, user_id = _known(native.known.window_on, "item whose dates may be changed")
        await native.needs(Capability.STUDENT_ACCESS)
        window = Window(due_at=datetime(2027, 3, 1, 12, tzinfo=UTC), closes_at=datetime(2027, 3, 8, 12, tzinfo=UTC))
        given = await native.connector.give_window(native.course_id, result_key, user_id, window)
        assert given.external_id
        try:
            again = await native.connector.give_window(
                native.course_id, result_key, user_id, Window(due_at=window.due_at)
            )
            await native.connector.take_window_back(native.course_id, result_key, user_id, again)
        finally:
            await native.connector.take_window_back(native.course_id, result_key, user_id, given)
        # What is gone already is no trouble.
        await native.connector.take_window_back(native.course_id, result_key, user_id, given)

    # --- Trouble -------------------------------------------------------------------------------------------------------

    async def test_an_access_that_has_ended_says_so(self, native: NativeCase) -> None:
        if native.dead is None:
            pytest.skip("an access that has ended cannot be tried here")
        dead = native.dead
        with pytest.raises(ApiTokenRefused):
            await dead.find_out(native.course_id)
        with pytest.raises(ApiTokenRefused):
            await dead.find_out(None)
        with pytest.raises(ApiTokenRefused):
            await dead.read_contents(native.course_id)

    async def test_a_course_that_is_not_there_is_not_found(self, native: NativeCase) -> None:
        if native.elsewhere is None:
            pytest.skip("a course that is not there cannot be tried here")
        # Some platforms do not tell a course that is not there from one that is nobody's business.
        for course_id in (native.elsewhere, "no such course", "1/../2", ""):
            with pytest.raises((ApiCourseNotFound, ApiNotPermitted)):
                await native.connector.read_contents(course_id)


def _known(value: T | None, what: str) -> T:
    if value is None:
        pytest.skip(f"nobody knows {what} of this course")
    return value


def _by_pair(results: Iterable[NativeResult]) -> dict[tuple[str, str], NativeResult]:
    return {(one.result_key, one.user_id): one for one in results}


def _pairs(found: NativeResults) -> list[tuple[str, str]]:
    """The item and user of each thing that is told."""
    return [
        *((one.result_key, one.user_id) for one in (*found.results, *found.attempts)),
        *((gap.result_key, gap.user_id) for gap in found.gaps),
    ]


async def _all(iterate: Callable[[], AsyncIterator[object]]) -> list[object]:
    return [batch async for batch in iterate()]
