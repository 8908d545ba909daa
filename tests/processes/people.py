"""People at work without a browser: they sign in to the sandbox LMS, launch the tool, and send its forms as they stand.

Whatever they do can be cut off by a kill; then httpx raises, and they may simply do it again.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import urljoin

import httpx
from lxml import html

MAX_HOPS = 10


@dataclass(frozen=True)
class Page:
    """A page of the tool that was answered with 200."""

    url: str
    root: html.HtmlElement

    @property
    def session_id(self) -> str:
        """What the page's forms and scripts say which session they belong to."""
        [found] = self.root.xpath("//meta[@name='lti-session']/@content")
        return str(found)

    def forms(self, ending: str) -> dict[str, dict[str, str]]:
        """The fields of the forms whose action ends so, by action."""
        return {
            str(form.action): {name: value or "" for name, value in form.form_values()}
            for form in self.root.forms
            if (form.action or "").endswith(ending)
        }

    def form(self, ending: str) -> tuple[str, dict[str, str]]:
        """The one form whose action ends so; AssertionError for none or several."""
        found = self.forms(ending)
        assert len(found) == 1, f"{self.url} has {len(found)} forms that end in {ending!r}: {list(found)}"
        return next(iter(found.items()))


@dataclass
class Someone(AbstractContextManager["Someone"]):
    """A person with cookies for both sites. The tool's are kept by hand: they are Secure, and this is plain HTTP."""

    lms: str
    tool: str
    login: str
    timeout: float = 20.0
    cookies: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._lms = httpx.Client(base_url=self.lms, timeout=self.timeout)
        self._tool = httpx.Client(base_url=self.tool, timeout=self.timeout)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._lms.close()
        self._tool.close()

    # --- In the LMS ---------------------------------------------------------------------------------------------------

    def sign_in(self) -> None:
        """Sign in to the LMS."""
        answer = self._lms.post("/login", data={"login": self.login})
        assert answer.status_code == 303, answer.text

    def lms_page(self, path: str) -> str:
        """A page of the LMS."""
        return self._lms.get(path, follow_redirects=True).raise_for_status().text

    def open_tool(self, course_id: int = 1) -> Page:
        """Open the tool from the course's navigation: a whole launch, on to the first page."""
        found = re.search(r"/external_tools/(\d+)", self.lms_page(f"/courses/{course_id}"))
        assert found is not None, "the tool is not in the course's navigation"
        return self.launch(f"/courses/{course_id}/external_tools/{found[1]}/frame")

    def open_activity(self, title: str, course_id: int = 1) -> Page:
        """Open the tool where it is an activity of the course, as on Moodle."""
        links = html.fromstring(self.lms_page(f"/courses/{course_id}")).xpath("//a[contains(@href, '/modules/items/')]")
        [item] = {str(link.get("href")) for link in links if link.text_content().strip() == title}
        return self.launch(f"{item}/frame")

    def launch(self, path: str) -> Page:
        """What the frame of a page of the LMS loads: a whole launch, on to the tool's first page."""
        begun = _posted_form(self.lms_page(path))
        login = self._send("POST", begun.action, begun.fields)
        answer = _posted_form(self._lms.get(_led_to(login), follow_redirects=True).raise_for_status().text)
        launch = self._send("POST", answer.action, answer.fields)
        assert launch.status_code == 303, launch.text
        return self.page(launch.headers["location"])

    def lms_send(self, path: str, fields: Mapping[str, str | list[str]]) -> httpx.Response:
        """Send a form of the LMS's own pages, or post to it what the tool's page posts there; redirects are followed."""
        return self._lms.post(path, data=fields, follow_redirects=True).raise_for_status()

    # --- In the tool --------------------------------------------------------------------------------------------------

    def page(self, path: str) -> Page:
        """A page of the tool; redirects are followed. AssertionError unless it is answered with 200."""
        for _hop in range(MAX_HOPS):
            answer = self._send("GET", path)
            if not answer.is_redirect:
                assert answer.status_code == 200, f"{path}: {answer.status_code}\n{answer.text}"
                return Page(str(answer.url), html.fromstring(answer.text, base_url=str(answer.url)))
            path = urljoin(path, answer.headers["location"])
        raise AssertionError(f"redirects without end: {path}")

    def post(self, path: str, fields: Mapping[str, str | list[str]]) -> httpx.Response:
        """Send a form as a browser sends one of the tool's own pages."""
        return self._send("POST", path, fields)

    def get(self, path: str) -> httpx.Response:
        """A page of the tool as it answers."""
        return self._send("GET", path)

    def _send(self, method: str, path: str, fields: Mapping[str, str | list[str]] | None = None) -> httpx.Response:
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        if method == "POST":
            headers["Sec-Fetch-Site"] = "same-origin"
        answer = self._tool.request(method, path, data=fields, headers=headers)
        for name, value in _cookies(answer):
            self.cookies[name] = value
        self._tool.cookies.clear()
        return answer


def _led_to(login: httpx.Response) -> str:
    """Where the tool's login leads: a redirect, or a page that keeps a value in the LMS first, which is not done here."""
    if login.status_code == 302:
        return str(login.headers["location"])
    assert login.status_code == 200, login.text
    [address] = html.fromstring(login.text).xpath("//@data-storage-next")
    return str(address)


@dataclass(frozen=True)
class _Form:
    action: str
    fields: dict[str, str]


def _posted_form(page: str) -> _Form:
    [form] = html.fromstring(page).forms
    return _Form(str(form.action), {name: value or "" for name, value in form.form_values()})


def _cookies(answer: httpx.Response) -> Iterator[tuple[str, str]]:
    for header in answer.headers.get_list("set-cookie"):
        name, _, value = header.partition(";")[0].partition("=")
        yield name, value
