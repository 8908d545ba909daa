"""What a student decides: choosing, taking back, committing, changing their mind.

Choosing and taking back are changes of one option each, so that two tabs never lose a choice: what the other tab did stands as
well. Committing names the revision the student has seen, since they put their name to it. Whoever changes a board locks its row
first.
"""

import uuid
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.courses.models import Course
from lti_tool.errors import BadRequest, Conflict
from lti_tool.menus import own as boards
from lti_tool.menus import results, settling
from lti_tool.menus.models import MenuChoice, PersonalState
from lti_tool.menus.own import OwnBoard
from lti_tool.menus.rules import changing, choosing
from lti_tool.menus.rules.changing import Change
from lti_tool.web.i18n import N_

MOST_SIGNED = 200


class ChoiceFull(Conflict):
    """One more than the rule allows."""

    code = "choice-full"
    title = N_("That would be one too many")
    advice = N_("Take another one back first, then choose this one.")


class ChoiceFixed(Conflict):
    """A change of a choice that stands."""

    code = "choice-fixed"
    title = N_("Your choice stands now")
    advice = N_("Go back to your board to see what you can still change. If you need something else, ask your teacher.")


class ChoiceIncomplete(Conflict):
    """Committing to a choice that does not keep the rule."""

    code = "choice-incomplete"
    title = N_("Your choice is not complete yet")
    advice = N_("Your board says what is still missing. Choose it, then go on.")


class ChoiceMoved(Conflict):
    """Committing to a choice that another tab has changed since."""

    code = "choice-moved"
    title = N_("You have chosen something else meanwhile")
    advice = N_("Here is your board as it stands now. Look at it once more, then go on.")


class NotSigned(BadRequest):
    """A contract without a name under it."""

    code = "not-signed"
    title = N_("The contract is not signed yet")
    advice = N_("Write your name under it, then go on.")


async def choose(
    session: AsyncSession,
    course: Course,
    person_id: uuid.UUID,
    copy_id: uuid.UUID,
    option_id: uuid.UUID,
    now: datetime,
) -> OwnBoard:
    """Choose an option; twice is once. Raises ChoiceFixed, ChoiceFull and NotFound."""
    own = await boards.board_of_person(session, course, person_id, copy_id, lock=True)
    if option_id in own.chosen:
        return own
    option = own.option(option_id)
    _must_be_choosing(own)
    if not choosing.allowed(own.rule, own.board, own.chosen, option.id):
        raise ChoiceFull("the rule allows no more")
    row = own.rows.get(option.id)
    if row is None:
        row = MenuChoice(
            organisation_id=course.organisation_id, personal_menu_id=own.copy.id, option_id=option.id, chosen_at=now
        )
        own.rows[option.id] = row
    row.dropped_at = None
    row.chosen_at = now
    session.add(row)
    _moved(session, own, now)
    await session.flush()
    return own


async def drop(
    session: AsyncSession,
    course: Course,
    person_id: uuid.UUID,
    copy_id: uuid.UUID,
    option_id: uuid.UUID,
    now: datetime,
) -> OwnBoard:
    """Take a choice back; twice is once. Raises ChoiceFixed and NotFound."""
    own = await boards.board_of_person(session, course, person_id, copy_id, lock=True)
    if option_id not in own.chosen:
        return own
    row = own.choice(option_id)
    _must_be_choosing(own)
    if not changing.can_be_dropped(row.state):
        raise ChoiceFixed("it was handed in")
    row.dropped_at = now
    session.add(row)
    _moved(session, own, now)
    await session.flush()
    return own


async def commit(
    session: AsyncSession,
    course: Course,
    person_id: uuid.UUID,
    copy_id: uuid.UUID,
    revision: int,
    signed: str,
    now: datetime,
) -> OwnBoard:
    """Commit to the choice, signing the contract where there is one; twice is once.

    Then the teacher's yes is waited for, where the board asks for it, or work begins. Raises ChoiceMoved, ChoiceIncomplete and
    NotSigned.
    """
    own = await boards.board_of_person(session, course, person_id, copy_id, lock=True)
    copy = own.copy
    if copy.state is not PersonalState.CHOOSING:
        return own
    if copy.revision != revision:
        raise ChoiceMoved("another tab changed the choice")
    if not own.is_complete:
        raise ChoiceIncomplete("the choice does not keep the rule")
    if own.menu.contract and not signed.strip():
        raise NotSigned("no name under the contract")
    if len(signed) > MOST_SIGNED:
        raise BadRequest("a name longer than any")
    copy.state = PersonalState.WAITING if own.menu.needs_approval else PersonalState.WORKING
    copy.committed_at = now
    copy.signed = signed.strip() if own.menu.contract else ""
    copy.wants_change_at = None
    copy.answer = ""
    _moved(session, own, now)
    if copy.state is PersonalState.WORKING:
        await begin_work(session, course, own, now)
    await session.flush()
    return own


async def begin_work(session: AsyncSession, course: Course, own: OwnBoard, now: datetime) -> None:
    """Work begins, or goes on: what the course already knows of what was chosen counts."""
    await results.known(session, course, own)
    await settling.settle(session, course, own, now)


async def change_mind(
    session: AsyncSession, course: Course, person_id: uuid.UUID, copy_id: uuid.UUID, now: datetime
) -> OwnBoard:
    """Choose again after committing, or ask the teacher for it, whichever the board's rule says; twice is once.

    What was handed in or is done stays chosen. Raises ChoiceFixed.
    """
    own = await boards.board_of_person(session, course, person_id, copy_id, lock=True)
    copy = own.copy
    if copy.state is PersonalState.CHOOSING:
        return own
    match own.change:
        case Change.FREELY:
            reopen(session, own, now)
        case Change.BY_ASKING:
            copy.wants_change_at = copy.wants_change_at or now
            copy.answer = ""
            session.add(copy)
        case Change.NO_MORE:
            raise ChoiceFixed("the rule lets nothing be changed any more")
    await session.flush()
    return own


async def leave_it(
    session: AsyncSession, course: Course, person_id: uuid.UUID, copy_id: uuid.UUID, now: datetime
) -> OwnBoard:
    """Take back having asked to choose again; twice is once."""
    own = await boards.board_of_person(session, course, person_id, copy_id, lock=True)
    own.copy.wants_change_at = None
    own.copy.moved_at = now
    session.add(own.copy)
    await session.flush()
    return own


def reopen(session: AsyncSession, own: OwnBoard, now: datetime) -> None:
    """Have a committed board be open for choosing again."""
    copy = own.copy
    copy.state = PersonalState.CHOOSING
    copy.committed_at = copy.approved_at = copy.approved_by = copy.wants_change_at = None
    copy.signed = ""
    copy.finished_at = None
    _moved(session, own, now)


def _must_be_choosing(own: OwnBoard) -> None:
    if own.copy.state is not PersonalState.CHOOSING:
        raise ChoiceFixed("the student has committed")


def _moved(session: AsyncSession, own: OwnBoard, now: datetime) -> None:
    own.copy.revision += 1
    own.copy.moved_at = now
    session.add(own.copy)
