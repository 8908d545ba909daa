"""Log lines in both formats: one line each, with everything that belongs to it."""

import json
import logging
import re
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from lti_tool.logs import JsonLines, LineFormatter, TextLines, new_reference, reference_code

MOMENT = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z"


def record(message: str = "request", level: int = logging.INFO, **fields: Any) -> logging.LogRecord:
    exc_info = fields.pop("exc_info", None)
    return logging.getLogger("lti_tool.access").makeRecord(
        "lti_tool.access", level, __file__, 1, message, (), exc_info, extra=fields
    )


@pytest.fixture
def reference() -> Iterator[str]:
    token = reference_code.set("ABCD2345")
    yield "ABCD2345"
    reference_code.reset(token)


def test_a_line_of_text(reference: str) -> None:
    line = TextLines().format(record(method="GET", route="/c/{course}", status=200, ms=1.5, ok=True, none=None))
    assert re.fullmatch(
        f"event=request reference=ABCD2345 level=info logger=lti_tool.access timestamp={MOMENT} method=GET route=/c/{{course}} "
        "status=200 ms=1.5 ok=true none=",
        line,
    )


def test_a_line_of_json(reference: str) -> None:
    said = json.loads(JsonLines().format(record(status=200, ms=1.5, kind={1, 2})))
    assert re.fullmatch(MOMENT, said.pop("timestamp"))
    assert said == {
        "event": "request",
        "reference": "ABCD2345",
        "level": "info",
        "logger": "lti_tool.access",
        "status": 200,
        "ms": 1.5,
        "kind": "{1, 2}",
    }


def test_outside_a_request_there_is_no_reference() -> None:
    assert "reference" not in json.loads(JsonLines().format(record()))


@pytest.mark.parametrize("formatter", [TextLines(), JsonLines()])
@pytest.mark.parametrize("hostile", ["a b", "a\nevent=forged", 'a"b', "a=b", "\x1b[31m", "a\\", "\u2028", "\x85"])
def test_nothing_leaves_its_line(formatter: LineFormatter, hostile: str) -> None:
    line = formatter.format(record(detail=hostile))
    assert line.splitlines() == [line]
    assert line.isprintable()
    if isinstance(formatter, JsonLines):
        assert json.loads(line)["detail"] == hostile
    else:
        assert line.endswith(f" detail={json.dumps(hostile)}")


@pytest.mark.parametrize("formatter", [TextLines(), JsonLines()])
def test_an_exception_stands_in_the_line_of_its_record(formatter: LineFormatter) -> None:
    try:
        1 / 0  # noqa: B018 - it is the error that counts.
    except ZeroDivisionError:
        line = formatter.format(record("failed", logging.ERROR, exc_info=sys.exc_info()))
    assert "Traceback" in line
    assert "ZeroDivisionError: division by zero" in line
    assert len(line.splitlines()) == 1


def test_an_extra_takes_no_name_of_the_lines_own() -> None:
    said = json.loads(
        JsonLines().format(record(event="forged", timestamp="forged", logger="forged", color_message="x"))
    )
    assert (said["event"], said["logger"]) == ("request", "lti_tool.access")
    assert re.fullmatch(MOMENT, said["timestamp"])
    assert "color_message" not in said


def test_arguments_are_in_the_event() -> None:
    said = logging.getLogger("a.logger").makeRecord("a.logger", logging.WARNING, "", 1, "%d of %s", (1, "two"), None)
    assert TextLines().format(said).startswith('event="1 of two" level=warning logger=a.logger timestamp=')


def test_reference_codes_are_read_out_easily() -> None:
    codes = {new_reference() for _ in range(500)}
    assert len(codes) == 500
    assert all(re.fullmatch("[2-9A-HJKMNP-Z]{8}", code) for code in codes)
