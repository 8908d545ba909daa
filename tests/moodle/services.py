"""Moodle's gradebook and roster services, as Moodle 4.5.6 was seen to answer."""

import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import httpx

ITEM = "application/vnd.ims.lis.v2.lineitem+json"
ITEMS = "application/vnd.ims.lis.v2.lineitemcontainer+json"
SCORE = "application/vnd.ims.lis.v1.score+json"
RESULTS = "application/vnd.ims.lis.v2.resultcontainer+json"
MEMBERS = "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"
OLD_MEMBERS = "application/vnd.ims.lis.v2.membershipcontainer+json"

_VOCABULARY = "http://purl.imsglobal.org/vocab/lis/v2/"


class Scope(StrEnum):
    """What a token can be good for."""

    ITEM = "https://purl.imsglobal.org/spec/lti-ags/scope/lineitem"
    ITEM_READ = "https://purl.imsglobal.org/spec/lti-ags/scope/lineitem.readonly"
    RESULT = "https://purl.imsglobal.org/spec/lti-ags/scope/result.readonly"
    SCORE = "https://purl.imsglobal.org/spec/lti-ags/scope/score"
    MEMBERS = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"


@dataclass
class User:
    """Somebody with an account. ``kind`` is student, teacher, assistant (non-editing teacher) or admin (of the site)."""

    id: str
    given: str
    family: str
    kind: str = "student"
    enrolled: bool = True
    suspended: bool = False

    @property
    def name(self) -> str:
        """The whole name."""
        return f"{self.given} {self.family}"

    @property
    def username(self) -> str:
        """What they sign in with."""
        return f"{self.kind}{self.id}"

    @property
    def email(self) -> str:
        """Where they get mail."""
        return f"{self.username}@school.example"

    @property
    def launch_roles(self) -> list[str]:
        """Full URIs. A non-editing teacher is an instructor here."""
        if self.kind == "admin":
            return [
                f"{_VOCABULARY}institution/person#Administrator",
                f"{_VOCABULARY}membership#Instructor",
                f"{_VOCABULARY}system/person#Administrator",
            ]
        return [f"{_VOCABULARY}membership#{'Learner' if self.kind == 'student' else 'Instructor'}"]

    @property
    def listed_role(self) -> str:
        """A short name. A non-editing teacher is a learner here."""
        return "Instructor" if self.kind == "teacher" else "Learner"

    @property
    def gradable(self) -> bool:
        """Whether the gradebook has a line for them."""
        return self.kind == "student" and self.enrolled and not self.suspended


Users = dict[str, User]


@dataclass
class Grade:
    """A student's grade in a column, in the column's points; ``at`` in whole seconds."""

    points: float | None
    at: int
    comment: str = ""


@dataclass
class Column:
    """A grade item: an activity's own when ``link`` is there."""

    id: int
    label: str
    maximum: float
    resource_id: str = ""
    tag: str = ""
    link: str | None = None
    own: bool = False
    grades: dict[str, Grade] = field(default_factory=dict)


@dataclass
class Gradebook:
    """The services of one course, for the tool of one type."""

    root: str
    course: str
    type_id: str
    users: Users
    shares_names: bool = True
    columns: dict[int, Column] = field(default_factory=dict)
    links: set[str] = field(default_factory=set)

    def add_column(self, label: str, maximum: float, link: str) -> Column:
        """An activity's own column, made when a teacher adds the activity."""
        self.links.add(link)
        column = Column(36 + len(self.columns), label, float(maximum), link=link, own=True)
        self.columns[column.id] = column
        return column

    def only_column_of(self, link: str) -> Column | None:
        """The activity's column, if it has exactly one."""
        found = [column for column in self.columns.values() if column.link == link]
        return found[0] if len(found) == 1 else None

    def address(self, column: Column, *, beneath: str = "") -> str:
        """A column's address, its type in the query."""
        services = f"{self.root}/mod/lti/services.php"
        return f"{services}/{self.course}/lineitems/{column.id}/lineitem{beneath}?type_id={self.type_id}"

    # --- Answers ------------------------------------------------------------------------------------------------------

    def answer(self, request: httpx.Request, scopes: tuple[str, ...]) -> httpx.Response:
        """Find what serves the address with these media types, check the token, and let it answer."""
        path = request.url.path.removeprefix("/mod/lti/services.php")
        query = dict(request.url.params)
        for pattern, formats, needed in _RESOURCES:
            found = re.fullmatch(pattern, path)
            if found is None or not _speaks(request, formats):
                continue
            allowed = any(scope in scopes for scope in needed(request.method))
            if not allowed or query.get("type_id", self.type_id) != self.type_id:
                return refused(request, 401, "Unauthorized")
            course = found["course"]
            if course != self.course:
                return refused(request, 404, f"Not Found: Course {course} doesn't exist")
            if formats[0] == MEMBERS:
                return self._members(request, query)
            return self._container(request, query) if formats[0] == ITEMS else self._beneath(request, found["item"])
        kind = request.headers.get("accept" if request.method == "GET" else "content-type", "")
        return refused(request, 400, f"No handler found for {path} {kind}")

    def _beneath(self, request: httpx.Request, item: str) -> httpx.Response:
        """A column, its scores or its results."""
        column = self.columns.get(int(item))
        if column is None:
            return refused(request, 404, f"Not Found: Grade item {item} doesn't exist")
        if request.url.path.endswith("/scores"):
            return self._score(request, column)
        if request.url.path.endswith("/results"):
            return self._results(request, column, dict(request.url.params))
        return self._item(request, column)

    def _container(self, request: httpx.Request, query: dict[str, str]) -> httpx.Response:
        if request.method == "POST":
            return self._create(request)
        if ITEMS not in request.headers.get("accept", ITEMS):
            return refused(request, 400, "No context or unsupported content type")
        wanted = {"resource_id": "resourceId", "tag": "tag", "resource_link_id": "resourceLinkId"}
        items = [self._said(column) for column in self.columns.values()]
        for name, member in wanted.items():
            items = [item for item in items if not query.get(name) or item.get(member) == query[name]]
        if "limit" not in query:
            return answered(items, ITEMS)
        limit, start = int(query["limit"]), int(query.get("from", 0))
        base = f"{self.root}{request.url.path}?type_id={self.type_id}&amp;limit={limit}&amp;from="
        links = [f"<{base}0>; rel=“first”", f"<{base}{start}>; rel=“canonical”"]
        if start + limit < len(items):
            links.append(f"<{base}{start + limit}>; rel=“next”")
        links.append(f"<{base}{len(items)}>; rel=“last”")
        return answered(items[start : start + limit], ITEMS, link=", ".join(links))

    def _create(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content)
        if not body.get("label") or "scoreMaximum" not in body:
            return refused(request, 400, "No label or Score Maximum")
        link = body.get("resourceLinkId")
        if link is not None and link not in self.links:
            return refused(request, 403, "Forbidden")
        column = Column(
            36 + len(self.columns),
            body["label"],
            float(body["scoreMaximum"]),
            body.get("resourceId", ""),
            body.get("tag", ""),
            link,
        )
        self.columns[column.id] = column
        # What came, back again: dates as well, which are not kept.
        return answered(body | {"id": self.address(column)}, ITEM, status=201)

    def _item(self, request: httpx.Request, column: Column) -> httpx.Response:
        if request.method == "GET":
            return answered(self._said(column), ITEM)
        if request.method == "DELETE":
            del self.columns[column.id]
            return httpx.Response(204, headers={"Content-Type": "text/html; charset=utf-8"})
        if request.method == "PUT":
            return self._replace(request, column)
        return refused(request, 405, "Method Not Allowed")

    def _replace(self, request: httpx.Request, column: Column) -> httpx.Response:
        """What is left out is cleared; another maximum takes the grades with it."""
        body = json.loads(request.content)
        if not body.get("label") or "scoreMaximum" not in body:
            return refused(request, 400, "No label or Score Maximum")
        maximum = float(body["scoreMaximum"])
        for grade in column.grades.values():
            if grade.points is not None:
                grade.points = grade.points / column.maximum * maximum
        column.label, column.maximum = body["label"], maximum
        column.resource_id, column.tag = body.get("resourceId", ""), body.get("tag", "")
        column.link = body.get("resourceLinkId")
        return answered(body | {"id": self.address(column)}, ITEM)

    def _said(self, column: Column) -> dict[str, Any]:
        maximum = int(column.maximum) if column.maximum.is_integer() else column.maximum
        said: dict[str, Any] = {"id": self.address(column), "label": column.label, "scoreMaximum": maximum}
        said |= {"resourceId": column.resource_id, "tag": column.tag}
        return said | ({"resourceLinkId": column.link, "ltiLinkId": column.link} if column.link else {})

    def _score(self, request: httpx.Request, column: Column) -> httpx.Response:
        if request.method != "POST":
            return refused(request, 405, "Method Not Allowed")
        text = request.content.decode()
        body = json.loads(text)
        user = self.users.get(str(body.get("userId")))
        needed = ("timestamp", "gradingProgress", "activityProgress")
        given, out_of = body.get("scoreGiven"), body.get("scoreMaximum")
        if (
            user is None
            or not user.gradable
            or any(not body.get(name) for name in needed)
            or (given is not None and out_of is None)
        ):
            return answered([], SCORE, status=400, reason=f"Incorrect score received{text}")
        at = int(datetime.fromisoformat(body["timestamp"]).astimezone(UTC).timestamp())
        before = column.grades.get(user.id)
        if before is not None and before.at >= at:
            why = f"Refusing score with an earlier timestamp for item {column.id} and user {user.id}"
            return answered([], SCORE, status=409, reason=why)
        comment = body.get("comment", "")
        if given is None or body["gradingProgress"] != "FullyGraded":
            if column.own:
                column.grades.pop(user.id, None)
            else:
                column.grades[user.id] = Grade(None, at, comment)
        else:
            share = given / out_of if out_of else 0.0
            column.grades[user.id] = Grade(round(min(max(share, 0.0), 1.0) * column.maximum, 5), at, comment)
        return httpx.Response(200, headers={"Content-Type": f"{SCORE}; charset=utf-8"})

    def _results(self, request: httpx.Request, column: Column, query: dict[str, str]) -> httpx.Response:
        if "limit" in query:
            return httpx.Response(404, html="<!DOCTYPE html><html><title>Error | TM</title></html>")
        found = []
        for user_id, grade in column.grades.items():
            if query.get("user_id", user_id) != user_id or grade.points == 0:
                continue
            address = self.address(column, beneath="/results")
            said: dict[str, Any] = {"id": f"{address}&user_id={user_id}", "userId": user_id}
            if grade.points is not None:
                said |= {"resultScore": grade.points, "resultMaximum": column.maximum}
                said |= {"comment": grade.comment} if grade.comment else {}
                said |= {
                    "scoreOf": self.address(column),
                    "timestamp": datetime.fromtimestamp(grade.at, UTC).isoformat(),
                }
            found.append(said)
        return answered(found, RESULTS)

    def _members(self, request: httpx.Request, query: dict[str, str]) -> httpx.Response:
        wanted = query.get("role", "").rpartition("#")[2]
        members = [
            self._member(user)
            for user in sorted(self.users.values(), key=lambda user: user.family)
            # An administrator of the site is nobody in the course.
            if user.kind != "admin" and user.enrolled and not user.suspended and wanted in ("", user.listed_role)
        ]
        address = f"{self.root}{request.url.path}"
        link = None
        if "limit" in query:
            limit, start = int(query["limit"]), int(query.get("from", 0))
            if start + limit < len(members):
                # The role that was asked for is forgotten.
                link = f'<{address}?limit={limit}&from={start + limit}>; rel="next"'
            members = members[start : start + limit]
        context = {"id": self.course, "label": "ALG1", "title": "Algebra 1"}
        return answered({"id": address, "context": context, "members": members}, MEMBERS, link=link)

    def _member(self, user: User) -> dict[str, Any]:
        said = {"status": "Active", "roles": [user.listed_role], "user_id": user.id, "lis_person_sourcedid": ""}
        if self.shares_names:
            said |= {"name": user.name, "given_name": user.given, "family_name": user.family, "email": user.email}
            said |= {"ext_user_username": user.username}
        return said


def _item_scopes(method: str) -> tuple[str, ...]:
    return (Scope.ITEM, Scope.ITEM_READ) if method == "GET" else (Scope.ITEM,)


_RESOURCES = (
    (r"/(?P<course>\d+)/lineitems", (ITEMS, ITEM), _item_scopes),
    (r"/(?P<course>\d+)/lineitems/(?P<item>\d+)/lineitem", (ITEM,), _item_scopes),
    (r"/(?P<course>\d+)/lineitems/(?P<item>\d+)/lineitem/results", (RESULTS,), lambda _method: (Scope.RESULT,)),
    (r"/(?P<course>\d+)/lineitems/(?P<item>\d+)/lineitem/scores", (SCORE,), lambda _method: (Scope.SCORE,)),
    (
        r"/CourseSection/(?P<course>\d+)/bindings/\d+/memberships",
        (MEMBERS, OLD_MEMBERS),
        lambda _method: (Scope.MEMBERS,),
    ),
)


def _speaks(request: httpx.Request, formats: tuple[str, ...]) -> bool:
    """Whether a resource takes a request: Accept of what is read, Content-Type of what is written, exactly or ``*/*``."""
    if request.method == "DELETE":
        return True
    if request.method == "GET":
        accept = request.headers.get("accept", "")
        return not accept or "*/*" in accept or accept in formats
    return request.headers.get("content-type", "").partition(";")[0] in formats


def answered(
    body: object, media: str, *, status: int = 200, reason: str | None = None, link: str | None = None
) -> httpx.Response:
    """JSON of a media type."""
    headers = [(b"content-type", f"{media}; charset=utf-8".encode())]
    if link is not None:
        headers.append((b"link", link.encode()))
    extensions = {"reason_phrase": reason.encode()} if reason else {}
    content = json.dumps(body, ensure_ascii=False).encode()
    return httpx.Response(status, headers=headers, content=content, extensions=extensions)


def refused(request: httpx.Request, status: int, reason: str) -> httpx.Response:
    """An error of the service: no WWW-Authenticate, the reason in the status line and in the body."""
    body = {
        "status": status,
        "reason": reason,
        "request": {
            "method": request.method,
            "url": request.url.raw_path.decode(),
            "accept": request.headers.get("accept", ""),
            "contentType": request.headers.get("content-type", ""),
        },
    }
    return answered(body, "application/json", status=status, reason=reason)
