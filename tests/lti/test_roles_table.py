"""The table of roles: it is the whole vocabulary, the page that documents it says the same, and overrides hold."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lti_tool.lti.claims import ROLE_VOCABULARY as V
from lti_tool.lti.models import Role
from lti_tool.lti.roles import (
    AT_INSTITUTION,
    IN_COURSE,
    IN_SYSTEM,
    NOT_KNOWN,
    OVERRIDDEN,
    SUB_ROLE,
    TABLE,
    NamedRole,
    Scope,
    administers,
    explain,
    observed_by,
    parse,
    role_of,
)

PAGE = Path(__file__).resolve().parents[2] / "docs" / "roles.md"
PATHS = {Scope.INSTITUTION: "institution/person#", Scope.SYSTEM: "system/person#"}
RIGHTS = {Role.OTHER: 0, Role.OBSERVER: 1, Role.STUDENT: 2, Role.ASSISTANT: 3, Role.ADMINISTRATOR: 4, Role.TEACHER: 5}


def written(named: NamedRole) -> str:
    """The role as the documentation and the vocabulary write it, without the vocabulary's address."""
    if named.scope is not Scope.MEMBERSHIP:
        return PATHS[named.scope] + named.principal
    return f"membership/{named.principal}#{named.sub_role}" if named.sub_role else f"membership#{named.principal}"


EVERY = [V + written(named) for named in TABLE]


@pytest.mark.parametrize("named", TABLE, ids=written)
def test_each_role_of_the_table_gives_what_it_says(named: NamedRole) -> None:
    role = V + written(named)
    assert parse(role) == named
    assert role_of([role]) is (TABLE[named] or Role.OTHER)
    assert [(one.received, one.given) for one in explain([role])] == [(role, TABLE[named])]


def test_the_page_says_what_the_table_says() -> None:
    rows = dict(re.findall(r"^\| `([^`]+)` \| ([a-z]+) \|$", PAGE.read_text("utf-8"), re.MULTILINE))
    assert rows == {written(named): role.value if role else "none" for named, role in TABLE.items()}


@pytest.mark.parametrize(
    ("roles", "expected"),
    [
        # Canvas: a teaching assistant, a designer, a parent, and the student view.
        ([V + "membership/Instructor#TeachingAssistant", V + "membership#Instructor"], Role.ASSISTANT),
        ([V + "membership#ContentDeveloper", V + "system/person#User"], Role.TEACHER),
        ([V + "institution/person#Observer", V + "membership#Mentor", V + "system/person#User"], Role.OBSERVER),
        ([V + "membership#Learner", "http://purl.imsglobal.org/vocab/lti/system/person#TestUser"], Role.STUDENT),
        # An administrator of the account without an enrolment in the course.
        ([V + "institution/person#Administrator", V + "system/person#User"], Role.OTHER),
        # Moodle: a non-editing teacher at launch, a roster's short forms, and its role of a kind the vocabulary lacks.
        ([V + "membership#Instructor"], Role.TEACHER),
        (["Instructor"], Role.TEACHER),
        (["Learner", V + "person#Administrator"], Role.STUDENT),
        # Schoology: an administrator of the school who is nothing in the section.
        ([V + "institution/person#Administrator"], Role.OTHER),
        # Open edX: a community assistant, and the staff of the whole site.
        ([V + "membership#Learner", V + "membership/Instructor#TeachingAssistant"], Role.ASSISTANT),
        (
            [V + "system/person#Administrator", V + "institution/person#Administrator", V + "membership#Administrator"],
            Role.ADMINISTRATOR,
        ),
    ],
)
def test_the_habits_of_platforms(roles: list[str], expected: Role) -> None:
    assert role_of(roles) is expected


def test_an_administrator_can_say_what_a_role_means_here() -> None:
    assistant = V + "membership/Instructor#TeachingAssistant"
    custom = "https://lms.example/roles#Coach"
    overrides = {
        assistant: "teacher",
        " " + custom: "assistant",
        V + "institution/person#Student": "student",
        "x": "king",
    }

    assert role_of([assistant, V + "membership#Instructor"], overrides) is Role.TEACHER
    assert role_of([custom], overrides) is Role.ASSISTANT
    assert role_of([V + "institution/person#Student"], overrides) is Role.STUDENT
    assert role_of(["x"], overrides) is Role.OTHER
    assert role_of([assistant, V + "membership#Instructor"], {assistant: "other"}) is Role.OTHER
    assert role_of(["Learner"], {"Learner": "observer"}) is Role.OBSERVER
    assert observed_by(["Learner"], ["17"], {"Learner": "observer"}) == ("17",)
    assert observed_by([V + "membership#Mentor"], ["17"], {V + "membership#Mentor": "other"}) == ()


def test_each_role_is_explained() -> None:
    roles = [
        "Learner",
        V + "membership/Learner#GuestLearner",
        V + "institution/person#Staff",
        V + "system/person#User",
        "?",
    ]
    explained = explain([*roles, "Coach"], {"Coach": "teacher"})
    assert [(one.kind, one.given) for one in explained] == [
        (IN_COURSE, None),
        (SUB_ROLE, Role.STUDENT),
        (AT_INSTITUTION, None),
        (IN_SYSTEM, None),
        (NOT_KNOWN, None),
        (OVERRIDDEN, Role.TEACHER),
    ]


@pytest.mark.parametrize(
    ("roles", "expected"),
    [
        ([V + "institution/person#Administrator"], True),
        ([V + "system/person#Administrator", "Learner"], True),
        ([V + "system/person#SysAdmin"], True),
        ([V + "membership#Administrator"], False),
        ([V + "membership/Administrator#SystemAdministrator"], False),
        (["Administrator"], False),
        ([V + "person#Administrator"], False),
        ([V + "institution/person#Staff", V + "system/person#SysSupport", V + "system/person#AccountAdmin"], False),
        (["https://evil.example/institution/person#Administrator"], False),
        ([], False),
    ],
)
def test_who_administers(roles: list[str], expected: bool) -> None:
    assert administers(roles) is expected


@given(st.lists(st.sampled_from(EVERY), max_size=6), st.text())
def test_a_role_nobody_knows_changes_nothing(roles: list[str], unknown: str) -> None:
    if parse(unknown).scope is Scope.UNKNOWN:
        assert role_of([*roles, unknown]) is role_of(roles)
        assert administers([*roles, unknown]) is administers(roles)


@given(st.lists(st.sampled_from(EVERY), max_size=6), st.randoms())
def test_the_order_and_repetition_of_roles_do_not_matter(roles: list[str], random: object) -> None:
    shuffled = list(roles) * 2
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert role_of(shuffled) is role_of(roles)


@given(st.lists(st.sampled_from(EVERY), max_size=6))
def test_several_roles_never_give_more_than_the_best_of_them(roles: list[str]) -> None:
    best = max((RIGHTS[role_of([role])] for role in roles), default=0)
    assert RIGHTS[role_of(roles)] <= best


@given(st.lists(st.text(max_size=60), max_size=5), st.dictionaries(st.text(max_size=20), st.text(max_size=20)))
def test_any_text_and_any_overrides_are_read(roles: list[str], overrides: dict[str, str]) -> None:
    assert isinstance(role_of(roles, overrides), Role)
    assert [one.received for one in explain(roles, overrides)] == roles
