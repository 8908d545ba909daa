"""The tool's signing keys, for the installation's owner: how each stands, a new one at once, an old one out of the way."""

from dataclasses import dataclass
from datetime import datetime

from fastapi import APIRouter, Request
from starlette.responses import Response

from lti_tool import audit
from lti_tool.admin.access import OwnerChanging, OwnerIn
from lti_tool.admin.console import NotInConsole
from lti_tool.admin.replies import show
from lti_tool.errors import Conflict
from lti_tool.logs import reference_code
from lti_tool.lti.protocol import Protocol
from lti_tool.lti.rotation import PUBLISHED_AFTER_SIGNING, KeyState, SigningKey, due_from, newest_first, state_of
from lti_tool.web.dependencies import CurrentDatabase, CurrentSettings, Now
from lti_tool.web.i18n import N_
from lti_tool.web.navigation import ADMINISTRATION
from lti_tool.web.replies import see

ADDRESS = f"{ADMINISTRATION}/keys"
SAID = {
    "rotated": N_("The new key signs from now on. The old ones stay published."),
    "retired": N_("The key is published no longer."),
}
STATE_WORDS = {
    KeyState.NEXT: N_("Next"),
    KeyState.SIGNS: N_("Signs"),
    KeyState.STOPPED: N_("Stopped"),
}

router = APIRouter(prefix=ADDRESS)


class KeySigns(Conflict):
    """The key that signs cannot be retired."""

    code = "key-signs"
    title = N_("This key signs")
    advice = N_("Make a new key first. Then this one can be retired.")


@dataclass(frozen=True, slots=True)
class KeyLine:
    """A key as the list shows it; ``stopped_at`` is when another took over, ``goes_at`` when it is forgotten by itself."""

    key: SigningKey
    state: KeyState
    stopped_at: datetime | None

    @property
    def goes_at(self) -> datetime | None:
        """When nothing it signed can still be under way."""
        return self.stopped_at + PUBLISHED_AFTER_SIGNING if self.stopped_at else None


def lines(keys: tuple[SigningKey, ...], now: datetime) -> list[KeyLine]:
    """The keys with how each stands, the last to take over first."""
    ordered = newest_first(keys)
    found = []
    for place, key in enumerate(ordered):
        state = state_of(key, ordered, now)
        stopped = ordered[place - 1].signs_from if place and state is KeyState.STOPPED else None
        found.append(KeyLine(key, state, stopped))
    return found


@router.get("", name="keys")
async def listed(request: Request, here: OwnerIn, settings: CurrentSettings, clock: Now) -> Response:
    """Every key, and when the next one takes over."""
    every = settings.key_rotation
    keys = _protocol(request).keys.keys()
    context = {
        "lines": lines(keys, clock.now()),
        "states": STATE_WORDS,
        "every": every.days if every else None,
        "due": due_from(keys, clock.now(), every) if every else None,
        "kept_for": PUBLISHED_AFTER_SIGNING.days,
    }
    return show(request, here, "admin/keys.html", context, said=SAID)


@router.post("/rotate", name="rotate_key")
async def rotate(request: Request, here: OwnerChanging, database: CurrentDatabase, clock: Now) -> Response:
    """Make a key that signs from now on."""
    made = _protocol(request).keys.rotate()
    async with database.writing() as session:
        audit.record(
            session,
            clock.now(),
            "key.made",
            actor=here.actor,
            subject=f"key {made.kid}",
            reference=reference_code.get(),
        )
    return see(ADDRESS, "rotated")


@router.get("/{kid}/retire", name="retire_key")
async def ask(request: Request, here: OwnerIn, kid: str, clock: Now) -> Response:
    """Ask before a key is retired. KeySigns for the one that signs."""
    return show(request, here, "admin/retire_key.html", {"line": _retirable(request, kid, clock.now())})


@router.post("/{kid}/retire")
async def retire(request: Request, here: OwnerChanging, kid: str, database: CurrentDatabase, clock: Now) -> Response:
    """Publish a key no longer, and forget it."""
    _retirable(request, kid, clock.now())
    _protocol(request).keys.retire(kid)
    async with database.writing() as session:
        audit.record(
            session, clock.now(), "key.retired", actor=here.actor, subject=f"key {kid}", reference=reference_code.get()
        )
    return see(ADDRESS, "retired")


def _retirable(request: Request, kid: str, now: datetime) -> KeyLine:
    line = next((one for one in lines(_protocol(request).keys.keys(), now) if one.key.kid == kid), None)
    if line is None:
        raise NotInConsole("there is no such key")
    if line.state is KeyState.SIGNS:
        raise KeySigns("the key signs")
    return line


def _protocol(request: Request) -> Protocol:
    protocol: Protocol = request.app.state.protocol
    return protocol
