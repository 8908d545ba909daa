"""Finding out what a Moodle token can do: its service has functions, its account has rights in courses, the site has settings.

The functions are told by the site. Rights are tried, with the cheapest call that needs them; of each that is missing the name
is said, as Moodle's page of the role has it.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from lti_tool.platforms.moodle_fields import number_id
from lti_tool.platforms.moodle_functions import (
    COMPETENCIES,
    COMPLETION,
    CONTENTS,
    ENROLLED,
    FUNCTIONS,
    GRADES,
    INSTEAD,
    RATING,
    RATINGS,
    RIGHTS,
    SITE,
    WRITING,
    WRITING_SINCE,
)
from lti_tool.platforms.moodle_grades import grade_items, grades_shown
from lti_tool.platforms.moodle_outcomes import part, rows_of
from lti_tool.platforms.moodle_ws import NOT_RATED, SWITCHED_OFF, MoodleSaid, MoodleServer
from lti_tool.platforms.native import (
    Ability,
    ApiBusy,
    ApiCourseNotFound,
    ApiNotPermitted,
    ApiTokenRefused,
    ApiUnreachable,
    Capability,
    FoundOut,
    Lacking,
)

PERSONAL_TOKEN = "personal-token"  # noqa: S105 - a remark's code.
"""The token is of a site administrator, who may do everything: a service account with a limited role is better."""

NOBODYS_GROUP = 2_147_483_647
"""A group that nobody is in: asked for everybody's grades in it, Moodle checks the right to see all, and answers nothing."""

_FEATURES = {Capability.COMPLETION: "enablecompletion", Capability.OUTCOMES: "enablecompetencies"}
"""What a site can switch off as a whole, by the name of its setting."""

_STAFF = frozenset({"teacher", "editingteacher", "manager", "coursecreator"})
"""Short names of the roles that Moodle comes with for those who teach."""

_ABLE = Ability(True)

NOT_IN_GROUP = "notingroup"
"""What Moodle calls a course in separate groups, none of which the account is in."""

_NO_GROUPS = Ability(False, Lacking.NOT_PERMITTED, ("moodle/site:accessallgroups",))


class Site:
    """What a site says of itself and of the account that asks."""

    def __init__(self, answer: Mapping[str, Any]) -> None:
        """``answer`` is that of ``core_webservice_get_site_info``."""
        self.functions = frozenset(
            row["name"] for row in rows_of(answer, "functions") if isinstance(row.get("name"), str)
        )
        release = answer.get("release")
        self.version = release[:100] if isinstance(release, str) else ""
        # Whole numbers of builds, with decimals where somebody has changed the site's code.
        number = str(answer.get("version", "")).partition(".")[0]
        self._number = int(number) if number.isascii() and number.isdigit() and len(number) < 12 else 0
        self.user_id = number_id(answer.get("userid"))
        self.remarks = (PERSONAL_TOKEN,) if answer.get("userissiteadmin") is True else ()
        # Sites before 3.x do not tell; what is not told is taken to be on.
        self._off = {row.get("name") for row in rows_of(answer, "advancedfeatures") if row.get("value") in (0, False)}

    @property
    def tells_groups_of_members_alone(self) -> bool:
        """Whether the list of people leaves out the groups of who is in none, and not those the account may not see."""
        return not 0 < self._number < 2023042400

    def has(self, function: str) -> bool:
        """Whether the service has a function, or the one that does as well."""
        return function in self.functions or INSTEAD.get(function) in self.functions

    def ability(self, capability: Capability) -> Ability:
        """What can be known without a course."""
        wanted = WRITING if capability is Capability.STUDENT_ACCESS else FUNCTIONS.get(capability)
        if wanted is None or (wanted is WRITING and self._number < WRITING_SINCE):
            return Ability(False, Lacking.NOT_OFFERED)
        feature = _FEATURES.get(capability)
        if feature is not None and feature in self._off:
            return Ability(False, Lacking.SWITCHED_OFF, (feature,))
        missing = tuple(function for function in wanted if not self.has(function))
        return Ability(False, Lacking.NOT_PERMITTED, missing) if missing else _ABLE


async def site_of(server: MoodleServer) -> Site:
    """Ask the site. Raises NativeTrouble, and MoodleSaid with an errorcode."""
    return Site(part(await server.ask(SITE)))


async def find_out(server: MoodleServer, course_id: str | None) -> FoundOut:
    """What the token can do, in a course or in general. Raises the troubles of the port's ``find_out``."""
    try:
        site = await site_of(server)
    except MoodleSaid as said:
        if said.code == SWITCHED_OFF:
            return _nothing(Ability(False, Lacking.SWITCHED_OFF, ("enablewebservices", "rest")))
        if isinstance(said.trouble, ApiNotPermitted):
            return _nothing(Ability(False, Lacking.NOT_PERMITTED, (SITE,)))
        raise said.trouble from None
    abilities = {capability: site.ability(capability) for capability in Capability}
    if course_id is not None:
        course = _Course(server, site, course_id)
        for capability, trying in course.trials.items():
            if abilities[capability].able:
                abilities[capability] = await _tried(capability, trying)
    return FoundOut(abilities, site.version, site.remarks)


def _nothing(lacking: Ability) -> FoundOut:
    return FoundOut({one: lacking if one in FUNCTIONS else Ability(False, Lacking.NOT_OFFERED) for one in Capability})


async def _tried(capability: Capability, trying: Callable[[], Awaitable[Ability]]) -> Ability:
    try:
        return await trying()
    except MoodleSaid as said:
        if isinstance(said.trouble, ApiTokenRefused | ApiBusy | ApiUnreachable):
            raise said.trouble from None
        if said.code == NOT_IN_GROUP:
            return _NO_GROUPS
        if isinstance(said.trouble, ApiNotPermitted | ApiCourseNotFound):
            # A course that is not there for the account may be one that it has no place in.
            return Ability(False, Lacking.NOT_PERMITTED, RIGHTS[capability])
        return Ability(False, Lacking.FAILED)


class _Course:
    """Trials of what the account may do in one course."""

    def __init__(self, server: MoodleServer, site: Site, course_id: str) -> None:
        self._server = server
        self._site = site
        self._course_id = course_id
        self._student: str | None = None
        self._hidden = False
        self.trials: Mapping[Capability, Callable[[], Awaitable[Ability]]] = {
            Capability.CONTENTS: self._contents,
            Capability.GROUPS: self._groups,
            Capability.RESULTS: self._results,
            Capability.COMPLETION: self._completion,
            Capability.OUTCOMES: self._outcomes,
        }
        """In this order: who is enrolled comes before what is asked of one of them."""

    async def _contents(self) -> Ability:
        options = [{"name": "excludemodules", "value": "1"}, {"name": "excludecontents", "value": "1"}]
        sections = await self._server.ask(CONTENTS, courseid=self._course_id, options=options)
        # A hidden course is answered with nothing to who may not see it; every course has a first section.
        return (
            _ABLE if rows_of(sections) else Ability(False, Lacking.NOT_PERMITTED, ("moodle/course:viewhiddencourses",))
        )

    async def _groups(self) -> Ability:
        options = {"userfields": "id,roles,groups", "limitfrom": "0", "limitnumber": "50"}
        users = await self._server.ask(
            ENROLLED, courseid=self._course_id, options=[{"name": name, "value": options[name]} for name in options]
        )
        # Teachers have no completion of interest and no ratings; without roles, anybody does.
        others = [row for row in rows_of(users) if number_id(row.get("id")) not in (None, self._site.user_id)]
        others.sort(key=lambda row: any(role.get("shortname") in _STAFF for role in rows_of(row, "roles")))
        self._student = number_id(others[0].get("id")) if others else None
        if not others and await self._sees_no_groups():
            return _NO_GROUPS
        # user/lib.php: who is in no group has no list. A list that is empty is that of somebody whose groups are all hidden from
        # the account; before 4.2 it was the other way round.
        hidden = (
            any(row.get("groups") == [] for row in others)
            if self._site.tells_groups_of_members_alone
            else bool(others) and not any("groups" in row for row in others)
        )
        return _NO_GROUPS if hidden else _ABLE

    async def _sees_no_groups(self) -> bool:
        """Whether a list of nobody is that of a course in separate groups, and not of one without people: seen on 5.1.3, where
        the list of people is empty for an account that is in no group, and the report of grades says why.
        """
        if GRADES not in self._site.functions:
            return False
        try:
            await self._server.ask(GRADES, courseid=self._course_id, userid=0, groupid=NOBODYS_GROUP)
        except MoodleSaid as said:
            self._hidden = said.code == NOT_IN_GROUP
        return self._hidden

    async def _results(self) -> Ability:
        await self._server.ask(GRADES, courseid=self._course_id, userid=0, groupid=NOBODYS_GROUP)
        if self._site.user_id is not None:
            answer = await self._server.ask(GRADES, courseid=self._course_id, userid=self._site.user_id)
            rows = [row for user in rows_of(answer, "usergrades") for row in grade_items(user)]
            if not grades_shown(rows):
                return Ability(False, Lacking.SWITCHED_OFF, ("grade_report_user_showgrade",))
        return _ABLE

    async def _completion(self) -> Ability:
        if self._hidden:
            return _NO_GROUPS
        # Somebody's own completion can be seen without any right; where nobody else is known, it is taken to be there.
        if self._student is not None:
            await self._server.ask(COMPLETION, courseid=self._course_id, userid=self._student)
        return _ABLE

    async def _outcomes(self) -> Ability:
        listed = rows_of(await self._server.ask(COMPETENCIES, id=self._course_id))
        competency = number_id(part(listed[0], "competency").get("id")) if listed else None
        if self._student is None or competency is None:
            return _ABLE
        course, user = self._course_id, self._student
        try:
            if RATINGS in self._site.functions:
                await self._server.ask(RATINGS, courseid=course, userid=user, moduleid=0)
            else:
                await self._server.ask(RATING, courseid=course, userid=user, competencyid=competency)
        except MoodleSaid as said:
            # A teacher among the enrolled is not rated, which says nothing of the right to see who is.
            if said.code not in NOT_RATED:
                raise
        return _ABLE
