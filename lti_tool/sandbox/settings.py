"""What can be set about a sandbox LMS, and the addresses that follow from it."""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from lti_tool.cartridges import CourseContent
from lti_tool.sandbox.likes import LIKES, Like


@dataclass(frozen=True)
class SandboxSettings:
    """Where the sandbox lives, what it opens with and whom it plays.

    ``base_url`` is its public address without a trailing slash; all its addresses and its issuer follow from it.
    ``folder`` keeps its data. At the start ``course`` (what a cartridge held) is loaded, or else, with ``sample``, the sample
    course; one that is there already is left alone. ``like`` names the LMS it plays, one of ``likes.LIKES``. ``hosted`` is the
    address of a host for signing in, apart from the school's own, as hosted Canvas has it; its issuer is Canvas's then.
    ``storage_target`` says where values are kept for tools (``lti_storage_target``): ``_parent``, the page around the tool, or
    the name of a frame in it; None: where that LMS usually does. ``first_id`` is what ids count from in a new store: above 2^53
    they are what Canvas shows of another shard.
    """

    base_url: str = "http://127.0.0.1:8001"
    folder: Path = Path("var/sandbox")
    course: CourseContent | None = None
    sample: bool = True
    name: str = "Sandbox LMS"
    like: str = "plain"
    hosted: str | None = None
    storage_target: str | None = None
    first_id: int = 1

    def __post_init__(self) -> None:
        if urlsplit(self.base_url).scheme not in ("http", "https") or self.base_url.endswith("/"):
            raise ValueError(f"base_url must be an http(s) address without a slash at its end: {self.base_url!r}")
        if self.like not in LIKES:
            raise ValueError(f"like must be one of {', '.join(LIKES)}, not {self.like!r}")

    @property
    def profile(self) -> Like:
        """How the LMS that is played differs from others."""
        return LIKES[self.like]

    @property
    def database(self) -> Path:
        """The SQLite file."""
        return self.folder / "sandbox.db"

    @property
    def issuer(self) -> str:
        """``iss`` of every id_token."""
        return self.profile.issuer(self.base_url, self.hosted)

    @property
    def authorization_url(self) -> str:
        """Where the tool sends its authorization request."""
        return f"{self.hosted or self.base_url}{self.profile.authorization_path}"

    @property
    def jwks_url(self) -> str:
        """Where the sandbox publishes its keys."""
        return f"{self.hosted or self.base_url}{self.profile.jwks_path}"

    @property
    def token_url(self) -> str:
        """Where service tokens are asked for; also the audience a client assertion must name."""
        return f"{self.hosted or self.base_url}{self.profile.token_path}"

    @property
    def host(self) -> str:
        """Host and port, as Canvas gives them in ``$Canvas.api.domain``."""
        return urlsplit(self.base_url).netloc
