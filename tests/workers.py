"""Who takes which tests in a run on several workers.

Browsers and processes wait much, so two workers leave some of two cores idle. A third one like them takes that, but
browsers then more often do not answer in time. So the third one leaves most of the machine to the others (``step_back``), and
takes only files in which one thing comes after the other, in its own process: those may take as long as they like.
"""

import os
from collections.abc import Iterable
from typing import Any

import pytest
from xdist.scheduler import LoadFileScheduling

from tests.order import OUTSIDE, scope_of

BESIDE = "gw2"
"""The third worker."""
PATIENT = "beside/scopes"
"""Where the first worker leaves the names of the files that the third one may take: only workers know the marks of tests."""
LONG = 1200
"""Seconds that a test of the third worker may take: where others leave it little, as long as it comes to an end."""
BUSY = ("at_once", "browser", "openedx", "processes")
"""Marks of tests whose outcome may depend on how long they take."""


def patient(marked: Iterable[tuple[str, bool]]) -> list[str]:
    """The scopes in which nothing depends on time. ``marked``: each test's name, and whether it has one of the marks."""
    scopes: dict[str, bool] = {}
    for nodeid, busy in marked:
        scope = scope_of(nodeid)
        scopes[scope] = scopes.get(scope, True) and not busy and not scope.startswith(OUTSIDE)
    return [scope for scope, is_patient in scopes.items() if is_patient]


def tell(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Have the first worker say which files the third one may take, and the third one take its time."""
    worker = config.workerinput["workerid"]  # type: ignore[attr-defined]
    if worker == "gw0" and hasattr(config, "cache"):
        names = ((item.nodeid, any(item.get_closest_marker(mark) for mark in BUSY)) for item in items)
        config.cache.set(PATIENT, patient(names))
    if worker == BESIDE:
        for item in items:
            item.add_marker(pytest.mark.timeout(LONG))


def step_back(config: pytest.Config) -> None:
    """Have the third worker leave the others most of the machine where they need it.

    Not before it knows the tests: all others wait for that.
    """
    if getattr(config, "workerinput", {}).get("workerid") == BESIDE and hasattr(os, "nice"):
        os.nice(5)


class ByScope(LoadFileScheduling):
    """``--dist loadfile``, but for what stays together by ``scope_of``, and what the third worker may take."""

    def _split_scope(self, nodeid: str) -> str:
        return scope_of(nodeid)

    def _assign_work_unit(self, node: Any) -> None:
        """The next scope; to the third worker the next that it may take, or none any more."""
        if node.gateway.id == BESIDE:
            mine = next((scope for scope in self.workqueue if scope in self._patient), None)
            if mine is None:
                node.shutdown()
                return
            self.workqueue.move_to_end(mine, last=False)
        super()._assign_work_unit(node)

    @property
    def _patient(self) -> frozenset[str]:
        if not hasattr(self, "_known"):
            cache = getattr(self.config, "cache", None)
            self._known = frozenset(cache.get(PATIENT, []) if cache else [])
        return self._known
