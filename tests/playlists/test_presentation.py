"""Acting as a student records nothing and says so; contrast and time zone of the LMS count on every page."""

import pytest

from tests.playlists.site import Site
from tests.playlists.test_routes import assigned, copy_of, students_forms


async def test_who_acts_as_a_student_looks_and_records_nothing(site: Site) -> None:
    playlist = await assigned(site)
    path = await copy_of(site, playlist)
    acting = await site.sign_in(site.school.students[0], masquerading=True)

    page = await acting.get(f"{site.course}/my")
    assert page.status_code == 200
    assert "You are acting as another person." in page.text

    for form in students_forms(path):
        answer = await acting.post(site.course + form)
        assert answer.status_code == 403, form
        assert "You are acting as this person" in answer.text
    after = await copy_of(site, playlist)
    assert (after.copy.begun_at, after.progress.done) == (None, 0)
    assert site.lms.asked == 0


async def test_who_acts_as_a_student_does_not_go_on_in_the_students_own_session(site: Site) -> None:
    playlist = await assigned(site)
    path = await copy_of(site, playlist)
    ada = await site.student()
    await ada.get(f"{site.course}/my")
    acting = await site.sign_in(site.school.students[0], masquerading=True)
    # The page of the student's own session, sent with the token of the one who acts as them.
    acting._session = ada._session

    answer = await acting.post(f"{site.course}/my/{path.copy.id}/steps/{path.present[0].id}/done")

    assert answer.status_code == 409
    assert (await copy_of(site, playlist)).progress.done == 0


async def test_the_student_themselves_is_not_told_so(site: Site) -> None:
    await assigned(site)
    page = await (await site.student()).get(f"{site.course}/my")
    assert "acting as" not in page.text
    assert 'class="high-contrast"' not in page.text
    assert "data-time-zone" not in page.text.partition("<body")[0]


@pytest.mark.parametrize(
    ("zone", "shown"), [("Pacific/Auckland", "Sep 2, 2026"), ("America/Denver", "Sep 1, 2026"), (None, "Sep 1, 2026")]
)
async def test_contrast_and_zone_of_the_platform_are_the_pages(site: Site, zone: str | None, shown: str) -> None:
    from datetime import UTC, datetime

    from lti_tool.web import i18n

    await assigned(site)
    ada = await site.sign_in(site.school.students[0], high_contrast=True, time_zone=zone)
    page = await ada.get(f"{site.course}/my")
    assert 'class="high-contrast"' in page.text
    assert (f'data-time-zone="{zone}"' in page.text) == (zone is not None)
    with i18n.in_zone(zone):
        assert i18n.format_date(datetime(2026, 9, 1, 20, tzinfo=UTC)) == shown
