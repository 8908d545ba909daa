"""The secret that protects what is stored encrypted: from the settings, or made and kept where only this machine is served."""

import base64
import os
import secrets
import tempfile
from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from lti_tool.errors import WrongSetting
from lti_tool.settings import Settings

FILE = "secret"


def secret_key(settings: Settings) -> str:
    """The installation's secret, at least 32 characters.

    Without ``LTI_TOOL_SECRET_KEY`` it is made at first start and kept in the keys folder, if the base URL is loopback;
    elsewhere several machines may serve, each with a folder of its own, and WrongSetting is raised.
    """
    if settings.secret_key:
        return settings.secret_key
    if not settings.on_loopback:
        raise WrongSetting(
            "LTI_TOOL_SECRET_KEY: must be set, since the base URL is not on this machine; "
            'make one with: python -c "import secrets; print(secrets.token_urlsafe(48))"'
        )
    kept = _read(settings)
    if kept is not None:
        return kept
    # Of two processes that start at once the first one's secret counts for both.
    write_secret_file(settings.keys_dir / FILE, secrets.token_urlsafe(48).encode(), replace=False)
    return _read(settings) or secret_key(settings)


def passphrase(secret: str, purpose: str) -> str:
    """A passphrase of 256 bits for one purpose (HKDF-SHA256, RFC 5869), so that each purpose has its own."""
    derived = HKDF(SHA256(), length=32, salt=None, info=b"lti-tool:" + purpose.encode()).derive(secret.encode())
    return base64.urlsafe_b64encode(derived).decode("ascii")


def write_secret_file(path: Path, content: bytes, *, replace: bool = True) -> None:
    """Write a file that only its owner can read, whole or not at all; with ``replace`` False never over another one.

    Raises WrongSetting when the folder forbids it.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # mkstemp makes the file 0600, and a rename or link is seen by others at once or not at all.
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")
        temporary = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            if replace:
                temporary.replace(path)
            else:
                _link(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise unusable(path.parent, error) from error


def unusable(folder: Path, error: OSError) -> WrongSetting:
    """The error of a keys folder that cannot be used."""
    return WrongSetting(
        f"LTI_TOOL_KEYS_DIR: the folder {folder} cannot be used ({error.strerror or type(error).__name__})"
    )


def _link(temporary: Path, path: Path) -> None:
    try:
        path.hardlink_to(temporary)
    except FileExistsError:
        return


def _read(settings: Settings) -> str | None:
    try:
        kept = (settings.keys_dir / FILE).read_text("utf-8").strip()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise WrongSetting(f"LTI_TOOL_KEYS_DIR: the secret in it cannot be read ({error.strerror})") from error
    if len(kept) < 32:
        raise WrongSetting("LTI_TOOL_KEYS_DIR: the file named secret in it is shorter than 32 characters; remove it")
    return kept
