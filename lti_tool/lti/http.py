"""The one way out to other machines: an httpx client that cannot be sent where it has no business.

An LMS tells us addresses to call: key sets, tokens, line items, next pages. Whoever can register a platform could name one
inside our own network. So the address a name resolves to is judged where the connection is made, when it is made: a name
that pointed elsewhere a moment ago, or a redirect, leads nowhere.
"""

import asyncio
import contextlib
import functools
import ipaddress
import select
import socket
import ssl
import zlib
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from typing import Any

import httpcore
import httpx

from lti_tool import __version__
from lti_tool.lti.addresses import IpAddress, may_call, private_networks
from lti_tool.settings import Settings

CONNECT_SECONDS = 4.0
READ_SECONDS = 8.0
TOTAL_SECONDS = 30.0
"""From the first byte sent to the last received; what trickles in slower is given up."""

ANSWER_LIMIT = 10_000_000
"""Bytes of an answer, unpacked."""

_IN_ONE_PIECE = 64 * 1024
"""Bytes of a request that wait for each other."""

LIMITS = "lti_tool.limits"
"""A request's extension: ``Limits`` of its own, where an answer may be larger or slower than a platform's ever is."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How many bytes an answer may have, unpacked, and how many seconds it may take in all."""

    answer_bytes: int
    total_seconds: float


class AddressRefused(httpx.ConnectError):
    """The address is private, or not HTTPS, and this installation has not allowed it."""


class AnswerTooLarge(httpx.ReadError):
    """The answer is over the limit, or packed in a way that hides how large it is."""


def make_client(settings: Settings) -> httpx.AsyncClient:
    """The client for all calls to platforms: time limits, our name, no redirects, a size limit, no private networks."""
    return httpx.AsyncClient(
        transport=GuardedTransport(settings),
        timeout=httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS),
        headers={
            "User-Agent": f"lti-tool/{__version__} (+{settings.base_url})",
            "Accept": "application/json",
            "Accept-Encoding": "gzip",
        },
        follow_redirects=False,
        trust_env=False,
    )


class GuardedBackend(httpcore.AsyncNetworkBackend):
    """Resolves names itself and connects to an address that has passed, never to the name again."""

    def __init__(self, settings: Settings, inner: httpcore.AsyncNetworkBackend | None = None) -> None:
        self._settings = settings
        self._inner = inner or httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature.
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """A connection to the first allowed address of ``host`` that answers. Raises AddressRefused when none is allowed."""
        addresses = await self._allowed(host, port, timeout)
        failure: Exception = httpcore.ConnectError("no address")
        for address in addresses:
            try:
                stream = await self._inner.connect_tcp(str(address), port, timeout, local_address, socket_options)
                return ThriftyStream(stream)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature.
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Refused: no platform lives on a socket of this machine."""
        raise AddressRefused("unix sockets are not called")

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await self._inner.sleep(seconds)

    async def _allowed(self, host: str, port: int, seconds: float | None) -> list[IpAddress]:
        try:
            async with asyncio.timeout(seconds):
                found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except TimeoutError as error:
            raise httpcore.ConnectTimeout(str(error)) from error
        except OSError as error:
            raise httpcore.ConnectError(str(error)) from error
        addresses = [ipaddress.ip_address(str(info[4][0]).partition("%")[0]) for info in found]
        networks = private_networks(self._settings)
        allowed = [address for address in addresses if may_call(address, networks)]
        if not allowed:
            raise AddressRefused(f"{host} is in a private network; LTI_TOOL_ALLOWED_NETWORKS can allow it")
        return allowed


class ThriftyStream(httpcore.AsyncNetworkStream):
    """A connection that remembers its socket, and sends a request in one piece.

    For each request httpcore asks every idle connection whether it can be read, that is, whether it was closed; anyio looks
    the socket up anew each time, with all that is known of it. With 16 connections that was a tenth of a score's CPU time.
    httpcore writes a request's head and its body each by itself, which takes another tenth: here they wait for each other
    until an answer is asked for.
    """

    def __init__(self, stream: httpcore.AsyncNetworkStream) -> None:
        self._stream = stream
        self._socket: Any = None
        self._waits: list[bytes] = []
        self._bytes = 0

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109 - httpcore's signature.
        """What has come, up to ``max_bytes``, once everything is sent."""
        if self._waits:
            # Who closes while a request is being written may still have answered it (httpcore has it so as well).
            with contextlib.suppress(httpcore.WriteError):
                await self._send(timeout)
        return await self._stream.read(max_bytes, timeout)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109 - the same.
        """Send, at the latest when an answer is read."""
        if buffer:
            self._waits.append(buffer)
            self._bytes += len(buffer)
        if self._bytes > _IN_ONE_PIECE:
            await self._send(timeout)

    async def aclose(self) -> None:
        """Close."""
        self._waits.clear()
        await self._stream.aclose()

    async def _send(self, seconds: float | None) -> None:
        whole = b"".join(self._waits)
        self._waits.clear()
        self._bytes = 0
        await self._stream.write(whole, seconds)

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - the same.
    ) -> httpcore.AsyncNetworkStream:
        """The connection under TLS."""
        return ThriftyStream(await self._stream.start_tls(ssl_context, server_hostname, timeout))

    def get_extra_info(self, info: str) -> Any:
        """What httpcore asks a connection for, by name."""
        if info != "is_readable":
            return self._stream.get_extra_info(info)
        if self._socket is None:
            self._socket = self._stream.get_extra_info("socket")
        if self._socket is None:
            return self._stream.get_extra_info(info)
        number = self._socket.fileno()
        if number < 0:
            return True
        poll = select.poll()
        poll.register(number, select.POLLIN)
        return bool(poll.poll(0))


class GuardedTransport(httpx.AsyncHTTPTransport):
    """httpx's transport with a guarded way to the network, a limit on the answer, and one on the time for all of it."""

    def __init__(self, settings: Settings, backend: httpcore.AsyncNetworkBackend | None = None) -> None:
        super().__init__(verify=_tls(), trust_env=False)
        self._only_https = not settings.on_loopback
        # httpx has no argument for the network backend; the pool is what super() has just made, with ours in it.
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=_tls(),
            max_connections=100,
            # Deliveries and rosters to several platforms at once, each with some connections that wait for the next call.
            max_keepalive_connections=64,
            keepalive_expiry=15.0,
            network_backend=backend or GuardedBackend(settings),
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request. Raises AddressRefused, AnswerTooLarge and httpx's own errors."""
        if self._only_https and request.url.scheme != "https":
            raise AddressRefused("only https is called", request=request)
        own = request.extensions.get(LIMITS)
        limits = own if isinstance(own, Limits) else Limits(ANSWER_LIMIT, TOTAL_SECONDS)
        deadline = asyncio.get_running_loop().time() + limits.total_seconds
        try:
            async with asyncio.timeout_at(deadline):
                response = await super().handle_async_request(request)
        except TimeoutError as error:
            raise httpx.ReadTimeout("no answer in all the time there was", request=request) from error
        packed = response.headers.pop("content-encoding", "identity").strip().lower()
        if packed not in {"identity", "gzip", ""} or not isinstance(response.stream, httpx.AsyncByteStream):
            await response.aclose()
            raise AnswerTooLarge(f"the answer is packed as {packed}, which was not asked for", request=request)
        response.stream = LimitedStream(response.stream, deadline, limits.answer_bytes, unpack=packed == "gzip")
        if packed == "gzip":
            response.headers.pop("content-length", None)
        return response


class LimitedStream(httpx.AsyncByteStream):
    """A body that ends in an error when it grows too large (unpacked) or takes too long."""

    def __init__(self, stream: httpx.AsyncByteStream, deadline: float, most: int, *, unpack: bool) -> None:
        self._stream = stream
        self._deadline = deadline
        self._most = most
        self._unpack: Any = zlib.decompressobj(16 + zlib.MAX_WBITS) if unpack else None

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """The body's parts, unpacked."""
        total = 0
        try:
            async with asyncio.timeout_at(self._deadline):
                async for chunk in self._stream:
                    part = self._unpacked(chunk, self._most - total)
                    total += len(part)
                    if total > self._most:
                        raise AnswerTooLarge("the answer is over the limit")
                    yield part
        except TimeoutError as error:
            raise httpx.ReadTimeout("the answer took too long") from error
        except zlib.error as error:
            raise httpx.DecodingError("the answer is not what it says it is packed as") from error

    async def aclose(self) -> None:
        """Give the connection back."""
        await self._stream.aclose()

    def _unpacked(self, chunk: bytes, room: int) -> bytes:
        if self._unpack is None:
            return chunk
        part: bytes = self._unpack.decompress(chunk, room + 1)
        return part


@functools.cache
def _tls() -> ssl.SSLContext:
    """Whose certificates are believed. Reading them is most of what a client costs, so they are read once."""
    import certifi  # noqa: PLC0415 - httpx brings it.

    return ssl.create_default_context(cafile=certifi.where())
