"""The scopes that an administrator ticks."""

import re
from pathlib import Path

from lti_tool.platforms.canvas_scopes import ALL, IN_CANVAS, OPTIONAL, SCOPES
from lti_tool.platforms.native import Capability


def test_every_scope_has_canvass_form_and_stands_there_once() -> None:
    for scope in ALL:
        assert re.fullmatch(r"url:(GET|POST|PUT|DELETE)\|/api/v1/[a-z_:/]+", scope)
    assert len(ALL) == len(set(ALL))


def test_what_capabilities_need_is_what_is_asked_for_and_nothing_more() -> None:
    assert {scope for scopes in SCOPES.values() for scope in scopes} == set(ALL)
    assert set(ALL) >= OPTIONAL
    assert Capability.EVENTS not in SCOPES


def test_they_fit_one_token() -> None:
    """The header that carries them has 8000 characters, some 110 scopes."""
    assert len(ALL) < 110
    assert len(" ".join(ALL)) < 8000


def test_they_stand_in_the_order_of_canvass_own_list() -> None:
    assert list(IN_CANVAS) == sorted(IN_CANVAS)


def test_only_dates_for_single_students_write() -> None:
    for capability, scopes in SCOPES.items():
        writes = [scope for scope in scopes if not scope.startswith("url:GET|")]
        assert bool(writes) == (capability is Capability.STUDENT_ACCESS)


def test_the_documentation_names_them_all() -> None:
    written = Path("docs/canvas.md").read_text(encoding="utf-8").replace("\\|", "|")
    assert set(re.findall(r"url:[A-Z]+\|[^`]+", written)) == set(ALL)
