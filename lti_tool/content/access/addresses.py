"""Which addresses a platform's own API may have. Secrets are sent there, so nothing but https and this machine will do. Pure."""

from urllib.parse import urlsplit

from lti_tool.errors import BadRequest
from lti_tool.lti.models import Family

BACK = "/api-access/back"
"""Where a platform sends the browser once somebody has said yes or no; below the tool's own address."""

_ENDS = ("/webservice/rest/server.php", "/webservice", "/login/index.php", "/login", "/index.php")
"""What an administrator may copy along with the address of a Moodle."""


def back_address(base_url: str) -> str:
    """The redirect URI that an administrator enters in the LMS."""
    return base_url.rstrip("/") + BACK


def api_origin(base_url: str) -> str:
    """Scheme, host and port of a platform's API address. Raises BadRequest."""
    try:
        parts = urlsplit(base_url.strip())
        port = parts.port
    except ValueError:
        raise BadRequest("the API's address is none", code="bad-address") from None
    host = parts.hostname or ""
    local = host in {"localhost", "127.0.0.1", "::1"} or host.endswith(".localhost")
    if not host or parts.username is not None or not (parts.scheme == "https" or (parts.scheme == "http" and local)):
        raise BadRequest(
            "the API's address must be https and a host, such as https://school.example", code="bad-address"
        )
    written = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{written}" + (f":{port}" if port else "")


def api_address(given: str, family: Family) -> str:
    """The address an API is called at: an origin; of a Moodle in a folder, with that folder. Raises BadRequest."""
    origin = api_origin(given)
    if family is not Family.MOODLE:
        return origin
    path = urlsplit(given.strip()).path.rstrip("/")
    for end in _ENDS:
        path = path.removesuffix(end)
    if any(part in {"", ".", ".."} for part in path.split("/")[1:]) or not path.isascii() or len(path) > 300:
        raise BadRequest("the Moodle's folder cannot be read", code="bad-address")
    return origin + path


def usual_address(family: Family, issuer: str, domain: str | None) -> str:
    """What stands in the form before anybody has written: the host of the last launch, or what follows from the platform."""
    if family is Family.SCHOOLOGY:
        return "https://api.schoology.com"
    if family is Family.MOODLE:
        return issuer
    return f"https://{domain}" if domain else ""
