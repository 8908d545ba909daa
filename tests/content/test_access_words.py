"""Everything that connectors say by a code has words."""

import pytest

from lti_tool.content.access import words
from lti_tool.content.ports import Capability, Lacking
from lti_tool.platforms import canvas_finding, canvas_scopes, moodle_finding, native, schoology_api

REMARKS = (
    canvas_finding.INCLUDES_IGNORED,
    canvas_finding.LOOSE_UNLISTED,
    moodle_finding.PERSONAL_TOKEN,
    schoology_api.PERSONAL_KEY,
    schoology_api.NOT_SECTION_ADMIN,
)


OF_ONE_STEP = (native.ApiDatesRefused,)
"""Trouble that somebody sees at what they do, and no connection keeps."""


@pytest.mark.parametrize("code", REMARKS)
def test_every_remark_has_words(code: str) -> None:
    assert words.REMARKS[code]


@pytest.mark.parametrize("scope", canvas_scopes.ALL)
def test_every_right_of_canvas_has_words(scope: str) -> None:
    assert words.NEEDS[canvas_scopes.right_for(scope)]


@pytest.mark.parametrize("capability", list(Capability))
def test_every_capability_is_called_something_and_is_good_for_something(capability: Capability) -> None:
    label, use = words.CAPABILITIES[capability]
    assert label
    assert use


@pytest.mark.parametrize("why", [*Lacking, None])
@pytest.mark.parametrize("unwanted", [True, False])
def test_every_reason_has_words(why: Lacking | None, unwanted: bool) -> None:
    assert words.reason(why, unwanted=unwanted)


@pytest.mark.parametrize(
    "trouble",
    [one for one in native.NativeTrouble.__subclasses__() if one not in OF_ONE_STEP],
    ids=lambda one: str(one.code),
)
def test_every_trouble_says_what_to_do(trouble: type[native.NativeTrouble]) -> None:
    assert words.TROUBLES[trouble.code]
