"""The functions that tell of the site, a course's contents and its people, in the shapes of Moodle 4.5."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from lti_tool.sandbox.groups import groups_of
from lti_tool.sandbox.models import Assignment, Enrolment, Module, ModuleItem, Quiz, ResourceLink
from lti_tool.sandbox.moodle_calls import REQUIRED, Call, Function, options_of
from lti_tool.sandbox.moodle_service import ACCOUNT, MoodleError
from lti_tool.sandbox.store import modules_of, roster
from lti_tool.sandbox.tool_places import ToolPlaces

VERSION, RELEASE = "2024100706", "4.5.6 (Build: 20250811)"
ROLES = {"teacher": (3, "editingteacher"), "assistant": (4, "teacher"), "student": (5, "student")}
"""Numbers and short names of the roles; an observer's is in the child's own page."""

_KINDS = {
    "Page": "page",
    "Quiz": "quiz",
    "Assignment": "assign",
    "Discussion": "forum",
    "File": "resource",
    "ExternalUrl": "url",
    "ExternalTool": "lti",
    "SubHeader": "label",
}


async def site_info(call: Call) -> dict[str, Any]:
    """``core_webservice_get_site_info``."""
    account = call.account
    features = {"enablecompletion": account.has("completion"), "enablecompetencies": account.has("competencies")}
    return {
        "sitename": call.platform.settings.name,
        "username": "playlists",
        "firstname": "Web",
        "lastname": "Service",
        "fullname": "Web Service",
        "lang": "en",
        "userid": ACCOUNT,
        "siteurl": call.platform.settings.base_url,
        "functions": [{"name": name, "version": VERSION} for name in account.functions],
        "downloadfiles": 0,
        "uploadfiles": 0,
        "release": RELEASE,
        "version": VERSION,
        "advancedfeatures": [{"name": name, "value": int(on)} for name, on in features.items()],
        "siteid": 1,
        "userissiteadmin": account.service.by_administrator,
    }


# --- Contents ----------------------------------------------------------------------------------------------------------


async def contents(call: Call) -> list[dict[str, Any]]:
    """``core_course_get_contents``: a first section without a name of its own, then one for each module."""
    options = options_of(call.parameters["options"])
    try:
        course = await call.course()
    except MoodleError as error:
        if error.errorcode != "requireloginerror":
            raise
        # Here, and in no other function, the reason is wrapped (course/externallib.php).
        raise MoodleError(
            "moodle_exception",
            "errorcoursecontextnotvalid",
            f"You cannot execute functions in the course context (course id:{call.parameters['courseid']}). "
            f"The context error message was: {error.message}",
        ) from error
    modules = [] if options.get("excludemodules") == "1" else await modules_of(call.session, course.id)
    shaper = await Modules.of(call, course.id)
    only = options.get("cmid")
    sections = [_section(0, 0, "General", [])]
    sections += [
        _section(
            module.id,
            number,
            module.name,
            [
                shaper.shown(item)
                for item in module.items
                if (item.published or call.account.may(_HIDDEN)) and only in (None, str(item.id))
            ],
            visible=module.published,
        )
        for number, module in enumerate(modules, start=1)
        if module.published or call.account.may(_HIDDEN)
    ]
    return sections


_HIDDEN = "moodle/course:viewhiddenactivities"


def _section(
    section_id: int, number: int, name: str, modules: list[dict[str, Any]], *, visible: bool = True
) -> dict[str, Any]:
    return {
        "id": section_id,
        "name": name,
        "visible": int(visible),
        "summary": "",
        "summaryformat": 1,
        "section": number,
        "hiddenbynumsections": 0,
        "uservisible": True,
        "component": None,
        "itemid": None,
        "modules": modules,
    }


class Modules:
    """What the course modules of a course are made of, read once for all of them."""

    def __init__(
        self, call: Call, assignments: Mapping[int, Assignment], quizzes: Mapping[int, Quiz], places: ToolPlaces
    ) -> None:
        self._call = call
        self.places = places
        self.assignments = assignments
        self.quizzes = quizzes
        self.links: dict[int, str] = {}

    @classmethod
    async def of(cls, call: Call, course_id: int) -> "Modules":
        """Read them."""
        session = call.session
        assignments = await session.scalars(select(Assignment).where(Assignment.course_id == course_id))
        quizzes = await session.scalars(select(Quiz).where(Quiz.course_id == course_id))
        places = await ToolPlaces.of(session, course_id)
        found = cls(call, {row.id: row for row in assignments}, {row.id: row for row in quizzes}, places)
        links = await session.scalars(select(ResourceLink).where(ResourceLink.course_id == course_id))
        found.links = {row.id: row.lti_id for row in links}
        return found

    def assignment(self, item: ModuleItem) -> Assignment | None:
        """The assignment, or the one that stands for the quiz."""
        if item.type == "Quiz":
            quiz = self.quizzes.get(item.content_id or 0)
            return self.assignments.get(quiz.assignment_id) if quiz is not None else None
        return self.assignments.get(item.content_id or 0) if item.type == "Assignment" else None

    def instance(self, item: ModuleItem) -> int:
        """The number of the activity itself, which is another than the module's."""
        link = self.links.get(item.resource_link_id or 0)
        return int(link) if link is not None and link.isdecimal() else item.content_id or item.id

    def rules(self, item: ModuleItem) -> list[str]:
        """What the activity wants before it is complete: work that is handed in, a quiz's grade."""
        if not self._call.account.has("completion") or self.assignment(item) is None:
            return []
        return ["completionusegrade" if item.type == "Quiz" else "completionsubmit"]

    def shown(self, item: ModuleItem) -> dict[str, Any]:
        """A course module."""
        kind, rules, assignment = _KINDS[item.type], self.rules(item), self.assignment(item)
        due = assignment.due_at if assignment is not None else None
        shown: dict[str, Any] = {
            "id": item.id,
            "url": f"{self._call.platform.settings.base_url}/mod/{kind}/view.php?id={item.id}",
            "name": escaped(item.title),
            "instance": self.instance(item),
            "contextid": item.id + 1000,
            "visible": int(item.published),
            "uservisible": True,
            "visibleoncoursepage": 1,
            "modname": kind,
            "modplural": kind,
            "availability": None,
            "indent": item.indent,
            "customdata": '""',
            "noviewlink": kind == "label",
            "completion": 2 if rules else 0,
            "downloadcontent": 1,
            "dates": [] if due is None else [{"label": "Due:", "timestamp": seconds(due), "dataid": "duedate"}],
            "groupmode": 0,
        }
        if kind == "label":
            del shown["url"]
        icon = self.places.icon(item.resource_link_id)
        if icon is not None:
            shown["modicon"] = icon
        if rules:
            shown["completiondata"] = completion_data(rules, None, tracked=False)
        return shown


def completion_data(rules: list[str], done_at: datetime | None, *, tracked: bool) -> dict[str, Any]:
    """Where somebody stands with an activity that is completed by itself."""
    done = done_at is not None
    return {
        "state": int(done),
        "timecompleted": seconds(done_at) or 0,
        "overrideby": None,
        "valueused": False,
        "hascompletion": True,
        "isautomatic": True,
        "istrackeduser": tracked,
        "uservisible": True,
        "details": [{"rulename": one, "rulevalue": {"status": int(done), "description": one}} for one in rules],
        "isoverallcomplete": done,
    }


async def module_items(session: AsyncSession, course_id: int) -> list[ModuleItem]:
    """The course modules in their order."""
    found = await session.scalars(
        select(ModuleItem)
        .join(Module, Module.id == ModuleItem.module_id)
        .where(ModuleItem.course_id == course_id)
        .order_by(Module.position, Module.id, ModuleItem.position, ModuleItem.id)
    )
    return list(found)


# --- People ------------------------------------------------------------------------------------------------------------


async def enrolled(call: Call) -> list[dict[str, Any]]:
    """``core_enrol_get_enrolled_users``, with the options ``userfields``, ``limitfrom`` and ``limitnumber``."""
    course, options = await call.course(), options_of(call.parameters["options"])
    call.account.demand("moodle/course:viewparticipants")
    fields = [one for one in options.get("userfields", "").split(",") if one]
    start, most = int(options.get("limitfrom", 0)), int(options.get("limitnumber", 0))
    rows = sorted(await roster(call.session, course.id), key=lambda row: row.person_id)
    page = rows[start : start + most] if most else rows[start:]
    groups: dict[int, list[dict[str, Any]]] = {}
    for group in await groups_of(call.session, course.id):
        for person in group.members:
            groups.setdefault(person.id, []).append(
                {"id": group.row.id, "name": group.row.name, "description": "", "descriptionformat": 1}
            )
    all_groups, everybody = call.account.may("moodle/site:accessallgroups"), call.account.may("moodle/user:viewdetails")
    return [
        # Who is in no group has no list of them; of who is, those are left out that the account may not see.
        _user(row, (groups[row.person_id] if all_groups else []) if row.person_id in groups else None, fields)
        for row in page
        # The course's contacts are there for anybody; others are left out of the page they would be on.
        if everybody or row.role == "teacher"
    ]


def _user(row: Enrolment, groups: list[dict[str, Any]] | None, fields: list[str]) -> dict[str, Any]:
    number, short = ROLES.get(row.role, (5, "student"))
    whole = {
        "firstname": row.person.given_name,
        "lastname": row.person.family_name,
        "groups": groups,
        "roles": [{"roleid": number, "name": "", "shortname": short, "sortorder": 0}],
    }
    # Who somebody is comes with every choice of fields (user/lib.php).
    kept = {name: value for name, value in whole.items() if value is not None and (not fields or name in fields)}
    return {"id": row.person_id, "fullname": row.person.name, **kept}


# --- Values ------------------------------------------------------------------------------------------------------------


def escaped(words: str) -> str:
    """A name as Moodle tells it: without elements, and with its ampersands written as HTML (``format_string``)."""
    return words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def seconds(moment: datetime | None) -> int | None:
    """A moment as Moodle tells it."""
    return None if moment is None else int(moment.timestamp())


FUNCTIONS = {
    "core_webservice_get_site_info": Function({}, site_info),
    "core_course_get_contents": Function({"courseid": (int, REQUIRED), "options": (list, [])}, contents),
    "core_enrol_get_enrolled_users": Function({"courseid": (int, REQUIRED), "options": (list, [])}, enrolled),
}
