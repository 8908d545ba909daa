"""Reading frameworks as CASE 1.1 has it (``/ims/case/v1p1``): documents, packages, items, associations, definitions.

A school's frameworks hold nothing of any learner, but are the school's: they are read with the session of somebody who teaches
or administers, and show what that visit may see; or with a token (``lti.api_tokens``), and show what the school shares. Answers
and refusals have the specification's shapes.
"""

import math
import uuid
from collections.abc import Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from lti_tool.competencies import case_queries
from lti_tool.competencies import framework_queries as queries
from lti_tool.competencies.case_export import Exporter
from lti_tool.competencies.models import Framework
from lti_tool.competencies.reading.case import DOCUMENT_FIELDS
from lti_tool.courses.rules import TEACHING
from lti_tool.errors import BadRequest, NotAllowed, NotFound, ToolError
from lti_tool.lti import api_tokens
from lti_tool.lti.sessions import current_visit
from lti_tool.web.dependencies import CurrentDatabase, CurrentSettings, Now
from lti_tool.web.errors import as_tool_error
from lti_tool.web.pages import say

PAGE = 100
"""Documents of one answer, unless asked for otherwise."""
MOST = 1000

_SORTS = ("title", "lastChangeDateTime", "identifier", "creator")
_SETS = ("CFConcepts", "CFSubjects", "CFItemTypes")
_SINGLE = ("CFLicenses", "CFAssociationGroupings")


class CaseQuery(BadRequest):
    """A parameter of a list that is not understood. ``code`` is the specification's codeMinor, with hyphens."""

    code = "invalid-selection-field"


class NoCaseObject(NotFound):
    """No object with this identifier, or none that may be seen."""

    code = "unknown-object"


class CaseRoute(APIRoute):
    """A route that refuses in the specification's words (``imsx_StatusInfo``)."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """FastAPI's handler, its errors answered here."""
        handler = super().get_route_handler()

        async def handle(request: Request) -> Response:
            try:
                return await handler(request)
            except (ToolError, HTTPException, RequestValidationError) as error:
                return _status_info(request, as_tool_error(error))

        return handle


router = APIRouter(prefix="/ims/case/v1p1", route_class=CaseRoute)


@dataclass(frozen=True, slots=True)
class CaseReader:
    """Who reads: a school, and the course whose own frameworks are seen besides what the school shares, if any."""

    organisation_id: uuid.UUID
    course_id: uuid.UUID | None


async def _reader(request: Request, database: CurrentDatabase, clock: Now) -> CaseReader:
    secret = api_tokens.sent_with(request)
    if secret is not None:
        return CaseReader(await api_tokens.school_of(database, clock, secret), None)
    visit = await current_visit(request)
    if visit.role not in TEACHING and not visit.administers:
        raise NotAllowed(f"the role is {visit.role}")
    return CaseReader(visit.organisation_id, visit.course_id)


Reader = Annotated[CaseReader, Depends(_reader)]
"""A token that an administrator made, or the visit of somebody who teaches or administers."""


@router.get("/CFDocuments", name="case_documents")
async def documents(request: Request, reader: Reader, database: CurrentDatabase, settings: CurrentSettings) -> Response:
    """All frameworks (``CFDocumentSet``), by ``limit``, ``offset``, ``sort``, ``orderBy`` and ``fields``."""
    asked = request.query_params
    limit = _number(asked.get("limit"), PAGE, least=1)
    offset = _number(asked.get("offset"), 0, least=0)
    fields = [one for one in asked.get("fields", "").split(",") if one.strip()]
    unknown = [one for one in fields if one.strip() not in DOCUMENT_FIELDS]
    if unknown or asked.get("filter"):
        raise CaseQuery("fields or filter", title="Unknown field", advice="A field is not known, or filter was used.")
    async with database.reading() as session:
        every = await queries.frameworks(session, reader.organisation_id, reader.course_id)
        found = [Exporter(one, (), (), settings.base_url).document() for one in every]
    _sort(found, asked.get("sort"), asked.get("orderBy", "asc"))
    some = [_selected(one, fields) for one in found[offset : offset + min(limit, MOST)]]
    headers = {"X-Total-Count": str(len(found))}
    links = _links(request, settings.base_url, min(limit, MOST), offset, len(found))
    if links:
        headers["Link"] = links
    return JSONResponse({"CFDocuments": some}, headers=headers)


@router.get("/CFDocuments/{identifier}", name="case_document")
async def document(identifier: str, reader: Reader, database: CurrentDatabase, settings: CurrentSettings) -> Response:
    """A framework (``CFDocument``)."""
    async with database.reading() as session:
        framework = await _framework(session, reader, identifier)
        return JSONResponse(Exporter(framework, (), (), settings.base_url).document())


@router.get("/CFPackages/{identifier}", name="case_package")
async def package(identifier: str, reader: Reader, database: CurrentDatabase, settings: CurrentSettings) -> Response:
    """A framework with everything in it (``CFPackage``)."""
    async with database.reading() as session:
        exporter = await _exporter(session, await _framework(session, reader, identifier), settings.base_url)
    return JSONResponse(exporter.package())


@router.get("/CFItems/{identifier}", name="case_item")
async def item(identifier: str, reader: Reader, database: CurrentDatabase, settings: CurrentSettings) -> Response:
    """A competency (``CFItem``); one that its source has dropped says since when."""
    async with database.reading() as session:
        found = await case_queries.competency(
            session, reader.organisation_id, reader.course_id, identifier, _as_uuid(identifier)
        )
        if found is None:
            raise NoCaseObject("no such item")
        framework, competency = found
        written = Exporter(framework, [competency], (), settings.base_url).item(competency)
    if competency.retired_at is not None:
        written["statusEndDate"] = competency.retired_at.date().isoformat()
    return JSONResponse(written)


@router.get("/CFItemAssociations/{identifier}", name="case_item_associations")
async def item_associations(
    identifier: str, reader: Reader, database: CurrentDatabase, settings: CurrentSettings
) -> Response:
    """A competency with every association that it is an end of (``CFAssociationSet``)."""
    async with database.reading() as session:
        found = await case_queries.competency(
            session, reader.organisation_id, reader.course_id, identifier, _as_uuid(identifier)
        )
        if found is None:
            raise NoCaseObject("no such item")
        framework, competency = found
        exporter = await _exporter(session, framework, settings.base_url)
    written = exporter.item(competency)
    ends = ("originNodeURI", "destinationNodeURI")
    touching = [
        {name: value for name, value in one.items() if name != "CFDocumentURI"}
        for one in exporter.associations()
        if any(_identifier_of(one.get(end)) == written["identifier"] for end in ends)
    ]
    return JSONResponse({"CFItem": written, "CFAssociations": touching})


@router.get("/CFAssociations/{identifier}", name="case_association")
async def association(
    identifier: str, reader: Reader, database: CurrentDatabase, settings: CurrentSettings
) -> Response:
    """One association (``CFAssociation``)."""
    as_uuid = _as_uuid(identifier)
    async with database.reading() as session:
        holding = await case_queries.framework_of_association(
            session, reader.organisation_id, reader.course_id, identifier, as_uuid
        )
        exporters = [await _exporter(session, one, settings.base_url) for one in holding]
    for exporter in exporters:
        for one in exporter.associations():
            if one.get("identifier") == identifier:
                return JSONResponse(one)
    raise NoCaseObject("no such association")


@router.get("/CFConcepts/{identifier}", name="case_concept")
@router.get("/CFSubjects/{identifier}", name="case_subject")
@router.get("/CFItemTypes/{identifier}", name="case_item_type")
@router.get("/CFLicenses/{identifier}", name="case_license")
@router.get("/CFAssociationGroupings/{identifier}", name="case_association_grouping")
@router.get("/CFRubrics/{identifier}", name="case_rubric")
async def definition(
    request: Request, identifier: str, reader: Reader, database: CurrentDatabase, settings: CurrentSettings
) -> Response:
    """A definition or rubric that a source has given along. Concepts, subjects and item types come as sets, the others alone."""
    kind = request.url.path.split("/")[-2]
    _as_uuid(identifier)
    async with database.reading() as session:
        every = await queries.frameworks(session, reader.organisation_id, reader.course_id)
        packages = [Exporter(one, (), (), settings.base_url).package() for one in every]
    for one in packages:
        listed = one.get("CFRubrics", []) if kind == "CFRubrics" else one.get("CFDefinitions", {}).get(kind, [])
        for each in listed if isinstance(listed, list) else []:
            if _identifier_of(each) == identifier:
                return JSONResponse({kind: [each]} if kind in _SETS else each)
    raise NoCaseObject("no such definition")


# --- Parts --------------------------------------------------------------------------------------------------------------


async def _framework(session: AsyncSession, reader: CaseReader, identifier: str) -> Framework:
    found = await case_queries.framework(
        session, reader.organisation_id, reader.course_id, identifier, _as_uuid(identifier)
    )
    if found is None:
        raise NoCaseObject("no such document")
    return found


async def _exporter(session: AsyncSession, framework: Framework, base_url: str) -> Exporter:
    return Exporter(
        framework,
        await queries.competencies(session, framework.organisation_id, framework.id),
        await queries.links(session, framework.organisation_id, framework.id),
        base_url,
    )


def _as_uuid(identifier: str) -> uuid.UUID:
    try:
        return uuid.UUID(identifier)
    except ValueError:
        raise NoCaseObject("no UUID", code="invalid-uuid") from None


def _identifier_of(value: Any) -> Any:
    return value.get("identifier") if isinstance(value, dict) else None


def _number(value: str | None, usual: int, *, least: int) -> int:
    if value is None or value == "":
        return usual
    if not (value.isascii() and value.isdigit() and len(value) < 10 and int(value) >= least):
        raise CaseQuery("limit or offset", title="Wrong number", advice="limit and offset are whole numbers.")
    return int(value)


def _sort(found: list[dict[str, Any]], by: str | None, order: str) -> None:
    if not by:
        return
    if by not in _SORTS or order not in {"asc", "desc"}:
        raise CaseQuery(
            "sort", code="invalid-sort-field", title="Unknown sort field", advice="Sort by " + ", ".join(_SORTS) + "."
        )
    found.sort(key=lambda one: str(one.get(by, "")).casefold(), reverse=order == "desc")


def _selected(one: Mapping[str, Any], fields: Iterable[str]) -> dict[str, Any]:
    wanted = {field.strip() for field in fields}
    return {name: value for name, value in one.items() if not wanted or name in wanted}


def _links(request: Request, base_url: str, limit: int, offset: int, total: int) -> str:
    """The ``Link`` header (RFC 8288): first, last, and where there are any, prev and next."""
    if total <= limit and offset == 0:
        return ""
    others = [(name, value) for name, value in request.query_params.multi_items() if name not in {"limit", "offset"}]

    def link(at: int, relation: str) -> str:
        query = urlencode([*others, ("limit", str(limit)), ("offset", str(at))])
        return f'<{base_url.rstrip("/")}{request.url.path}?{query}>; rel="{relation}"'

    last = max(math.ceil(total / limit) - 1, 0) * limit
    found = [link(0, "first"), link(last, "last")]
    if offset + limit < total:
        found.append(link(offset + limit, "next"))
    if offset > 0:
        found.append(link(max(offset - limit, 0), "prev"))
    return ", ".join(found)


_MINOR = {401: "unauthorisedrequest", 403: "forbidden", 404: "unknownobject", 400: "invalid_selection_field"}


def _status_info(request: Request, error: ToolError) -> Response:
    """A refusal as CASE 1.1 has it."""
    title, advice = say(request, error)
    minor = _MINOR.get(error.status, "internal_server_error")
    if error.code in {"invalid-uuid", "invalid-sort-field"}:
        minor = error.code.replace("-", "_")
    body = {
        "imsx_codeMajor": "failure",
        "imsx_severity": "error",
        "imsx_description": f"{title}. {advice}",
        "imsx_codeMinor": {
            "imsx_codeMinorField": [{"imsx_codeMinorFieldName": "TargetEndSystem", "imsx_codeMinorFieldValue": minor}]
        },
    }
    return JSONResponse(body, error.status)
