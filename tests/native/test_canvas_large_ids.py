"""Canvas's connector where ids are too large for JavaScript's numbers, with a whole account's token; and with a student's."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from lti_tool.platforms import canvas_scopes
from lti_tool.platforms.canvas_api import CanvasApi
from lti_tool.platforms.credentials import FixedToken
from lti_tool.platforms.native import ApiNotPermitted, Capability
from tests.native.contract import NativeCase, NativeContract
from tests.sandbox.canvas_course import BASE, boxed, known_of

TOO_LARGE = 2**53 + 1


@pytest.fixture
async def native(tmp_path: Path) -> AsyncIterator[NativeCase]:
    async with boxed(tmp_path, first_id=TOO_LARGE) as box, box.http() as http:
        yield NativeCase(
            connector=CanvasApi(http, BASE, FixedToken(await box.platform.api_token()), box.clock),
            course_id=str(box.course.id),
            user_ids=box.students,
            dead=CanvasApi(http, BASE, FixedToken("dead"), box.clock),
            elsewhere="404404",
            able=frozenset(Capability) - {Capability.EVENTS},
            known=await known_of(box),
        )


class TestCanvasWithLargeIds(NativeContract):
    pass


async def test_a_student_may_not_read_for_the_class(tmp_path: Path) -> None:
    async with boxed(tmp_path) as box, box.http() as http:
        connector = CanvasApi(http, BASE, FixedToken(await box.token("zoe", canvas_scopes.ALL)), box.clock)
        abilities = (await connector.find_out(str(box.course.id))).abilities
        assert abilities[Capability.CONTENTS].able
        assert not any(abilities[one].able for one in (Capability.COMPLETION, Capability.STUDENT_ACCESS))
        with pytest.raises(ApiNotPermitted):
            _ = [one async for one in connector.completions(str(box.course.id), box.students)]
