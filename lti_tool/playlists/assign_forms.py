"""What a form says of whom a playlist is for, parsed; the fields are those of ``_audience.html``."""

import uuid

from starlette.datastructures import FormData

from lti_tool.playlists.assigning import Offer, Who
from lti_tool.playlists.audience import Audience
from lti_tool.web.forms import Entered, parsed
from lti_tool.web.i18n import N_


def meant(offer: Offer, entered: Entered, form: FormData) -> Audience:
    """Whom the form chooses; look at ``entered.errors`` after. Raises AudienceGone for what is not offered.

    Only what belongs to the choice that is made counts, whatever is ticked elsewhere: groups and sections with single students
    besides (``also``), or single students (``person``).
    """
    who = entered.word("who", Who, offer.who)
    group_ids = [parsed(uuid.UUID, one) for one in _all(form, "group")]
    person_ids = [parsed(uuid.UUID, one) for one in _all(form, "also" if who is Who.GROUPS else "person")]
    found = offer.complete(offer.chosen(who, group_ids, _all(form, "section"), person_ids))
    if found.is_empty:
        entered.errors["who"] = N_("Please choose who gets it: at least one.")
    return found


def ticked(offer: Offer, form: FormData | None) -> dict[str, set[str]]:
    """What is ticked on the page, by field: what came back with the form, else what is so now."""
    if form is not None:
        return {name: set(_all(form, name)) for name in ("group", "section", "also", "person")}
    people = {str(one) for one in offer.current.people}
    besides = offer.who is Who.GROUPS
    return {
        "group": {str(one) for one in offer.current.groups},
        "section": set(offer.current.sections),
        "also": people if besides else set(),
        "person": set() if besides else people,
    }


def _all(form: FormData, name: str) -> list[str]:
    return [one for one in form.getlist(name) if isinstance(one, str) and one]
