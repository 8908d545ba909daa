"""Templates as values: what holds after any changes, what is refused, and what two templates are said to differ in."""

import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import given as for_all
from hypothesis import strategies as st

from lti_tool.errors import BadRequest, Conflict, NotFound, ToolError
from lti_tool.playlists import changes, templates
from lti_tool.playlists.changes import Basics, StepChoice
from lti_tool.playlists.differences import Difference, Differs, Part, differences, public
from lti_tool.playlists.models import DoneRule, Need, OrderRule, StepKind, VariantKind
from lti_tool.playlists.templates import Section, Step, Template, Variant

often = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])

A, B, C, D = (uuid.UUID(int=number) for number in range(1, 5))
S, T = (uuid.UUID(int=number) for number in (11, 12))
EVERY = list(DoneRule)


def a_template(order: OrderRule = OrderRule.ANY) -> Template:
    """A and B without a section; C in the first, D in the second."""
    return Template(
        "Halves",
        order_rule=order,
        sections=(Section(S, "Practise"), Section(T, "Show")),
        steps=(Step(A, "a"), Step(B, "b"), Step(C, "c", S), Step(D, "d", T)),
    )


def ids(template: Template) -> list[tuple[uuid.UUID | None, uuid.UUID]]:
    return [(step.section_id, step.id) for step in template.steps]


# --- Any changes at all

texts = st.text(min_size=1, max_size=8)
EARLY = datetime(2026, 1, 1)  # noqa: DTZ001 - the zone comes with the strategy.
LATE = datetime(2027, 1, 1)  # noqa: DTZ001 - the zone comes with the strategy.
moments = st.datetimes(min_value=EARLY, max_value=LATE, timezones=st.just(UTC))


@st.composite
def edits(draw: st.DrawFn) -> Callable[[Template], Template]:
    """A change that a teacher may ask for; it may be refused."""
    kind = draw(
        st.sampled_from(["basics", "add", "change", "move", "remove", "twin", "heading", "choice", "gone", "form"])
    )
    place, other, number = draw(st.integers(0, 30)), draw(st.integers(0, 30)), draw(st.integers(-3, 4))
    title = draw(texts)
    choice = StepChoice(
        title,
        need=draw(st.sampled_from(Need)),
        done_rule=draw(st.sampled_from(DoneRule)),
        pass_percent=draw(st.none() | st.floats(0, 100)),
        minutes=draw(st.none() | st.integers(1, 90)),
        opens_at=draw(st.none() | moments),
        due_at=draw(st.none() | moments),
        is_precheck=draw(st.booleans()),
    )
    variant = Variant(uuid.uuid4(), draw(st.sampled_from(VariantKind)), "read-aloud", people=(uuid.uuid4(),))
    orders = draw(st.sampled_from(OrderRule))
    step_kind = draw(st.sampled_from([StepKind.TASK, StepKind.REFLECTION, StepKind.CONFERENCE]))

    def make(template: Template) -> Template:  # noqa: PLR0911 - one line for each kind of change.
        steps = [step.id for step in template.steps] or [uuid.uuid4()]
        sections: list[uuid.UUID | None] = [None, *(section.id for section in template.sections)]
        step, after = steps[place % len(steps)], steps[other % len(steps)]
        section = sections[other % len(sections)]
        match kind:
            case "basics":
                return changes.change_basics(template, Basics(title, title, orders))
            case "add":
                return changes.add_steps(template, [changes.off_screen(step_kind, title)], section_id=section)
            case "change":
                waits = replace(choice, after_step_id=after if number > 0 else None, section_id=section)
                return changes.change_step(template, step, waits, EVERY)
            case "move":
                return changes.move(template, section if section and number > 2 else step, number)
            case "remove":
                return changes.remove_step(template, step)
            case "twin":
                return changes.duplicate_step(template, step)
            case "heading":
                return changes.add_section(template, title)
            case "choice":
                return changes.change_section(template, section or uuid.uuid4(), title, "", abs(number) or None)
            case "gone":
                return changes.remove_section(template, section or uuid.uuid4())
            case _:
                return changes.put_variant(template, step, variant)

    return make


def walk(makes: list[Callable[[Template], Template]]) -> list[Template]:
    """The template after each change that was not refused, the first before any."""
    been = [a_template(OrderRule.IN_ORDER)]
    for make in makes:
        try:
            been.append(make(been[-1]))
        except ToolError:
            continue
    return been


@often
@for_all(st.lists(edits(), max_size=12))
def test_whatever_was_changed_the_template_is_whole(makes: list[Callable[[Template], Template]]) -> None:
    for template in walk(makes):
        assert templates.checked(template) == template
        known = [step.id for step in template.steps]
        assert len(set(known)) == len(known)
        places = [None, *(section.id for section in template.sections)]
        walked = [places.index(step.section_id) for step in template.steps]
        assert walked == sorted(walked)
        for step in template.steps:
            assert step.after_step_id is None or step.after_step_id in known
            assert (step.pass_percent is None) or step.done_rule is DoneRule.RESULT
        for section in template.sections:
            assert section.needed is None or 1 <= section.needed <= template.choices(section.id)


@often
@for_all(st.lists(edits(), max_size=12))
def test_json_gives_back_what_it_was_given(makes: list[Callable[[Template], Template]]) -> None:
    import json

    for template in walk(makes):
        assert templates.of_json(json.loads(json.dumps(templates.to_json(template)))) == template


@often
@for_all(st.lists(edits(), max_size=12))
def test_differences_are_none_exactly_where_there_are_none(makes: list[Callable[[Template], Template]]) -> None:
    been = walk(makes)
    for before, after in pairwise(been):
        assert bool(differences(before, after)) == (before != after)
        assert differences(after, after) == []


@often
@for_all(st.lists(edits(), max_size=12))
def test_nobody_is_named_in_what_everybody_may_see(makes: list[Callable[[Template], Template]]) -> None:
    for template in walk(makes):
        for step in public(template).steps:
            assert all(one.kind is VariantKind.ACCOMMODATION and not one.people for one in step.variants)


@often
@for_all(st.lists(edits(), max_size=12))
def test_the_same_for_another_class_shares_no_id_and_says_the_same(makes: list[Callable[[Template], Template]]) -> None:
    template = walk(makes)[-1]
    copy = changes.anew(template)
    assert not {step.id for step in copy.steps} & {step.id for step in template.steps}
    assert templates.checked(copy) == copy
    assert [step.title for step in copy.steps] == [step.title for step in template.steps]
    places = {step.id: number for number, step in enumerate(template.steps)}
    copied = {step.id: number for number, step in enumerate(copy.steps)}
    assert [places.get(step.after_step_id) for step in template.steps] == [
        copied.get(step.after_step_id) for step in copy.steps
    ]


# --- Worked examples


def test_steps_and_headings_are_moved_in_one_list() -> None:
    template = a_template()
    assert ids(changes.move(template, B, 1)) == [(None, A), (S, B), (S, C), (T, D)]
    assert ids(changes.move(template, C, -1)) == [(None, A), (None, B), (None, C), (T, D)]
    assert ids(changes.move(template, S, -1)) == [(None, A), (S, B), (S, C), (T, D)]
    assert ids(changes.move(template, T, -99)) == [(T, A), (T, B), (S, C), (S, D)]
    assert [section.id for section in changes.move(template, T, -99).sections] == [T, S]
    assert ids(changes.reorder(template, [D, S, A, T, B, C])) == [(None, D), (S, A), (T, B), (T, C)]
    for wrong in ([A, B, C, D], [A, A, C, D, S, T], [uuid.uuid4(), B, C, D, S, T]):
        with pytest.raises(Conflict):
            changes.reorder(template, wrong)


def test_steps_come_where_they_are_put() -> None:
    template = a_template()
    new = changes.off_screen(StepKind.TASK, "n")
    assert ids(changes.add_steps(template, [new]))[2] == (None, new.id)
    assert ids(changes.add_steps(template, [new], section_id=S))[3] == (S, new.id)
    assert ids(changes.add_steps(template, [new], before=C))[2] == (S, new.id)
    assert ids(changes.add_steps(template, [new], before=T))[3] == (S, new.id)
    for where in ({"section_id": uuid.uuid4()}, {"before": uuid.uuid4()}):
        with pytest.raises(NotFound):
            changes.add_steps(template, [new], **where)


def test_a_choice_is_no_larger_than_what_there_is() -> None:
    template = changes.add_steps(a_template(), [changes.off_screen(StepKind.TASK, "n")], section_id=S)
    with pytest.raises(BadRequest) as refused:
        changes.change_section(template, S, "Choose", "", 3)
    assert (refused.value.code, refused.value.fields) == ("choice-too-large", {"there": "2"})
    chosen = changes.change_section(template, S, "Choose", "", 2)
    assert [step.need for step in chosen.within(S)] == [Need.MAY, Need.MAY]
    assert changes.add_steps(chosen, [changes.off_screen(StepKind.TASK, "o")], section_id=S).choices(S) == 3
    # Of fewer, fewer are asked for; of none, none.
    one = changes.remove_step(chosen, C)
    assert one.section(S).needed == 1
    assert changes.remove_step(one, one.within(S)[0].id).section(S).needed is None


def test_steps_never_wait_for_each_other() -> None:
    template = a_template()
    waiting = changes.change_step(template, A, StepChoice("a", after_step_id=B), EVERY)
    with pytest.raises(templates.StepsInACircle) as refused:
        changes.change_step(waiting, B, StepChoice("b", after_step_id=A), EVERY)
    assert refused.value.fields == {"title": "a", "after": "b"}
    with pytest.raises(templates.StepsInACircle):
        changes.change_step(template, A, StepChoice("a", after_step_id=A), EVERY)
    # Must-dos in order wait for those before them as well.
    with pytest.raises(templates.StepsInACircle):
        changes.change_basics(waiting, Basics("Halves", order_rule=OrderRule.IN_ORDER))
    back = changes.move(changes.move(waiting, A, 1), A, 0)
    assert changes.change_basics(back, Basics("Halves", order_rule=OrderRule.IN_ORDER)).step(A).after_step_id == B
    with pytest.raises(NotFound):
        changes.change_step(template, A, StepChoice("a", after_step_id=uuid.uuid4()), EVERY)
    # What waited for a step that is taken out waits for what that waited for.
    chain = changes.change_step(waiting, B, StepChoice("b", after_step_id=C), EVERY)
    assert changes.remove_step(chain, B).step(A).after_step_id == C


@pytest.mark.parametrize(
    ("choice", "code"),
    [
        (StepChoice("a", done_rule=DoneRule.OPENED), "rule-does-not-fit"),
        (StepChoice("a", done_rule=DoneRule.MASTERY), "mastery-of-nothing"),
        (StepChoice("a", is_precheck=True), "pre-check-needs-a-mark"),
        (StepChoice("a", done_rule=DoneRule.RESULT, is_precheck=True), "pre-check-needs-a-mark"),
        (
            StepChoice("a", opens_at=datetime(2026, 9, 2, tzinfo=UTC), due_at=datetime(2026, 9, 1, tzinfo=UTC)),
            "opens-after-due",
        ),
    ],
)
def test_what_cannot_be_is_refused(choice: StepChoice, code: str) -> None:
    possible = [DoneRule.MARKED, DoneRule.RESULT, DoneRule.MASTERY]
    with pytest.raises(BadRequest) as refused:
        changes.change_step(a_template(), A, choice, possible)
    assert refused.value.code == code


def test_too_much_is_refused() -> None:
    template = a_template()
    with pytest.raises(BadRequest) as refused:
        changes.add_steps(template, [Step(uuid.uuid4(), "n") for _ in range(97)])
    assert refused.value.code == "too-many-steps"
    with pytest.raises(BadRequest) as refused:
        for _ in range(30):
            template = changes.add_section(template, "s")
    assert refused.value.code == "too-many-sections"
    with pytest.raises(BadRequest) as refused:
        for _ in range(13):
            template = changes.put_variant(a_template() if template.title == "" else template, A, Variant(uuid.uuid4()))
    assert refused.value.code == "too-many-variants"
    with pytest.raises(BadRequest) as refused:
        changes.put_variant(a_template(), A, Variant(uuid.uuid4(), pass_percent=50.0))
    assert refused.value.code == "rule-does-not-fit"


@pytest.mark.parametrize(
    ("kind", "place", "results", "rules"),
    [
        (StepKind.ITEM, True, True, {"marked", "opened", "result", "mastery", "signed-off"}),
        (StepKind.ITEM, True, False, {"marked", "opened", "mastery", "signed-off"}),
        (StepKind.TASK, False, False, {"marked", "signed-off", "written", "mastery"}),
        (StepKind.REFLECTION, False, False, {"written", "signed-off", "marked"}),
        (StepKind.CONFERENCE, False, False, {"signed-off", "marked"}),
    ],
)
def test_what_can_count_depends_on_what_a_step_is(kind: StepKind, place: bool, results: bool, rules: set[str]) -> None:
    possible = templates.rules_for(kind, has_place=place, has_results=results)
    assert {rule.value for rule in possible} == rules
    if kind is not StepKind.ITEM:
        assert changes.off_screen(kind, "n").done_rule is possible[0]


def test_differences_say_what_a_teacher_did() -> None:
    before = a_template()
    after = changes.move(before, D, -1)
    assert differences(before, after) == [Difference(Differs.STEP_MOVED, "d")]
    after = changes.change_step(before, A, StepChoice("a", need=Need.MAY, minutes=5), EVERY)
    assert differences(before, after) == [Difference(Differs.STEP_CHANGED, "a", (Part.NEED, Part.MINUTES))]
    after = changes.remove_section(changes.remove_step(before, B), T)
    assert differences(before, after) == [
        Difference(Differs.SECTION_REMOVED, "Show"),
        Difference(Differs.STEP_MOVED, "d"),
        Difference(Differs.STEP_REMOVED, "b"),
    ]
    secret = changes.put_variant(before, A, Variant(uuid.uuid4(), VariantKind.MODIFICATION, people=(uuid.uuid4(),)))
    assert differences(before, secret) == [Difference(Differs.STEP_CHANGED, "a", (Part.VARIANTS,))]
    assert differences(public(before), public(secret)) == []
