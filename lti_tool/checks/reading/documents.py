"""XML out of a file of unknown origin, in our words where it cannot be read: no document types, no entities, no network."""

from xml.etree.ElementTree import Element

from lti_tool.cartridges.archive import Limits
from lti_tool.cartridges.content import CartridgeError
from lti_tool.cartridges.markup import Unreadable, parse
from lti_tool.checks.reading.values import QuestionsTooLarge, UnreadableQuestions, UnsafeQuestions
from lti_tool.errors import ToolError

LIMITS = Limits(entries=20_000, total=2 * 1024 * 1024 * 1024, xml=16_000_000, depth=100)
"""What a package may hold. Only its XML and the pictures of its questions are ever unpacked."""

_MOST_ELEMENTS = 400_000
"""Elements of one document: each takes a hundred times its size in memory."""

_TOO_MUCH = frozenset({"too-large", "too-many-files"})
_HARMFUL = frozenset({"unsafe-xml", "zip-bomb", "unsafe-path"})
_SIGNS = (b"questestinterop", b"assessmentItem", b"assessmentTest", b"qti-assessment", b"<quiz", b"assessmentSection")


def xml(data: bytes, path: str) -> Element:
    """The root of a document. Raises UnsafeQuestions and QuestionsTooLarge, and Unreadable where it is not well-formed."""
    if len(data) > LIMITS.xml:
        raise QuestionsTooLarge(f"{len(data)} bytes of XML")
    if data.count(b"<") > 2 * _MOST_ELEMENTS:
        raise QuestionsTooLarge("more elements than anybody means")
    try:
        return parse(data, path, LIMITS.depth)
    except CartridgeError as error:
        raise refusal(error) from error


def the_xml(data: bytes) -> Element:
    """The root of a file that is one document. Raises our errors alone."""
    try:
        return xml(data, "the file")
    except Unreadable as error:
        raise UnreadableQuestions(f"XML: {error}") from error


def refusal(error: CartridgeError) -> ToolError:
    """What the reader of cartridges refuses, as an error of ours."""
    if error.code in _TOO_MUCH:
        return QuestionsTooLarge(error.code)
    if error.code in _HARMFUL:
        return UnsafeQuestions(error.code)
    return UnreadableQuestions(error.code)


def is_zip(data: bytes) -> bool:
    """Whether the file begins as zip files do."""
    return data[:4] in (b"PK\x03\x04", b"PK\x05\x06")


def looks_like_xml(data: bytes) -> bool:
    """Whether the file begins as XML does, in one of the encodings that XML is written in."""
    start = data[:200].replace(b"\x00", b"").removeprefix(b"\xef\xbb\xbf").lstrip(b"\xff\xfe \t\r\n")
    return start.startswith(b"<")


def may_hold_questions(data: bytes) -> bool:
    """Whether a document of a package is worth reading, by its beginning."""
    start = data[:40_000].replace(b"\x00", b"")
    at = 0
    # Licences stand in comments before the root.
    while 0 <= (begin := start.find(b"<!--", at)) < at + 4_000:
        if any(sign in start[at:begin] for sign in _SIGNS):
            return True
        end = start.find(b"-->", begin)
        if end < 0:
            return False
        at = end + 3
    return any(sign in start[at : at + 4_000] for sign in _SIGNS)


def must_not_be_too_large(size: int, most: int) -> None:
    """Raises QuestionsTooLarge."""
    if size > most:
        raise QuestionsTooLarge(f"{size} bytes")
