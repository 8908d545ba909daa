"""The secret that protects what is stored encrypted: from the settings, or made and kept where only this machine is served."""

import secrets

from lti_tool.errors import WrongSetting
from lti_tool.lti.keys import write_secret_file
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
    path = settings.keys_dir / FILE
    kept = _read(settings)
    if kept is not None:
        return kept
    write_secret_file(path, secrets.token_urlsafe(48).encode())
    # Of two processes that start at once the last writer's secret counts for both, from here on.
    return _read(settings) or secret_key(settings)


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
