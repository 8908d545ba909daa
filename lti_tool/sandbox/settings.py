"""What can be set about a sandbox LMS, and the addresses that follow from it."""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from lti_tool.cartridges import CourseContent


@dataclass(frozen=True)
class SandboxSettings:
    """Where the sandbox lives, what it opens with and whom it plays.

    ``base_url`` is its public address without a trailing slash; all its addresses and its issuer follow from it.
    ``folder`` keeps its data. At the start ``course`` (what a cartridge held) is loaded, or else, with ``sample``, the sample
    course; one that is there already is left alone. ``product_family_code`` is what launches say of the platform: it plays
    Canvas, whose REST API it answers a part of. ``storage_target`` says where values are kept for tools
    (``lti_storage_target``): ``_parent``, the page around the tool, or the name of a frame in it; None: nowhere.
    """

    base_url: str = "http://127.0.0.1:8001"
    folder: Path = Path("var/sandbox")
    course: CourseContent | None = None
    sample: bool = True
    name: str = "Sandbox LMS"
    product_family_code: str = "canvas"
    storage_target: str | None = None

    def __post_init__(self) -> None:
        if urlsplit(self.base_url).scheme not in ("http", "https") or self.base_url.endswith("/"):
            raise ValueError(f"base_url must be an http(s) address without a slash at its end: {self.base_url!r}")

    @property
    def database(self) -> Path:
        """The SQLite file."""
        return self.folder / "sandbox.db"

    @property
    def issuer(self) -> str:
        """``iss`` of every id_token."""
        return self.base_url

    @property
    def authorization_url(self) -> str:
        """Where the tool sends its authorization request."""
        return f"{self.base_url}/api/lti/authorize_redirect"

    @property
    def jwks_url(self) -> str:
        """Where the sandbox publishes its keys."""
        return f"{self.base_url}/api/lti/security/jwks"

    @property
    def token_url(self) -> str:
        """Where service tokens are asked for; also the audience a client assertion must name."""
        return f"{self.base_url}/login/oauth2/token"

    @property
    def host(self) -> str:
        """Host and port, as Canvas gives them in ``$Canvas.api.domain``."""
        return urlsplit(self.base_url).netloc
