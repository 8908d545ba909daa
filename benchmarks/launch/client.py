"""A browser reduced to what a launch needs: two requests and the cookies between them, a connection for each."""

import asyncio
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit

from benchmarks.launch.lms import Platform


@dataclass(frozen=True)
class Answer:
    """A response, read to its end."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str:
        """The first header of that name; empty without one."""
        return next((value for key, value in self.headers if key == name), "")

    @property
    def cookies(self) -> list[str]:
        """``name=value`` of each cookie that was set."""
        return [value.partition(";")[0] for key, value in self.headers if key == "set-cookie"]


async def ask(method: str, url: str, *, cookies: list[str] | None = None, form: dict[str, str] | None = None) -> Answer:
    """One request on a connection of its own."""
    parts = urlsplit(url)
    body = urlencode(form).encode() if form else b""
    lines = [f"{method} {parts.path}{'?' + parts.query if parts.query else ''} HTTP/1.1", f"Host: {parts.netloc}"]
    lines += ["Connection: close", "Accept: text/html", "User-Agent: benchmark"]
    if cookies:
        lines.append("Cookie: " + "; ".join(cookies))
    if form is not None:
        lines += ["Content-Type: application/x-www-form-urlencoded", f"Content-Length: {len(body)}"]
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    try:
        writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
        await writer.drain()
        head, _, rest = (await reader.read()).partition(b"\r\n\r\n")
    finally:
        writer.close()
    first, *fields = head.decode("latin-1").split("\r\n")
    headers = [(name.strip().lower(), value.strip()) for name, _, value in (field.partition(":") for field in fields)]
    return Answer(int(first.split(" ", 2)[1]), headers, rest)


@dataclass(frozen=True)
class Launch:
    """How one launch ended: the tool's last answer, and the cookies it leaves."""

    answer: Answer
    cookies: list[str]


async def launch(platform: Platform, tool_url: str, student: int) -> Launch:
    """Login, then the platform's message; RuntimeError where the login is not a redirect."""
    query = urlencode(platform.login(tool_url, student))
    login = await ask("GET", f"{tool_url}/lti/login?{query}")
    if login.status != 302:
        raise RuntimeError(f"the login answered {login.status}: {login.body[:300]!r}")
    asked = dict(parse_qsl(urlsplit(login.header("location")).query))
    message = {"id_token": platform.id_token(tool_url, student, asked["nonce"]), "state": asked["state"]}
    answer = await ask("POST", f"{tool_url}/lti/launch", cookies=login.cookies, form=message)
    return Launch(answer, answer.cookies)
