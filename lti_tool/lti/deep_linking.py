"""Deep Linking 2.0: the platform's request to pick content, kept until it is answered, and the signed answer.

The request comes as a launch; what it accepts and where the answer goes is kept in a row of the launch's own transaction.
It is answered once, by the person and in the course it came from, within an hour. The answer is a message of our own,
signed with our key and posted by the person's browser to the platform's return address, unchanged (§4.4, §4.5).
"""

import json
import secrets
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from joserfc import jws
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.errors import Conflict, NotFound
from lti_tool.lti import claims, queries
from lti_tool.lti.foreign_json import UNREADABLE
from lti_tool.lti.keys import KeyStore
from lti_tool.lti.launch import Launch
from lti_tool.lti.models import DeepLinkingRequest, Deployment, Family, Registration
from lti_tool.lti.refusals import ClaimMissing, ClaimWrong
from lti_tool.web.i18n import N_

REQUEST_LIFE = timedelta(hours=1)
"""How long a teacher may take to choose; platforms' return addresses hold session keys that end at some time too."""

ANSWER_LIFE = timedelta(minutes=5)
"""How long an answer is good for: it is posted at once."""

BACKDATED = timedelta(seconds=30)
"""How far an answer's ``iat`` lies back, for platforms whose clock is behind ours and that allow no difference."""

LINK_TYPE = "ltiResourceLink"
PLAIN_LINK_TYPE = "link"

_MOST_WORDS = 50
_WORD_LENGTH = 200
_TEXT_LENGTH = 500
_RETURN_URL_LENGTH = 4000
_DATA_LENGTH = 200_000


class AlreadyAnswered(Conflict):
    """A second answer to one request: the back button, or a second click."""

    code = "already-answered"
    title = N_("This choice has been sent already")
    advice = N_(
        "Your course has it. To add something else, go back to your course and open the choice from there again."
    )


class RequestExpired(Conflict):
    """The request is older than ``REQUEST_LIFE``."""

    code = "choice-expired"
    title = N_("This choice was opened too long ago")
    advice = N_("Nothing was added. Go back to your course and open the choice from there again.")


@dataclass(frozen=True, slots=True)
class DeepLinkingSettings:
    """What the platform accepts (§4.4.1), as typed values. Absent lists are empty.

    ``accept_multiple`` is False unless the platform says otherwise; ``accept_lineitem`` None where it says nothing, which
    means that nothing is known (§4.4.1). ``data`` is the JSON text of the platform's own value, None where there is none.
    ``chosen`` is our custom parameter of the link that is being edited, where the platform sends it along.
    """

    accept_types: tuple[str, ...] = ()
    accept_media_types: tuple[str, ...] = ()
    accept_targets: tuple[str, ...] = ()
    accept_multiple: bool = False
    accept_lineitem: bool | None = None
    auto_create: bool = False
    title: str = ""
    text: str = ""
    data: str | None = None
    chosen: str | None = None
    family: Family = Family.OTHER

    def takes(self, item_type: str) -> bool:
        """Whether items of this type are accepted."""
        return item_type in self.accept_types

    def as_row(self) -> dict[str, Any]:
        """The settings as they are stored."""
        return {
            "accept_types": list(self.accept_types),
            "accept_media_types": list(self.accept_media_types),
            "accept_targets": list(self.accept_targets),
            "accept_multiple": self.accept_multiple,
            "accept_lineitem": self.accept_lineitem,
            "auto_create": self.auto_create,
            "title": self.title,
            "text": self.text,
            "data": self.data,
            "chosen": self.chosen,
            "family": self.family.value,
        }

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> "DeepLinkingSettings":
        """The settings as they were stored."""
        lists = {name: tuple(row[name]) for name in ("accept_types", "accept_media_types", "accept_targets")}
        return cls(**{**row, **lists, "family": Family(row["family"])})


def read_settings(
    claim: Mapping[str, Any], *, chosen: str | None = None, family: Family = Family.OTHER
) -> tuple[DeepLinkingSettings, str]:
    """The settings of a verified request, and the address its answer goes to, as it came.

    Raises ClaimMissing and ClaimWrong for what no answer could be given to.
    """
    return_url = claim.get("deep_link_return_url")
    if not isinstance(return_url, str) or not return_url:
        raise ClaimMissing("deep_linking_settings.deep_link_return_url")
    if len(return_url) > _RETURN_URL_LENGTH or any(char <= " " or char == "\x7f" for char in return_url):
        raise ClaimWrong("deep_linking_settings.deep_link_return_url cannot be used")
    data = claim.get("data")
    data_text = None if data is None else json.dumps(data)
    if data_text is not None and len(data_text) > _DATA_LENGTH:
        raise ClaimWrong("deep_linking_settings.data is too long")
    lineitem = _flag(claim.get("accept_lineitem"))
    settings = DeepLinkingSettings(
        accept_types=_words(claim.get("accept_types")),
        accept_media_types=_media_types(claim.get("accept_media_types")),
        accept_targets=_words(claim.get("accept_presentation_document_targets")),
        accept_multiple=_flag(claim.get("accept_multiple")) is True,
        accept_lineitem=lineitem,
        auto_create=_flag(claim.get("auto_create")) is True,
        title=_text(claim.get("title")),
        text=_text(claim.get("text")),
        data=data_text,
        chosen=chosen,
        family=family,
    )
    return settings, return_url


def _flag(value: object) -> bool | None:
    """A truth value; some platforms write it as text, as LTI 1.1's Content-Item did."""
    if isinstance(value, bool):
        return value
    return {"true": True, "false": False}.get(value.lower()) if isinstance(value, str) else None


def _words(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        return ()
    return tuple(_text(one)[:_WORD_LENGTH] for one in value[:_MOST_WORDS] if isinstance(one, str))


def _media_types(value: object) -> tuple[str, ...]:
    """A list, or as §4.4.1 has it a text with commas."""
    return _words(value.split(",") if isinstance(value, str) else value)


def _text(value: object) -> str:
    return value.replace(UNREADABLE, "").strip()[:_TEXT_LENGTH] if isinstance(value, str) else ""


# --- The request --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OpenRequest:
    """A request that still may be answered. ``return_url`` may hold a session key of the person: never log it."""

    id: uuid.UUID
    organisation_id: uuid.UUID
    registration: Registration
    deployment: Deployment
    settings: DeepLinkingSettings
    return_url: str


async def keep_request(
    session: AsyncSession,
    launch: Launch,
    *,
    course_id: uuid.UUID,
    person_id: uuid.UUID,
    now: datetime,
    chosen: str | None,
) -> uuid.UUID:
    """Keep a launch's request in this transaction; returns its id, which stands in the picker's address."""
    settings, return_url = read_settings(launch.deep_linking or {}, chosen=chosen, family=launch.platform_family)
    row = DeepLinkingRequest(
        organisation_id=launch.organisation_id,
        registration_id=launch.registration.id,
        deployment_id=launch.deployment.id,
        course_id=course_id,
        person_id=person_id,
        settings=settings.as_row(),
        return_url=return_url,
        created_at=now,
        expires_at=now + REQUEST_LIFE,
    )
    session.add(row)
    await session.flush()
    return row.id


async def find_request(
    session: AsyncSession,
    organisation_id: uuid.UUID,
    request_id: uuid.UUID,
    *,
    course_id: uuid.UUID,
    person_id: uuid.UUID,
    now: datetime,
) -> OpenRequest:
    """The request, for the person and the course it came from.

    Raises NotFound for everybody else, AlreadyAnswered and RequestExpired.
    """
    found = await queries.deep_linking_request(session, organisation_id, request_id)
    if found is None:
        raise NotFound("no such request")
    row, deployment, registration = found
    if row.course_id != course_id or row.person_id != person_id:
        raise NotFound("the request is another person's, or another course's")
    if row.answered_at is not None:
        raise AlreadyAnswered("the request was answered")
    if row.expires_at <= now:
        raise RequestExpired("the request has expired")
    settings = DeepLinkingSettings.from_row(row.settings)
    return OpenRequest(row.id, organisation_id, registration, deployment, settings, row.return_url)


# --- The answer ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ItemLineItem:
    """The gradebook column that the platform makes together with a link (§3.6; Submission Review 1.0 §3.3)."""

    label: str
    score_maximum: float
    resource_id: str
    tag: str
    review_label: str | None = None

    def as_json(self) -> dict[str, Any]:
        """The member ``lineItem``. ``review_label`` asks the platform to let teachers open a student's work from it."""
        body: dict[str, Any] = {
            "label": self.label,
            "scoreMaximum": _number(self.score_maximum),
            "resourceId": self.resource_id,
            "tag": self.tag,
        }
        if self.review_label is not None:
            body["submissionReview"] = {
                "reviewableStatus": ["InProgress", "Submitted", "Completed"],
                "label": self.review_label,
            }
        return body


@dataclass(frozen=True, slots=True)
class ContentItem:
    """Something picked: a link that launches this tool (§3.2), or a plain address (§3.1). ``custom`` goes with the former.

    ``target`` is ``iframe`` or ``window``; None leaves it to the platform. Sizes are in CSS pixels, None for as large as there
    is room.
    """

    url: str
    title: str
    text: str = ""
    type: str = LINK_TYPE
    custom: Mapping[str, str] | None = None
    line_item: ItemLineItem | None = None
    due_at: datetime | None = None
    icon_url: str | None = None
    target: str | None = None
    width: int | None = 900
    height: int | None = 700

    def as_json(self) -> dict[str, Any]:
        """The item as it stands in the answer."""
        body: dict[str, Any] = {"type": self.type, "title": self.title, "url": self.url}
        if self.text:
            body["text"] = self.text
        if self.icon_url:
            body["icon"] = {"url": self.icon_url, "width": 64, "height": 64}
        if self.target == "window":
            body["window"] = {"targetName": "_blank"}
        elif self.target == "iframe":
            size = {"width": self.width, "height": self.height}
            known = {name: pixels for name, pixels in size.items() if pixels is not None}
            # A plain address says itself what is framed (§3.1.3).
            body["iframe"] = known if self.type == LINK_TYPE else {"src": self.url, **known}
        if self.type != LINK_TYPE:
            return body
        if self.custom:
            body["custom"] = dict(self.custom)
        if self.line_item is not None:
            body["lineItem"] = self.line_item.as_json()
        if self.due_at is not None:
            body["submission"] = {"endDateTime": _moment(self.due_at)}
        return body


@dataclass(frozen=True, slots=True)
class Answer:
    """What the browser posts: ``jwt`` in the field ``JWT``, to ``return_url`` as it is."""

    return_url: str
    jwt: str


@dataclass(frozen=True, slots=True)
class Said:
    """Words that go with an answer (§4.5): to the person and to the platform's log, of success or of failure."""

    msg: str | None = None
    log: str | None = None
    errormsg: str | None = None
    errorlog: str | None = None


async def answer(
    session: AsyncSession,
    keys: KeyStore,
    request: OpenRequest,
    items: Sequence[ContentItem],
    now: datetime,
    said: Said | None = None,
) -> Answer:
    """Answer a request: use it up in this transaction, and sign the message. No items mean that nothing was chosen.

    Raises AlreadyAnswered where another transaction was faster, RequestExpired where it took too long.
    """
    if not await queries.use_up_deep_linking_request(session, request.organisation_id, request.id, now):
        raise AlreadyAnswered("another answer was faster, or time is up")
    return Answer(request.return_url, _signed(keys, request, items, now, said or Said()))


def _signed(keys: KeyStore, request: OpenRequest, items: Sequence[ContentItem], now: datetime, said: Said) -> str:
    begins = now - BACKDATED
    body: dict[str, Any] = {
        "iss": request.registration.client_id,
        "aud": request.registration.issuer,
        "iat": int(begins.timestamp()),
        "exp": int((begins + ANSWER_LIFE).timestamp()),
        "nonce": secrets.token_urlsafe(32),
        claims.DEPLOYMENT_ID: request.deployment.deployment_id,
        claims.MESSAGE_TYPE: claims.DEEP_LINKING_RESPONSE,
        claims.VERSION: claims.VERSION_1_3,
        claims.CONTENT_ITEMS: [item.as_json() for item in items],
    }
    if request.settings.data is not None:
        body[claims.DEEP_LINKING_DATA] = json.loads(request.settings.data)
    words = {
        claims.DEEP_LINKING_MSG: said.msg,
        claims.DEEP_LINKING_LOG: said.log,
        claims.DEEP_LINKING_ERRORMSG: said.errormsg,
        claims.DEEP_LINKING_ERRORLOG: said.errorlog,
    }
    body |= {claim: text for claim, text in words.items() if text}
    key = keys.active()
    # Escaped by hand: ``jwt.encode`` writes UTF-8, in which not everything that came as data can be written.
    return jws.serialize_compact({"alg": "RS256", "typ": "JWT", "kid": key.kid}, json.dumps(body), key.private)


def _number(value: float) -> float | int:
    """Whole numbers without a decimal point: Moodle 4.5 takes no other maximum."""
    return int(value) if float(value).is_integer() else value


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
