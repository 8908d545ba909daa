"""The tool's own keys: the same contract for the folder and for memory, and what is particular to files."""

import stat
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from joserfc.jwk import RSAKey

from lti_tool.clock import ManualClock
from lti_tool.errors import NotFound, WrongSetting
from lti_tool.lti.keys import FolderKeys, KeyStore, MemoryKeys, public_key_set
from lti_tool.lti.secret import secret_key
from tests.lti.conftest import Tool, settings_for
from tests.lti.support import pem, private_key

MAKERS: dict[str, Callable[[Path, ManualClock], KeyStore]] = {
    "folder": lambda folder, clock: FolderKeys(folder / "keys", clock),
    "memory": lambda _folder, clock: MemoryKeys(clock),
}


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
    with pytest.raises(ValueError, match="this key signs"):
        store.retire(third.kid)


def test_a_key_file_is_its_owners_alone(tmp_path: Path, clock: ManualClock) -> None:
    FolderKeys(tmp_path / "new" / "keys", clock).active()

    (file,) = (tmp_path / "new" / "keys").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert file.read_bytes().startswith(b"-----BEGIN PRIVATE KEY-----")


def test_a_second_process_sees_the_same_keys_and_its_rotation_is_noticed(tmp_path: Path, clock: ManualClock) -> None:
    server, command = FolderKeys(tmp_path, clock), FolderKeys(tmp_path, clock)
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

    assert FolderKeys(tmp_path, clock).active().kid == RSAKey.import_key(pem(own)).thumbprint()


@pytest.mark.parametrize(
    "content", [b"", b"not a key", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"]
)
def test_a_file_that_is_no_key_names_the_setting(tmp_path: Path, clock: ManualClock, content: bytes) -> None:
    (tmp_path / "broken.pem").write_bytes(content)

    with pytest.raises(WrongSetting, match=r"LTI_TOOL_KEYS_DIR: broken\.pem"):
        FolderKeys(tmp_path, clock).active()


def test_a_public_key_is_no_signing_key(tmp_path: Path, clock: ManualClock) -> None:
    public = RSAKey.import_key(pem(private_key("own"))).as_pem(private=False)
    (tmp_path / "public.pem").write_bytes(public)

    with pytest.raises(WrongSetting, match="LTI_TOOL_KEYS_DIR"):
        FolderKeys(tmp_path, clock).active()


def test_a_folder_that_cannot_be_made_names_the_setting(tmp_path: Path, clock: ManualClock) -> None:
    (tmp_path / "file").write_text("x")

    with pytest.raises(WrongSetting, match="LTI_TOOL_KEYS_DIR"):
        FolderKeys(tmp_path / "file" / "keys", clock).active()


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
