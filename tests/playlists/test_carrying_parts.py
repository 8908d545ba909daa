"""Sections, rules, other forms and a personal playlist's settings come along into a copied course; nothing made for somebody."""

import uuid
from datetime import timedelta

from lti_tool.competencies import maps
from lti_tool.content import service as content
from lti_tool.courses.models import Person
from lti_tool.playlists import changes, changing, editing, template_rows
from lti_tool.playlists.changes import Basics, StepChoice, What
from lti_tool.playlists.models import DoneRule, Need, Playlist, PlaylistKind, StepKind, VariantKind
from lti_tool.playlists.planning import settings as planning_settings
from lti_tool.playlists.planning.base import Settings
from lti_tool.playlists.planning.settings import PathSettings, Wheel
from lti_tool.playlists.templates import Template, Variant
from tests.playlists.test_carrying import ORIGINAL, Story, story
from tests.playlists.test_carrying_map import a_map, codes

__all__ = ["story"]


async def everything(story: Story) -> None:
    """A template of every kind of part, with a change its students have not got yet, and a personal playlist."""
    original = await a_map(story)
    course, now, ids = await story.course(ORIGINAL), story.world.clock.now(), original.ids
    anna = next(one for one in await story.rows(Person) if one.sub == "anna")
    section = uuid.uuid4()
    async with story.world.database.writing() as session:
        items = {one.title: one.id for one in await content.items(session, course.organisation_id, course.id)}
        made = await editing.create(session, course, Basics("Parts"), None, now)
        made = await editing.add_items(session, course, made.id, made.revision, [items["What a ratio is"]], now)
        made = await changing.change(
            session,
            course,
            made.id,
            made.revision,
            What.SECTION_ADDED,
            lambda template: changes.add_section(template, "Choose", "One", section_id=section),
            now,
        )
        for kind in (StepKind.TASK, StepKind.REFLECTION, StepKind.CONFERENCE):
            made = await editing.add_offline(
                session, course, made.id, made.revision, kind, now, kind=kind, section_id=section
            )
        made = await changing.change(
            session,
            course,
            made.id,
            made.revision,
            What.SECTION_CHANGED,
            lambda template: changes.change_section(template, section, "Choose", "One", 2),
            now,
        )
        page, task, *_ = (await template_rows.current(session, made)).steps
        choice = StepChoice(
            page.title,
            done_rule=DoneRule.MASTERY,
            competency_id=ids["O1"],
            after_competency_id=ids["6.RP.1"],
            due_at=now + timedelta(days=2),
            minutes=5,
        )
        made = await editing.change_step(session, course, made.id, made.revision, page.id, choice, now)
        choice = StepChoice("task", need=Need.MAY, after_step_id=page.id, section_id=section)
        made = await editing.change_step(session, course, made.id, made.revision, task.id, choice, now)
        for variant in (
            Variant(
                uuid.uuid4(), support="read-aloud", content_item_id=items["Only in the original"], people=(anna.id,)
            ),
            Variant(uuid.uuid4(), VariantKind.MODIFICATION, people=(anna.id,)),
        ):
            made = await editing.put_variant(session, course, made.id, made.revision, page.id, variant, [anna.id], now)
        made = await editing.assign(session, course, made.id, made.revision, editing.Terms(), None, now)
        await editing.add_offline(session, course, made.id, made.revision, "Waits", now)
        view = await maps.the_map(session, course.organisation_id, course.id)
        assert view is not None
        numbers = {one.id: one.number for one in view.competencies}
        settings = PathSettings(
            Settings(unit=frozenset({numbers[ids["O1"]], numbers[ids["6.RP.1"]]}), placement=items["What a ratio is"]),
            target_steps=12,
            wheel=Wheel.STUDENT,
        )
        session.add(
            Playlist(
                organisation_id=course.organisation_id,
                course_id=course.id,
                kind=PlaylistKind.PERSONAL,
                title="Own paths",
                settings=planning_settings.write(settings),
                created_at=now,
                changed_at=now,
            )
        )


async def test_every_part_of_a_template_comes_along_and_nothing_made_for_somebody(story: Story) -> None:
    await everything(story)
    await story.decide(await story.copied())
    named = await codes(story)
    made = next(one for one in await story.carried() if one.title == "Parts")
    async with story.world.database.reading() as session:
        template: Template = await template_rows.stored(session, made)
    assert [(one.title, one.note, one.needed) for one in template.sections] == [("Choose", "One", 2)]
    page, task, *others = template.steps
    # What the original's students have not got yet comes along too.
    assert [step.title for step in template.steps] == ["What a ratio is", "Waits", "task", "reflection", "conference"]
    assert (page.done_rule, named[page.competency_id or uuid.uuid4()], page.minutes) == (DoneRule.MASTERY, "O1", 5)
    assert named[page.after_competency_id or uuid.uuid4()] == "6.RP.1"
    assert (page.due_at, page.opens_at) == (None, None)
    assert others[0].after_step_id == page.id
    [form] = page.variants
    assert (form.support, form.people, form.kind) == ("read-aloud", (), VariantKind.ACCOMMODATION)
    assert task.title == "Waits"
    assert {step.done_rule for step in others} == {DoneRule.MARKED, DoneRule.WRITTEN, DoneRule.SIGNED}


async def test_a_personal_playlist_brings_its_settings_by_the_numbers_and_items_of_the_copy(story: Story) -> None:
    await everything(story)
    await story.decide(await story.copied())
    course = await story.course()
    made = next(one for one in await story.carried() if one.title == "Own paths")
    assert made.kind is PlaylistKind.PERSONAL
    read = planning_settings.read(made.settings)
    async with story.world.database.reading() as session:
        view = await maps.the_map(session, course.organisation_id, course.id)
        items = {one.id: one.title for one in await content.items(session, course.organisation_id, course.id)}
    assert view is not None
    assert {one.code for one in view.competencies if one.number in read.planning.unit} == {"O1", "6.RP.1"}
    assert items[read.planning.placement or uuid.uuid4()] == "What a ratio is"
    assert (read.target_steps, read.wheel) == (12, Wheel.STUDENT)
