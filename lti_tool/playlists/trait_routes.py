"""A teacher's page of what is said about items beside the platform: minutes, topics, languages, and other forms."""

import uuid
from enum import StrEnum
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from lti_tool.content import rules, traits
from lti_tool.content import service as content
from lti_tool.content.reading import read_contents
from lti_tool.content.traits import Change, Trait
from lti_tool.courses.access import InCourse, TeacherChanging, TeacherIn
from lti_tool.courses.models import Course
from lti_tool.errors import NotFound, ToolError
from lti_tool.jobs import nudge_after_commit
from lti_tool.learners.models import Support
from lti_tool.mastery import versions
from lti_tool.playlists.replanning import PLAN
from lti_tool.web.dependencies import CurrentDatabase, CurrentPages, Now
from lti_tool.web.forms import Entered, parsed
from lti_tool.web.i18n import N_
from lti_tool.web.pages import language_of
from lti_tool.web.replies import said_in, see, trouble_notice

router = APIRouter(prefix="/courses/{course_id}/content/traits")

AT_ONCE = 200
"""Items on one page; a larger course is searched."""

Search = Annotated[str, Query(max_length=200)]


class Said(StrEnum):
    """What the page says after a form."""

    SAVED = "saved"
    UNCHANGED = "unchanged"


_SENTENCES = {
    Said.SAVED: N_("Saved. Paths are planned with it from now on."),
    Said.UNCHANGED: N_("That is how it was already; nothing was changed."),
}


def traits_address(course: Course) -> str:
    """The page of a course's item traits."""
    return f"/courses/{course.id}/content/traits"


@router.get("", name="traits")
async def listed(
    request: Request,
    here: TeacherIn,
    database: CurrentDatabase,
    pages: CurrentPages,
    q: Search = "",
    item: uuid.UUID | None = None,
) -> Response:
    """The course's items with what is said about them; ``item`` is one to be changed."""
    await read_contents(request, here, asked=False)
    return await _page(request, here, database, pages, q=q, one=item)


async def _page(
    request: Request,
    here: InCourse,
    database: CurrentDatabase,
    pages: CurrentPages,
    *,
    q: str = "",
    one: uuid.UUID | None = None,
    entered: Entered | None = None,
    ticked: frozenset[uuid.UUID] = frozenset(),
    trouble: ToolError | None = None,
    status_code: int = 200,
) -> Response:
    async with database.reading() as session:
        every = [
            found
            for found in await content.items(session, here.organisation_id, here.course.id)
            if traits.can_have_traits(found)
        ]
        known = await traits.of_course(session, here.organisation_id, here.course.id)
    by_id = {found.id: found for found in every}
    wanted = rules.matching(every, q)
    if one is not None and one not in by_id:
        raise NotFound("no such item in this course")
    forms: dict[uuid.UUID, list[uuid.UUID]] = {}
    for item_id, trait in known.items():
        if trait.variant_of is not None and item_id in by_id:
            forms.setdefault(trait.variant_of, []).append(item_id)
    said = said_in(request, Said)
    notice = None if said is None else {"tone": "success", "text": language_of(request).gettext(_SENTENCES[said])}
    context: dict[str, Any] = {
        "items": wanted[:AT_ONCE],
        "found": len(wanted),
        "more": len(wanted) > AT_ONCE,
        "total": len(every),
        "by_id": by_id,
        "known": known,
        "nothing": Trait(),
        "forms": forms,
        "topics": traits.topics_in_use(known),
        "can_have_forms": [other for other in every if not known.get(other.id, Trait()).is_form and other.id != one],
        "supports": list(Support),
        "one": by_id.get(one) if one else None,
        "trait": known.get(one, Trait()) if one else Trait(),
        "ticked": ticked,
        "q": q,
        "address": traits_address(here.course),
        "values": entered.values if entered else {},
        "errors": entered.errors if entered else {},
        "came_back": entered is not None,
        "notice": trouble_notice(request, trouble) or notice,
    }
    return pages.render(request, "playlists/traits.html", context, status_code=status_code)


@router.post("")
async def change(
    request: Request,
    here: TeacherChanging,
    database: CurrentDatabase,
    clock: Now,
    pages: CurrentPages,
    q: Search = "",
) -> Response:
    """Say something about the ticked items, or everything about the one that is shown (``one``)."""
    form = await request.form()
    entered = Entered.of(form)
    one = entered.made_id("one")
    ticked = frozenset(parsed(uuid.UUID, value) for value in form.getlist("item") if isinstance(value, str))
    serves = frozenset(parsed(Support, value).value for value in form.getlist("serves") if isinstance(value, str))
    wanted = _wanted(entered, serves, is_one=one is not None)
    items = frozenset({one}) if one is not None else ticked
    if not items:
        entered.errors["items"] = N_("Tick the items that this is about.")
    trouble: ToolError | None = None
    if not entered.errors:
        try:
            async with database.writing() as session:
                changed = await traits.change(session, here.course, items, wanted, clock.now())
                nudge_after_commit(session, PLAN, versions.course_key(here.organisation_id, here.course.id))
            return see(traits_address(here.course), Said.SAVED if changed else Said.UNCHANGED, q=q or None)
        except traits.BadForm as bad:
            trouble = bad
            entered.errors["variant_of"] = bad.title
    status = trouble.status if trouble is not None else 422
    return await _page(
        request,
        here,
        database,
        pages,
        q=q,
        one=one,
        entered=entered,
        ticked=ticked,
        trouble=trouble,
        status_code=status,
    )


def _wanted(entered: Entered, serves: frozenset[str], *, is_one: bool) -> Change:
    """What the form says. Of several items, an empty field leaves what is said of each."""
    wrong = N_("Please enter whole minutes from 1 to 1000.")
    minutes = entered.number("minutes", 1, traits.MOST_MINUTES, wrong)
    language = entered.text("language", 35)
    if language and not traits.is_language(language):
        entered.errors["language"] = N_("Please enter a language's code, such as es or pt-BR.")
    topics = traits.topics_of(entered.text("topics", 1000))
    if len(topics) > traits.MOST_TOPICS:
        entered.errors["topics"] = N_("Please enter at most 12 topics.")
    target = entered.made_id("variant_of")
    no_form = entered.values.get("no_form") == "yes" or (is_one and target is None)
    if target is not None and not serves and not no_form:
        entered.errors["serves"] = N_("Say whom this form is for: tick at least one.")
    return Change(
        minutes=None if minutes is None else round(minutes),
        no_minutes=minutes is None and (is_one or entered.values.get("no_minutes") == "yes"),
        topics=topics if is_one else None,
        more_topics=() if is_one else topics,
        fewer_topics=() if is_one else traits.topics_of(entered.text("fewer_topics", 1000)),
        language=language if is_one or language else None,
        variant_of=target,
        serves=serves,
        no_form=no_form,
    )
