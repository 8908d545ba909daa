"""The tool's own keys: the same contract for the folder and for memory, and what is particular to files."""

import os
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc.jwk import RSAKey

from lti_tool.clock import ManualClock
from lti_tool.errors import Conflict, NotFound, WrongSetting
from lti_tool.lti import jobs
from lti_tool.lti.keys import FolderKeys, KeyStore, MemoryKeys, public_key_set
from lti_tool.lti.rotation import (
    PUBLISHED_AFTER_SIGNING,
    PUBLISHED_BEFORE_SIGNING,
    KeyState,
    SigningKey,
    next_due,
    outlived,
    state_of,
)
from lti_tool.lti.secret import secret_key
from tests.lti.conftest import Tool, settings_for
from tests.lti.support import pem, private_key

MAKERS: dict[str, Callable[[Path, ManualClock], KeyStore]] = {
    "folder": lambda folder, clock: FolderKeys(folder / "keys", clock, secret),
    "memory": lambda _folder, clock: MemoryKeys(clock),
}


EVERY = timedelta(days=90)


def secret() -> str:
    return "s" * 40


@pytest.fixture(params=MAKERS)
def store(request: pytest.FixtureRequest, tmp_path: Path, clock: ManualClock) -> KeyStore:
    return MAKERS[request.param](tmp_path, clock)


def kids(store: KeyStore) -> list[str]:
    published = store.keys()
    return [key.kid for key in published]


def test_every_store_keeps_the_contract(store: KeyStore, clock: ManualClock) -> None:
    assert store.keys() == ()
    first = store.active()
    assert store.active().kid == first.kid == first.private.thumbprint()
    assert first.private.get_op_key("sign").key_size >= 2048

    second = store.rotate()
    clock.move(timedelta(days=-1))
    third = store.rotate()
    assert store.active().kid == third.kid
    assert kids(store) == [third.kid, second.kid, first.kid]

    published = public_key_set(store)["keys"]
    assert [key["kid"] for key in published] == [third.kid, second.kid, first.kid]
    assert all(set(key) == {"kty", "n", "e", "kid", "alg", "use"} for key in published)

    store.retire(first.kid)
    assert kids(store) == [third.kid, second.kid]
    with pytest.raises(NotFound):
        store.retire(first.kid)
    with pytest.raises(Conflict, match="this key signs"):
        store.retire(third.kid)


def test_every_store_keeps_up_with_the_schedule(store: KeyStore, clock: ManualClock) -> None:
    first = store.active()
    store.keep_up(EVERY)
    clock.move(EVERY - PUBLISHED_BEFORE_SIGNING - timedelta(minutes=1))
    store.keep_up(EVERY)
    assert kids(store) == [first.kid]

    clock.move(timedelta(minutes=1))
    store.keep_up(EVERY)
    store.keep_up(EVERY)
    (second, _) = store.keys()
    assert store.active().kid == first.kid
    assert state_of(second, store.keys(), clock.now()) is KeyState.NEXT

    clock.move(PUBLISHED_BEFORE_SIGNING)
    assert store.active().kid == second.kid
    assert state_of(first, store.keys(), clock.now()) is KeyState.STOPPED

    clock.move(PUBLISHED_AFTER_SIGNING - timedelta(minutes=1))
    store.keep_up(EVERY)
    assert kids(store) == [second.kid, first.kid]
    clock.move(timedelta(minutes=1))
    store.keep_up(EVERY)
    assert kids(store) == [second.kid]


def test_every_store_publishes_an_overdue_key_before_it_signs(store: KeyStore, clock: ManualClock) -> None:
    first = store.active()
    clock.move(timedelta(days=1000))
    store.keep_up(EVERY)
    assert store.active().kid == first.kid
    clock.move(PUBLISHED_BEFORE_SIGNING)
    assert store.active().kid != first.kid


def test_every_store_signs_with_a_commanded_key_at_once_though_another_is_scheduled(
    store: KeyStore, clock: ManualClock
) -> None:
    store.active()
    clock.move(EVERY - PUBLISHED_BEFORE_SIGNING)
    store.keep_up(EVERY)
    scheduled = store.keys()[0]

    commanded = store.rotate()

    assert store.active().kid == commanded.kid
    assert len(kids(store)) == 3
    clock.move(PUBLISHED_BEFORE_SIGNING)
    assert store.active().kid == scheduled.kid


@given(
    st.lists(st.tuples(st.integers(0, 400), st.booleans()), min_size=1, max_size=6, unique_by=lambda one: one[0]),
    st.integers(0, 500),
)
def test_of_any_keys_one_signs_and_it_is_never_retired(days: list[tuple[int, bool]], today: int) -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    private = RSAKey.import_key(pem(private_key("own")))
    keys = [
        SigningKey(str(day), start, private, start + timedelta(days=day), scheduled=scheduled)
        for day, scheduled in days
    ]
    now = start + timedelta(days=today)
    states = [state_of(key, keys, now) for key in keys]
    assert states.count(KeyState.SIGNS) == 1
    assert all(state_of(key, keys, now) is KeyState.STOPPED for key in outlived(keys, now))
    due = next_due(keys, now, EVERY)
    assert due is None or due >= now + PUBLISHED_BEFORE_SIGNING


def test_a_plain_key_of_before_is_encrypted_and_stays_what_it_was(tmp_path: Path, clock: ManualClock) -> None:
    own = tmp_path / "ours.pem"
    own.write_bytes(pem(private_key("own")))
    os.utime(own, (1_700_000_000, 1_700_000_000))

    before = FolderKeys(tmp_path, clock, secret).active()

    assert own.read_bytes().startswith(b"-----BEGIN ENCRYPTED PRIVATE KEY-----")
    assert stat.S_IMODE(own.stat().st_mode) == 0o600
    after = FolderKeys(tmp_path, clock, secret).active()
    assert (after.kid, after.created_at) == (before.kid, before.created_at)
    assert before.created_at == datetime.fromtimestamp(1_700_000_000, UTC)


def test_with_another_secret_no_key_is_made_and_the_setting_is_named(tmp_path: Path, clock: ManualClock) -> None:
    FolderKeys(tmp_path, clock, secret).active()

    other = FolderKeys(tmp_path, clock, lambda: "t" * 40)
    for attempt in (other.active, other.rotate, other.keys, lambda: other.keep_up(EVERY)):
        with pytest.raises(WrongSetting, match="LTI_TOOL_SECRET_KEY") as raised:
            attempt()
        assert "\n" not in raised.value.detail
    assert len(list(tmp_path.glob("*.pem"))) == 1


def test_processes_that_start_and_keep_up_at_once_make_one_key(tmp_path: Path, clock: ManualClock) -> None:
    def at_once(do: Callable[[FolderKeys], object]) -> None:
        with ThreadPoolExecutor(6) as pool:
            list(pool.map(lambda _number: do(FolderKeys(tmp_path, clock, secret)), range(6)))

    at_once(lambda store: store.active())
    assert len(list(tmp_path.glob("*.pem"))) == 1
    clock.move(EVERY)
    at_once(lambda store: store.keep_up(EVERY))
    assert len(list(tmp_path.glob("*.pem"))) == 2


def test_a_key_is_parsed_once(tmp_path: Path, clock: ManualClock) -> None:
    FolderKeys(tmp_path, clock, secret).active()
    asked = []

    def counted() -> str:
        asked.append(1)
        return secret()

    store = FolderKeys(tmp_path, clock, counted)
    assert {store.active().kid for _ in range(5)} == {store.active().kid}
    assert len(asked) == 1


async def test_the_schedule_is_kept_in_the_background(tool: Tool, clock: ManualClock) -> None:
    keys = MemoryKeys(clock)
    keys.active()
    clock.move(EVERY)

    async def run(rotation: timedelta | None) -> None:
        (work,) = [
            one for one in jobs.work(tool.database, clock, keys, rotation).periodic if one.name == "lti.keep-up-keys"
        ]
        await work.run()

    await run(None)
    assert len(keys.keys()) == 1
    await run(EVERY)
    assert len(keys.keys()) == 2


def test_a_key_file_is_its_owners_alone(tmp_path: Path, clock: ManualClock) -> None:
    FolderKeys(tmp_path / "new" / "keys", clock, secret).active()

    (file,) = (tmp_path / "new" / "keys").glob("*.pem")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert file.read_bytes().startswith(b"-----BEGIN ENCRYPTED PRIVATE KEY-----")


def test_a_second_process_sees_the_same_keys_and_its_rotation_is_noticed(tmp_path: Path, clock: ManualClock) -> None:
    server, command = FolderKeys(tmp_path, clock, secret), FolderKeys(tmp_path, clock, secret)
    first = server.active()
    assert command.active().kid == first.kid

    clock.move(timedelta(minutes=1))
    second = command.rotate()

    assert server.active().kid == second.kid
    # What has been parsed stays parsed.
    assert server.keys()[1].private is first.private


def test_a_key_of_the_administrators_own_is_taken(tmp_path: Path, clock: ManualClock) -> None:
    own = private_key("own")
    (tmp_path / "ours.pem").write_bytes(pem(own))

    assert FolderKeys(tmp_path, clock, secret).active().kid == RSAKey.import_key(pem(own)).thumbprint()


@pytest.mark.parametrize(
    "content", [b"", b"not a key", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"]
)
def test_a_file_that_is_no_key_names_the_setting(tmp_path: Path, clock: ManualClock, content: bytes) -> None:
    (tmp_path / "broken.pem").write_bytes(content)

    with pytest.raises(WrongSetting, match=r"LTI_TOOL_KEYS_DIR: broken\.pem"):
        FolderKeys(tmp_path, clock, secret).active()


def test_a_public_key_is_no_signing_key(tmp_path: Path, clock: ManualClock) -> None:
    public = RSAKey.import_key(pem(private_key("own"))).as_pem(private=False)
    (tmp_path / "public.pem").write_bytes(public)

    with pytest.raises(WrongSetting, match="LTI_TOOL_KEYS_DIR"):
        FolderKeys(tmp_path, clock, secret).active()


def test_a_folder_that_cannot_be_made_names_the_setting(tmp_path: Path, clock: ManualClock) -> None:
    (tmp_path / "file").write_text("x")

    with pytest.raises(WrongSetting, match="LTI_TOOL_KEYS_DIR"):
        FolderKeys(tmp_path / "file" / "keys", clock, secret).active()


async def test_the_key_set_is_published_without_the_private_half(tool: Tool) -> None:
    response = await tool.browser().client.get("/.well-known/jwks.json")

    (key,) = response.json()["keys"]
    assert set(key) == {"kty", "n", "e", "kid", "alg", "use"}
    assert response.headers["cache-control"] == "public, max-age=300"


def test_the_secret_is_made_once_and_kept_on_loopback(tmp_path: Path) -> None:
    settings = settings_for(tmp_path).model_copy(update={"secret_key": None, "base_url": "http://localhost:8000"})

    made = secret_key(settings)

    assert len(made) >= 32
    assert secret_key(settings) == made
    assert stat.S_IMODE((tmp_path / "secret").stat().st_mode) == 0o600


def test_elsewhere_the_secret_has_to_be_set(tmp_path: Path) -> None:
    settings = settings_for(tmp_path)
    assert secret_key(settings) == "s" * 40
    with pytest.raises(WrongSetting, match="LTI_TOOL_SECRET_KEY"):
        secret_key(settings.model_copy(update={"secret_key": None}))
    assert list(tmp_path.iterdir()) == []


def test_a_secret_that_was_cut_short_is_not_used(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("short")
    settings = settings_for(tmp_path).model_copy(update={"secret_key": None, "base_url": "http://localhost:8000"})
    with pytest.raises(WrongSetting, match="LTI_TOOL_KEYS_DIR"):
        secret_key(settings)
