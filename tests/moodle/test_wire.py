"""What only a real socket shows: Moodle's reasons stand in the status line, with whatever the tool has sent."""

import asyncio
import json
from pathlib import Path

import httpx
import pytest

from lti_tool.lti.http import make_client
from lti_tool.lti.quirks import Call
from lti_tool.platforms.moodle import Moodle
from lti_tool.settings import Settings
from tests.moodle.services import SCORE


@pytest.mark.parametrize("comment", ["done", "línea 1\nlínea 2 – 小龍", "x" * 1000])
async def test_a_reason_that_holds_the_whole_request(tmp_path: Path, comment: str) -> None:
    """Moodle 4.5 repeats a score it refuses in the reason phrase, the bytes above 127 included or dropped."""
    body = json.dumps({"userId": "189", "comment": comment}, ensure_ascii=False)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        head = b"HTTP/1.1 400 Incorrect score received" + body.encode() + b"\r\n"
        writer.write(head + f"Content-Type: {SCORE}; charset=utf-8\r\nContent-Length: 2\r\n\r\n[]".encode())
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    settings = Settings(_env_file=None, base_url="http://localhost:8000", keys_dir=tmp_path)
    async with server, make_client(settings) as http:
        response = await http.post(f"http://127.0.0.1:{port}/8/lineitems/36/lineitem/scores", content=body.encode())
    assert response.status_code == httpx.codes.BAD_REQUEST
    assert Moodle().meaning(Call.POST_SCORE, 400, response.reason_phrase, response.text) == "not-enrolled"
