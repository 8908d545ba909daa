"""What an administrator can set, by environment variables or a ``.env`` file; see ``docs/settings.md``."""

import ipaddress
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from lti_tool.errors import WrongSetting

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Settings(BaseSettings):
    """The settings of one installation. Each field is the variable ``LTI_TOOL_`` + its name in upper case."""

    model_config = SettingsConfigDict(env_prefix="LTI_TOOL_", env_file=".env", extra="ignore")

    base_url: str = Field("http://localhost:8000", description="The public address of the tool, without a path.")
    database_url: str = Field(
        "sqlite:///var/lti_tool.db",
        description="Where data is kept: sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME.",
    )
    keys_dir: Path = Field(Path("keys"), description="The folder of the signing keys.")
    secret_key: str | None = Field(
        None,
        min_length=32,
        description="At least 32 random characters that protect stored secrets. Made in the keys folder on loopback.",
    )
    key_rotation_days: int = Field(
        90, ge=0, le=3650, description="How many days a signing key signs before the next one takes over; 0 for ever."
    )
    worker: Literal["embedded", "external"] = Field(
        "embedded", description="Whether background work runs inside `serve` or in `lti-tool worker`."
    )
    score_attempt_days: int = Field(
        400,
        ge=0,
        le=3650,
        description="How many days every attempt to send a score is kept, beside the last ones of each; 0 for ever.",
    )
    allowed_networks: Annotated[tuple[Network, ...], NoDecode] = Field(
        (), description="Private networks that LMSs may live in, separated by commas."
    )
    metrics_networks: Annotated[tuple[Network, ...], NoDecode] = Field(
        (), description="Networks besides loopback that may read /metrics, separated by commas."
    )
    log_format: Literal["text", "json"] = Field("text", description="How log lines are written to standard error.")

    @field_validator("base_url")
    @classmethod
    def _an_origin(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("must be an address such as https://playlists.school.example")
        if parts.path.strip("/") or parts.query or parts.fragment:
            raise ValueError("must have no path, query or fragment")
        return value.rstrip("/")

    @field_validator("database_url")
    @classmethod
    def _a_known_database(cls, value: str) -> str:
        if value.startswith("sqlite:///") and len(value) > len("sqlite:///"):
            return value
        if value.startswith(("postgresql://", "postgres://")):
            return value
        raise ValueError("must begin with sqlite:/// or postgresql://")

    @field_validator("allowed_networks", "metrics_networks", mode="before")
    @classmethod
    def _networks(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(ipaddress.ip_network(part.strip()) for part in value.split(",") if part.strip())
        return value

    @property
    def key_rotation(self) -> timedelta | None:
        """How long a signing key signs; None where keys are rotated by command alone."""
        return timedelta(days=self.key_rotation_days) or None

    @property
    def attempts_kept(self) -> timedelta | None:
        """How long every attempt to deliver a score is kept; None for ever."""
        return timedelta(days=self.score_attempt_days) or None

    @property
    def on_loopback(self) -> bool:
        """Whether the base URL's own host is this machine, as in a demo."""
        host = urlsplit(self.base_url).hostname or ""
        if host == "localhost" or host.endswith(".localhost"):
            return True
        try:
            return ipaddress.ip_address(host).is_loopback
        except ValueError:
            return False


def load_settings() -> Settings:
    """Read the settings; raises WrongSetting with one line that names the variable."""
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = "LTI_TOOL_" + str(first["loc"][0]).upper() if first["loc"] else "settings"
        reason = first["msg"].removeprefix("Value error, ")
        raise WrongSetting(f"{name}: {reason}") from None
