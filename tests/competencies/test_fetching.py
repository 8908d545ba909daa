"""From a CASE server: packages, documents, lists in pages, and servers that misbehave."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from lti_tool.competencies.fetching import (
    CaseAddress,
    CaseRefused,
    CaseTooLarge,
    CaseUnreachable,
    CaseUnreadable,
    fetch,
)
from lti_tool.competencies.reading.recognise import read_framework
from lti_tool.competencies.reading.values import MOST_BYTES
from lti_tool.lti.http import AddressRefused, make_client
from lti_tool.settings import Settings

from .formats import DOCUMENT, item, package

HOST = "https://case.example"
BASE = f"{HOST}/ims/case/v1p1"
PACKAGE = package([item("A")])
Answer = Callable[[httpx.Request], httpx.Response]


@dataclass
class CaseServer:
    """Answers by path."""

    answers: dict[str, Answer | httpx.Response] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(str(request.url))
        answer = self.answers.get(request.url.path, httpx.Response(404, json={"imsx_codeMajor": "failure"}))
        return answer(request) if callable(answer) else answer


@pytest.fixture
def server() -> CaseServer:
    return CaseServer({f"/ims/case/v1p1/CFPackages/{DOCUMENT}": httpx.Response(200, json=PACKAGE)})


@pytest.fixture
async def http(server: CaseServer) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.MockTransport(server)) as client:
        yield client


SETTINGS = Settings(_env_file=None, base_url="https://tool.example", secret_key="a secret of the tests, long enough")


def a_document(number: int) -> dict[str, Any]:
    return {"identifier": f"d-{number:03}", "title": f"Framework {number:03}", "creator": "C", "subject": ["Maths"]}


def paged(documents: list[dict[str, Any]], most: int = 100, *, counts: bool = True) -> Answer:
    def answer(request: httpx.Request) -> httpx.Response:
        limit, offset = (int(request.url.params.get(name, "0")) for name in ("limit", "offset"))
        some = documents[offset : offset + min(limit or most, most)] if counts else documents
        return httpx.Response(200, json={"CFDocuments": some})

    return answer


@pytest.mark.parametrize("wrapped", [False, True])
async def test_a_package_by_its_address(server: CaseServer, http: httpx.AsyncClient, wrapped: bool) -> None:
    address = f"{BASE}/CFPackages/{DOCUMENT}"
    if wrapped:
        server.answers[f"/ims/case/v1p1/CFPackages/{DOCUMENT}"] = httpx.Response(200, json={"CFPackage": PACKAGE})
    found = await fetch(http, SETTINGS, f"  {address}#part ")
    assert found.content is not None
    assert read_framework(found.content).identifier == DOCUMENT
    assert found.address == address


@pytest.mark.parametrize("wrapped", [False, True])
async def test_a_document_leads_to_its_package(server: CaseServer, http: httpx.AsyncClient, wrapped: bool) -> None:
    document = PACKAGE["CFDocument"]
    server.answers[f"/ims/case/v1p1/CFDocuments/{DOCUMENT}"] = httpx.Response(
        200, json={"CFDocument": document} if wrapped else document
    )
    found = await fetch(http, SETTINGS, f"{BASE}/CFDocuments/{DOCUMENT}")
    assert found.content is not None
    assert server.asked[-1] == f"{BASE}/CFPackages/{DOCUMENT}"


@pytest.mark.parametrize("address", [BASE, f"{BASE}/", f"{BASE}/CFDocuments", HOST, f"{HOST}/"])
async def test_a_server_is_a_list_to_choose_from(server: CaseServer, http: httpx.AsyncClient, address: str) -> None:
    server.answers["/ims/case/v1p1/CFDocuments"] = paged([a_document(2), a_document(1)])
    found = await fetch(http, SETTINGS, address)
    assert found.content is None
    assert [(one.title, one.address) for one in found.offered] == [
        ("Framework 001", f"{BASE}/CFPackages/d-001"),
        ("Framework 002", f"{BASE}/CFPackages/d-002"),
    ]


async def test_an_older_server(server: CaseServer, http: httpx.AsyncClient) -> None:
    server.answers["/ims/case/v1p0/CFDocuments"] = paged([a_document(1)])
    found = await fetch(http, SETTINGS, HOST)
    assert found.offered[0].address == f"{HOST}/ims/case/v1p0/CFPackages/d-001"


@pytest.mark.parametrize("most", [100, 30])
async def test_a_long_list_is_read_page_by_page(server: CaseServer, http: httpx.AsyncClient, most: int) -> None:
    server.answers["/ims/case/v1p1/CFDocuments"] = paged([a_document(number) for number in range(250)], most)
    assert len((await fetch(http, SETTINGS, BASE)).offered) == 250


async def test_a_list_with_link_headers_is_followed_on_its_server_alone(
    server: CaseServer, http: httpx.AsyncClient
) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        page = int(request.url.params.get("page", "1"))
        host = HOST if page < 3 else "https://elsewhere.example"
        link = f'<{host}/ims/case/v1p1/CFDocuments?page={page + 1}>; rel="next"'
        return httpx.Response(200, json={"CFDocuments": [a_document(page)]}, headers={"Link": link})

    server.answers["/ims/case/v1p1/CFDocuments"] = answer
    assert len((await fetch(http, SETTINGS, BASE)).offered) == 3
    assert all(one.startswith(HOST) for one in server.asked)


async def test_a_server_that_does_not_count_and_one_that_never_ends(
    server: CaseServer, http: httpx.AsyncClient
) -> None:
    server.answers["/ims/case/v1p1/CFDocuments"] = paged([a_document(1)], counts=False)
    assert len((await fetch(http, SETTINGS, BASE)).offered) == 1
    assert len(server.asked) == 2
    server.asked.clear()
    numbers = iter(range(10_000))
    server.answers["/ims/case/v1p1/CFDocuments"] = lambda _: httpx.Response(
        200, json={"CFDocuments": [a_document(next(numbers))]}
    )
    assert len((await fetch(http, SETTINGS, BASE)).offered) == 20


async def test_redirects_are_judged_one_by_one(server: CaseServer, http: httpx.AsyncClient) -> None:
    target = f"/ims/case/v1p1/CFPackages/{DOCUMENT}"
    server.answers["/here"] = httpx.Response(302, headers={"Location": target})
    assert (await fetch(http, SETTINGS, f"{HOST}/here")).address == f"{HOST}{target}"
    for inside in ("http://127.0.0.1/x", "https://10.0.0.1/x", "file:///etc/passwd", "https://user:pw@case.example/"):
        server.answers["/out"] = httpx.Response(302, headers={"Location": inside})
        with pytest.raises(CaseAddress):
            await fetch(http, SETTINGS, f"{HOST}/out")
    server.answers["/round"] = httpx.Response(302, headers={"Location": "/round"})
    with pytest.raises(CaseUnreachable):
        await fetch(http, SETTINGS, f"{HOST}/round")
    assert all("127.0.0.1" not in one and "10.0.0.1" not in one for one in server.asked)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "case.example",
        "http://case.example/ims/case/v1p1",
        "https://192.168.1.1/",
        "ftp://x",
        "https://[",
        "javascript:1",
    ],
)
async def test_addresses_that_are_not_called(server: CaseServer, http: httpx.AsyncClient, address: str) -> None:
    with pytest.raises(CaseAddress):
        await fetch(http, SETTINGS, address)
    assert server.asked == []


async def test_a_name_that_leads_inside_is_not_called() -> None:
    local = Settings(_env_file=None, base_url="https://tool.example", secret_key="a secret of the tests, long enough")
    async with make_client(local) as client:
        with pytest.raises(CaseAddress):
            await fetch(client, local, "https://localhost.example.invalid.localhost/x")


@pytest.mark.parametrize("status", [401, 403, 404, 429, 500, 204])
async def test_a_refusal_says_its_status(server: CaseServer, http: httpx.AsyncClient, status: int) -> None:
    server.answers["/x"] = httpx.Response(status)
    with pytest.raises(CaseRefused) as caught:
        await fetch(http, SETTINGS, f"{HOST}/x")
    assert str(status) in caught.value.advice % caught.value.fields


@pytest.mark.parametrize(
    "body",
    [
        b"<html>",
        b"{}",
        b"[]",
        b"null",
        b'{"CFDocuments": []}',
        b'{"CFDocuments": [1, {}]}',
        b'{"CFDocument": 7}',
        b"[" * 100_000,
    ],
)
async def test_other_answers_are_no_package(server: CaseServer, http: httpx.AsyncClient, body: bytes) -> None:
    server.answers["/x"] = httpx.Response(200, content=body)
    with pytest.raises(CaseUnreadable):
        await fetch(http, SETTINGS, f"{HOST}/x")


async def test_a_document_whose_package_is_none(server: CaseServer, http: httpx.AsyncClient) -> None:
    server.answers["/ims/case/v1p1/CFDocuments/d"] = httpx.Response(200, json={"identifier": "d"})
    server.answers["/ims/case/v1p1/CFPackages/d"] = httpx.Response(200, json={"identifier": "d"})
    with pytest.raises(CaseUnreadable):
        await fetch(http, SETTINGS, f"{BASE}/CFDocuments/d")


async def test_what_is_too_large_or_does_not_come(server: CaseServer, http: httpx.AsyncClient) -> None:
    server.answers["/x"] = httpx.Response(200, content=b"x" * (MOST_BYTES + 1))
    with pytest.raises(CaseTooLarge):
        await fetch(http, SETTINGS, f"{HOST}/x")

    def fail(request: httpx.Request) -> httpx.Response:
        raise errors.pop()

    errors: list[Exception] = [httpx.ConnectError("x"), httpx.ReadTimeout("x"), httpx.DecodingError("x")]
    server.answers["/y"] = fail
    for _ in range(3):
        with pytest.raises(CaseUnreachable):
            await fetch(http, SETTINGS, f"{HOST}/y")
    errors.append(AddressRefused("private"))
    with pytest.raises(CaseAddress):
        await fetch(http, SETTINGS, f"{HOST}/y")
