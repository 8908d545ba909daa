"""Where the answers come from: files of recorded shapes, the sandbox LMS, a real server."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest

RECORDED = Path(__file__).parent / "recorded"


@dataclass(frozen=True)
class Exchange:
    """One recorded answer and the requests it is for: every pair of ``query`` and ``form`` has to be in them."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    form: tuple[tuple[str, str], ...]
    response: httpx.Response

    @classmethod
    def read(cls, row: Mapping[str, Any], folder: Path) -> "Exchange":
        """``body`` is JSON, ``text`` is to the letter, and ``file`` names a file beside that holds the body."""
        if "file" in row:
            content = (folder / row["file"]).read_bytes()
        else:
            content = row["text"].encode() if "text" in row else json.dumps(row.get("body")).encode()
        headers = {"Content-Type": "application/json; charset=utf-8"} | row.get("headers", {})
        return cls(
            method=row.get("method", "GET"),
            path=row["path"],
            query=tuple(parse_qsl(row.get("query", ""), keep_blank_values=True)),
            form=tuple(parse_qsl(row.get("form", ""), keep_blank_values=True)),
            response=httpx.Response(row.get("status", 200), content=content, headers=headers),
        )

    def fits(self, request: httpx.Request) -> bool:
        """Whether this is an answer to it."""
        if (request.method, request.url.path) != (self.method, self.path):
            return False
        query, form = request.url.params.multi_items(), parse_qsl(request.content.decode(), keep_blank_values=True)
        return set(self.query) <= set(query) and set(self.form) <= set(form)


@dataclass
class Recorded:
    """Answers from the files of one folder: each ``{"source": where the shapes are from, "exchanges": [...]}``.

    The most particular exchange that fits a request answers it: the one that names most of its parameters. What nobody
    recorded is 404, and remembered in ``missed``.
    """

    exchanges: list[Exchange]
    asked: list[httpx.Request] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, *folders: str) -> "Recorded":
        """What stands in the files of these folders in ``recorded``, the earlier ones first."""
        exchanges = []
        for folder in folders:
            for file in sorted((RECORDED / folder).glob("*.json")):
                recorded = json.loads(file.read_text(encoding="utf-8"))
                if isinstance(recorded, dict) and "exchanges" in recorded:
                    exchanges += [Exchange.read(row, file.parent) for row in recorded["exchanges"]]
        return cls(exchanges)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        fitting = [one for one in self.exchanges if one.fits(request)]
        if not fitting:
            self.missed.append(f"{request.method} {request.url.path}?{request.url.query.decode()}")
            return httpx.Response(404, json={"errors": [{"message": "The specified resource does not exist."}]})
        best = max(fitting, key=lambda one: len(one.query) + len(one.form))
        return httpx.Response(best.response.status_code, content=best.response.content, headers=best.response.headers)

    def http(self) -> httpx.AsyncClient:
        """A client that reaches nothing but these answers."""
        return httpx.AsyncClient(transport=httpx.MockTransport(self))


def real_server(lms: str, *names: str) -> tuple[str, ...]:
    """The values of ``LTI_TOOL_TEST_<LMS>_<NAME>``; skips the test with a sentence when one of them is not set."""
    variables = [f"LTI_TOOL_TEST_{lms}_{name}" for name in names]
    values = [os.environ.get(variable, "") for variable in variables]
    if not all(values):
        pytest.skip(f"no real server: {', '.join(variables)} name one")
    return tuple(values)
