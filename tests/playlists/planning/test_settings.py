"""Settings of a personal playlist as JSON."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lti_tool.mastery.rules import Standing
from lti_tool.playlists.planning.base import Settings
from lti_tool.playlists.planning.settings import PathSettings, Wheel, read, write

ANY = st.builds(
    PathSettings,
    st.builds(
        Settings,
        unit=st.frozensets(st.integers(1, 999), max_size=5),
        met_at=st.sampled_from([level for level in Standing if level.rank]),
        length=st.integers(2, 20),
        remedial=st.integers(0, 10),
        low=st.floats(0, 0.5),
        high=st.floats(0.51, 1),
        reviews=st.floats(0, 1),
        tries=st.integers(1, 20),
        placement=st.none() | st.uuids(),
    ),
    st.integers(1, 200),
    st.booleans(),
    st.sampled_from(Wheel),
)


@given(ANY)
def test_what_is_written_is_read_back(settings: PathSettings) -> None:
    assert read(json.loads(json.dumps(write(settings)))) == settings


def test_nothing_stands_at_its_defaults() -> None:
    usual = read(None)
    assert read({}) == usual == PathSettings()
    assert (usual.target_steps, usual.approve, usual.wheel) == (10, False, Wheel.TOOL)
    assert read({"length": 4}).planning == Settings(length=4)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"length": 1}, "length has to be a whole number from 2 to 20"),
        ({"length": True}, "length"),
        ({"length": "6"}, "length"),
        ({"low": 0.9}, "low has to be below high"),
        ({"high": 1.5}, "high has to be a number from 0 to 1"),
        ({"reviews": "many"}, "reviews"),
        ({"met_at": "perfect"}, "met_at has to be one of"),
        ({"met_at": "not-started"}, "met_at"),
        ({"unit": "all"}, "unit"),
        ({"unit": ["a"]}, "unit"),
        ({"placement": "quiz"}, "placement has to be the id of an item"),
        ({"approve": 1}, "approve has to be true or false"),
        ({"wheel": "parents"}, "wheel has to be one of tool, student"),
        ({"target_steps": 0}, "target_steps"),
        ({"speed": 3}, "unknown settings: speed"),
        ({"version": 2}, "another version"),
    ],
)
def test_what_cannot_be_so_is_said(data: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        read(data)
