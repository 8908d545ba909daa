"""Frameworks from a CASE server: a package by its address, or the list of what a server has to choose from.

The way out is the one that all calls take (``lti.http``): https, public addresses, no redirect followed by itself. Each redirect
is judged like the first address. Limits are wider here: a package may have 20 MB, and servers put one together in half a minute.
"""

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit, urlunsplit

import httpx

from lti_tool.competencies.reading import case
from lti_tool.competencies.reading.values import MOST_BYTES
from lti_tool.errors import ToolError
from lti_tool.lti.addresses import UNUSABLE_WORDS, unusable
from lti_tool.lti.foreign_json import read_json
from lti_tool.lti.http import LIMITS, AddressRefused, AnswerTooLarge, Limits
from lti_tool.lti.links import next_link, with_query
from lti_tool.settings import Settings
from lti_tool.web.i18n import N_

READ_SECONDS = 30.0
TOTAL_SECONDS = 45.0
MOST_REDIRECTS = 3
PAGE = 100
"""Documents of one page of a list."""
MOST_PAGES = 20

_BASE = re.compile(r"/ims/case/v1p[01]/?$")
_DOCUMENT = re.compile(r"/CFDocuments/([^/]+)/?$")


class CaseAddress(ToolError):
    """An address that cannot be called."""

    code = "case-address"
    title = N_("This address cannot be called")
    advice = N_("Please enter the whole address of a CASE server or package; it begins with https://.")


class CaseUnreachable(ToolError):
    """The server does not answer, or not in time."""

    status = 424
    code = "case-unreachable"
    title = N_("The CASE server does not answer")
    advice = N_("Look whether the address opens in your browser, and try again later. Nothing was changed.")


class CaseRefused(ToolError):
    """The server answers with a refusal."""

    status = 424
    code = "case-refused"
    title = N_("The CASE server refuses to hand it over")
    advice = N_(
        "It answered with the status %(status)s. The tool reads what is open to everybody: if the server asks for a password or "
        "a key, download the package there and choose the file instead. Nothing was changed."
    )


class CaseUnreadable(ToolError):
    """The server answers something else."""

    status = 424
    code = "case-unreadable"
    title = N_("There is no CASE package at this address")
    advice = N_(
        "The tool reads the address of a package (…/CFPackages/…), of a document (…/CFDocuments/…), of a list of documents, or "
        "of a server (…/ims/case/v1p1). Nothing was changed."
    )


class CaseTooLarge(CaseUnreadable):
    """The answer is over the limit."""

    code = "case-too-large"
    title = N_("What the CASE server sends is too large")
    advice = N_("A package may have 20 megabytes. Nothing was changed.")


@dataclass(frozen=True, slots=True)
class Offered:
    """A framework that a server has: ``address`` is its package's."""

    address: str
    title: str
    creator: str
    status: str
    subject: str


@dataclass(frozen=True, slots=True)
class Fetched:
    """What an address led to: a package's bytes, or a list to choose from, sorted by title."""

    address: str
    content: bytes | None = None
    offered: tuple[Offered, ...] = ()


async def fetch(http: httpx.AsyncClient, settings: Settings, address: str) -> Fetched:
    """What stands at an address. Raises CaseAddress, CaseUnreachable, CaseRefused, CaseTooLarge and CaseUnreadable."""
    caller = _Caller(http, settings)
    found = _Answer.of(await _begin(caller, address.strip()))
    if case.package_in(found.parsed) is not None and not _is_document_alone(found.parsed):
        return Fetched(found.address, content=found.content)
    documents = _documents(found.parsed)
    if documents is not None:
        return Fetched(found.address, offered=await _all(caller, found, documents))
    package = _package_of(found)
    if package is None:
        raise CaseUnreadable("neither a package nor documents")
    answer = await caller.get(package)
    found = _Answer.of(answer)
    if case.package_in(found.parsed) is None:
        raise CaseUnreadable("no package where the document says it is")
    return Fetched(found.address, content=found.content)


async def _begin(caller: "_Caller", address: str) -> httpx.Response:
    """The first answer. A server's base stands for its list of documents, a server alone for its base, in 1.1 or else in 1.0."""
    try:
        parts = urlsplit(address)
    except ValueError:
        raise CaseAddress("no address") from None
    parts = parts._replace(fragment="")
    if parts.path not in {"", "/"}:
        if _BASE.search(parts.path):
            parts = parts._replace(path=parts.path.rstrip("/") + "/CFDocuments")
        return await caller.get(_counted(urlunsplit(parts)))
    try:
        return await caller.get(_counted(urlunsplit(parts._replace(path="/ims/case/v1p1/CFDocuments"))))
    except CaseRefused:
        return await caller.get(_counted(urlunsplit(parts._replace(path="/ims/case/v1p0/CFDocuments"))))


def _counted(address: str) -> str:
    """A list's address with how many documents are wanted at once; another as it is."""
    is_list = urlsplit(address).path.endswith("/CFDocuments")
    return with_query(address, {"limit": str(PAGE), "offset": "0"}) if is_list else address


class _Caller:
    def __init__(self, http: httpx.AsyncClient, settings: Settings) -> None:
        self._http = http
        self._settings = settings

    async def get(self, address: str) -> httpx.Response:
        """An answer with status 200, after up to three redirects."""
        for _ in range(MOST_REDIRECTS + 1):
            trouble = unusable(self._settings, address)
            if trouble is not None:
                raise CaseAddress(f"the address {trouble.value}", advice=UNUSABLE_WORDS[trouble])
            response = await self._once(address)
            if response.is_redirect and "location" in response.headers:
                address = urljoin(address, response.headers["location"])
                continue
            if response.status_code != 200:
                raise CaseRefused(f"status {response.status_code}", fields={"status": str(response.status_code)})
            if len(response.content) > MOST_BYTES:
                raise CaseTooLarge("over 20 MB")
            return response
        raise CaseUnreachable("too many redirects")

    async def _once(self, address: str) -> httpx.Response:
        timeout = httpx.Timeout(READ_SECONDS, connect=4.0)
        extensions = {LIMITS: Limits(MOST_BYTES, TOTAL_SECONDS), "timeout": timeout.as_dict()}
        try:
            return await self._http.get(
                address, headers={"Accept": "application/json"}, extensions=extensions, follow_redirects=False
            )
        except AddressRefused as error:
            raise CaseAddress(
                "the address may not be called",
                advice=N_("It leads into a private network, or is not https. Such addresses are not called."),
            ) from error
        except AnswerTooLarge as error:
            raise CaseTooLarge("over the limit") from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise CaseUnreachable(type(error).__name__) from error


@dataclass(frozen=True, slots=True)
class _Answer:
    address: str
    content: bytes
    parsed: Any
    links: tuple[str, ...]

    @classmethod
    def of(cls, response: httpx.Response) -> "_Answer":
        try:
            parsed = read_json(response.content)
        except ValueError:
            raise CaseUnreadable("no JSON") from None
        return cls(str(response.url), response.content, parsed, tuple(response.headers.get_list("link")))


def _is_document_alone(parsed: Any) -> bool:
    """``{"CFDocument": {…}}`` is how some servers wrap a document; a package has items, or says that it has none."""
    return isinstance(parsed, dict) and set(parsed) == {"CFDocument"}


def _documents(parsed: Any) -> list[dict[str, Any]] | None:
    """The documents of a list; None for what is no list."""
    found = parsed.get("CFDocuments") if isinstance(parsed, dict) else None
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else None


def _package_of(found: _Answer) -> str | None:
    """The address of the package that belongs to a document."""
    document = found.parsed.get("CFDocument", found.parsed) if isinstance(found.parsed, dict) else None
    if not isinstance(document, dict) or not isinstance(document.get("identifier"), str):
        return None
    return _package_address(found.address, document)


def _package_address(near: str, document: dict[str, Any]) -> str | None:
    """Where a document's package is: beside the list or document it was read from, on the server that was asked.

    What a document says of itself (``CFPackageURI``) may name another server than the one that answered; it counts only where
    nothing can be told from the address.
    """
    identifier = document.get("identifier")
    parts = urlsplit(near)
    if isinstance(identifier, str) and identifier:
        path = _DOCUMENT.sub("/CFDocuments", parts.path).rstrip("/")
        if path.endswith("/CFDocuments"):
            path = path.removesuffix("CFDocuments") + f"CFPackages/{identifier}"
            return urlunsplit(parts._replace(path=path, query="", fragment=""))
    said = document.get("CFPackageURI")
    address = said.get("uri") if isinstance(said, dict) else said
    return urljoin(near, address) if isinstance(address, str) and address else None


async def _all(caller: _Caller, first: _Answer, documents: list[dict[str, Any]]) -> tuple[Offered, ...]:
    """All documents of a server, page by page: by its Link header, else by counting (CASE 1.1, ``limit`` and ``offset``)."""
    found: dict[str, Offered] = {}
    answer = first
    for _ in range(MOST_PAGES):
        before = len(found)
        for document in documents:
            offered = _offered(answer.address, document)
            if offered is not None:
                found.setdefault(offered.address, offered)
        following = _next(first, answer, len(found))
        if len(found) == before or following is None:
            break
        answer = _Answer.of(await caller.get(following))
        documents = _documents(answer.parsed) or []
    if not found:
        raise CaseUnreadable("a list without documents")
    return tuple(sorted(found.values(), key=lambda one: one.title.casefold()))


def _next(first: _Answer, answer: _Answer, so_far: int) -> str | None:
    try:
        linked = next_link(answer.links, answer.address)
    except ValueError:
        return None
    if linked is not None:
        # A next page is no word of whoever asked: it stays on the server.
        return linked if urlsplit(linked).hostname == urlsplit(first.address).hostname else None
    parts = urlsplit(first.address)
    if answer.links or not parts.path.endswith("/CFDocuments"):
        return None
    # A server may give fewer at once than it was asked for, so the page that brings nothing new is the last.
    return with_query(urlunsplit(parts._replace(query="")), {"limit": str(PAGE), "offset": str(so_far)})


def _offered(near: str, document: dict[str, Any]) -> Offered | None:
    address = _package_address(near, document)
    if address is None:
        return None
    subject = document.get("subject")
    subjects = [one for one in subject if isinstance(one, str)] if isinstance(subject, list) else []

    def text(name: str) -> str:
        value = document.get(name)
        return value.strip()[:300] if isinstance(value, str) else ""

    return Offered(
        address, text("title") or address, text("creator"), text("adoptionStatus"), ", ".join(subjects)[:200]
    )
