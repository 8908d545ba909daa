"""The tool's signing keys, as a port: a folder of encrypted PEM files, or memory for tests.

A key's id is its RFC 7638 thumbprint, so that the same key has the same id on every machine that is given it. One key signs;
every key that is kept is published, so that what an older one signed can still be checked, and a coming one is known before
it signs (``rotation``).
"""

import contextlib
import logging
import os
import re
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from lti_tool.clock import Clock, SystemClock
from lti_tool.errors import Conflict, NotFound, WrongSetting
from lti_tool.lti.rotation import SigningKey, newest_first, next_due, outlived, signing
from lti_tool.lti.secret import passphrase, secret_key, unusable, write_secret_file
from lti_tool.settings import Settings

try:
    import fcntl
except ImportError:  # Windows: one process there, which needs no lock.
    fcntl = None  # type: ignore[assignment]

KEY_BITS = 2048
"""RSA modulus; LTI's security framework asks for RS256, and every LMS reads 2048 bits (Security Framework 1.0 §6.1)."""

PURPOSE = "signing-keys"
"""What the passphrase of the key files is derived for."""

log = logging.getLogger(__name__)

# When it was made and, for one made by schedule, from when it signs.
_NAMED = re.compile(r"(\d{8}T\d{6})Z-(?:(\d{8}T\d{6})Z-)?")
_STAMP = "%Y%m%dT%H%M%S"
_ENCRYPTED = b"-----BEGIN ENCRYPTED PRIVATE KEY-----"
_LOCK = ".lock"
# A folder that changed so recently may change again within the same tick of the file system's clock.
_SETTLED_NS = 2_000_000_000


class KeyStore(Protocol):
    """Where signing keys are kept."""

    def keys(self) -> tuple[SigningKey, ...]:
        """Every published key, in the order in which they take over, the last one first."""
        ...

    def active(self) -> SigningKey:
        """The key that signs. One is made when there is none."""
        ...

    def rotate(self) -> SigningKey:
        """Make a new key, which signs from now on; the others stay published."""
        ...

    def retire(self, kid: str) -> None:
        """Publish a key no longer, and forget it. Raises NotFound; Conflict for the key that signs."""
        ...

    def keep_up(self, every: timedelta) -> None:
        """Make the next key when its time has come, of keys that sign for ``every``; retire those that outlived their use."""
        ...


def public_key_set(store: KeyStore) -> dict[str, list[dict[str, Any]]]:
    """The key set platforms read (RFC 7517 §5), newest first."""
    published = store.keys()
    return {"keys": [key.public_jwk() for key in published]}


def open_key_store(settings: Settings, clock: Clock | None = None) -> "FolderKeys":
    """The installation's signing keys. Opening makes none; asking for the active one does."""
    return FolderKeys(settings.keys_dir, clock or SystemClock(), lambda: secret_key(settings))


class MemoryKeys:
    """Keys that live as long as the process; for tests. ``make`` can hand out keys made before, which saves time."""

    def __init__(self, clock: Clock, make: Callable[[], RSAKey] | None = None) -> None:
        self._clock = clock
        self._make = make or _new_key
        self._keys: tuple[SigningKey, ...] = ()

    def keys(self) -> tuple[SigningKey, ...]:
        """Every published key, newest first."""
        return self._keys

    def active(self) -> SigningKey:
        """The key that signs."""
        return signing(self._keys, self._clock.now()) or self.rotate()

    def rotate(self) -> SigningKey:
        """Make a new key, which signs from now on."""
        return self._add(None)

    def retire(self, kid: str) -> None:
        """Forget a key."""
        gone = _retirable(self._keys, kid, self._clock.now())
        self._keys = tuple(key for key in self._keys if key is not gone)

    def keep_up(self, every: timedelta) -> None:
        """Make the next key when it is due, and forget those that have outlived their use."""
        now = self._clock.now()
        due = next_due(self._keys, now, every)
        if due is not None:
            self._add(due)
        old = outlived(self._keys, now)
        self._keys = tuple(key for key in self._keys if key not in old)

    def _add(self, due: datetime | None) -> SigningKey:
        made = _made(self._make(), self._keys, self._clock.now(), due)
        self._keys = newest_first((*self._keys, made))
        return made


class FolderKeys:
    """Keys as PEM files in one folder: PKCS 8, encrypted, readable by their owner alone.

    The passphrase is derived from the installation's secret, which is asked for when it is needed. A file that is not
    encrypted (an administrator's own key, or one of an older version) is taken, and encrypted at once.

    What another process does to the folder (``lti-tool keys rotate``) is noticed by the folder's own time of change; a file
    is parsed once. Raises WrongSetting, naming LTI_TOOL_KEYS_DIR when the folder cannot be used, and LTI_TOOL_SECRET_KEY when
    a key cannot be decrypted with the secret. A key is never made in the place of one that cannot be read.
    """

    def __init__(self, folder: Path, clock: Clock, secret: Callable[[], str]) -> None:
        self._folder = folder
        self._clock = clock
        self._secret = secret
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
            raise unusable(self._folder, error) from error
        if changed != self._seen:
            self._keys = self._read()
            self._seen = changed if time.time_ns() - changed > _SETTLED_NS else None
        return self._keys

    def active(self) -> SigningKey:
        """The key that signs."""
        found = signing(self.keys(), self._clock.now())
        if found is not None:
            return found
        with self._locked():
            # Another process that started at the same moment may have made one.
            return signing(self.keys(), self._clock.now()) or self._add(None)

    def rotate(self) -> SigningKey:
        """Make a new key, which signs from now on."""
        with self._locked():
            return self._add(None)

    def retire(self, kid: str) -> None:
        """Remove a key's file."""
        with self._locked():
            self._remove([_retirable(self.keys(), kid, self._clock.now())])

    def keep_up(self, every: timedelta) -> None:
        """Make the next key when it is due, once for all processes, and remove those that have outlived their use."""
        now = self._clock.now()
        if next_due(self.keys(), now, every) is None and not outlived(self.keys(), now):
            return
        with self._locked():
            due = next_due(self.keys(), now, every)
            if due is not None:
                self._add(due)
            self._remove(outlived(self.keys(), now))

    def _add(self, due: datetime | None) -> SigningKey:
        made = _made(_new_key(), self.keys(), self._clock.now(), due)
        stamps = f"{made.created_at:{_STAMP}}Z-" + (f"{made.signs_from:{_STAMP}}Z-" if made.scheduled else "")
        name = f"{stamps}{made.kid}.pem"
        write_secret_file(self._folder / name, self._sealed(made.private))
        self._parsed[name] = made
        self._seen = None
        log.info("a signing key was made", extra={"kid": made.kid})
        return made

    def _remove(self, gone: Iterable[SigningKey]) -> None:
        kids = {key.kid for key in gone}
        for name in [name for name, key in self._parsed.items() if key.kid in kids]:
            try:
                (self._folder / name).unlink(missing_ok=True)
            except OSError as error:
                raise unusable(self._folder, error) from error
        self._seen = None
        for kid in sorted(kids):
            log.info("a signing key was retired", extra={"kid": kid})

    def _read(self) -> tuple[SigningKey, ...]:
        parsed = {}
        for path in sorted(self._folder.glob("*.pem")):
            key = self._parsed.get(path.name) or self._parse(path)
            if key is not None:
                parsed[path.name] = key
        self._parsed = parsed
        return newest_first(parsed.values())

    def _parse(self, path: Path) -> SigningKey | None:
        try:
            content = path.read_bytes()
            modified = path.stat().st_mtime
        except FileNotFoundError:
            # Another process has just retired it.
            return None
        except OSError as error:
            raise WrongSetting(f"LTI_TOOL_KEYS_DIR: {path.name} cannot be read ({error.strerror})") from error
        encrypted = content.lstrip().startswith(_ENCRYPTED)
        private = self._opened(path.name, content, encrypted)
        created_at, signs_from = _stamps(path.name, modified)
        if not encrypted:
            self._encrypt(path, private, modified)
        return SigningKey(private.thumbprint(), created_at, private, signs_from or created_at, signs_from is not None)

    def _opened(self, name: str, content: bytes, encrypted: bool) -> RSAKey:
        try:
            key = RSAKey.import_key(content, password=passphrase(self._secret(), PURPOSE) if encrypted else None)
        except (ValueError, TypeError, JoseError) as error:
            if encrypted:
                raise WrongSetting(
                    f"LTI_TOOL_SECRET_KEY: {name} in the keys folder cannot be decrypted with it; set the secret that it was "
                    "made with"
                ) from error
            raise WrongSetting(f"LTI_TOOL_KEYS_DIR: {name} is not an RSA private key in PEM form") from error
        if not key.is_private:
            raise WrongSetting(f"LTI_TOOL_KEYS_DIR: {name} is a public key; the private one belongs here")
        return key

    def _encrypt(self, path: Path, private: RSAKey, modified: float) -> None:
        """Put the encrypted file in the place of the plain one; its time of change tells when the key was made."""
        sealed = self._sealed(private)
        try:
            write_secret_file(path, sealed)
            os.utime(path, (modified, modified))
        except (WrongSetting, OSError) as error:
            # A folder that only root may write works as well; what it holds is then protected by that alone.
            log.warning("a signing key could not be encrypted", extra={"detail": str(error)[:200]})

    def _sealed(self, private: RSAKey) -> bytes:
        return private.as_pem(private=True, password=passphrase(self._secret(), PURPOSE))

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """One process at a time changes the folder. The lock ends with the process that has it."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle = os.open(self._folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise unusable(self._folder, error) from error
        try:
            if fcntl is not None:
                fcntl.flock(handle, fcntl.LOCK_EX)
            self._seen = None
            yield
        finally:
            os.close(handle)


def _made(private: RSAKey, keys: Iterable[SigningKey], now: datetime, due: datetime | None) -> SigningKey:
    """A new key that signs from ``due`` on, or at once where that is None."""
    created_at = now.replace(microsecond=0)
    if due is not None:
        return SigningKey(private.thumbprint(), created_at, private, due.replace(microsecond=0), scheduled=True)
    # Of two keys of one second, or after a clock went back, the new one still has to be the one that signs.
    before = signing(keys, now)
    if before is not None and before.signs_from >= created_at:
        created_at = before.signs_from.replace(microsecond=0) + timedelta(seconds=1)
    return SigningKey(private.thumbprint(), created_at, private, created_at)


def _stamps(name: str, modified: float) -> tuple[datetime, datetime | None]:
    named = _NAMED.match(name)
    if named is None:
        return datetime.fromtimestamp(modified, UTC), None
    try:
        first, second = (datetime.strptime(one, _STAMP).replace(tzinfo=UTC) if one else None for one in named.groups())
    except ValueError:
        first = second = None
    return first or datetime.fromtimestamp(modified, UTC), second


def _new_key() -> RSAKey:
    return RSAKey.generate_key(KEY_BITS, private=True, auto_kid=False)


def _retirable(keys: Iterable[SigningKey], kid: str, now: datetime) -> SigningKey:
    listed = list(keys)
    key = next((key for key in listed if key.kid == kid), None)
    if key is None:
        raise NotFound(f"there is no key {kid}; see `lti-tool keys list`")
    if key is signing(listed, now):
        raise Conflict("this key signs; make a new one first (lti-tool keys rotate)")
    return key
