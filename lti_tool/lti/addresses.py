"""Which addresses a platform may have. Pure: names are judged where they are connected to (``http``), when they are.

One rule for what a platform says of itself when it registers and for what an administrator enters by hand.
"""

import ipaddress
import re
from collections.abc import Iterable
from enum import StrEnum
from urllib.parse import SplitResult, urlsplit

from lti_tool.settings import Network, Settings
from lti_tool.web.i18n import N_

ADDRESS_LIMIT = 1000
"""Characters of an address that is kept; as long as the registration's columns."""

ISSUER_LIMIT = 500
"""Characters of an issuer, likewise."""

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_LOOPBACK: tuple[Network, ...] = (ipaddress.IPv4Network("127.0.0.0/8"), ipaddress.IPv6Network("::1/128"))
# All there is of the public network so far (IANA, "IPv6 Global Unicast Address Assignments"). Python takes the retired
# site-local fec0::/10 and IPv4 addresses in ::/96 for public ones.
_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
_ADDRESS = re.compile(r"https?://[\x21-\x7e]+", re.IGNORECASE)


def private_networks(settings: Settings) -> tuple[Network, ...]:
    """The private networks that may be called: those that are allowed, and on a developer's own machine that machine."""
    return (*settings.allowed_networks, *(_LOOPBACK if settings.on_loopback else ()))


def may_call(address: IpAddress, allowed: Iterable[Network]) -> bool:
    """Whether an address may be called: public ones, and those in ``allowed``.

    An IPv4 address inside an IPv6 one (mapped, NAT64, 6to4, Teredo) is judged as what it leads to.
    """
    if any(address in network for network in allowed):
        return True
    if isinstance(address, ipaddress.IPv6Address):
        inner = _inside(address)
        if inner is not None:
            return may_call(inner, allowed)
        if address not in _GLOBAL_UNICAST:
            return False
    return address.is_global and not address.is_multicast


def _inside(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    if address.sixtofour is not None:
        return address.sixtofour
    return address.teredo[1] if address.teredo is not None else None


class Unusable(StrEnum):
    """Why an address cannot be used, as the log says it."""

    NO_ADDRESS = "is no http(s) address"
    TOO_LONG = "is too long"
    NOT_PLAIN = "holds a user name or a fragment, or no host"
    NOT_HTTPS = "is not https"
    PRIVATE = "is in a private network"


UNUSABLE_WORDS = {
    Unusable.NO_ADDRESS: N_("Please enter a whole address: it begins with https:// and has no spaces."),
    Unusable.TOO_LONG: N_("This is too long. Please shorten it."),
    Unusable.NOT_PLAIN: N_("Please enter the address without a user name and without # and what follows it."),
    Unusable.NOT_HTTPS: N_("This tool calls https addresses only. Please enter one that begins with https://."),
    Unusable.PRIVATE: N_(
        "This address is in a private network. Whoever runs this tool can allow that network with LTI_TOOL_ALLOWED_NETWORKS."
    ),
}
"""The same as an administrator reads it."""


def unusable(settings: Settings, address: str, limit: int = ADDRESS_LIMIT) -> Unusable | None:
    """Why an address may not be a platform's; None for one that may.

    https only, unless the tool is on a developer's machine; no user name or password in it; an address in numbers has to be
    public or allowed, and this machine's own name is never either; a developer's machine may call itself.
    """
    if len(address) > limit:
        return Unusable.TOO_LONG
    parts = _parts(address)
    if parts is None:
        return Unusable.NO_ADDRESS
    if not parts.hostname or "@" in parts.netloc or "#" in address:
        return Unusable.NOT_PLAIN
    if parts.scheme != "https" and not settings.on_loopback:
        return Unusable.NOT_HTTPS
    return None if _may_be_called(settings, parts.hostname.rstrip(".")) else Unusable.PRIVATE


def _parts(address: str) -> SplitResult | None:
    if not _ADDRESS.fullmatch(address) or "\\" in address:
        return None
    try:
        parts = urlsplit(address)
        _ = parts.hostname, parts.port
    except ValueError:
        return None
    return parts


def _may_be_called(settings: Settings, host: str) -> bool:
    try:
        return may_call(ipaddress.ip_address(host), private_networks(settings))
    except ValueError:
        # RFC 6761 §6.3: such names are this machine. If its network is allowed, it can be named by its address.
        return settings.on_loopback or (host != "localhost" and not host.endswith(".localhost"))
