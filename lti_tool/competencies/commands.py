"""What ``lti-tool import competencies`` does: a file into the school's frameworks, and what to print of it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lti_tool.clock import Clock
from lti_tool.competencies import importing
from lti_tool.competencies.importing import Preview, Wish
from lti_tool.competencies.reading.recognise import read_framework
from lti_tool.competencies.reading.values import MOST_BYTES, FrameworkFile, FrameworkTooLarge
from lti_tool.db.session import Database
from lti_tool.errors import ToolError
from lti_tool.lti import registrations

ACTOR = "command line"


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did."""

    framework_id: str
    is_new: bool
    done: Preview

    @property
    def lines(self) -> list[str]:
        """For standard output: the framework, then how many of each."""
        numbers = ", ".join(f"{name}: {number}" for name, number in self.done.counts.as_json().items())
        return [f"{'new' if self.is_new else 'updated'} framework: {self.done.title} ({self.framework_id})", numbers]

    @property
    def troubles(self) -> list[str]:
        """For standard error: a line for each problem and each loop."""
        told = [f"{one.where}: {one.words}" if one.where else one.words for one in self.done.problems]
        names = self.done.plan.names
        for loop in self.done.loops:
            left_out = " → ".join(names.get(node, node) for node in loop.left_out)
            told.append(f"prerequisites go in a loop: {loop.shown(names)}. Left out until somebody decides: {left_out}")
        return told

    def as_json(self) -> dict[str, Any]:
        """For ``--json``."""
        file, names = self.done.file, self.done.plan.names
        return {
            "framework": {"id": self.framework_id, "title": self.done.title, "format": file.source.value},
            "new": self.is_new,
            **self.done.counts.as_json(),
            "problems": [
                {"where": one.where, "problem": one.trouble.value, "weight": one.weight.value, "words": one.words}
                for one in file.problems
            ],
            "loops": [
                {
                    "competencies": [names.get(node, node) for node in loop.nodes],
                    "left_out": [names.get(node, node) for node in loop.left_out],
                }
                for loop in self.done.loops
            ],
        }


async def import_competencies(
    database: Database, clock: Clock, path: Path, *, organisation: str | None, wish: Wish
) -> Imported:
    """Import a file into a school's shared frameworks. Raises ToolError with what was wrong in one line."""
    file = read(path)
    async with database.writing() as session:
        now = clock.now()
        school = await registrations.find_organisation(session, organisation, now)
        try:
            done = await importing.apply(session, school.id, file, wish, now, by=None, actor=ACTOR, confirmed=True)
        except ToolError as error:
            raise in_one_line(error) from error
    return Imported(str(done.framework_id), done.is_new, done)


def read(path: Path) -> FrameworkFile:
    """The framework in a file."""
    try:
        size = path.stat().st_size
        if size > MOST_BYTES:
            raise FrameworkTooLarge(f"the file has {size} bytes")
        return read_framework(path.read_bytes())
    except ToolError as error:
        raise in_one_line(error) from error


def in_one_line(error: ToolError) -> ToolError:
    """The error with what a person reads as its line for the command's standard error."""
    advice = (error.advice % error.fields).replace("Nothing was changed.", "").strip()
    return ToolError(f"{error.title}. {advice} ({error.code})", code=error.code)
