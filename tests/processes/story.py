"""A class at work while its tool is killed, over and over: who did what, what was answered, and what the LMS has in the end.

A teacher assigns a playlist whose score goes out with every step. Students mark steps and take marks back, all at once,
while the LMS is slow, fails or loses its answers and the process is killed without warning. Then each goes on to where they
meant to get, and the story waits until the tool says that all is in the gradebook.
"""

import random
import re
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any, Protocol

import httpx
from lxml import html

from lti_tool.grades.delivery import LEASE, SWEEP_EVERY
from tests.processes.people import Page, Someone

TITLE = "Ratios, while it thunders"
POINTS = 100
ITEMS = ("What is a ratio?", "Read more: ratios in an encyclopedia")
ADDRESSES = 4
OFFLINE = 2
STEPS = len(ITEMS) + ADDRESSES + OFFLINE

CHECK = "What halves are"
QUESTION = "What is half of 8?\n= 4"

TEACHER = "rivera"
STUDENTS = ("zoe", "declan", "daryna", "amara", "mateo")
NEVER_BEGINS = "layla"

PATIENCE_SECONDS = LEASE.total_seconds() + SWEEP_EVERY.total_seconds() + 45.0
"""What was under way at a kill is held by nobody until its lease ends, and found by the first sweep after that."""

Trouble = dict[str, dict[str, Any]]
TROUBLES: tuple[Trouble, ...] = (
    {"behaviour": {"latency": {"scores": 1.5}}},
    {"fail": {"endpoint": "scores", "status": 500, "times": 15}},
    {"fail": {"endpoint": "scores", "status": 500, "times": 15, "after": True}},
    {"behaviour": {"latency": {"token": 1.0, "scores": 0.7}}},
    {"fail": {"endpoint": "token", "status": 503, "times": 2}},
)
"""What the LMS suffers from when the process dies, in turn: slow, failing, answers lost, slow tokens, no tokens."""


class World(Protocol):
    """A tool and an LMS that can be killed and started again."""

    @property
    def tool(self) -> str:
        """The tool's address."""

    @property
    def lms(self) -> str:
        """The LMS's address."""

    def start(self) -> None:
        """Start again, and wait until it answers."""

    def kill(self) -> None:
        """``kill -9``."""


@dataclass
class Student:
    """What one student did, and how it was answered. ``done`` is what they know of their steps; ``took_check``: they have handed
    in the check that is a step of its own, with everything right.
    """

    login: str
    meant: set[str] = field(default_factory=set)
    done: dict[str, bool] = field(default_factory=dict)
    answered: int = 0
    cut_off: int = 0
    took_check: bool = False
    contradictions: list[str] = field(default_factory=list)


@dataclass
class Ending:
    """How a story ended. ``scores`` is every score that reached the LMS, in order; ``waited`` is seconds."""

    seed: int
    students: list[Student]
    scores: list[dict[str, Any]]
    shown: dict[str, str | None]
    columns: int
    teacher_says: int
    kills: list[str]
    waited: float

    def of(self, login: str) -> list[dict[str, Any]]:
        """A student's scores that the LMS accepted, in order of arrival."""
        return [one for one in self.scores if one["login"] == login and one["answer"] == 200]

    def __str__(self) -> str:
        """The figures."""
        answered = sum(student.answered for student in self.students)
        cut_off = sum(student.cut_off for student in self.students)
        return (
            f"seed {self.seed}: {len(self.kills)} kills ({', '.join(self.kills)}); {answered} marks answered, {cut_off} cut "
            f"off; {len(self.scores)} scores arrived; all there {self.waited:.1f} s after the last mark"
        )


def expected(student: Student, steps: int = STEPS) -> float:
    """The score a student's steps come to."""
    return round(POINTS * (sum(student.done.values()) + student.took_check) / steps, 2)


# --- The teacher ------------------------------------------------------------------------------------------------------


def assign(teacher: Someone, *, with_check: bool = False) -> str:
    """Make the playlist and assign it with a column; returns the address of its progress page. ``with_check``: its last step is a
    check of the tool's own.
    """
    teacher.sign_in()
    home = teacher.open_tool().url
    if with_check:
        _make_check(teacher, home.replace("/playlists", "/checks"))
    action, fields = teacher.page(f"{home}/new").form("/new")
    builder = f"{home}/{fields['playlist_id']}"
    _send(teacher, action, fields | {"title": TITLE})
    teacher.page(home.replace("/playlists", "/content"))
    picker = teacher.page(
        f"{home.replace('/playlists', '/content')}/picker?playlist={fields['playlist_id']}&revision=1"
    )
    action, fields = picker.form("/steps")
    chosen = [_item(picker, title) for title in (*ITEMS, *((CHECK,) if with_check else ()))]
    answer = teacher.post(action, fields | {"session": teacher.page(builder).session_id, "item": chosen})
    assert answer.status_code == 303, answer.text
    for number in range(ADDRESSES):
        _add(teacher, builder, url=f"https://pages.example/{number}", step_title=f"Page {number}")
    for number in range(OFFLINE):
        _add(teacher, builder, step_title=f"Talk {number}")
    page = teacher.page(builder)
    [(action, fields)] = [(action, form) for action, form in page.forms("").items() if "order_rule" in form]
    _send(teacher, action, fields | {"order_rule": "any"})
    action, fields = teacher.page(f"{builder}/assign").form("/assign")
    _send(teacher, action, fields | {"has_column": "yes", "points": str(POINTS), "send_rule": "live"})
    return f"{builder}/progress"


def _make_check(teacher: Someone, checks: str) -> None:
    action, fields = teacher.page(f"{checks}/new").form("/checks/new")
    _send(teacher, action, fields | {"title": CHECK, "several": QUESTION})
    action, fields = teacher.page(f"{checks}/{fields['check_id']}").form("/status")
    _send(teacher, action, fields | {"status": "open"})


def _item(picker: Page, title: str) -> str:
    [found] = [
        str(box.get("value")) for box in picker.root.xpath("//input[@name='item']") if title in box.getparent().text_content()
    ]  # fmt: skip
    return found


def _add(teacher: Someone, builder: str, **fields: str) -> None:
    page = teacher.page(builder)
    revision = page.root.xpath("//input[@name='revision']/@value")[0]
    _send(teacher, f"{builder}/steps", {"session": page.session_id, "revision": str(revision)} | fields)


def _send(someone: Someone, action: str, fields: dict[str, str]) -> None:
    answer = someone.post(action, fields)
    assert answer.status_code == 303, f"{action}: {answer.status_code}\n{answer.text}"


# --- A student --------------------------------------------------------------------------------------------------------


class AtWork:
    """One student with one playlist, marking steps until told to come to an end."""

    def __init__(self, someone: Someone, student: Student, chance: random.Random, ending: threading.Event) -> None:
        self._someone = someone
        self._student = student
        self._chance = chance
        self._ending = ending

    def begin(self) -> None:
        """Open the playlist for the first time."""
        self._someone.sign_in()
        page = self._someone.open_tool()
        self._path, self._session = page.url, page.session_id
        self._student.done = _seen(page)
        assert len(self._student.done) == STEPS, f"{self._student.login} finds {self._student.done}"
        assert not any(self._student.done.values())
        # One of the class takes everything back, one finishes; the others get somewhere.
        steps = sorted(self._student.done)
        size = {"declan": 0, "zoe": STEPS}.get(self._student.login, self._chance.randrange(1, STEPS))
        self._student.meant = set(self._chance.sample(steps, size))

    def work(self) -> None:
        """Mark and take back at random, then get to where they meant to."""
        while (step := self._choose()) is not None:
            self._turn(step)
            time.sleep(self._chance.uniform(0.1, 0.5))

    def _choose(self) -> str | None:
        done = self._student.done
        begun = self._student.answered or any(done.values())
        if not self._ending.is_set() or not begun:
            return self._chance.choice(sorted(done))
        return next((step for step in sorted(done) if done[step] is not (step in self._student.meant)), None)

    def _turn(self, step: str) -> None:
        wanted = not self._student.done[step]
        action = f"{self._path}/steps/{step}/{'done' if wanted else 'not-done'}"
        try:
            answer = self._someone.post(action, {"session": self._session})
        except httpx.TransportError:
            self._student.cut_off += 1
            self._look(step)
            return
        assert answer.status_code == 303, f"{action}: {answer.status_code}\n{answer.text}"
        self._student.answered += 1
        self._student.done[step] = wanted

    def _look(self, doubtful: str) -> None:
        """After a request that was not answered: everything that was answered is as it was; the doubtful step may be either."""
        seen = _seen(until(lambda: self._someone.page(self._path), 150))
        for step, done in seen.items():
            if step != doubtful and done is not self._student.done[step]:
                self._student.contradictions.append(f"step {step} was {self._student.done[step]}, and is {done}")
        self._student.done = seen

    def take_check(self) -> None:
        """Open the check from its step, answer it, and hand it in; what is cut off is done again, as people do."""
        path = self._over_and_over(lambda: self._someone.page(self._path))
        [check] = {str(link) for link in path.root.xpath("//a/@href") if "/my/checks/" in str(link)}
        action, fields = self._over_and_over(lambda: self._someone.page(check)).form("/begin")
        self._sent(action, fields)
        attempt = f"{action.removesuffix('/begin')}/attempts/1"
        page = self._over_and_over(lambda: self._someone.page(attempt))
        action, fields = page.form("/attempts/1")
        [typed] = page.root.xpath("//input[@type='text']/@name")
        self._sent(action, fields | {str(typed): "4", "do": "save"})
        self._sent(f"{attempt}/end", {"session": page.session_id})
        result = self._over_and_over(lambda: self._someone.page(f"{attempt}/result"))
        assert re.search(r"100\s*%", result.root.text_content()), result.root.text_content()
        self._student.took_check = True

    def _sent(self, action: str, fields: dict[str, str]) -> None:
        answer = self._over_and_over(lambda: self._someone.post(action, fields))
        assert answer.status_code == 303, f"{action}: {answer.status_code}\n{answer.text}"

    def _over_and_over(self, do: Callable[[], Any]) -> Any:
        def once() -> Any:
            try:
                return do()
            except httpx.TransportError:
                self._student.cut_off += 1
                raise

        return until(once, 150)

    def look_again(self) -> None:
        """In the end: all of it."""
        self._look("")


def _seen(page: Page) -> dict[str, bool]:
    """The steps on a student's page, and whether each is done: by which form it offers."""
    forms = dict.fromkeys(page.forms("/done"), False) | dict.fromkeys(page.forms("/not-done"), True)
    return {action.split("/")[-2]: done for action, done in forms.items()}


def until(get: Callable[[], Any], seconds: float) -> Any:
    """What ``get`` gives, once the tool answers again."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return get()
        except httpx.TransportError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


# --- The story --------------------------------------------------------------------------------------------------------


def play(world: World, kills: int, seed: int, *, column_is_cut_off: bool = False) -> Ending:
    """Play the story in a world that has been started. ``column_is_cut_off``: the first kill comes while the LMS makes it."""
    chance = random.Random(seed)
    came = [Student(login) for login in STUDENTS]
    ending = threading.Event()
    with ExitStack() as stack:
        teacher = stack.enter_context(Someone(world.lms, world.tool, TEACHER))
        moments = []
        # The column is made, and the tool never hears of it.
        if column_is_cut_off:
            _control(world, {"behaviour": {"latency": {"line_items": 1.0}}})
        else:
            _control(world, {"fail": {"endpoint": "line_items", "status": 502, "times": 1, "after": True}})
        progress = assign(teacher)
        if column_is_cut_off:
            moments.append(_kill(world, chance.uniform(0.0, 1.0)))
        idle = stack.enter_context(Someone(world.lms, world.tool, NEVER_BEGINS))
        idle.sign_in()
        idle.open_tool()
        people = [stack.enter_context(Someone(world.lms, world.tool, student.login)) for student in came]
        working = [
            AtWork(someone, student, random.Random(chance.random()), ending)
            for someone, student in zip(people, came, strict=True)
        ]
        pool = stack.enter_context(ThreadPoolExecutor(len(working)))
        for future in [pool.submit(one.begin) for one in working]:
            future.result()
        running = [pool.submit(one.work) for one in working]
        try:
            if not column_is_cut_off:
                _wait_for_the_first_score(world)
            moments += [_thunder(world, trouble, chance) for trouble in _troubles(kills, chance)]
            _control(world, {"reset": {}})
        finally:
            ending.set()
        for future in running:
            future.result()
        stopped = time.monotonic()
        _wait(world, teacher, progress, came)
        waited = time.monotonic() - stopped
        for one in working:
            one.look_again()
        return Ending(
            seed,
            came,
            scores_of(world),
            {someone.login: _grade(someone) for someone in [*people, idle]},
            html.fromstring(teacher.lms_page("/courses/1/grades")).xpath("//thead")[0].text_content().count(TITLE),
            arrived(teacher, progress),
            moments,
            waited,
        )


def _troubles(kills: int, chance: random.Random) -> list[Trouble]:
    """As many as there are kills, the first three always among them."""
    return [*TROUBLES[:3], *chance.choices(TROUBLES[3:], k=max(kills - 3, 0))][:kills]


def _thunder(world: World, trouble: Trouble, chance: random.Random) -> str:
    time.sleep(chance.uniform(0.2, 1.0))
    _control(world, trouble)
    return _kill(world, chance.uniform(0.1, 1.5))


def _kill(world: World, moment: float) -> str:
    time.sleep(moment)
    world.kill()
    world.start()
    return f"{moment:.2f} s"


def _wait_for_the_first_score(world: World) -> None:
    deadline = time.monotonic() + 30
    while not scores_of(world) and time.monotonic() < deadline:
        time.sleep(0.1)


def _control(world: World, wanted: Trouble) -> None:
    for what, body in wanted.items():
        httpx.post(f"{world.lms}/_control/{what}", json=body, timeout=20).raise_for_status()


def scores_of(world: World) -> list[dict[str, Any]]:
    """Every score that reached the LMS, in order."""
    found: list[dict[str, Any]] = httpx.get(f"{world.lms}/_control/scores", timeout=20).raise_for_status().json()
    return found


def _wait(world: World, teacher: Someone, progress: str, students: list[Student]) -> None:
    """Until the LMS has every final score and the tool knows it, or patience ends: the test says what is missing then."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    wanted = {student.login: expected(student) for student in students}
    while time.monotonic() < deadline:
        last = {one["login"]: one["score_given"] for one in scores_of(world) if one["answer"] == 200}
        if last == wanted and arrived(teacher, progress) == len(students):
            return
        time.sleep(1.0)


def arrived(teacher: Someone, progress: str) -> int:
    """For how many students the teacher's page says that the score is in the gradebook."""
    return sum("In the gradebook" in row.text_content() for row in teacher.page(progress).root.xpath("//tbody/tr"))


def _grade(student: Someone) -> str | None:
    """What a student's own page in the LMS says under the playlist's title."""
    rows = html.fromstring(student.lms_page("/courses/1/grades")).xpath("//tbody/tr")
    [cell] = [row.xpath("./td")[0].text_content() for row in rows if TITLE in row.xpath("./th")[0].text_content()]
    found = re.match(r"\s*([\d.]+) of", cell)
    return found[1] if found else None


def say(line: str) -> None:
    """Print a figure; pytest shows it with -s, -rP or a failure."""
    sys.stdout.write(line + "\n")
