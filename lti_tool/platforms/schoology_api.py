"""Schoology's own REST API: a section's folders and materials, grades, completion, standards and grading groups.

A launch's context is a *section*; its id is what the API's addresses hold, those of folders too. Grades name enrolments, not
users, so that the roster is asked first. What is not documented, and assumed here: ``due`` is in the time zone of the user that
asks, and the number before ``::`` in a launch's ``sub`` is the user's id.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Mapping
from datetime import UTC, datetime, timedelta

import httpx

from lti_tool.clock import Clock
from lti_tool.platforms.credentials import SignedCredentials
from lti_tool.platforms.native import (
    Ability,
    ApiCourseNotFound,
    ApiNotPermitted,
    ApiTokenRefused,
    ApiUnreadable,
    Capability,
    FoundOut,
    Lacking,
    NativeAlignment,
    NativeCompletion,
    NativeConnector,
    NativeContents,
    NativeGap,
    NativeGroup,
    NativeOutcomes,
    NativeRating,
    NativeResult,
    NativeResults,
    NativeTrouble,
)
from lti_tool.platforms.schoology_grades import (
    ACTIVE,
    ARCHIVED,
    EXPIRED,
    enrolment_of,
    grade_of,
    one_each,
)
from lti_tool.platforms.schoology_http import PER_PAGE, NotWithThisKey, Query, SchoologyHttp
from lti_tool.platforms.schoology_oauth import is_id
from lti_tool.platforms.schoology_rows import (
    Paper,
    Places,
    discussion_paper,
    flag,
    number,
    paper_of,
    row_id,
    rows_at,
    text,
)
from lti_tool.platforms.schoology_tree import ROOT, Tree, optional, read_tree

USERS_AT_ONCE = 50
"""Users whose enrolments are asked by name; of more, everybody's are."""

COMPLETIONS_AT_ONCE = 1000

FRESH = timedelta(minutes=10)
"""How long what was read of a section's materials is what they hold."""

# What a capability needs, in words that the documentation explains.
SECTION_ADMIN = "section-admin"
SCHOOL_APP = "school-app"

PERSONAL_KEY = "personal-key"
NOT_SECTION_ADMIN = "not-section-admin"


class SchoologyApi(NativeConnector):
    """Reads one Schoology with one key, or with one person's token."""

    offers = frozenset(
        {Capability.CONTENTS, Capability.RESULTS, Capability.COMPLETION, Capability.OUTCOMES, Capability.GROUPS}
    )

    def __init__(
        self,
        http: httpx.AsyncClient,
        base_url: str,
        credentials: SignedCredentials,
        clock: Clock,
        *,
        turn: asyncio.Lock | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        site_url: str | None = None,
    ) -> None:
        """``base_url`` is the API's scheme and host; ``site_url`` the district's own, where people open things."""
        self._api = SchoologyHttp(http, base_url, credentials, clock, turn=turn, sleep=sleep)
        self.site_url = site_url
        self._clock = clock
        self._trees: dict[str, tuple[datetime, Tree]] = {}

    # --- What it can do ------------------------------------------------------------------------------------------------

    async def find_out(self, course_id: str | None) -> FoundOut:
        """What this access can do in a section. Without one only that it is alive is known: what it may see depends on it."""
        await self._api.must_be_alive()
        if course_id is None:
            return FoundOut((await super().find_out(None)).abilities, version="v1")
        section = f"sections/{course_id}"
        questions: Mapping[Capability, tuple[str, ...]] = {
            Capability.CONTENTS: (f"courses/{course_id}/folder/{ROOT}", f"{section}/assignments"),
            Capability.RESULTS: (f"{section}/enrollments", f"{section}/grades"),
            Capability.COMPLETION: (f"courses/{course_id}/folder/{ROOT}", f"{section}/completion"),
            Capability.OUTCOMES: (f"courses/{course_id}/folder/{ROOT}", f"{section}/assignments"),
            Capability.GROUPS: (f"{section}/enrollments", f"{section}/grading_groups"),
        }
        answers: dict[str, Ability] = {}
        for path in dict.fromkeys(path for paths in questions.values() for path in paths):
            answers[path] = await self._tried(path) if is_id(course_id) else _not_permitted(SECTION_ADMIN)
        abilities = {one: Ability(False, Lacking.NOT_OFFERED) for one in Capability}
        for capability, paths in questions.items():
            lacking = [answers[path] for path in paths if not answers[path].able]
            abilities[capability] = lacking[0] if lacking else Ability(True)
        remarks = []
        if any(SCHOOL_APP in one.needs for one in answers.values()):
            remarks.append(PERSONAL_KEY)
        elif is_id(course_id) and not await self._administers(course_id):
            remarks.append(NOT_SECTION_ADMIN)
        return FoundOut(abilities, version="v1", remarks=tuple(remarks))

    async def _tried(self, path: str) -> Ability:
        try:
            await self._api.get(path, {} if path.endswith(f"/folder/{ROOT}") else {"start": 0, "limit": 1})
        except NotWithThisKey:
            return _not_permitted(SCHOOL_APP)
        except (ApiNotPermitted, ApiCourseNotFound):
            return _not_permitted(SECTION_ADMIN)
        except ApiTokenRefused:
            raise
        except NativeTrouble as trouble:
            if trouble.temporary:
                raise
            return Ability(False, Lacking.FAILED)
        return Ability(True)

    async def _administers(self, section: str) -> bool:
        """Whether whoever this access acts as is an administrator of the section, as its teachers are. Absent is yes."""
        try:
            return flag((await self._api.get(f"sections/{section}")).get("admin"), absent=True)
        except (ApiNotPermitted, ApiCourseNotFound, ApiUnreadable):
            return False

    # --- Contents ------------------------------------------------------------------------------------------------------

    async def read_contents(self, course_id: str) -> NativeContents:
        """A section's folders with what is in them, then the columns of the gradebook that stand in none."""
        section = _section(course_id)
        tree = await self._tree(section, anew=True)
        return NativeContents(tuple(tree.items), home_url=self._places(section).home)

    async def _tree(self, section: str, *, anew: bool = False) -> Tree:
        """The section's items and their tags: a reading of completion and standards needs what that of contents has just read."""
        known = self._trees.get(section)
        if known is None or anew or self._clock.now() - known[0] > FRESH:
            read_at = self._clock.now()
            known = self._trees[section] = (read_at, await read_tree(self._api, section, self._places(section)))
        return known[1]

    def _places(self, section: str) -> Places:
        return Places.of(self.site_url, section)

    # --- Results -------------------------------------------------------------------------------------------------------

    async def results(
        self,
        course_id: str,
        result_keys: Collection[str],
        user_ids: Collection[str],
        *,
        since: datetime | None = None,
    ) -> AsyncIterator[NativeResults]:
        """Grades of these users and grade items, in batches.

        With ``since`` the whole section's that changed are asked; without, one person's at a time or one item's, whichever are
        fewer. Midterms, finals, and what is calculated are left out. Schoology tells one grade for each, however many attempts
        there were, and not when work was handed in.
        """
        section = _section(course_id)
        keys, users = {key for key in result_keys if row_id(key)}, _users(user_ids)
        enrolled = await self._enrolled(section, users) if keys and users else {}
        if not enrolled:
            return
        papers = await self._papers(section)
        path = f"sections/{section}/grades"
        async for page in self._api.pages((path, query) for query in _grade_queries(keys, enrolled, since)):
            batch: dict[tuple[str, str], NativeResult | NativeGap] = {}
            for row in rows_at(page.body, "grades", "grade"):
                key, enrolment = row_id(row.get("assignment_id")), row_id(row.get("enrollment_id"))
                if key is None or key not in keys or enrolment is None or enrolment not in enrolled:
                    continue
                user_id = users[enrolled[enrolment]]
                found = grade_of(row, key, user_id, papers.get(key))
                if found is not None:
                    batch[key, user_id] = found
            if batch:
                results = tuple(one for one in batch.values() if isinstance(one, NativeResult))
                gaps = tuple(one for one in batch.values() if isinstance(one, NativeGap))
                yield NativeResults(results, results, gaps)

    async def _papers(self, section: str) -> dict[str, Paper]:
        """What is known of the columns of the gradebook, by the id that grades call them."""
        found: dict[str, Paper] = {}
        async for row in self._api.rows(f"sections/{section}/assignments", "assignment"):
            paper = paper_of(row, UTC)
            if paper is not None:
                found[paper.id] = paper
        async for row in optional(self._api, f"sections/{section}/discussions", "discussion"):
            paper = discussion_paper(row, UTC)
            if paper is not None:
                found.setdefault(paper.id, paper)
        return found

    async def _enrolled(self, section: str, users: Collection[str] | None) -> dict[str, str]:
        """User ids by enrolment id, of these users or of everybody; who has left is among them."""
        query: dict[str, str | int] = {"enrollment_status": f"{ACTIVE},{EXPIRED},{ARCHIVED}"}
        if users is not None and len(users) <= USERS_AT_ONCE:
            query["uid"] = ",".join(sorted(users))
        rows = self._api.rows(f"sections/{section}/enrollments", "enrollment", query=query)
        found = [one async for row in rows if (one := enrolment_of(row)) is not None]
        return one_each(one for one in found if users is None or one.user_id in users)

    # --- Completion ----------------------------------------------------------------------------------------------------

    async def completions(
        self, course_id: str, user_ids: Collection[str]
    ) -> AsyncIterator[tuple[NativeCompletion, ...]]:
        """Who has met every rule of the section, and who none: of these alone each item is known.

        The API counts a section's rules for each user and does not say which are met, unless the user asks for themselves.
        """
        section, users = _section(course_id), _users(user_ids)
        if not users:
            return
        tree = await self._tree(section)
        ruled = [item.external_id for item in tree.items if item.requirement is not None]
        if not ruled:
            return
        seen: set[str] = set()
        batch: list[NativeCompletion] = []
        async for row in self._api.rows(f"sections/{section}/completion", "completion"):
            user, rules, met = (
                row_id(row.get("uid")),
                number(row.get("total_rules")),
                number(row.get("completed_rules")),
            )
            if user is None or user not in users or user in seen or not rules or met is None:
                continue
            seen.add(user)
            done = flag(row.get("completed"), absent=False)
            if done or met == 0:
                batch += [NativeCompletion(one, users[user], done) for one in ruled]
            if len(batch) >= COMPLETIONS_AT_ONCE:
                yield tuple(batch)
                batch = []
        if batch:
            yield tuple(batch)

    # --- Standards -----------------------------------------------------------------------------------------------------

    async def read_outcomes(self, course_id: str) -> NativeOutcomes:
        """The standards and learning objectives that the section's materials are tagged with."""
        section = _section(course_id)
        tagged = (await self._tree(section)).tags
        outcomes = {tag.outcome_id: tag for tags in tagged.values() for tag in tags}
        alignments = {
            (tag.outcome_id, item): NativeAlignment(tag.outcome_id, item)
            for item, tags in tagged.items()
            for tag in tags
        }
        return NativeOutcomes(tuple(outcomes.values()), tuple(alignments.values()))

    async def ratings(
        self, course_id: str, outcome_ids: Collection[str], user_ids: Collection[str]
    ) -> AsyncIterator[tuple[NativeRating, ...]]:
        """None: the API does not tell how students did on a standard."""
        _section(course_id)
        nothing: tuple[tuple[NativeRating, ...], ...] = ()
        for batch in nothing:
            yield batch

    # --- People --------------------------------------------------------------------------------------------------------

    async def read_groups(self, course_id: str) -> tuple[NativeGroup, ...]:
        """The section's grading groups; users are called by the numbers of the API."""
        section = _section(course_id)
        rows = [row async for row in self._api.rows(f"sections/{section}/grading_groups", "grading_groups")]
        enrolled = await self._enrolled(section, None) if rows else {}
        groups: dict[str, NativeGroup] = {}
        for row in rows:
            found, members = row_id(row.get("id")), row.get("members")
            if found is None:
                continue
            ids = (row_id(one) for one in members) if isinstance(members, list) else ()
            users = frozenset(enrolled[one] for one in ids if one in enrolled)
            groups[found] = NativeGroup(found, text(row.get("title")) or f"group {found}", users)
        return tuple(groups.values())


def _grade_queries(keys: Collection[str], enrolled: Collection[str], since: datetime | None) -> Iterable[Query]:
    if since is not None:
        # In whole seconds, and whether that second itself is among them is not documented.
        return [{"timestamp": max(0, int(since.timestamp()) - 1), "limit": PER_PAGE}]
    if len(enrolled) <= len(keys):
        return [{"enrollment_id": one, "limit": PER_PAGE} for one in sorted(enrolled)]
    return [{"assignment_id": one, "limit": PER_PAGE} for one in sorted(keys)]


def _not_permitted(needs: str) -> Ability:
    return Ability(False, Lacking.NOT_PERMITTED, (needs,))


def _section(course_id: str) -> str:
    if row_id(course_id) is None:
        raise ApiCourseNotFound("the course has no id of Schoology's own, which is a section's number")
    return course_id


def _users(user_ids: Collection[str]) -> dict[str, str]:
    """What the caller calls users, by the API's numbers: the number itself, or a launch's ``sub`` that begins with it."""
    found: dict[str, str] = {}
    for one in user_ids:
        uid = row_id(one.partition("::")[0])
        # Whoever is called by the number itself is meant by it.
        if uid is not None and (uid == one or uid not in found):
            found[uid] = one
    return found
