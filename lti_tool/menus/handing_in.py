"""What students do with what they chose: open it, mark it, put work in, hand it in, take it back.

Files are compressed and encrypted; what was taken out again is gone. All of it under the lock of the student's board.
"""

import uuid
import zlib
from datetime import datetime
from urllib.parse import urlsplit

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.content.secrets import SecretBox
from lti_tool.courses.models import Course
from lti_tool.errors import BadRequest, Conflict, NotFound, TooLarge
from lti_tool.menus import copy_queries, own, settling, work_queries
from lti_tool.menus.models import ChoiceState, HandedIn, MenuChoice, MenuOption, OptionDone, WorkKind
from lti_tool.menus.own import OwnBoard
from lti_tool.menus.rules import changing, files
from lti_tool.web.i18n import N_

MOST_PIECES = 20
MOST_WORDS = 8000
MOST_ADDRESS = 2000


class FileTooLarge(TooLarge):
    """A file over 10 MB."""

    code = "work-too-large"
    title = N_("This file is too large")
    advice = N_(
        "A file can have 10 MB. Make it smaller, or hand in a link to where it is. What you handed in before is kept."
    )


class NoRoom(TooLarge):
    """More than a student's 50 MB, or 20 pieces, on one board."""

    code = "work-no-room"
    title = N_("There is no more room for files here")
    advice = N_(
        "All your files on one menu can have 50 MB together. Take one out that is not needed, or hand in a link."
    )


class NoAddress(BadRequest):
    """Something that is no http(s) address."""

    code = "work-no-address"
    title = N_("This is not a web address")
    advice = N_("Copy the whole address from your browser. It begins with https:// or http://.")


class NothingToHandIn(BadRequest):
    """Handing in without a piece of work, where some is asked for; or an empty piece."""

    code = "nothing-handed-in"
    title = N_("There is nothing to hand in yet")
    advice = N_("Add a file, a link or words first, then hand it in.")


class WorkClosed(Conflict):
    """Work that was handed in or is done, or is not asked for now."""

    code = "work-closed"
    title = N_("This cannot be changed just now")
    advice = N_("Go back to your board to see how it stands. What was handed in can be taken back until it is marked.")


# --- Opening and marking ----------------------------------------------------------------------------------------------


async def open_option(
    session: AsyncSession, course: Course, person_id: uuid.UUID, copy_id: uuid.UUID, option_id: uuid.UUID, now: datetime
) -> None:
    """Remember that a student opened what they chose; twice is once, and before the choice stands it is nothing."""
    board = await own.board_of_person(session, course, person_id, copy_id, lock=True)
    board.option(option_id)
    choice = board.choices.get(option_id)
    if choice is not None and board.copy.state in changing.AT_WORK and choice.opened_at is None:
        choice.opened_at = now
        board.copy.moved_at = now
        session.add_all([choice, board.copy])
        await session.flush()


async def mark_done(
    session: AsyncSession, course: Course, person_id: uuid.UUID, copy_id: uuid.UUID, option_id: uuid.UUID, now: datetime
) -> None:
    """The student says that it is done, handing in what they put in; twice is once. Conflict where something else decides."""
    board, option, choice = await _mine(session, course, person_id, copy_id, option_id)
    if choice.state is ChoiceState.DONE:
        return
    _must(option.done_rule is OptionDone.MARKED and changing.takes_work(board.copy.state, choice.state))
    choice.state = ChoiceState.DONE
    choice.done_at = now
    if option.takes:
        choice.handed_in_at = now
    session.add(choice)
    await settling.settle(session, course, board, now)


async def mark_not_done(
    session: AsyncSession, course: Course, person_id: uuid.UUID, copy_id: uuid.UUID, option_id: uuid.UUID, now: datetime
) -> None:
    """The student takes their own mark back, until a teacher has marked it; twice is once."""
    board, option, choice = await _mine(session, course, person_id, copy_id, option_id)
    if choice.state in (ChoiceState.CHOSEN, ChoiceState.RETURNED):
        return
    its_own = option.done_rule is OptionDone.MARKED and choice.completed_in_lms_at is None
    _must(its_own and not await is_marked(session, choice))
    choice.state = ChoiceState.CHOSEN
    choice.done_at = choice.handed_in_at = None
    session.add(choice)
    await settling.settle(session, course, board, now, taken_back=True)


# --- Pieces of work ---------------------------------------------------------------------------------------------------


async def add_file(
    session: AsyncSession,
    course: Course,
    person_id: uuid.UUID,
    copy_id: uuid.UUID,
    option_id: uuid.UUID,
    name: str,
    content: bytes,
    sealed: bytes,
    piece_id: uuid.UUID,
    now: datetime,
) -> None:
    """Put in a file that ``seal`` has sealed for ``piece_id``. Raises FileTooLarge, NoRoom, NothingToHandIn and WorkClosed."""
    board, option, choice = await _mine(session, course, person_id, copy_id, option_id)
    _must_take(board, option, choice, WorkKind.FILE)
    must_fit(content)
    mine = [row.id for row in board.rows.values()]
    if await work_queries.bytes_of(session, course.organisation_id, mine) + len(content) > files.MOST_TOGETHER:
        raise NoRoom("over 50 MB together")
    await _add(
        session,
        choice,
        HandedIn(
            organisation_id=course.organisation_id,
            id=piece_id,
            choice_id=choice.id,
            kind=WorkKind.FILE,
            name=files.safe_name(name),
            media_type=files.sniffed(content, name),
            size=len(content),
            content=sealed,
            added_at=now,
        ),
    )


def must_fit(content: bytes) -> None:
    """Raises NothingToHandIn and FileTooLarge; asked before a file is compressed, too."""
    if not content:
        raise NothingToHandIn("an empty file, or none")
    if len(content) > files.MOST_BYTES:
        raise FileTooLarge("over 10 MB")


def seal(box: SecretBox, content: bytes, piece_id: uuid.UUID) -> bytes:
    """A file compressed and encrypted, as it is kept. Slow for large ones: run it in a thread."""
    return box.seal_bytes(zlib.compress(content), _purpose(piece_id))


def unseal(box: SecretBox, piece: HandedIn) -> bytes:
    """A file's content. Raises Unsealable; NotFound for what has none."""
    if piece.content is None:
        raise NotFound("no file")
    return zlib.decompress(box.open_bytes(piece.content, _purpose(piece.id)))


async def add_link(
    session: AsyncSession,
    course: Course,
    person_id: uuid.UUID,
    copy_id: uuid.UUID,
    option_id: uuid.UUID,
    address: str,
    now: datetime,
) -> None:
    """Put in an http(s) address. Raises NoAddress, NoRoom and WorkClosed."""
    board, option, choice = await _mine(session, course, person_id, copy_id, option_id)
    _must_take(board, option, choice, WorkKind.LINK)
    await _add(
        session,
        choice,
        HandedIn(
            organisation_id=course.organisation_id,
            choice_id=choice.id,
            kind=WorkKind.LINK,
            text=web_address(address),
            added_at=now,
        ),
    )


async def add_words(
    session: AsyncSession,
    course: Course,
    person_id: uuid.UUID,
    copy_id: uuid.UUID,
    option_id: uuid.UUID,
    words: str,
    now: datetime,
) -> None:
    """Put in words, or write them anew: there is one text for each choice. Raises NothingToHandIn, BadRequest and WorkClosed."""
    board, option, choice = await _mine(session, course, person_id, copy_id, option_id)
    _must_take(board, option, choice, WorkKind.WORDS)
    if not words.strip():
        raise NothingToHandIn("no words")
    if len(words) > MOST_WORDS:
        raise BadRequest("more words than there is room for")
    there = (await copy_queries.work(session, course.organisation_id, [choice.id])).get(choice.id, [])
    for piece in there:
        if piece.kind is WorkKind.WORDS:
            await work_queries.take_out(session, course.organisation_id, piece.id, now)
    await _add(
        session,
        choice,
        HandedIn(
            organisation_id=course.organisation_id,
            choice_id=choice.id,
            kind=WorkKind.WORDS,
            text=words.strip(),
            added_at=now,
        ),
    )


async def take_out(
    session: AsyncSession,
    course: Course,
    person_id: uuid.UUID,
    copy_id: uuid.UUID,
    option_id: uuid.UUID,
    piece_id: uuid.UUID,
    now: datetime,
) -> None:
    """Take a piece of work out again; its content is gone. Twice is once. Raises WorkClosed."""
    board, _, choice = await _mine(session, course, person_id, copy_id, option_id)
    there = (await copy_queries.work(session, course.organisation_id, [choice.id])).get(choice.id, [])
    if all(piece.id != piece_id for piece in there):
        return
    _must(changing.takes_work(board.copy.state, choice.state))
    await work_queries.take_out(session, course.organisation_id, piece_id, now)


def web_address(written: str) -> str:
    """An http(s) address as somebody wrote it. Raises NoAddress."""
    address = written.strip()
    try:
        parts = urlsplit(address)
        host = parts.hostname
        plain = parts.scheme.casefold() in ("http", "https") and bool(host) and "@" not in parts.netloc
    except ValueError:
        plain = False
    if not plain or len(address) > MOST_ADDRESS or any(sign.isspace() or ord(sign) < 32 for sign in address):
        raise NoAddress("no http(s) address")
    return address


# --- Handing in -------------------------------------------------------------------------------------------------------


async def hand_in(
    session: AsyncSession, course: Course, person_id: uuid.UUID, copy_id: uuid.UUID, option_id: uuid.UUID, now: datetime
) -> None:
    """Hand in what was put in, or say that it is ready to be looked at; twice is once. Raises NothingToHandIn and WorkClosed."""
    board, option, choice = await _mine(session, course, person_id, copy_id, option_id)
    if choice.state in (ChoiceState.HANDED_IN, ChoiceState.DONE):
        return
    _must(option.done_rule is OptionDone.ACCEPTED and changing.takes_work(board.copy.state, choice.state))
    if option.takes and not (await copy_queries.work(session, course.organisation_id, [choice.id])).get(choice.id):
        raise NothingToHandIn("no piece of work")
    choice.state = ChoiceState.HANDED_IN
    choice.handed_in_at = now
    session.add(choice)
    await settling.settle(session, course, board, now)


async def take_back(
    session: AsyncSession, course: Course, person_id: uuid.UUID, copy_id: uuid.UUID, option_id: uuid.UUID, now: datetime
) -> None:
    """Take back what was handed in, until it is marked; twice is once. Raises WorkClosed."""
    board, _, choice = await _mine(session, course, person_id, copy_id, option_id)
    if choice.state in (ChoiceState.CHOSEN, ChoiceState.RETURNED):
        return
    _must(choice.state is ChoiceState.HANDED_IN and not await is_marked(session, choice))
    # What came back once goes back to being returned: its teacher's words still hold.
    choice.state = ChoiceState.RETURNED if choice.feedback_at is not None else ChoiceState.CHOSEN
    choice.handed_in_at = None
    session.add(choice)
    await settling.settle(session, course, board, now, taken_back=True)


async def is_marked(session: AsyncSession, choice: MenuChoice) -> bool:
    """Whether a teacher has marked what was handed in, since it was."""
    since = choice.handed_in_at or choice.done_at
    if since is None:
        return False
    if choice.feedback_at is not None and choice.feedback_at >= since:
        return True
    return await work_queries.marked_since(session, choice.organisation_id, choice.id, since)


# --- In detail --------------------------------------------------------------------------------------------------------


async def _mine(
    session: AsyncSession, course: Course, person_id: uuid.UUID, copy_id: uuid.UUID, option_id: uuid.UUID
) -> tuple[OwnBoard, MenuOption, MenuChoice]:
    board = await own.board_of_person(session, course, person_id, copy_id, lock=True)
    return board, board.option(option_id), board.choice(option_id)


def _must(holds: bool) -> None:
    if not holds:
        raise WorkClosed("not asked for now")


def _must_take(board: OwnBoard, option: MenuOption, choice: MenuChoice, kind: WorkKind) -> None:
    _must(kind.value in option.takes and changing.takes_work(board.copy.state, choice.state))


async def _add(session: AsyncSession, choice: MenuChoice, piece: HandedIn) -> None:
    there = (await copy_queries.work(session, choice.organisation_id, [choice.id])).get(choice.id, [])
    if any(one.id == piece.id for one in there):
        return
    _must(not await work_queries.is_used(session, choice.organisation_id, piece.id))
    if len(there) >= MOST_PIECES:
        raise NoRoom("more pieces than anybody hands in")
    session.add(piece)
    await session.flush()


def _purpose(piece_id: uuid.UUID) -> str:
    return f"handed-in:{piece_id}"
