"""Roles of every form, and what they come to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lti_tool.lti.models import Role
from lti_tool.lti.roles import NamedRole, Scope, observed_by, parse, role_of

V = "http://purl.imsglobal.org/vocab/lis/v2/"


@pytest.mark.parametrize(
    ("roles", "expected"),
    [
        ([V + "membership#Learner"], Role.STUDENT),
        ([V + "membership#Instructor"], Role.TEACHER),
        ([V + "membership#ContentDeveloper"], Role.TEACHER),
        ([V + "membership#Administrator"], Role.ADMINISTRATOR),
        ([V + "membership#Mentor"], Role.OBSERVER),
        ([V + "membership#Manager"], Role.OTHER),
        ([V + "membership#Officer", V + "membership#Member"], Role.OTHER),
        ([V + "membership/Instructor#TeachingAssistant"], Role.ASSISTANT),
        ([V + "membership/Instructor#TeachingAssistant", V + "membership#Instructor"], Role.ASSISTANT),
        ([V + "membership/Instructor#Grader"], Role.ASSISTANT),
        ([V + "membership/Instructor#PrimaryInstructor"], Role.TEACHER),
        ([V + "membership/Learner#GuestLearner"], Role.STUDENT),
        ([V + "membership/Administrator#Support"], Role.ADMINISTRATOR),
        (["Learner"], Role.STUDENT),
        (["Instructor"], Role.TEACHER),
        (["Mentor"], Role.OBSERVER),
        (["Administrator"], Role.ADMINISTRATOR),
        (["TeachingAssistant"], Role.ASSISTANT),
        (["learner"], Role.OTHER),
        (["LEARNER"], Role.STUDENT),
        (["INSTRUCTOR"], Role.OTHER),
        (["https://purl.imsglobal.org/vocab/lis/v2/membership#Learner"], Role.STUDENT),
        ([" " + V + "membership#Learner "], Role.STUDENT),
        ([""], Role.OTHER),
        ([], Role.OTHER),
        ([V + "unknown/unknown#Helper"], Role.OTHER),
        ([V + "unknown/unknown#Instructor"], Role.OTHER),
        ([V + "membership/x/y#Instructor"], Role.OTHER),
        (["https://evil.example/membership#Instructor"], Role.OTHER),
        ([V + "membership#Learner", V + "uknownrole/unknown#Unknown"], Role.STUDENT),
        ([V + "membership#Learner", V + "institution/person#Mentor", V + "institution/person#Student"], Role.STUDENT),
        ([V + "institution/person#Mentor"], Role.OTHER),
        ([V + "institution/person#Instructor"], Role.OTHER),
        ([V + "institution/person#Administrator"], Role.OTHER),
        ([V + "system/person#Administrator"], Role.OTHER),
        ([V + "person#Administrator", "Learner"], Role.STUDENT),
        (
            [V + "institution/person#Administrator", V + "membership#Instructor", V + "system/person#Administrator"],
            Role.TEACHER,
        ),
        ([V + "membership#Instructor", V + "membership#Learner"], Role.TEACHER),
        ([V + "membership#Learner", V + "membership#Mentor"], Role.STUDENT),
        ([V + "membership#None"], Role.OTHER),
    ],
)
def test_what_a_person_may_do(roles: list[str], expected: Role) -> None:
    assert role_of(roles) is expected


@pytest.mark.parametrize(
    ("roles", "seen"),
    [
        ([V + "membership#Mentor"], ("17", "18")),
        (["Mentor"], ("17", "18")),
        ([V + "institution/person#Mentor"], ()),
        ([V + "membership#Learner"], ()),
        ([V + "membership#Instructor", V + "membership#Mentor"], ("17", "18")),
    ],
)
def test_whom_a_mentor_sees(roles: list[str], seen: tuple[str, ...]) -> None:
    assert observed_by(roles, ["17", "", "18", "17"]) == seen


@given(st.text())
def test_any_text_is_parsed(text: str) -> None:
    assert isinstance(parse(text), NamedRole)


@given(st.lists(st.sampled_from([V + "institution/person#", V + "system/person#", "x:"]), max_size=4))
def test_what_is_not_said_of_the_course_gives_no_rights(prefixes: list[str]) -> None:
    names = ("Instructor", "Administrator", "Mentor", "Learner")
    assert role_of(prefix + name for prefix in prefixes for name in names) is Role.OTHER


@given(st.lists(st.sampled_from(["Instructor", "Learner", "Mentor", V + "membership#Administrator", ""]), max_size=5))
def test_the_order_of_roles_does_not_matter(roles: list[str]) -> None:
    assert role_of(roles) is role_of(reversed(roles))


def test_the_scope_is_told() -> None:
    assert parse(V + "membership/Instructor#Grader") == NamedRole(Scope.MEMBERSHIP, "Instructor", "Grader")
    assert parse(V + "institution/person#Student").scope is Scope.INSTITUTION
    assert parse(V + "system/person#SysAdmin").scope is Scope.SYSTEM
