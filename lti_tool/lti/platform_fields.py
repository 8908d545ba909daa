"""A platform as an administrator enters it, by command or in the console, and what is wrong with it. Pure."""

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from lti_tool.errors import BadRequest, Conflict
from lti_tool.lti.addresses import ADDRESS_LIMIT, ISSUER_LIMIT, UNUSABLE_WORDS, Unusable, unusable
from lti_tool.settings import Settings
from lti_tool.web.i18n import N_

NAME_LIMIT = 200
ID_LIMIT = 255
MOST_DEPLOYMENTS = 100
"""Deployments entered at once."""

ADDRESSES = ("issuer", "auth_login_url", "token_url", "jwks_url")
"""The fields that hold addresses every platform has; ``token_audience`` is there for few."""

_TOO_LONG = UNUSABLE_WORDS[Unusable.TOO_LONG]
_NO_TEXT = N_("This holds characters that are no text. Please type it instead of pasting it.")


def is_text(value: str) -> bool:
    """Whether a value holds no control characters and no halves of characters: PostgreSQL keeps some of them in no text."""
    return not any(unicodedata.category(one) in {"Cc", "Cs"} for one in value)


@dataclass(frozen=True, slots=True)
class NewPlatform:
    """What is entered. ``shared`` says that several schools launch with this client id."""

    name: str
    issuer: str
    client_id: str
    auth_login_url: str
    token_url: str
    jwks_url: str
    deployment_ids: Sequence[str]
    token_audience: str | None = None
    shared: bool = False

    def tidied(self) -> "NewPlatform":
        """The same without spaces around, empty lines, and deployment ids that are there twice."""
        wanted = dict.fromkeys(one.strip() for one in self.deployment_ids if one.strip())
        return replace(
            self,
            name=self.name.strip(),
            issuer=self.issuer.strip(),
            client_id=self.client_id.strip(),
            auth_login_url=self.auth_login_url.strip(),
            token_url=self.token_url.strip(),
            jwks_url=self.jwks_url.strip(),
            deployment_ids=tuple(wanted),
            token_audience=(self.token_audience or "").strip() or None,
        )


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a field: ``words`` is a message id for its form, ``detail`` the line of the command."""

    field: str
    words: str
    code: str
    detail: str


class FieldsUnusable(BadRequest):
    """Values of a platform that cannot be used; ``problems`` has one for each field."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(problems[0].detail, code=problems[0].code)
        self.problems = tuple(problems)


class AlreadyConnected(Conflict):
    """The issuer and client id are registered already."""

    code = "already-connected"
    title = N_("This connection exists already")
    advice = N_(
        "A platform with this issuer and client id is connected. Open it in the list of platforms to change it."
    )


def problems(settings: Settings, wanted: NewPlatform, *, has_organisation: bool) -> list[Problem]:
    """What is wrong with a tidied platform, in the order of its fields; empty where it can be registered."""
    return [*_texts(wanted), *address_problems(settings, wanted), *deployment_problems(wanted, has_organisation)]


def deployment_problems(wanted: NewPlatform, has_organisation: bool) -> Iterator[Problem]:
    """What is wrong with the deployment ids. Only a shared platform can do without."""
    field, given = "deployment_ids", wanted.deployment_ids
    if wanted.shared and given and not has_organisation:
        yield Problem(
            "organisation",
            N_("Please choose whose deployments these are."),
            "bad-deployment",
            "whose are the deployments? Name their --organisation",
        )
    if not given and not wanted.shared:
        yield _deployment(N_("Please enter the deployment id that your LMS shows."))
    elif not all(map(is_text, given)):
        yield _deployment(_NO_TEXT)
    elif any(len(one) > ID_LIMIT for one in given):
        yield _deployment(N_("A deployment id has at most 255 characters. Enter one on each line."))
    elif len(given) > MOST_DEPLOYMENTS:
        yield Problem(
            field,
            N_("These are too many at once. Please enter at most 100."),
            "bad-deployment",
            f"at most {MOST_DEPLOYMENTS} deployment ids at once",
        )


def _deployment(words: str) -> Problem:
    detail = "at least one deployment id is needed, each of at most 255 characters"
    return Problem("deployment_ids", words, "bad-deployment", detail)


def _texts(wanted: NewPlatform) -> Iterator[Problem]:
    needed = (
        ("name", wanted.name, NAME_LIMIT, N_("Please give the platform a name, to tell it from others.")),
        ("client_id", wanted.client_id, ID_LIMIT, N_("Please enter the client id that your LMS shows.")),
    )
    for field, value, limit, missing in needed:
        if not is_text(value):
            yield Problem(field, _NO_TEXT, "bad-name", f"the {field.replace('_', ' ')} holds what is no text")
        elif not value or len(value) > limit:
            detail = f"a name and a client id are needed, of at most {NAME_LIMIT} and {ID_LIMIT} characters"
            yield Problem(field, _TOO_LONG if value else missing, "bad-name", detail)


def address_problems(settings: Settings, wanted: NewPlatform) -> Iterator[Problem]:
    """What is wrong with the addresses, and with the audience of token requests."""
    for field in ADDRESSES:
        value = getattr(wanted, field)
        trouble = unusable(settings, value, ISSUER_LIMIT if field == "issuer" else ADDRESS_LIMIT)
        if trouble is not None:
            label = field.replace("_", "-")
            words = UNUSABLE_WORDS[trouble] if value else N_("Please enter this address. Your LMS shows it.")
            yield Problem(field, words, "bad-address", f"--{label} {trouble}: {value[:200]!r}")
    # An audience is a name, not an address that is called; most are addresses.
    if not is_text(wanted.token_audience or ""):
        yield Problem("token_audience", _NO_TEXT, "bad-address", "--token-audience holds what is no text")
    elif len(wanted.token_audience or "") > ADDRESS_LIMIT:
        yield Problem("token_audience", _TOO_LONG, "bad-address", f"--token-audience {Unusable.TOO_LONG}")
