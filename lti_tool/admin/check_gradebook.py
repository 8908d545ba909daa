"""The gradebook's part of a check: a column is found, made, read, changed, given scores, read back and removed."""

from collections.abc import Awaitable, Callable, Sequence

from lti_tool.admin import check_rules as rules
from lti_tool.admin.check_rules import Line, Outcome, Said, Step
from lti_tool.admin.check_steps import Steps, Wrong
from lti_tool.courses.models import Course
from lti_tool.lti import claims
from lti_tool.lti.services import AgsClient, GradingProgress, LineItemData, ScoreData, ServiceRefused
from lti_tool.platforms import Matter
from lti_tool.web.i18n import N_

_READING = (claims.LINE_ITEM_SCOPE, claims.LINE_ITEM_READ_SCOPE)
_WITH_COLUMN = (Step.READ, Step.FIND_AGAIN, Step.CHANGE, Step.SCORE, Step.RESULT)
_SAID_NO = frozenset({"no-permission", "not-accepted"})


class Gradebook:
    """One column's way through the gradebook of a course."""

    def __init__(self, steps: Steps, course: Course, line_items_url: str) -> None:
        self._steps = steps
        self._course = course
        self._url = line_items_url
        # The client that grades are delivered by, asking for tokens as that does.
        self._ags = AgsClient(steps.protocol, steps.plan.registration, steps.quirks, scopes=course.ags_scopes)
        self._there: list[LineItemData] = []
        self._column: LineItemData | None = None
        self._perhaps_made = False

    async def run(self) -> None:
        """Every step. Whatever happens, the column is gone afterwards, or the last line says that it is not."""
        steps = self._steps
        lack = steps.lacks(self._course, *_READING)
        if lack is not None:
            steps.skip(Step.FIND, lack)
        found = lack is None and await steps.step(Step.FIND, self._find)
        if not steps.plan.write:
            steps.skip(Step.MAKE, rules.NOT_ASKED)
            return
        lack = steps.lacks(self._course, claims.LINE_ITEM_SCOPE)
        if lack is not None:
            steps.skip(Step.MAKE, lack)
            return
        if not found:
            # Without a look at what there is, one column after the other could be left behind.
            steps.skip(Step.MAKE, rules.NO_LOOK)
            return
        left = [item for item in self._there if rules.is_leftover(item.resource_id)]
        if left and steps.quirks.columns_stay:
            self._column = left[0]
        elif left:
            await steps.step(Step.LEFTOVERS, lambda: self._remove_leftovers(left))
        try:
            await self._with_column()
        finally:
            if self._perhaps_made and not steps.quirks.columns_stay:
                await steps.to_the_end(Step.REMOVE, self._remove)
            elif self._perhaps_made:
                steps.tell(Line(Step.REMOVE, Outcome.SKIPPED, Said(rules.STAYS), steps.remedy(Matter.REMOVE)))

    async def _with_column(self) -> None:
        steps = self._steps
        await steps.step(Step.MAKE, self._make)
        column = self._column
        if column is None or column.id is None:
            for step in _WITH_COLUMN:
                steps.skip(step, rules.NO_COLUMN)
            return
        await steps.step(Step.READ, self._read)
        await steps.step(Step.FIND_AGAIN, self._find_again)
        await steps.step(Step.CHANGE, self._change)
        sent = await self._unless_lacking(Step.SCORE, claims.SCORE_SCOPE, self._scores) if steps.plan.student else None
        if sent is None:
            steps.skip(Step.SCORE, rules.NO_STUDENT)
        await self._unless_lacking(Step.RESULT, claims.RESULT_READ_SCOPE, self._result_of if sent else self._no_result)

    async def _unless_lacking(self, step: Step, scope: str, call: Callable[[], Awaitable[Said]]) -> bool:
        lack = self._steps.lacks(self._course, scope)
        if lack is not None:
            self._steps.skip(step, lack)
            return False
        return await self._steps.step(step, call)

    # --- Columns ------------------------------------------------------------------------------------------------------

    async def _find(self) -> Said:
        self._there = await self._ags.find_line_items(self._url)
        return Said(N_("Columns: %(count)s"), {"count": len(self._there)})

    async def _remove_leftovers(self, left: Sequence[LineItemData]) -> Said:
        """What an earlier check left. One that cannot be removed is used again, so that there is never a second."""
        for item in left:
            try:
                await self._ags.delete_line_item(item.id or "")
            except ServiceRefused as refused:
                if refused.code != "line-item-gone":
                    self._column = item
                    raise
        await self._steps.note("column.removed", self._course, "left behind by an earlier check of the connection")
        return Said(N_("Columns that an earlier check had left behind, removed now: %(count)s"), {"count": len(left)})

    async def _make(self) -> Said:
        # From here on there may be a column, even if the answer is lost.
        self._perhaps_made = True
        if self._column is not None:
            return Said(N_("The column of the earlier check is used again."))
        wanted = LineItemData(rules.LABEL, rules.MAXIMUM, resource_id=rules.RESOURCE_ID, tag=rules.TAG)
        try:
            self._column = await self._ags.create_line_item(self._url, wanted)
        except ServiceRefused as refused:
            self._perhaps_made = refused.code not in _SAID_NO
            raise
        await self._steps.note("column.made", self._course, "for a check of the connection")
        return Said(N_("Made, as “%(label)s”"), {"label": rules.LABEL})

    async def _read(self) -> Said:
        found = await self._ags.get_line_item(self._address)
        if found.score_maximum <= 0:
            raise Wrong(N_("The column came back without a maximum."))
        return Said(
            N_("“%(label)s”, out of %(maximum)s"), {"label": found.label, "maximum": _figure(found.score_maximum)}
        )

    async def _find_again(self) -> Said:
        found = await self._ags.find_line_items(self._url, rules.RESOURCE_ID, rules.TAG)
        if len(found) != 1:
            raise Wrong(
                N_("Found %(count)s times instead of once: the LMS does not keep the ids that columns are found by."),
                count=len(found),
            )
        return Said(N_("Found"))

    async def _change(self) -> Said:
        wanted = LineItemData(
            rules.CHANGED_LABEL,
            rules.CHANGED_MAXIMUM,
            id=self._address,
            resource_id=rules.RESOURCE_ID,
            tag=rules.TAG,
        )
        self._column = changed = await self._ags.update_line_item(wanted)
        fields = {"label": changed.label, "maximum": _figure(changed.score_maximum)}
        return Said(N_("Now “%(label)s”, out of %(maximum)s"), fields)

    async def _remove(self) -> Said:
        """Remove the column, or what there is of the check's where its making was never answered."""
        there = (
            [self._column]
            if self._column is not None
            else await self._ags.find_line_items(self._url, rules.RESOURCE_ID)
        )
        for item in there:
            try:
                await self._ags.delete_line_item(item.id or "")
            except ServiceRefused as refused:
                if refused.code != "line-item-gone":
                    raise
        if not there:
            return Said(N_("No column is there. Should the LMS make it later after all, the next check removes it."))
        await self._steps.note("column.removed", self._course, "at the end of a check of the connection")
        return Said(N_("Removed"))

    @property
    def _address(self) -> str:
        return (self._column.id if self._column is not None else None) or ""

    # --- Scores -------------------------------------------------------------------------------------------------------

    async def _scores(self) -> Said:
        """A score for each progress there is. The tool itself sends only the last kind, so that one decides."""
        step = self._steps.quirks.timestamp_step
        start = self._steps.protocol.clock.now() - len(rules.PROGRESS) * step
        taken: list[str] = []
        refused: list[str] = []
        await self._steps.note("score.sent", self._course, f"to person {self._steps.plan.student}, for a check")
        for place, (activity, grading, given) in enumerate(rules.PROGRESS):
            score = ScoreData(
                user_id=self._steps.plan.student or "",
                given=given,
                maximum=rules.MAXIMUM if given is not None else None,
                at=start + place * step,
                activity_progress=activity,
                grading_progress=grading,
            )
            try:
                await self._ags.post_score(self._address, score)
            except ServiceRefused as error:
                # What is refused for the person or for the tool is so for every score.
                if grading is GradingProgress.FULLY_GRADED or error.code in {"no-permission", "not-enrolled"}:
                    raise
                refused.append(activity.value)
            else:
                taken.append(activity.value)
        fields = {"taken": ", ".join(taken), "refused": ", ".join(refused)}
        if refused:
            return Said(N_("Taken: %(taken)s. Refused: %(refused)s, which the tool never sends."), fields)
        return Said(N_("Taken: %(taken)s"), fields)

    async def _result_of(self) -> Said:
        student = self._steps.plan.student or ""
        found = [one for one in await self._ags.results(self._address, student) if one.user_id == student]
        maximum = (found[0].maximum if found else None) or (self._column.score_maximum if self._column else 0.0)
        if not found or not rules.came_back(found[0].score, maximum):
            raise Wrong(N_("The score that was sent did not come back."))
        fields = {"score": _figure(found[0].score or 0), "maximum": _figure(maximum)}
        return Said(N_("%(score)s out of %(maximum)s came back"), fields)

    async def _no_result(self) -> Said:
        found = await self._ags.results(self._address)
        return Said(N_("Results that can be read: %(count)s"), {"count": len(found)})


def _figure(value: float) -> str:
    return f"{value:g}"
