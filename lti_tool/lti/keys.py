"""The tool's signing keys, as a port: a folder of PEM files, or memory for tests.

A key's id is its RFC 7638 thumbprint, so that the same key has the same id on every machine that is given it. The newest
key signs; every key that is kept is published, so that what an older one signed can still be checked.
"""

import logging
import os
import re
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from lti_tool.clock import Clock, SystemClock
from lti_tool.errors import NotFound, WrongSetting
from lti_tool.settings import Settings

KEY_BITS = 2048
"""RSA modulus; LTI's security framework asks for RS256, and every LMS reads 2048 bits (Security Framework 1.0 §6.1)."""

log = logging.getLogger(__name__)

_NAMED = re.compile(r"(\d{8}T\d{6})Z-")


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key, parsed once."""

    kid: str
    created_at: datetime
    private: RSAKey

    def public_jwk(self) -> dict[str, Any]:
        """The public half as it is published (RFC 7517)."""
        return {**self.private.as_dict(private=False), "kid": self.kid, "alg": "RS256", "use": "sig"}


class KeyStore(Protocol):
    """Where signing keys are kept."""

    def keys(self) -> tuple[SigningKey, ...]:
        """Every published key, newest first: the first one signs."""
        ...

    def active(self) -> SigningKey:
        """The key that signs: the newest. One is made when there is none."""
        ...

    def rotate(self) -> SigningKey:
        """Make a new key, which signs from now on; the others stay published."""
        ...

    def retire(self, kid: str) -> None:
        """Publish a key no longer, and forget it. Raises NotFound; ValueError for the key that signs."""
        ...


def public_key_set(store: KeyStore) -> dict[str, list[dict[str, Any]]]:
    """The key set platforms read (RFC 7517 §5), newest first."""
    published = store.keys()
    return {"keys": [key.public_jwk() for key in published]}


def open_key_store(settings: Settings, clock: Clock | None = None) -> "FolderKeys":
    """The installation's signing keys. Opening makes none; asking for the active one does."""
    return FolderKeys(settings.keys_dir, clock or SystemClock())


class MemoryKeys:
    """Keys that live as long as the process; for tests. ``make`` can hand out keys made before, which saves time."""

    def __init__(self, clock: Clock, make: Callable[[], RSAKey] | None = None) -> None:
        self._clock = clock
        self._make = make or _new_key
        self._keys: list[SigningKey] = []

    def keys(self) -> tuple[SigningKey, ...]:
        """Every published key, newest first."""
        return tuple(self._keys)

    def active(self) -> SigningKey:
        """The key that signs."""
        return self._keys[0] if self._keys else self.rotate()

    def rotate(self) -> SigningKey:
        """Make a new key, which signs from now on."""
        key = self._make()
        self._keys.insert(0, SigningKey(key.thumbprint(), self._clock.now(), key))
        return self._keys[0]

    def retire(self, kid: str) -> None:
        """Forget a key."""
        self._keys.remove(_retirable(self._keys, kid))


class FolderKeys:
    """Keys as PEM files (PKCS 8, unencrypted, readable by their owner alone) in one folder.

    What another process does to the folder (``lti-tool keys rotate``) is noticed by the folder's own time of change; a file
    is parsed once. Raises WrongSetting, naming LTI_TOOL_KEYS_DIR, when the folder cannot be used.
    """

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._folder = folder
        self._clock = clock
        self._parsed: dict[str, SigningKey] = {}
        self._seen: int | None = None
        self._keys: tuple[SigningKey, ...] = ()

    def keys(self) -> tuple[SigningKey, ...]:
        """Every published key, newest first."""
        try:
            changed = self._folder.stat().st_mtime_ns
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise _unusable(self._folder, error) from error
        if changed != self._seen:
            self._keys = self._read()
            self._seen = changed
        return self._keys

    def active(self) -> SigningKey:
        """The key that signs."""
        keys = self.keys()
        return keys[0] if keys else self.rotate()

    def rotate(self) -> SigningKey:
        """Make a new key, which signs from now on."""
        key = _new_key()
        kid = key.thumbprint()
        created_at = self._clock.now().replace(microsecond=0)
        # Of two keys of one second, or after a clock went back, the new one still has to be the one that signs.
        newest = max((key.created_at for key in self.keys()), default=None)
        if newest is not None and newest >= created_at:
            created_at = newest.replace(microsecond=0) + timedelta(seconds=1)
        made = SigningKey(kid, created_at, key)
        name = f"{created_at:%Y%m%dT%H%M%S}Z-{kid}.pem"
        write_secret_file(self._folder / name, key.as_pem(private=True))
        self._parsed[name] = made
        self._seen = None
        log.info("a signing key was made", extra={"kid": kid})
        return made

    def retire(self, kid: str) -> None:
        """Remove a key's file."""
        key = _retirable(self.keys(), kid)
        for name, parsed in self._parsed.items():
            if parsed.kid == key.kid:
                (self._folder / name).unlink(missing_ok=True)
        self._seen = None

    def _read(self) -> tuple[SigningKey, ...]:
        parsed = {}
        for path in sorted(self._folder.glob("*.pem")):
            key = self._parsed.get(path.name) or _parse(path)
            parsed[path.name] = key
        self._parsed = parsed
        return tuple(sorted(parsed.values(), key=lambda key: key.created_at, reverse=True))


def write_secret_file(path: Path, content: bytes) -> None:
    """Write a file that only its owner can read, whole or not at all. Raises WrongSetting when the folder forbids it."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # mkstemp makes the file 0600, and a rename is seen by others at once or not at all.
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".new-")
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except OSError as error:
        raise _unusable(path.parent, error) from error


def _parse(path: Path) -> SigningKey:
    try:
        key = RSAKey.import_key(path.read_bytes())
        named = _NAMED.match(path.name)
        if named:
            created_at = datetime.strptime(named[1], "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
        else:
            created_at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except (OSError, ValueError, TypeError, JoseError) as error:
        raise WrongSetting(f"LTI_TOOL_KEYS_DIR: {path.name} is not an RSA private key in PEM form") from error
    if not key.is_private:
        raise WrongSetting(f"LTI_TOOL_KEYS_DIR: {path.name} is a public key; the private one belongs here")
    return SigningKey(key.thumbprint(), created_at, key)


def _new_key() -> RSAKey:
    return RSAKey.generate_key(KEY_BITS, private=True, auto_kid=False)


def _retirable(keys: Iterable[SigningKey], kid: str) -> SigningKey:
    listed = list(keys)
    key = next((key for key in listed if key.kid == kid), None)
    if key is None:
        raise NotFound(f"there is no key {kid}")
    if key is listed[0]:
        raise ValueError("this key signs; make a new one first (keys rotate)")
    return key


def _unusable(folder: Path, error: OSError) -> WrongSetting:
    return WrongSetting(
        f"LTI_TOOL_KEYS_DIR: the folder {folder} cannot be used ({error.strerror or type(error).__name__})"
    )
