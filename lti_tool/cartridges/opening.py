"""``read_course``: any file that a course comes in, recognised by what is in it."""

import io
import zipfile
from typing import BinaryIO

from lti_tool.cartridges import moodle
from lti_tool.cartridges.archive import Archive, Limits
from lti_tool.cartridges.content import CartridgeError, CourseContent
from lti_tool.cartridges.reader import MANIFEST, read_cartridge
from lti_tool.cartridges.tar import GZIP

_ZIP = (b"PK\x03\x04", b"PK\x05\x06")


def read_course(source: BinaryIO, limits: Limits | None = None) -> CourseContent:
    """The outline of a course: a cartridge, full or thin, a Canvas export, or a Moodle backup. Its name does not matter.

    :param source: a file opened for reading bytes, which can be moved in; it is only read.
    :raises CartridgeError: when it is none of these, damaged, over the limits or unsafe. See docs/cartridges.md.
    """
    limits = limits or Limits()
    source.seek(0)
    start = source.read(512)
    source.seek(0)
    if start.startswith(GZIP):
        return moodle.read_moodle_tar(source, limits)
    if start.startswith(_ZIP):
        with _opened(source, limits) as archive:
            if archive.find(moodle.MANIFEST) or (archive.find("moodle.xml") and not archive.find(MANIFEST)):
                return moodle.read_moodle_zip(archive)
        source.seek(0)
        return read_cartridge(source, limits, outline=True)
    if _is_xml(start):
        return read_cartridge(_alone(source.read(limits.xml + 1), limits), limits, outline=True)
    raise CartridgeError("not-a-cartridge", "This is no file of a course: neither a cartridge nor a Moodle backup.")


def _opened(source: BinaryIO, limits: Limits) -> Archive:
    """A file that begins as a zip file does; where the rest is not one, it is no other kind of file but broken off."""
    try:
        return Archive(source, limits)
    except CartridgeError as error:
        if error.code != "not-a-cartridge":
            raise
        raise CartridgeError(
            "broken-zip", "The file is damaged: it ends too early. Export or download it again."
        ) from error


def _is_xml(start: bytes) -> bool:
    """Whether a file begins as XML does, in one of the encodings that XML is written in."""
    plain = start.replace(b"\0", b"").removeprefix(b"\xef\xbb\xbf").lstrip(b"\xff\xfe \t\r\n")
    return plain.startswith(b"<")


def _alone(manifest: bytes, limits: Limits) -> BinaryIO:
    """A cartridge that is nothing but its manifest, as thin ones can be."""
    if len(manifest) > limits.xml:
        raise CartridgeError("too-large", f"The manifest is larger than {limits.xml // 2**20 or 1} MB.")
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr(MANIFEST, manifest)
    target.seek(0)
    return target
