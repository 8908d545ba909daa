"""The way out: which addresses may be called, and what is done with answers that are too much."""

import asyncio
import contextlib
import gzip
import ipaddress
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpcore
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lti_tool.lti import http as way_out
from lti_tool.lti.addresses import may_call, private_networks
from lti_tool.lti.http import AddressRefused, AnswerTooLarge, make_client
from lti_tool.settings import Settings
from tests.lti.conftest import settings_for


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1::1", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::1", False),
        ("::", False),
        ("fe80::1", False),
        ("fc00::1", False),
        ("ff02::1", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:93.184.216.34", True),
        ("64:ff9b::10.0.0.1", False),
        ("64:ff9b::93.184.216.34", True),
        ("2002:0a00:0001::1", False),
        ("2002:5db8:d822::1", True),
        ("64:ff9b:1::a00:1", False),
        ("2001:0:4136:e378:8000:63bf:f5ff:fffe", False),
        ("::127.0.0.1", False),
        ("::93.184.216.34", False),
        ("fec0::1", False),
        ("fe80::1%eth0", False),
        ("5f00::1", False),
        ("2001:db8::1", False),
    ],
)
def test_only_public_addresses_are_called(address: str, allowed: bool) -> None:
    assert may_call(ipaddress.ip_address(address), ()) == allowed


def test_networks_can_be_allowed() -> None:
    networks = (ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_network("fd00::/8"))
    assert may_call(ipaddress.ip_address("10.1.2.3"), networks)
    assert may_call(ipaddress.ip_address("fd00::1"), networks)
    assert may_call(ipaddress.ip_address("::ffff:10.1.2.3"), networks)
    assert not may_call(ipaddress.ip_address("192.168.1.1"), networks)


@given(st.ip_addresses())
def test_no_address_breaks_the_judgement(address: Any) -> None:
    assert may_call(address, ()) in {True, False}


@asynccontextmanager
async def server(answer: Callable[[asyncio.StreamWriter], Awaitable[None]]) -> AsyncIterator[int]:
    """A server on this machine that reads a request's head and lets ``answer`` write; yields its port."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(65_536)
        try:
            await answer(writer)
            await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    running = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with running:
        yield running.sockets[0].getsockname()[1]


def plain(body: bytes, *headers: str) -> Callable[[asyncio.StreamWriter], Awaitable[None]]:
    async def answer(writer: asyncio.StreamWriter) -> None:
        head = ["HTTP/1.1 200 OK", f"Content-Length: {len(body)}", "Connection: close", *headers]
        writer.write("\r\n".join(head).encode() + b"\r\n\r\n" + body)

    return answer


@pytest.fixture
def on_loopback(tmp_path: Path) -> Settings:
    return settings_for(tmp_path).model_copy(update={"base_url": "http://localhost:8000"})


async def test_on_a_machine_of_ones_own_the_neighbour_is_called(on_loopback: Settings) -> None:
    async with server(plain(b'{"a": 1}')) as port, make_client(on_loopback) as client:
        response = await client.get(f"http://localhost:{port}/x")
    assert response.json() == {"a": 1}
    assert response.request.headers["user-agent"].startswith("lti-tool/")
    assert "*/*" not in response.request.headers["accept"]


async def test_on_a_machine_of_ones_own_other_private_networks_are_not(on_loopback: Settings) -> None:
    """A demo shows no page of the router's, nor what a cloud tells its machines about themselves."""
    async with make_client(on_loopback) as client:
        for address in (
            "http://169.254.169.254/",
            "http://10.0.0.1/",
            "https://[fd00::1]/",
            "http://[::ffff:10.0.0.1]/",
        ):
            with pytest.raises(AddressRefused):
                await client.get(address)
    assert may_call(ipaddress.ip_address("::ffff:127.0.0.1"), private_networks(on_loopback))


async def test_elsewhere_it_is_not(tmp_path: Path) -> None:
    async with make_client(settings_for(tmp_path)) as client:
        for address in ("https://127.0.0.1:9/", "https://localhost:9/", "https://[::1]:9/"):
            with pytest.raises(AddressRefused):
                await client.get(address)


async def test_elsewhere_only_https_is_called(tmp_path: Path) -> None:
    async with make_client(settings_for(tmp_path)) as client:
        with pytest.raises(AddressRefused):
            await client.get("http://93.184.216.34/")


async def test_an_allowed_network_is_called(tmp_path: Path) -> None:
    settings = settings_for(tmp_path, allowed_networks="127.0.0.0/8")
    async with server(plain(b"no TLS here")) as port, make_client(settings) as client:
        # The connection is made and fails for want of TLS, not of permission.
        with pytest.raises(httpx.ConnectError) as caught:
            await client.get(f"https://127.0.0.1:{port}/")
    assert not isinstance(caught.value, AddressRefused)


async def test_a_name_is_judged_by_what_it_resolves_to_now(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that was public a moment ago and points inside now (DNS rebinding)."""

    async def resolve(*_: Any, **__: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("169.254.169.254", 443))]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", resolve)
    async with make_client(settings_for(tmp_path)) as client:
        with pytest.raises(AddressRefused):
            await client.get("https://lms.example/jwks")


async def test_redirects_are_not_followed(on_loopback: Settings) -> None:
    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 302 Found\r\nLocation: https://elsewhere.example/\r\nContent-Length: 0\r\n\r\n")

    async with server(answer) as port, make_client(on_loopback) as client:
        assert (await client.get(f"http://127.0.0.1:{port}/")).status_code == 302


async def test_packed_answers_are_unpacked(on_loopback: Settings) -> None:
    body = gzip.compress(b'{"a": "' + b"x" * 100_000 + b'"}')
    async with server(plain(body, "Content-Encoding: gzip")) as port, make_client(on_loopback) as client:
        assert len((await client.get(f"http://127.0.0.1:{port}/")).json()["a"]) == 100_000


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"x" * 2000, []),
        (gzip.compress(b"x" * 1_000_000), ["Content-Encoding: gzip"]),
        (gzip.compress(gzip.compress(b"x" * 1_000_000)), ["Content-Encoding: gzip, gzip"]),
        (b"x", ["Content-Encoding: br"]),
    ],
    ids=["large", "a small bomb", "packed twice", "packed as not asked for"],
)
async def test_too_much_is_given_up(
    on_loopback: Settings, monkeypatch: pytest.MonkeyPatch, body: bytes, headers: list[str]
) -> None:
    monkeypatch.setattr(way_out, "ANSWER_LIMIT", 1000)
    async with server(plain(body, *headers)) as port, make_client(on_loopback) as client:
        with pytest.raises(AnswerTooLarge):
            await client.get(f"http://127.0.0.1:{port}/")


async def test_a_request_can_have_limits_of_its_own(on_loopback: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(way_out, "ANSWER_LIMIT", 1000)
    async with server(plain(b"x" * 5000)) as port, make_client(on_loopback) as client:
        address = f"http://127.0.0.1:{port}/"
        wide = await client.get(address, extensions={way_out.LIMITS: way_out.Limits(5000, 10)})
        assert len(wide.content) == 5000
        with pytest.raises(AnswerTooLarge):
            await client.get(address, extensions={way_out.LIMITS: way_out.Limits(4999, 10)})
        with pytest.raises(httpx.TimeoutException):
            await client.get(address, extensions={way_out.LIMITS: way_out.Limits(5000, 0)})


async def test_an_answer_that_is_not_packed_as_it_says(on_loopback: Settings) -> None:
    async with server(plain(b"not gzip", "Content-Encoding: gzip")) as port, make_client(on_loopback) as client:
        with pytest.raises(httpx.DecodingError):
            await client.get(f"http://127.0.0.1:{port}/")


async def test_what_trickles_in_is_given_up(on_loopback: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(way_out, "TOTAL_SECONDS", 0.3)

    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        for _ in range(50):
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.05)

    async with server(answer) as port, make_client(on_loopback) as client:
        with pytest.raises(httpx.TimeoutException):
            await client.get(f"http://127.0.0.1:{port}/")


async def test_a_connection_that_was_closed_meanwhile_is_not_used_again(on_loopback: Settings) -> None:
    """The stream remembers its socket, and still notices that the other end has gone."""

    async def answer_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
        await writer.drain()
        writer.close()

    listening = await asyncio.start_server(answer_once, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    async with listening, make_client(on_loopback) as client:
        for _ in range(3):
            assert (await client.get(f"http://127.0.0.1:{port}/")).status_code == 200
            await asyncio.sleep(0.05)


class Wire(httpcore.AsyncNetworkStream):
    """A connection that remembers what was written, and can be broken."""

    def __init__(self, answer: bytes, *, broken: bool = False) -> None:
        self.written: list[bytes] = []
        self._answer = answer
        self._broken = broken

    async def read(self, _max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109 - httpcore's signature.
        answer, self._answer = self._answer, b""
        return answer

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109 - the same.
        if self._broken:
            raise httpcore.WriteError
        self.written.append(buffer)

    async def aclose(self) -> None:
        """Nothing is open."""

    def get_extra_info(self, _info: str) -> Any:
        return None


class To(httpcore.AsyncNetworkBackend):
    """Every connection is this one."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    async def connect_tcp(self, *_where: Any, **_how: Any) -> httpcore.AsyncNetworkStream:
        return way_out.ThriftyStream(self._wire)


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


async def posted(settings: Settings, wire: Wire, body: bytes) -> httpx.Response:
    async with httpx.AsyncClient(transport=way_out.GuardedTransport(settings, To(wire))) as client:
        return await client.post("http://127.0.0.1/", content=body)


async def test_a_request_is_sent_in_one_piece(on_loopback: Settings) -> None:
    wire = Wire(OK)
    assert (await posted(on_loopback, wire, b'{"a": 1}')).json() == {}
    [whole] = wire.written
    assert whole.startswith(b"POST / HTTP/1.1\r\n")
    assert whole.endswith(b'\r\n\r\n{"a": 1}')


async def test_a_large_request_does_not_wait_for_its_end(on_loopback: Settings) -> None:
    wire, body = Wire(OK), b"x" * 300_000
    await posted(on_loopback, wire, body)
    assert b"".join(wire.written).endswith(b"\r\n\r\n" + body)


async def test_who_answers_and_closes_before_all_is_sent_is_heard(on_loopback: Settings) -> None:
    assert (await posted(on_loopback, Wire(OK, broken=True), b"{}")).status_code == 200


async def test_who_closes_without_a_word_is_trouble(on_loopback: Settings) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        await posted(on_loopback, Wire(b"", broken=True), b"{}")
