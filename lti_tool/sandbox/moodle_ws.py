"""Moodle's web services over REST, as the sandbox answers them: one address for all functions, errors with status 200."""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from lti_tool.sandbox import moodle_competencies, moodle_contents, moodle_dates, moodle_gradebook
from lti_tool.sandbox.moodle_calls import Call, Function, nested
from lti_tool.sandbox.moodle_service import MoodleError, SwitchedOff, account_of, missing, not_in_service
from lti_tool.sandbox.platform import Platform, ThisPlatform

FUNCTIONS: Mapping[str, Function] = {
    **moodle_contents.FUNCTIONS,
    **moodle_gradebook.FUNCTIONS,
    **moodle_competencies.FUNCTIONS,
    **moodle_dates.FUNCTIONS,
}
_SETTINGS = frozenset(
    {
        "moodlewsrestformat",
        "moodlewssettingraw",
        "moodlewssettingfilter",
        "moodlewssettingfileurl",
        "moodlewssettinglang",
    }
)

router = APIRouter()


@router.api_route("/webservice/rest/server.php", methods=["GET", "POST"])
async def server(request: Request, platform: ThisPlatform) -> Response:
    """Call a function. What does not ask for JSON is answered with XML, which nobody here reads."""
    form = await request.form()
    pairs = [*request.query_params.multi_items(), *((name, str(value)) for name, value in form.multi_items())]
    given = dict(pairs)
    try:
        answer = await _answer(platform, given, pairs)
    except SwitchedOff:
        return Response(status_code=403)
    except MoodleError as error:
        answer = {"exception": error.exception, "errorcode": error.errorcode, "message": error.message}
    if given.get("moodlewsrestformat") != "json":
        return Response('<?xml version="1.0" encoding="UTF-8" ?>\n<RESPONSE/>', media_type="application/xml")
    return JSONResponse(answer)


async def _answer(platform: Platform, given: Mapping[str, str], pairs: list[tuple[str, str]]) -> Any:
    name = given.get("wsfunction", "")
    writes = name in FUNCTIONS and FUNCTIONS[name].writes
    async with platform.store.writing() if writes else platform.store.reading() as session:
        account = await account_of(session, given.get("wstoken", ""), FUNCTIONS)
        if name not in FUNCTIONS:
            raise missing("external_functions")
        if name not in account.functions:
            raise not_in_service()
        own = nested(pair for pair in pairs if pair[0] not in _SETTINGS | {"wstoken", "wsfunction"})
        function = FUNCTIONS[name]
        return await function.answer(Call(platform, session, account, function.read(own)))
