"""Pages: templates of every room, rendered in the reader's language.

A template finds ``request``, ``visit`` (None without a session) and ``language`` in its context, and everywhere, macros
included: ``_``/``ngettext``/``pgettext``, ``static(path)``, ``icon(name)``, ``session_field()``, ``when(moment)``,
``format_date/time/datetime/number/percent``.
"""

import contextvars
from collections.abc import Mapping
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import BaseLoader, ChoiceLoader, Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse

from lti_tool.errors import ToolError
from lti_tool.logs import reference_code
from lti_tool.web import i18n
from lti_tool.web.assets import Assets
from lti_tool.web.navigation import ADMINISTRATION, sections_for

_PACKAGE = Path(__file__).resolve().parents[1]

_session_id: contextvars.ContextVar[str | None] = contextvars.ContextVar("page_session_id", default=None)


class Pages:
    """Renders templates; one for the whole process, kept as ``app.state.pages``."""

    def __init__(self, assets: Assets | None = None, *, loader: BaseLoader | None = None) -> None:
        self.assets = assets or Assets()
        self.environment = _environment(self.assets, loader or room_loader())

    def render(
        self,
        request: Request,
        template: str,
        context: Mapping[str, Any] | None = None,
        *,
        status_code: int = 200,
        headers: Mapping[str, str] | None = None,
    ) -> HTMLResponse:
        """The template as a response, in the language of the visit or, without one, of the browser.

        ``template`` is named as ``room/name.html``. Raises jinja2's errors for a template that is wrong.
        """
        text = self.text(request, template, context)
        return HTMLResponse(text, status_code=status_code, headers=dict(headers or {}))

    def text(self, request: Request, template: str, context: Mapping[str, Any] | None = None) -> str:
        """The rendered template as text."""
        visit = getattr(request.state, "visit", None)
        language = language_of(request)
        values = {
            "request": request,
            "visit": visit,
            "page_session": page_session(request),
            "administration": ADMINISTRATION if getattr(visit, "administers", False) else None,
            "language": language,
            "course": getattr(request.state, "course", None),
            "sections": _sections(visit, request.url.path),
            "reference": reference_code.get(),
            "notice": None,
            **(context or {}),
        }
        token = _session_id.set(page_session(request))
        try:
            with i18n.speaking(language), i18n.in_zone(visit.shown_zone if visit is not None else None):
                return self.environment.get_template(template).render(values)
        finally:
            _session_id.reset(token)


@cache
def shared_pages() -> Pages:
    """The pages of this process: files are read and templates compiled once, however many applications are made in it."""
    return Pages()


def page_session(request: Request) -> str | None:
    """The id of the session that a page belongs to: the owner's of the installation (``request.state.owner_session``) or the
    visit's.
    """
    owner: str | None = getattr(request.state, "owner_session", None)
    visit = getattr(request.state, "visit", None)
    return owner or (str(visit.session_id) if visit is not None else None)


def language_of(request: Request) -> i18n.Language:
    """The language of the visit (the platform's ``locale``, LTI 1.3 §5.3.6), then of the browser, then English."""
    visit = getattr(request.state, "visit", None)
    wanted = i18n.accepted(request.headers.get("accept-language", ""))
    if visit is not None and visit.locale:
        wanted.insert(0, visit.locale)
    return i18n.language_for(tuple(wanted))


def say(request: Request, error: ToolError) -> tuple[str, str]:
    """The title and advice of an error in the request's language, its fields filled in."""
    language = language_of(request)
    return language.gettext(error.title) % error.fields, language.gettext(error.advice) % error.fields


def room_loader() -> ChoiceLoader:
    """Templates of ``web`` and of every room that has a ``templates`` folder."""
    folders = [_PACKAGE / "web" / "templates"]
    folders += sorted(path for path in _PACKAGE.glob("*/templates") if path.parent.name not in {"web", "sandbox"})
    return ChoiceLoader([FileSystemLoader(folder) for folder in folders])


def session_field() -> Markup:
    """The hidden field that every form which changes something posts: the page's own session, so that a later launch as
    another person in the same browser is noticed. It is no secret; the cookie or the token is.
    """
    return Markup('<input type="hidden" name="session" value="{}">').format(_session_id.get() or "")


def when(value: datetime | date | None, style: str = "datetime", now: datetime | None = None) -> Markup:
    """A moment as ``<time>``: from the server in the zone that the platform gave, or else the school's, or else in UTC; the
    page's script writes it in that zone too, or where neither is known in the browser's.

    ``style`` is ``datetime``, ``date``, ``time``, ``relative``, or ``due`` with ``now``: today, tomorrow, a day of this week.
    """
    if value is None:
        return Markup("")
    if not isinstance(value, datetime):
        return Markup('<time datetime="{}">{}</time>').format(value.isoformat(), i18n.format_date(value))
    moment = value.astimezone(UTC)
    if style == "date":
        text = i18n.format_date(moment)
    elif style == "time":
        text = i18n.format_time(moment)
    elif style == "due" and now is not None:
        text = i18n.format_near(moment, now)
    else:
        text = i18n.format_datetime(moment, "medium")
    return Markup('<time datetime="{}" data-local="{}">{}</time>').format(
        moment.isoformat(timespec="seconds").replace("+00:00", "Z"), style, text
    )


def initials(name: str | None) -> str:
    """The first letters of the first and the last word of a name; a question mark where the name is not shared."""
    parts = (name or "").split()
    if not parts:
        return "?"
    return (parts[0][0] + (parts[-1][0] if len(parts) > 1 else "")).upper()


def _sections(visit: Any, path: str) -> list[dict[str, Any]]:
    if visit is None or visit.course_id is None:
        return []
    home = f"/courses/{visit.course_id}/"
    return [
        {
            "label": section.label,
            "icon": section.icon,
            "address": home + section.path,
            "current": (path + "/").startswith(tuple(f"{home}{one}/" for one in (section.path, *section.also))),
        }
        for section in sections_for(str(visit.role))
    ]


def _environment(assets: Assets, loader: BaseLoader) -> Environment:
    environment = Environment(
        loader=loader,
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        cache_size=-1,
        extensions=["jinja2.ext.i18n", "jinja2.ext.do", "jinja2.ext.loopcontrols"],
    )
    environment.install_gettext_callables(  # type: ignore[attr-defined]
        lambda message: i18n.current_language().gettext(message),
        lambda singular, plural, n: i18n.current_language().ngettext(singular, plural, n),
        newstyle=True,
        pgettext=lambda context, message: i18n.current_language().pgettext(context, message),
        npgettext=lambda context, singular, plural, n: i18n.current_language().npgettext(context, singular, plural, n),
    )
    environment.globals.update(
        static=assets.address,
        icon=assets.icon,
        session_field=session_field,
        when=when,
        initials=initials,
        zone_name=i18n.zone_name,
        format_date=i18n.format_date,
        format_time=i18n.format_time,
        format_datetime=i18n.format_datetime,
        format_number=i18n.format_number,
        format_percent=i18n.format_percent,
    )
    return environment
