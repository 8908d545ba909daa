"""The administrator's page for trouble: slow, failing, with a wrong clock, with new keys.

``/_control/…`` does the same for tests.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from sqlalchemy import delete
from starlette.responses import HTMLResponse, Response

from lti_tool.sandbox.admin_pages import Administrator
from lti_tool.sandbox.behaviour import ANY, ENDPOINTS, Behaviour, Throttling
from lti_tool.sandbox.canvas_keys import end_tokens_of
from lti_tool.sandbox.models import AccessToken
from lti_tool.sandbox.platform import Platform, ThisPlatform
from lti_tool.sandbox.view import from_own_pages, points, render, see_other

router = APIRouter(prefix="/admin/trouble", default_response_class=HTMLResponse)
TROUBLE = "/admin/trouble"
FRAME = "post_message_forwarding"
"""The name of the frame that keeps values for tools; it is Canvas's."""

NAMES = {
    ANY: "Every endpoint",
    "authorize": "Sign-in (authorization)",
    "jwks": "The LMS's key set",
    "token": "Service tokens",
    "line_items": "Columns (line items)",
    "line_item": "One column",
    "scores": "Scores",
    "results": "Results",
    "memberships": "Roster",
    "groups": "Groups",
    "group_sets": "Group sets",
    "configuration": "Description for registrations",
    "registrations": "Registrations",
    "notice_handlers": "Asking for notices",
    "api": "REST interface",
}
FAILURES = {
    "500": "500, an error of the LMS",
    "429": "429, too many calls",
    "503": "503, out of order",
    "401": "401, not known",
}
CLOCKS = {"0": "Right", "45": "45 seconds ahead", "-45": "45 seconds behind"}
LATENCIES = {"0": "At once", "2": "After 2 seconds", "12": "After 12 seconds", "60": "After a minute"}
STORAGE = {"": "Nowhere", "_parent": "In the page around the tool", FRAME: "In a frame of its own, as on Canvas"}
KINDS = {
    "status": "The status below",
    "html": "A page of HTML that says 200",
    "broken": "An answer that breaks off",
    "hang": "Nothing, until the caller gives up",
}
FEW_CALLS = (100.0, 40.0)
"""A bucket of this size, and what each call costs: three calls fill it, and it leaks ten a second."""

LIMITS = {"usual": "As usual", "403": "After a few calls: 403 with words", "429": "After a few calls: 429"}
RIGHTS = {"401": "401, as documented", "403": "403, as newer versions"}
PICKS = {
    "ltiResourceLink": "Links that launch the tool",
    "link": "Plain addresses only",
    "ltiResourceLink link": "Both",
}


@router.get("")
async def page(request: Request, platform: ThisPlatform, person: Administrator, done: str = "") -> HTMLResponse:
    """What is out of the ordinary now, and what can be."""
    behaviour = platform.behaviour
    keys = (await platform.keys.public())["keys"]
    return render(
        request,
        "trouble.html",
        person=person,
        behaviour=behaviour,
        unusual=list(_unusual(behaviour)),
        names=NAMES,
        endpoints=[ANY, *ENDPOINTS],
        failures=FAILURES,
        kinds=KINDS,
        limits=LIMITS,
        limit=_limit(behaviour),
        rights=RIGHTS,
        clocks=CLOCKS,
        latencies=LATENCIES,
        storage=STORAGE,
        picks=PICKS,
        clock=_clock(behaviour),
        keys=[key["kid"] for key in keys],
        done=DONE.get(done),
    )


def _limit(behaviour: Behaviour) -> str:
    return "usual" if behaviour.throttle == Throttling() else str(behaviour.throttle.status)


def _clock(behaviour: Behaviour) -> str:
    return f"{behaviour.clock_offset.total_seconds():.0f}"


def _unusual(behaviour: Behaviour) -> Iterator[str]:
    """What is out of the ordinary now, in sentences."""
    for endpoint, seconds in behaviour.latency.items():
        if seconds:
            yield f"{NAMES[endpoint]}: answers after {points(seconds)} seconds"
    for failure in behaviour.failures:
        how = f"fail with {failure.status}" if failure.kind == "status" else f"get this: {KINDS[failure.kind].lower()}"
        yield f"{NAMES[failure.endpoint]}: the next {failure.times} {how}"
    clock = _clock(behaviour)
    if clock != "0":
        yield f"The clock is {CLOCKS.get(clock, clock + ' seconds off').lower()}"
    if behaviour.throttle != Throttling():
        yield f"The rate limit is reached after a few calls, and answered with {behaviour.throttle.status}"
    if behaviour.forbidden_status != 401:
        yield f"Who lacks a right in the REST interface is answered {behaviour.forbidden_status}"
    if behaviour.refuses_tokens:
        yield "No service token is given or taken"


DONE = {
    "saved": "This is how the LMS behaves now.",
    "failing": "The next calls fail.",
    "keys": "The LMS signs with a new key.",
    "tokens": "Every service token has ended.",
    "persons": "Every token that persons gave has ended.",
    "ordinary": "The LMS behaves ordinarily again.",
}


@router.post("", dependencies=[Depends(from_own_pages)])
async def change(
    request: Request,
    platform: ThisPlatform,
    person: Administrator,
    what: Annotated[str, Form()],
) -> Response:
    """One of the page's forms, by the name of its button."""
    form = {name: str(value) for name, value in (await request.form()).items()}
    done = await _do(platform, what, form)
    return see_other(f"{TROUBLE}?done={done}" if done else TROUBLE)


async def _do(platform: Platform, what: str, form: dict[str, str]) -> str:
    """Do what a form asks; gives a word of ``DONE``, empty where it asked for nothing that there is."""
    behaviour = platform.behaviour
    done = ""
    match what:
        case "slow" if form.get("endpoint") in NAMES and form.get("seconds") in LATENCIES:
            behaviour.latency[form["endpoint"]] = float(form["seconds"])
            done = "saved"
        case "fail" if form.get("endpoint") in NAMES and form.get("status") in FAILURES:
            _fail(behaviour, form)
            done = "failing"
        case "habits":
            _habits(behaviour, form)
            done = "saved"
        case "keys":
            await platform.keys.rotate(forget_old=form.get("old") == "gone")
            done = "keys"
        case "tokens":
            await end_tokens(platform)
            done = "tokens"
        case "persons":
            async with platform.store.writing() as session:
                await end_tokens_of(session)
            done = "persons"
        case "ordinary":
            behaviour.reset()
            done = "ordinary"
    return done


def _fail(behaviour: Behaviour, form: dict[str, str]) -> None:
    times, wait = form.get("times", ""), form.get("retry_after", "")
    behaviour.fail_next(
        form["endpoint"],
        int(form["status"]),
        times=int(times) if times.isdecimal() and 0 < len(times) < 7 and int(times) else 1,
        retry_after=int(wait) if wait.isdecimal() and len(wait) < 7 else None,
        after=form.get("after") == "yes",
        kind=form["kind"] if form.get("kind") in KINDS else "status",
    )


def _habits(behaviour: Behaviour, form: dict[str, str]) -> None:
    """The form of habits: a box that is not ticked does not come."""
    if form.get("clock") in CLOCKS:
        behaviour.clock_offset = timedelta(seconds=int(form["clock"]))
    if form.get("storage") in STORAGE:
        behaviour.storage_target = form["storage"] or None
    if form.get("picks") in PICKS:
        behaviour.picks_accept = tuple(form["picks"].split())
    if form.get("limit") in LIMITS:
        behaviour.throttle.reset()
        if form["limit"] != "usual":
            behaviour.throttle.limit, behaviour.throttle.cost = FEW_CALLS
            behaviour.throttle.status = int(form["limit"])
    if form.get("rights") in RIGHTS:
        behaviour.forbidden_status = int(form["rights"])
    behaviour.message_hints_work_once = form.get("hints") == "once"
    behaviour.refuses_tokens = form.get("refuse") == "yes"
    behaviour.registration_names_deployment = form.get("deployment") == "yes"


async def end_tokens(platform: Platform) -> None:
    """End every service token that was given."""
    async with platform.store.writing() as session:
        await session.execute(delete(AccessToken))
