"""What no log line and no audit entry may hold: tokens, session keys in addresses, names."""

import logging
from collections.abc import Iterator

import pytest

from lti_tool.audit import AuditEntry
from lti_tool.logs import JsonLines
from lti_tool.playlists import destinations
from tests.lti.conftest import Tool
from tests.lti.support import LTI, fixture

MESSAGES = fixture("moodle-4.5-messages.json")
SECRETS = ["sesskey", "abc123", "Zoë", "Núñez", "Tessa", "example.test", "launchid", "SIS-"]


class Lines(logging.Handler):
    """Every line as it would be written, of every level and of every library."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.setFormatter(JsonLines())
        self.written: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        # httpx names addresses; ``set_up_logging`` keeps its lines below a warning, and so does this.
        if not record.name.startswith(("httpx", "httpcore")) or record.levelno >= logging.WARNING:
            self.written.append(self.format(record))


@pytest.fixture
def lines() -> Iterator[Lines]:
    root, handler = logging.getLogger(), Lines()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    for noisy in ("aiosqlite", "asyncio", "sqlalchemy"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    yield handler
    root.removeHandler(handler)
    root.setLevel(before)


@pytest.mark.parametrize(
    ("wrong", "status"),
    [({}, 303), ({LTI + "version": "11.3"}, 400), ({LTI + "roles": None}, 400), ({"nonce": "of-another"}, 401)],
    ids=["right", "version", "no roles", "nonce"],
)
async def test_launches_leave_no_secret_anywhere(
    tool: Tool, lines: Lines, wrong: dict[str, object], status: int
) -> None:
    tool.app.state.enter = destinations.enter
    sent: list[str] = []
    for name in ("student", "teacher", "deeplink", "submission-review"):
        browser = tool.browser()
        login = await browser.login(tool.platform)
        own = tool.platform.body(login.query["nonce"])
        ours = {claim: own[claim] for claim in ("iss", "aud", "iat", "exp", "nonce", LTI + "deployment_id")}
        token = tool.platform.token(MESSAGES[name] | ours | wrong)
        answer = await browser.post(login, token)
        assert answer.status_code == status, name
        sent += [*token.split("."), login.query["state"], login.query["nonce"]]
    assert len(lines.written) >= 8
    entries = await tool.rows(AuditEntry)
    assert bool(entries) == bool(wrong)
    held = "\n".join([*lines.written, *(entry.model_dump_json() for entry in entries)])
    assert [secret for secret in (*SECRETS, *sent) if secret in held] == []
