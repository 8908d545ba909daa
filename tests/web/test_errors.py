"""Every error becomes a page a person can read, or JSON under /api; the log alone knows more."""

import logging

import httpx
import pytest
from starlette.requests import ClientDisconnect

from lti_tool import errors
from lti_tool.errors import ToolError
from lti_tool.web.errors import as_tool_error

CLASSES = [
    error
    for error in vars(errors).values()
    if isinstance(error, type) and issubclass(error, ToolError) and error is not errors.WrongSetting
]


@pytest.mark.parametrize("error", CLASSES, ids=lambda error: error.__name__)
async def test_each_error_is_a_page_with_title_advice_and_code(
    client: httpx.AsyncClient, error: type[ToolError]
) -> None:
    answer = await client.get(f"/raise/{error.__name__}")
    assert answer.status_code == error.status
    assert f'<h1 class="refusal__title">{error.title}</h1>' in answer.text
    assert error.advice in answer.text
    assert f"<code>{answer.headers['X-Reference']}</code>" in answer.text
    assert "4711" not in answer.text
    assert 'id="main"' in answer.text


@pytest.mark.parametrize("error", CLASSES, ids=lambda error: error.__name__)
async def test_each_error_is_problem_json_under_api(client: httpx.AsyncClient, error: type[ToolError]) -> None:
    answer = await client.get(f"/api/raise/{error.__name__}")
    assert answer.status_code == error.status
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert (body["status"], body["code"], body["title"]) == (error.status, error.code, error.title)
    assert body["reference"] == answer.headers["X-Reference"]
    assert "4711" not in answer.text


async def test_the_log_has_the_code_and_the_detail(client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "lti_tool.web.errors"):
        await client.get("/raise/NotAllowed")
    (record,) = [record for record in caplog.records if record.name == "lti_tool.web.errors"]
    assert vars(record)["code"] == "not-allowed"
    assert vars(record)["detail"] == "student 4711 sent a token"


async def test_what_nobody_foresaw_is_a_500_without_its_reason(
    client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    answer = await client.get("/broken/anna")
    assert answer.status_code == 500
    assert "Something went wrong on our side" in answer.text
    assert answer.headers["X-Reference"] in answer.text
    assert "secret" not in answer.text
    assert "Content-Security-Policy" in answer.headers
    (record,) = [record for record in caplog.records if record.name == "lti_tool.web.errors"]
    assert record.exc_info
    assert str(record.exc_info[1]) == "the secret of anna"


async def test_an_address_that_leads_nowhere_is_a_designed_404(client: httpx.AsyncClient) -> None:
    answer = await client.get("/no/such/page")
    assert answer.status_code == 404
    assert "There is nothing here" in answer.text


async def test_an_id_that_is_none_is_a_404(client: httpx.AsyncClient) -> None:
    assert (await client.get("/number/abc")).status_code == 404


async def test_a_parameter_that_is_not_understood_is_a_400_that_repeats_nothing(
    client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    answer = await client.get("/number/1", params={"page": "anna@school.example"})
    assert answer.status_code == 400
    assert "anna" not in answer.text
    assert "anna" not in caplog.text


async def test_a_wrong_method_keeps_its_status_and_header(client: httpx.AsyncClient) -> None:
    answer = await client.post("/page")
    assert answer.status_code == 405
    assert answer.headers["Allow"] == "GET"


async def test_the_error_page_speaks_the_readers_language(client: httpx.AsyncClient) -> None:
    answer = await client.get("/raise/NotAllowed", headers={"accept-language": "es"})
    assert errors.NotAllowed.title not in answer.text


async def test_a_page_that_shows_nobodys_data_may_stand_in_any_frame(
    client: httpx.AsyncClient, teacher: httpx.AsyncClient
) -> None:
    refused = await client.get("/raise/LaunchRefused")
    assert refused.headers["Content-Security-Policy"].endswith("frame-ancestors *")
    missing = await teacher.get("/raise/NotFound")
    assert missing.headers["Content-Security-Policy"].endswith("frame-ancestors https://school.example")


async def test_a_401_asks_the_page_to_try_the_tabs_token(client: httpx.AsyncClient) -> None:
    assert "data-try-token" in (await client.get("/raise/NotSignedIn")).text
    assert "data-try-token" not in (await client.get("/raise/NotAllowed")).text


async def test_with_a_session_there_is_a_way_back_to_the_start(teacher: httpx.AsyncClient) -> None:
    assert 'href="/courses/course-1"' in (await teacher.get("/raise/NotFound")).text


def test_a_browser_that_went_away_is_no_mistake_of_ours() -> None:
    assert as_tool_error(ClientDisconnect()).status == 400
