"""Testing out: who shows in a pre-check that they know it already need not do the rest of its section."""

from collections.abc import Sequence
from datetime import datetime

from lti_tool.playlists.rules.standing import counting_result
from lti_tool.playlists.rules.walk import Step


def tests_out(step: Step) -> datetime | None:
    """When this pre-check was passed; None where it is none, has no mark to pass, or was not."""
    if not step.is_precheck or step.is_own or step.pass_percent is None:
        return None
    percent = counting_result(step.standing)
    return step.standing.result_at if percent is not None and percent >= step.pass_percent else None


def passes_for(steps: Sequence[Step]) -> list[tuple[Step, datetime]]:
    """The undone steps that passed pre-checks stand for, each with when that was: the rest of the pre-check's section, or of
    the steps outside any. What a teacher added for one student is asked for all the same, and so is another pre-check."""
    found: list[tuple[Step, datetime]] = []
    passed = [(step, at) for step in steps if (at := tests_out(step)) is not None]
    for step in steps:
        if step.is_done or step.is_own or step.is_precheck:
            continue
        moments = [at for check, at in passed if check.section_id == step.section_id]
        if moments:
            found.append((step, max(moments)))
    return found
