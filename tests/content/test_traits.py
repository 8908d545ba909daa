"""What teachers say about items, and the page they say it on; on both databases."""

import pytest

from lti_tool.clock import ManualClock
from lti_tool.content import traits
from lti_tool.content.traits import BadForm, Change, Trait
from lti_tool.courses.models import Course
from lti_tool.db.session import Database
from lti_tool.errors import NotFound
from tests.playlists import seed
from tests.playlists.seed import NOW, School
from tests.playlists.site import Site, a_site


@pytest.fixture
async def school(database: Database) -> School:
    async with database.writing() as session:
        return await seed.school(session)


@pytest.fixture
async def site(database: Database, clock: ManualClock) -> Site:
    return await a_site(database, clock)


async def known(database: Database, school: School) -> dict[str, Trait]:
    """What is said, by the item's key."""
    async with database.reading() as session:
        found = await traits.of_course(session, school.id, school.course.id)
    return {key: found[item.id] for key, item in school.items.items() if item.id in found}


async def changed_at(database: Database, school: School) -> object:
    async with database.reading() as session:
        course = await session.get(Course, (school.id, school.course.id))
        assert course is not None
        return course.content_changed_at


async def test_several_items_get_what_is_said_and_keep_the_rest(database: Database, school: School) -> None:
    page, quiz = school.items["page"].id, school.items["quiz"].id
    async with database.writing() as session:
        assert (
            await traits.change(session, school.course, [page], Change(minutes=5, more_topics=["Football"]), NOW) == 1
        )
        change = Change(minutes=10, more_topics=["football", "Cooking"])
        assert await traits.change(session, school.course, [page, quiz], change, NOW) == 2
        assert await traits.change(session, school.course, [page, quiz], change, NOW) == 0
    found = await known(database, school)
    assert found["page"] == Trait(10, ("Football", "Cooking"))
    assert found["quiz"] == Trait(10, ("Football", "Cooking"))
    async with database.writing() as session:
        await traits.change(session, school.course, [page], Change(no_minutes=True, fewer_topics=["FOOTBALL"]), NOW)
    assert (await known(database, school))["page"] == Trait(None, ("Cooking",))


async def test_each_change_has_a_later_moment(database: Database, school: School) -> None:
    moments = []
    for minutes in (5, 6):
        async with database.writing() as session:
            await traits.change(session, school.course, [school.items["page"].id], Change(minutes=minutes), NOW)
        moments.append(await changed_at(database, school))
    assert moments[0] is not None
    assert moments[0] != moments[1]


async def test_forms_are_one_deep(database: Database, school: School) -> None:
    page, quiz, essay = (school.items[key].id for key in ("page", "quiz", "essay"))
    async with database.writing() as session:
        form = Change(variant_of=page, serves=frozenset({"read-aloud"}))
        await traits.change(session, school.course, [quiz], form, NOW)
    for item, target in ((page, page), (essay, quiz), (page, essay)):
        with pytest.raises(BadForm):
            async with database.writing() as session:
                await traits.change(session, school.course, [item], Change(variant_of=target), NOW)
    async with database.writing() as session:
        await traits.change(session, school.course, [quiz], Change(no_form=True), NOW)
    assert (await known(database, school))["quiz"] == Trait()


async def test_another_courses_item_is_none(database: Database, school: School) -> None:
    async with database.writing() as session:
        other = await seed.school(session, "Elm School")
    with pytest.raises(NotFound):
        async with database.writing() as session:
            await traits.change(session, school.course, [other.items["page"].id], Change(minutes=5), NOW)


def test_topics_are_told_apart_whatever_their_case() -> None:
    assert traits.topics_of(" Football,cooking ; football,, open  air") == ["Football", "cooking", "open air"]


# --- The page ---------------------------------------------------------------------------------------------------------------


async def test_ticked_items_are_changed_without_script(site: Site) -> None:
    teacher = await site.teacher()
    page, quiz = (str(site.school.items[key].id) for key in ("page", "quiz"))
    address = f"{site.course}/content/traits"
    shown = await teacher.get(address)
    assert "What a fraction is" in shown.text
    assert "Week 1" not in shown.text
    answer = await teacher.post(address, item=[page, quiz], minutes="15", topics="football, cooking")
    assert "Saved." in answer.text
    found = await known(site.database, site.school)
    assert found["page"] == found["quiz"] == Trait(15, ("football", "cooking"))


async def test_one_item_is_said_anew_as_a_whole(site: Site) -> None:
    teacher = await site.teacher()
    page, quiz = (str(site.school.items[key].id) for key in ("page", "quiz"))
    address = f"{site.course}/content/traits"
    await teacher.get(address)
    await teacher.post(address, item=[quiz], minutes="15", topics="football")
    assert "Quiz on halves" in (await teacher.get(f"{address}?item={quiz}")).text
    await teacher.post(address, one=quiz, minutes="", topics="music", language="es", variant_of=page, serves="language")
    found = await known(site.database, site.school)
    assert found["quiz"].minutes is None
    assert (found["quiz"].topics, found["quiz"].language) == (("music",), "es")
    assert found["quiz"].serves == {"language"}
    assert "Another form of" in (await teacher.get(address)).text


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"minutes": "5"}, "Tick the items that this is about."),
        ({"minutes": "0"}, "Please enter whole minutes from 1 to 1000."),
        ({"language": "Spanish please"}, "Please enter a language"),
    ],
)
async def test_what_is_wrong_is_said(site: Site, fields: dict[str, str], sentence: str) -> None:
    teacher = await site.teacher()
    address = f"{site.course}/content/traits"
    await teacher.get(address)
    answer = await teacher.post(address, **fields)
    assert answer.status_code == 422
    assert sentence in answer.text.replace("&#39;", "'")


async def test_an_item_that_cannot_have_forms_is_refused_with_a_reason(site: Site) -> None:
    teacher = await site.teacher()
    page = str(site.school.items["page"].id)
    address = f"{site.course}/content/traits"
    await teacher.get(address)
    answer = await teacher.post(address, item=[page], variant_of=page, serves="read-aloud")
    assert answer.status_code == 400
    assert "cannot be another form of this one" in answer.text
