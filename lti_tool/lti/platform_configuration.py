"""What a platform says of itself when a tool registers: its configuration, read with suspicion (Dynamic Registration 1.0 §2).

Pure. Whoever has an invitation can name any address, so a configuration speaks only for its own host, and every address in
it has to be one that may be called. What is shown to the administrator is what is registered: ``fingerprint`` binds the two.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from lti_tool.lti.addresses import ADDRESS_LIMIT, ISSUER_LIMIT, Unusable, unusable
from lti_tool.lti.families import product_family
from lti_tool.lti.models import Family
from lti_tool.lti.registration_refusals import (
    ConfigurationUnreadable,
    EndpointElsewhere,
    IssuerDiffers,
    RegistrationAddressRefused,
)
from lti_tool.lti.tool_description import QuirksOf
from lti_tool.settings import Settings

LTI_PLATFORM = "https://purl.imsglobal.org/spec/lti-platform-configuration"
ACCOUNT_NAME = "https://canvas.instructure.com/lti/account_name"

_MOST_WORDS = 200
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufffd]+")
_ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri", "registration_endpoint")


@dataclass(frozen=True, slots=True)
class PlatformConfiguration:
    """A platform as it describes itself, checked. ``scopes`` and ``placements`` are None where it does not say."""

    issuer: str
    auth_login_url: str
    token_url: str
    jwks_url: str
    registration_url: str
    token_audience: str | None
    product: str
    version: str
    account: str
    family: Family
    messages: tuple[str, ...]
    scopes: frozenset[str] | None
    placements: frozenset[str] | None

    @property
    def name(self) -> str:
        """What lists call it: the account's name, else its host."""
        return self.account or host(self.issuer)

    @property
    def fingerprint(self) -> str:
        """A digest of everything that the page shows and the registration uses."""
        shown = [
            self.issuer,
            self.auth_login_url,
            self.token_url,
            self.jwks_url,
            self.registration_url,
            self.token_audience,
            self.product,
            self.version,
            self.account,
            self.family.value,
            list(self.messages),
            sorted(self.scopes) if self.scopes is not None else None,
            sorted(self.placements) if self.placements is not None else None,
        ]
        return hashlib.sha256(json.dumps(shown).encode()).hexdigest()


def check_address(settings: Settings, value: object, name: str, limit: int = ADDRESS_LIMIT) -> str:
    """An address that may be called, unchanged. ``name`` says what it is of, for the log. Raises RegistrationAddressRefused."""
    trouble = unusable(settings, value, limit) if isinstance(value, str) else Unusable.NO_ADDRESS
    if trouble is not None or not isinstance(value, str):
        raise RegistrationAddressRefused(f"{name} {trouble}")
    return value


def read_configuration(
    settings: Settings, body: object, configuration_url: str, invited: Family, quirks_of: QuirksOf
) -> PlatformConfiguration:
    """The configuration that came from ``configuration_url``; ``invited`` is the LMS that the invitation was made for.

    Raises ConfigurationUnreadable, RegistrationAddressRefused, IssuerDiffers and EndpointElsewhere.
    """
    if not isinstance(body, dict):
        raise ConfigurationUnreadable("the configuration is no object")
    lti = body.get(LTI_PLATFORM)
    lti = lti if isinstance(lti, dict) else {}
    missing = [name for name in ("issuer", *_ENDPOINTS) if not body.get(name)]
    if missing:
        raise ConfigurationUnreadable("missing: " + ", ".join(missing))
    issuer = check_address(settings, body["issuer"], "issuer", ISSUER_LIMIT)
    urls = {name: check_address(settings, body[name], name) for name in _ENDPOINTS}
    product = _text(lti.get("product_family_code"), 100)
    family = product_family(product) or invited
    quirks = quirks_of(family)
    own = host(configuration_url)
    if host(issuer) != own and not quirks.belongs(issuer, own, "configuration"):
        raise IssuerDiffers("the issuer is on another host than the configuration")
    for name, url in urls.items():
        if host(url) not in {own, host(issuer)} and not quirks.belongs(issuer, host(url), name):
            raise EndpointElsewhere(f"{name} is on another host than the configuration")
    audience = quirks.token_audience(
        urls["token_endpoint"], _text(body.get("authorization_server"), ADDRESS_LIMIT) or None
    )
    messages, placements = _messages(lti, body)
    return PlatformConfiguration(
        issuer=issuer,
        auth_login_url=urls["authorization_endpoint"],
        token_url=urls["token_endpoint"],
        jwks_url=urls["jwks_uri"],
        registration_url=urls["registration_endpoint"],
        token_audience=audience,
        product=product,
        version=_text(lti.get("version"), 100),
        account=_text(lti.get(ACCOUNT_NAME), 200),
        family=family,
        messages=messages,
        scopes=_words(body.get("scopes_supported")),
        placements=placements,
    )


def host(address: str) -> str:
    """The host of an address that ``check_address`` has passed, in lower case and without its port."""
    return (urlsplit(address).hostname or "").rstrip(".")


def _messages(lti: Mapping[str, Any], body: Mapping[str, Any]) -> tuple[tuple[str, ...], frozenset[str] | None]:
    """Message types and placements. Moodle before 4.0 lists types as strings, with placements beside them."""
    listed = lti.get("messages_supported")
    listed = listed[:_MOST_WORDS] if isinstance(listed, list) else []
    types = [one if isinstance(one, str) else one.get("type") for one in listed if isinstance(one, str | dict)]
    groups = [one.get("placements") for one in listed if isinstance(one, dict)]
    found: set[str] = set()
    known = [_words(group) for group in (*groups, lti.get("placements"), body.get("placements"))]
    for group in known:
        found |= group or set()
    placements = frozenset(found) if any(group is not None for group in known) else None
    return tuple(dict.fromkeys(_text(one, 100) for one in types if isinstance(one, str))), placements


def _words(value: object) -> frozenset[str] | None:
    if not isinstance(value, list):
        return None
    return frozenset(one for one in value[:_MOST_WORDS] if isinstance(one, str) and len(one) <= ADDRESS_LIMIT)


def _text(value: object, limit: int) -> str:
    """Text on one line, without characters that show nothing or turn the line around."""
    return " ".join(_UNSEEN.sub(" ", value).split())[:limit] if isinstance(value, str) else ""
