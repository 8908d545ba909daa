"""What students are known by in files of their LMS: read live, and never kept."""

from typing import Any

import httpx

from lti_tool.audit import AuditEntry
from lti_tool.courses import identities
from lti_tool.courses.models import Course
from lti_tool.db.base import scoped
from lti_tool.lti.models import Family, Registration, Role

from .school import come_in
from .site import Site


async def the_course(site: Site) -> Course:
    async with site.database.reading() as session:
        course = (await session.exec(scoped(Course, site.school.organisation.id))).one()
        session.expunge(course)
        return course


def member(user_id: str, **more: Any) -> dict[str, Any]:
    return {"user_id": user_id, "roles": ["Learner"], **more}


async def test_the_roster_of_this_moment_adds_ids_and_addresses(site: Site) -> None:
    await come_in(site.database, site.school.launch("s1", custom={"canvas_user_id": "11"}))
    await come_in(site.database, site.school.launch("s2", name=None, given_name=None, family_name=None))
    await come_in(site.database, site.school.launch("t1", role=Role.TEACHER))
    custom = "https://purl.imsglobal.org/spec/lti/claim/custom"
    site.lms.answers["/nrps"] = httpx.Response(
        200,
        json={
            "members": [
                member("s1", email="Ada@School.example", lis_person_sourcedid="S1", name="Ada L."),
                member("s2", message=[{custom: {"canvas_user_id": "12"}}]),
                member("s9", email="nobody@school.example"),
                {"user_id": "t1", "roles": ["Instructor"], "email": "teacher@school.example"},
            ]
        },
    )
    found = await identities.of_course(site.database, site.protocol, await the_course(site))
    assert found.asked
    ada, other = sorted(found.known, key=lambda one: min(one.user_ids))
    assert ada.user_ids == {"s1", "11"}
    assert (ada.sourced_ids, ada.emails) == ({"S1"}, {"ada@school.example"})
    assert set(ada.names) == {"Ada Lovelace", "Lovelace, Ada", "Ada L."}
    assert other.user_ids == {"s2", "12"}
    # Canvas gives the number of a user only where rlid is sent; the course's id leaves nobody out, as a link's might.
    asked = [str(request.url) for request in site.lms.asked if request.url.path == "/nrps"]
    assert len(asked) == 1
    assert f"rlid={(await the_course(site)).context_id}" in asked[0]


async def test_nothing_of_it_is_kept_and_nothing_of_it_prints(site: Site) -> None:
    await come_in(site.database, site.school.launch())
    site.lms.answers["/nrps"] = httpx.Response(200, json={"members": [member("s1", email="ada@school.example")]})
    found = await identities.of_course(site.database, site.protocol, await the_course(site))
    assert "ada@" not in repr(found).casefold()
    assert "lovelace" not in repr(found).casefold()
    async with site.database.reading() as session:
        written = (await session.exec(scoped(Course, site.school.organisation.id))).one().model_dump_json()
        assert "ada@" not in written
        assert not [row for row in (await session.exec(AuditEntry.__table__.select())).all() if "ada@" in str(row)]  # type: ignore[attr-defined]


async def test_a_platform_that_refuses_the_courses_id_and_one_that_is_silent(site: Site) -> None:
    await come_in(site.database, site.school.launch())
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url.query, "ascii"))
        if "rlid" in asked[-1]:
            return httpx.Response(400, json={})
        return httpx.Response(200, json={"members": [member("s1", lis_person_sourcedid="S1")]})

    site.lms.answers["/nrps"] = answer
    found = await identities.of_course(site.database, site.protocol, await the_course(site))
    assert found.known[0].sourced_ids == {"S1"}
    site.lms.answers["/nrps"] = httpx.Response(500)
    found = await identities.of_course(site.database, site.protocol, await the_course(site))
    assert not found.asked
    assert found.known[0].user_ids == {"s1"}


async def test_moodle_is_asked_for_its_roster_without_a_link(site: Site) -> None:
    async with site.database.writing() as session:
        registration = await session.get_one(Registration, site.school.registration.id)
        registration.lms = Family.MOODLE
    await come_in(site.database, site.school.launch())
    site.lms.answers["/nrps"] = httpx.Response(200, json={"members": [member("s1", email="ada@school.example")]})
    found = await identities.of_course(site.database, site.protocol, await the_course(site))
    assert found.known[0].emails == {"ada@school.example"}
    assert not [request for request in site.lms.asked if b"rlid" in request.url.query]
