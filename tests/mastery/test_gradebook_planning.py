"""What a gradebook export would do, before it does anything."""

import uuid
from datetime import UTC, datetime
from decimal import Decimal

from lti_tool.competencies.alignment_rules import AlignmentView
from lti_tool.competencies.models import AlignmentRole
from lti_tool.content.models import ContentItem, ItemKind
from lti_tool.content.rules import gradebook_id
from lti_tool.courses.identities import Known
from lti_tool.mastery.gradebooks import read_gradebook
from lti_tool.mastery.gradebooks.matching import match
from lti_tool.mastery.gradebooks.planning import Choice, Obstacle, Plan, entries, plan

NOW = datetime(2026, 9, 1, 8, tzinfo=UTC)
ANA, BEN = uuid.UUID(int=1), uuid.UUID(int=2)
CLASS = (Known(ANA, ("Ana Rivera",), frozenset({"11"})), Known(BEN, ("Ben Chen",), frozenset({"12"})))
ONE, TWO = uuid.UUID(int=101), uuid.UUID(int=102)

CANVAS = b"""Student,ID,Section,Quiz (5),Essay (6),Extra (7)
    Points Possible,,,10,20,30
Ana Rivera,11,A,9,0,15
Ben Chen,12,A,4,EX,61
"""


def item(number: int, title: str, **more: object) -> ContentItem:
    values = {"kind": ItemKind.QUIZ, "external_id": f"canvas:{number}", "position": number, "seen_at": NOW}
    return ContentItem(
        organisation_id=uuid.UUID(int=9),
        id=uuid.UUID(int=number),
        course_id=uuid.UUID(int=8),
        title=title,
        **{**values, **more},
    )


def alignment(
    the_item: ContentItem, competency: uuid.UUID, role: AlignmentRole = AlignmentRole.ASSESSES
) -> AlignmentView:
    return AlignmentView(
        uuid.uuid4(), the_item.id, competency, 1, role, Decimal(2), 75.0, mixed=competency == TWO, shared=False
    )


QUIZ, ESSAY = item(51, "Renamed since", result_key="5"), item(52, "essay ")


def the_plan(content: bytes = CANVAS, *items: ContentItem, **aligned: AlignmentRole) -> Plan:
    there = items or (QUIZ, ESSAY)
    views = {one.id: (alignment(one, ONE),) for one in there}
    file = read_gradebook(content)
    return plan(file, match(file.rows, CLASS), there, views)


def test_columns_find_their_items_by_id_then_by_a_title_that_is_theirs_alone() -> None:
    found = the_plan()
    assert [one.item and one.item.title for one in found.columns] == ["Renamed since", "essay ", None]
    assert [one.obstacle for one in found.columns] == [None, None, Obstacle.UNALIGNED]
    assert [(one.values, one.zeros) for one in found.columns] == [(2, 0), (0, 1), (2, 0)]
    twins = the_plan(CANVAS, item(53, "Essay"), item(54, "Essay"))
    assert twins.columns[1].item is None
    gone = the_plan(CANVAS, item(53, "Essay", deleted_at=NOW), item(54, "Essay", kind=ItemKind.HEADING))
    assert gone.columns[1].item is None


def test_a_column_of_an_earlier_import_is_found_again_by_what_it_was_called() -> None:
    moodle = b"First name,Last name,Email address,Quiz: Q (Real)\nAna,Rivera,ana@school.example,8\n"
    earlier = item(60, "Q", external_id=gradebook_id("moodle:Q"), points_possible=10.0)
    found = the_plan(moodle, earlier)
    assert found.columns[0].item is earlier
    assert found.columns[0].out_of == 10
    assert the_plan(moodle, item(61, "Q", external_id=gradebook_id("canvas:Q"), points_possible=None)).columns[
        0
    ].obstacle is (Obstacle.OUT_OF)


def test_entries_are_whole_scores_with_the_marks_of_their_alignment() -> None:
    file = read_gradebook(CANVAS)
    views = {
        QUIZ.id: (
            alignment(QUIZ, ONE),
            alignment(QUIZ, TWO),
            alignment(QUIZ, uuid.UUID(int=103), AlignmentRole.TEACHES),
        )
    }
    found = plan(file, match(file.rows, CLASS), (QUIZ,), views)
    day = datetime(2026, 8, 20, 12, tzinfo=UTC)
    made = entries(found, [Choice(3, at=day)], (), NOW, count_zeros=False)
    assert {(one.person_id, one.competency_id) for one in made} == {(ANA, ONE), (ANA, TWO), (BEN, ONE), (BEN, TWO)}
    for one in made:
        one.check(NOW)
        assert (one.possible, one.passing_percent, one.weight) == (Decimal(10), 75.0, Decimal(2))
        assert (one.whole, one.shared, one.dated, one.observed_at) == (True, True, False, day)
        assert one.mixed == (one.competency_id == TWO)
    assert len({one.presentation for one in made}) == 1


def test_noughts_excused_and_columns_with_obstacles_are_no_evidence() -> None:
    found = the_plan()
    every = [Choice(one.column.index) for one in found.columns]
    assert {(one.person_id, one.earned) for one in entries(found, every, (), NOW, count_zeros=False)} == {
        (ANA, Decimal(9)),
        (BEN, Decimal(4)),
    }
    with_zeros = entries(found, every, (), NOW, count_zeros=True)
    assert (ANA, Decimal(0)) in {(one.person_id, one.earned) for one in with_zeros}
    # What the LMS has told itself is not counted again.
    told = entries(found, every, (), NOW, count_zeros=True, known={(ANA, QUIZ.id)})
    assert {one.person_id for one in told if one.content_item_id == QUIZ.id} == {BEN}


def test_a_maximum_that_cannot_be_is_an_obstacle() -> None:
    moodle = b"First name,Last name,Email address,Quiz: Q (Real)\nAna,Rivera,,8\nBen,Chen,,90\n"
    found = the_plan(moodle, item(60, "Q"))
    assert entries(found, [Choice(3, Decimal(10))], {2, 3}, NOW, count_zeros=False) == []
    assert len(entries(found, [Choice(3, Decimal(100))], {2, 3}, NOW, count_zeros=False)) == 2


def test_names_count_when_their_line_was_confirmed() -> None:
    content = b"Student,ID,Section,Quiz (5)\n,,,\nAna Rivera,,A,\nAna Rivera,99,A,9\nBen Chen,98,A,4\n"
    found = the_plan(content)
    lines = [row.row.line for row in found.rows]
    made = entries(found, [Choice(3, Decimal(10))], {lines[-1]}, NOW, count_zeros=False)
    assert [one.person_id for one in made] == [BEN]
