"""The form that tells this tool what an LMS shows once it knows the tool: read, completed, and judged field by field."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from lti_tool.lti.addresses import ISSUER_LIMIT, UNUSABLE_WORDS, unusable
from lti_tool.lti.models import Family
from lti_tool.lti.platform_fields import ADDRESSES, NewPlatform, problems
from lti_tool.platforms.by_hand import YOURS, ByHand, by_hand
from lti_tool.settings import Settings
from lti_tool.web.i18n import N_

COMPLETED = (*ADDRESSES, "token_audience")
"""Fields that may be left empty where they are known, or follow from the LMS's own address."""


@dataclass(frozen=True, slots=True)
class Told:
    """What came back from the LMS. ``values`` are as they were typed; ``errors`` are message ids by field."""

    platform: NewPlatform
    values: Mapping[str, str]
    errors: dict[str, str] = field(default_factory=dict)


def asked_openly(how: ByHand) -> list[str]:
    """The addresses that only the LMS shows: the form asks for them, whereas the others are known or follow."""
    return [name for name in ADDRESSES if YOURS in getattr(how.back, name)]


def read(settings: Settings, family: Family, values: Mapping[str, str], *, has_organisation: bool) -> Told:
    """What was entered, completed by what is known of the family; look at ``errors`` after."""
    given = {name: value.strip() for name, value in values.items()}
    site = given.get("site", "").rstrip("/")
    how = by_hand(settings, family, site)
    completed = {name: given.get(name) or how.back.known(name) for name in COMPLETED}
    wanted = NewPlatform(
        name=given.get("name", ""),
        issuer=completed["issuer"],
        client_id=given.get("client_id", ""),
        auth_login_url=completed["auth_login_url"],
        token_url=completed["token_url"],
        jwks_url=completed["jwks_url"],
        token_audience=completed["token_audience"],
        deployment_ids=given.get("deployment_ids", "").splitlines(),
        shared=how.back.shared,
    ).tidied()
    wrong = {one.field: one.words for one in problems(settings, wanted, has_organisation=has_organisation)}
    errors = _of_the_site(settings, how, site, given) if how.site else {}
    # What follows from the site is mended there.
    ours = {name for name in ADDRESSES if not given.get(name) and name not in asked_openly(how)} if errors else set()
    errors |= {name: words for name, words in wrong.items() if name not in ours}
    return Told(wanted, values, errors)


def _of_the_site(settings: Settings, how: ByHand, site: str, given: Mapping[str, str]) -> dict[str, str]:
    """What is wrong with the LMS's own address; nothing where no address has to follow from it."""
    if not site:
        follow = [name for name in ADDRESSES if not given.get(name) and name not in asked_openly(how)]
        return {"site": N_("Please enter the address of your LMS, as it stands in your browser.")} if follow else {}
    trouble = unusable(settings, site, ISSUER_LIMIT)
    if trouble is None and "?" in site:
        return {"site": N_("Please enter the address without ? and what follows it.")}
    return {"site": UNUSABLE_WORDS[trouble]} if trouble else {}
