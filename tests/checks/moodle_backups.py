"""Backups of Moodle's courses, written here for the tests: of 4 with versions, and of 3 without."""

import io
import tarfile
from collections.abc import Mapping

from tests.checks.question_files import zipped

NOTHING = "$@NULL@$"


def tarred(files: Mapping[str, str | bytes]) -> bytes:
    """A gzipped tar file."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz", format=tarfile.USTAR_FORMAT) as tar:
        for path, content in files.items():
            data = content.encode() if isinstance(content, str) else content
            member = tarfile.TarInfo(path)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return made.getvalue()


def a_question(
    question_id: int,
    kind: str,
    own: str,
    *,
    name: str = "",
    words: str = "&lt;p&gt;What?&lt;/p&gt;",
    parent: int = 0,
    more: str = "",
) -> str:
    """A question; ``own`` is what its kind says."""
    return (
        f'<question id="{question_id}"><parent>{parent}</parent><name>{name or f"Question {question_id}"}</name>'
        f"<questiontext>{words}</questiontext><questiontextformat>1</questiontextformat>"
        f"<generalfeedback>In general</generalfeedback><generalfeedbackformat>1</generalfeedbackformat>"
        f"<defaultmark>2.0000000</defaultmark><qtype>{kind}</qtype>"
        f"<plugin_qtype_{kind}_question>{own}</plugin_qtype_{kind}_question>{more}</question>"
    )


def answers(*some: tuple[int, str, str], feedback: str = "") -> str:
    """Answers: id, text, and share from 0 to 1."""
    return (
        "<answers>"
        + "".join(
            f'<answer id="{one}"><answertext>{words}</answertext><answerformat>1</answerformat><fraction>{share}</fraction>'
            f"<feedback>{feedback}</feedback><feedbackformat>1</feedbackformat></answer>"
            for one, words, share in some
        )
        + "</answers>"
    )


def entry(entry_id: int, *versions: tuple[int, str, str], idnumber: str = NOTHING) -> str:
    """A question of Moodle 4: number, status and question of each version."""
    return (
        f'<question_bank_entry id="{entry_id}"><idnumber>{idnumber}</idnumber><question_version>'
        + "".join(
            f'<question_versions id="{number}"><version>{number}</version><status>{status}</status>'
            f"<questions>{question}</questions></question_versions>"
            for number, status, question in versions
        )
        + "</question_version></question_bank_entry>"
    )


def category(category_id: int, name: str, parent: int, inner: str = "", *, old: bool = False) -> str:
    """A category with its questions."""
    room = "questions" if old else "question_bank_entries"
    return (
        f'<question_category id="{category_id}"><name>{name}</name><parent>{parent}</parent><{room}>{inner}</{room}>'
        "</question_category>"
    )


def slot(number: int, what: str) -> str:
    """A place of a quiz."""
    return f'<question_instance id="{number}"><slot>{number}</slot>{what}</question_instance>'


def named(entry_id: int) -> str:
    """A slot of Moodle 4 that names a question."""
    return f"<question_reference><questionbankentryid>{entry_id}</questionbankentryid></question_reference>"


def a_quiz(title: str, *slots: str, more: str = "") -> str:
    """A quiz."""
    return (
        f'<activity id="2" moduleid="10" modulename="quiz"><quiz id="2"><name>{title}</name><intro>&lt;p&gt;Go&lt;/p&gt;</intro>'
        f"<timelimit>930</timelimit><attempts_number>2</attempts_number>{more}"
        f"<question_instances>{''.join(slots)}</question_instances>"
        f'<sections><section id="1"><shufflequestions>1</shufflequestions></section></sections></quiz></activity>'
    )


def files(*categories: str, **more: str | bytes) -> dict[str, str | bytes]:
    """The files of a backup; ``quiz`` is a quiz, other names are paths."""
    found: dict[str, str | bytes] = {
        ".ARCHIVE_INDEX": "Moodle archive file index. Count: 3",
        "moodle_backup.xml": (
            "<moodle_backup><information><original_course_fullname>Algebra</original_course_fullname></information></moodle_backup>"
        ),
        "questions.xml": f"<question_categories>{''.join(categories)}</question_categories>",
        "users.xml": "<users><user><lastname>Nobody reads this</lastname></user></users>",
    }
    if "quiz" in more:
        found["activities/quiz_10/quiz.xml"] = more.pop("quiz")
    return found | more


def backup(*categories: str, **more: str | bytes) -> bytes:
    """A backup as Moodle makes it."""
    return tarred(files(*categories, **more))


def zipped_backup(*categories: str, **more: str | bytes) -> bytes:
    """The same as a zip file."""
    return zipped(files(*categories, **more))
