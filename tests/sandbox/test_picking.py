"""Adding from a tool: what is asked, which answers count, and what becomes of them."""

from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from joserfc.jwk import RSAKey
from sqlalchemy import select

from lti_tool.sandbox.bench_models import LineItemReview, LinkMore, PickRequest
from lti_tool.sandbox.claims import AGS_CLAIM, LTI
from lti_tool.sandbox.models import LineItem, Module, ModuleItem, ResourceLink
from lti_tool.sandbox.special_messages import DL
from tests.sandbox.bench import add_module, answer, browser, claims_of
from tests.sandbox.conftest import BASE, TOOL, Lms

LINK = {
    "type": "ltiResourceLink",
    "title": "Fractions & more",
    "text": "Halves and thirds",
    "url": f"{TOOL}/lti/launch",
    "custom": {"playlist_id": "7", "who": "$User.id"},
    "icon": {"url": f"{TOOL}/icon.svg", "width": 64, "height": 64},
    "iframe": {"width": 900, "height": 700},
    "lineItem": {
        "label": "Fractions",
        "scoreMaximum": 20,
        "resourceId": "playlist:7",
        "tag": "progress",
        "submissionReview": {"label": "See the path", "custom": {"view": "review"}},
    },
    "submission": {"endDateTime": "2026-12-24T12:00:00Z"},
}
WINDOW = {"type": "ltiResourceLink", "title": "All of them", "window": {"targetName": "_blank"}}


@dataclass
class Picking:
    """A teacher who was asked by a tool."""

    lms: Lms
    teacher: httpx.AsyncClient
    module: Module
    asked: dict[str, Any]

    @property
    def settings(self) -> dict[str, Any]:
        settings: dict[str, Any] = self.asked[f"{DL}/deep_linking_settings"]
        return settings

    async def give(self, token: str, who: httpx.AsyncClient | None = None) -> httpx.Response:
        """Post an answer, as the browser does it from the tool's page."""
        address = self.settings["deep_link_return_url"].removeprefix(BASE)
        return await (who or self.teacher).post(address, data={"JWT": token}, headers={"Origin": TOOL})

    async def items(self) -> list[ModuleItem]:
        async with self.lms.platform.store.reading() as session:
            return list(await session.scalars(select(ModuleItem).order_by(ModuleItem.position, ModuleItem.id)))

    async def again(self, path: str) -> None:
        """Ask anew."""
        self.asked = await claims_of(self.lms, self.teacher, path)


@pytest.fixture
async def picking(lms: Lms) -> Picking:
    module = await add_module(lms)
    teacher = await browser(lms, lms.teacher)
    course = f"/courses/{lms.course.id}"
    assert "Add from a tool" in (await teacher.get(course)).text
    page = await teacher.get(f"{course}/modules/{module.id}/add_from_tool")
    assert page.url.path == f"{course}/modules/{module.id}/add_from_tool/{lms.tool.id}"
    asked = await claims_of(lms, teacher, f"{page.url.path}/frame")
    return Picking(lms, teacher, module, asked)


async def test_what_is_asked(picking: Picking) -> None:
    asked = picking.asked
    assert asked[f"{LTI}/message_type"] == "LtiDeepLinkingRequest"
    assert f"{LTI}/resource_link" not in asked
    assert asked[f"{LTI}/context"]["id"] == picking.lms.course.context_id
    assert asked[AGS_CLAIM]["lineitems"].endswith("/line_items")
    assert "lineitem" not in asked[AGS_CLAIM]
    settings = picking.settings
    assert settings["accept_types"] == ["ltiResourceLink"]
    assert (settings["accept_multiple"], settings["accept_lineitem"], settings["auto_create"]) == (True, True, True)
    assert settings["accept_presentation_document_targets"] == ["iframe", "window"]
    assert settings["deep_link_return_url"].startswith(f"{BASE}/courses/{picking.lms.course.id}/content_items/")


async def test_items_links_and_columns_are_made(picking: Picking) -> None:
    lms = picking.lms
    said = await picking.give(answer(lms, picking.asked, LINK, WINDOW, **{f"{DL}/msg": "Two were added."}))
    assert said.status_code == 200, said.text
    assert "Added: “Fractions &amp; more”, “All of them”. A gradebook column came with it. Two were added." in said.text
    first, second = await picking.items()
    assert (first.title, first.type, first.new_tab, first.position) == ("Fractions & more", "ExternalTool", False, 1)
    assert (second.title, second.new_tab, second.position) == ("All of them", True, 2)
    async with lms.platform.store.reading() as session:
        link = await session.get_one(ResourceLink, first.resource_link_id)
        assert (await session.get_one(LinkMore, link.id)).icon_url == f"{TOOL}/icon.svg"
        [column] = (await session.scalars(select(LineItem))).all()
        review = await session.get_one(LineItemReview, column.id)
    assert (link.title, link.description, link.url) == ("Fractions & more", "Halves and thirds", f"{TOOL}/lti/launch")
    assert link.custom == LINK["custom"]
    assert (column.label, column.score_maximum, column.resource_id, column.tag) == (
        "Fractions", 20.0, "playlist:7", "progress",
    )  # fmt: skip
    assert column.resource_link_id == link.lti_id
    assert column.end_at is not None
    assert (review.label, review.custom) == ("See the path", {"view": "review"})

    # The course says what came of it, to the teacher alone.
    [leave] = [part for part in said.text.split('"') if "?picked=" in part]
    assert 'role="status">Added:' in (await picking.teacher.get(leave)).text
    student = await browser(lms, lms.student)
    assert "Added:" not in (await student.get(leave)).text
    assert "Add from a tool" not in (await student.get(leave)).text

    # The link is launched with what was picked.
    claims = await claims_of(lms, student, f"/courses/{lms.course.id}/modules/items/{first.id}/frame")
    assert claims[f"{LTI}/custom"]["playlist_id"] == "7"
    assert claims[f"{LTI}/custom"]["who"] == lms.student.lti_id
    assert claims[f"{LTI}/resource_link"] == {
        "id": link.lti_id, "title": "Fractions & more", "description": "Halves and thirds",
    }  # fmt: skip
    assert claims[AGS_CLAIM]["lineitem"].endswith(f"/line_items/{column.id}")
    page = (await student.get(f"/courses/{lms.course.id}/modules/items/{second.id}")).text
    assert "opens in a window of its own" in page
    assert 'class="tool"' not in page

    # From the gradebook the column's work is looked at.
    cell = f"/courses/{lms.course.id}/grades/tool/{column.id}/{lms.student.id}"
    assert "See the path" in (await picking.teacher.get(cell)).text
    assert (await student.get(f"{cell}/review")).status_code == 403
    other = f"/courses/{lms.course.id}/grades/tool/{column.id}/{lms.teacher.id}/review"
    assert (await picking.teacher.get(other)).status_code == 404
    assert f'src="{cell}/review/frame"' in (await picking.teacher.get(f"{cell}/review")).text
    review_claims = await claims_of(lms, picking.teacher, f"{cell}/review/frame")
    assert review_claims[f"{LTI}/message_type"] == "LtiSubmissionReviewRequest"
    assert review_claims[f"{LTI}/for_user"]["user_id"] == lms.student.lti_id
    assert review_claims[f"{LTI}/for_user"]["name"] == "Noor Abdi"
    assert review_claims[f"{LTI}/resource_link"]["id"] == link.lti_id
    assert review_claims[AGS_CLAIM]["lineitem"].endswith(f"/line_items/{column.id}")
    assert review_claims[f"{LTI}/custom"]["view"] == "review"
    assert review_claims["sub"] == lms.teacher.lti_id


async def test_an_item_is_chosen_again_and_keeps_its_link(picking: Picking) -> None:
    lms = picking.lms
    await picking.give(answer(lms, picking.asked, LINK))
    [item] = await picking.items()
    address = f"/courses/{lms.course.id}/modules/items/{item.id}"
    assert f'href="{address}/choose"' in (await picking.teacher.get(address)).text
    await picking.again(f"{address}/choose/frame")
    assert picking.settings["accept_multiple"] is False
    assert picking.settings["title"] == "Fractions & more"
    assert picking.asked[f"{LTI}/custom"]["playlist_id"] == "7"
    assert f"{LTI}/resource_link" not in picking.asked
    refused = await picking.give(answer(lms, picking.asked, LINK, WINDOW))
    assert "more items than are taken" in refused.text
    changed = {**LINK, "title": "Decimals", "custom": {"playlist_id": "8"}, "lineItem": {"scoreMaximum": 10}}
    said = await picking.give(answer(lms, picking.asked, changed))
    assert "Added: “Decimals”." in said.text
    [after] = await picking.items()
    assert (after.id, after.resource_link_id, after.title) == (item.id, item.resource_link_id, "Decimals")
    async with lms.platform.store.reading() as session:
        [column] = (await session.scalars(select(LineItem))).all()
        link = await session.get_one(ResourceLink, after.resource_link_id)
        assert (await session.scalars(select(LineItemReview))).all() == []
    assert (column.label, column.score_maximum, column.resource_id) == ("Decimals", 10.0, None)
    assert link.custom == {"playlist_id": "8"}

    gone = await picking.teacher.post(f"{address}/remove")
    assert gone.url.path == f"/courses/{lms.course.id}"
    assert await picking.items() == []


async def test_cancelling_and_errors_are_told(picking: Picking) -> None:
    said = await picking.give(answer(picking.lms, picking.asked, **{f"{DL}/content_items": None}))
    assert "Nothing was chosen." in said.text
    await picking.again(f"/courses/{picking.lms.course.id}/modules/{picking.module.id}/add_from_tool/1/frame")
    words = {f"{DL}/errormsg": "There is <nothing> here.", f"{DL}/errorlog": "no playlists"}
    said = await picking.give(answer(picking.lms, picking.asked, LINK, **words))
    assert "Playlists says: There is &lt;nothing&gt; here. Nothing was added." in said.text
    assert await picking.items() == []
    async with picking.lms.platform.store.reading() as session:
        logs = [row.log for row in await session.scalars(select(PickRequest))]
    assert logs == [None, "no playlists"]


async def test_an_answer_counts_once_for_who_was_asked_and_in_time(picking: Picking) -> None:
    lms = picking.lms
    token = answer(lms, picking.asked, WINDOW)
    assert (await picking.give(token, await browser(lms, lms.student))).status_code == 403
    assert (await picking.give(token, lms.http)).status_code == 303, "signed out: to the list of people"
    assert (await picking.give(token)).status_code == 200
    again = await picking.give(answer(lms, picking.asked, WINDOW))
    assert (again.status_code, "sent already" in again.text) == (400, True)

    frame = f"/courses/{lms.course.id}/modules/{picking.module.id}/add_from_tool/1/frame"
    await picking.again(frame)
    replayed = await picking.give(answer(lms, picking.asked, nonce="once"))
    assert replayed.status_code == 200
    await picking.again(frame)
    replayed = await picking.give(answer(lms, picking.asked, nonce="once"))
    assert "its nonce was used before" in replayed.text
    address = picking.settings["deep_link_return_url"].removeprefix(BASE)
    assert (await picking.teacher.post(address.replace("content_items/", "content_items/x"))).status_code == 404
    async with lms.platform.store.writing() as session:
        for row in await session.scalars(select(PickRequest)):
            row.expires_at = lms.platform.now()
    late = await picking.give(answer(lms, picking.asked, WINDOW))
    assert "too long ago" in late.text
    assert len(await picking.items()) == 1


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"iss": "another"}, "iss must be"),
    ({"aud": "https://another.example"}, "aud must be"),
    ({"aud": [BASE, "https://another.example"]}, "azp"),
    ({f"{LTI}/deployment_id": "2:0"}, "deployment_id must be"),
    ({f"{LTI}/message_type": "LtiResourceLinkRequest"}, "message_type must be"),
    ({f"{LTI}/version": "1.1"}, "version must be"),
    ({"nonce": None}, "needs a nonce"),
    ({"nonce": "x" * 301}, "needs a nonce"),
    ({"exp": 1}, "has expired"),
    ({"iat": 4_000_000_000, "exp": 4_000_000_300}, "from the future"),
    ({"iat": 1}, "longer than an hour"),
    ({"iat": "now"}, "must be numbers"),
    ({"exp": True}, "must be numbers"),
    ({f"{DL}/data": "something else"}, "data did not come back"),
    ({f"{DL}/data": None}, "data did not come back"),
    ({f"{DL}/content_items": {"type": "link"}}, "must be a list"),
    ({f"{DL}/content_items": [{"type": "file", "url": f"{TOOL}/a"}]}, "content_items"),
    ({f"{DL}/content_items": [{"type": "link", "url": f"{TOOL}/a"}]}, "was not asked for"),
    ({f"{DL}/content_items": [LINK | {"url": "https://other.example/"}]}, "must be the tool&#39;s own"),
    ({f"{DL}/content_items": [LINK | {"custom": {"a": 1}}]}, "custom"),
    ({f"{DL}/content_items": [LINK | {"lineItem": {"label": "x"}}]}, "scoreMaximum"),
    ({f"{DL}/content_items": [LINK | {"lineItem": {"scoreMaximum": 0}}]}, "scoreMaximum"),
    ({f"{DL}/content_items": [LINK | {"submission": {"endDateTime": "soon"}}]}, "endDateTime"),
    ({f"{DL}/content_items": [WINDOW] * 101}, "more items than are taken"),
]


async def test_an_answer_that_is_not_right(picking: Picking) -> None:
    for changes, words in WRONG:
        refused = await picking.give(answer(picking.lms, picking.asked, **changes))
        assert refused.status_code == 400, changes
        assert words in refused.text, changes
        assert "data-leave" not in refused.text
    assert await picking.items() == []
    assert (await picking.give(answer(picking.lms, picking.asked, LINK))).status_code == 200, (
        "the request is still open"
    )


async def test_an_answer_that_is_not_the_tools(picking: Picking) -> None:
    lms = picking.lms
    stranger = RSAKey.generate_key(2048, {"kid": lms.keys[0].kid})
    good = answer(lms, picking.asked, LINK)
    unknown = answer(lms, picking.asked, LINK, key=lms.keys[1])
    for token, words in (
        (answer(lms, picking.asked, LINK, key=stranger), "signature is not valid"),
        (unknown, "not in the tool&#39;s key set"),
        (good[:-3], "signature is not valid"),
        ("", "not a signed JWT"),
        ("a.b.c", "not a signed JWT"),
        ("x" * 1_000_001, "too large"),
    ):
        refused = await picking.give(token)
        assert (refused.status_code, words in refused.text) == (400, True), refused.text
    assert await picking.items() == []


async def test_plain_addresses_where_they_are_wanted(picking: Picking) -> None:
    lms = picking.lms
    lms.platform.behaviour.picks_accept = ("link",)
    await picking.again(f"/courses/{lms.course.id}/modules/{picking.module.id}/add_from_tool/1/frame")
    assert picking.settings["accept_types"] == ["link"]
    assert "was not asked for" in (await picking.give(answer(lms, picking.asked, LINK))).text
    plain = {"type": "link", "title": "A page", "url": f"{TOOL}/courses/1"}
    assert (await picking.give(answer(lms, picking.asked, plain))).status_code == 200
    [item] = await picking.items()
    assert (item.type, item.external_url, item.resource_link_id) == ("ExternalUrl", f"{TOOL}/courses/1", None)


async def test_only_teachers_pick_and_only_in_their_course(picking: Picking) -> None:
    lms = picking.lms
    student = await browser(lms, lms.student)
    base = f"/courses/{lms.course.id}/modules"
    for path in (f"{base}/{picking.module.id}/add_from_tool", f"{base}/{picking.module.id}/add_from_tool/1/frame"):
        assert (await student.get(path)).status_code == 403
    for path in (f"{base}/99/add_from_tool", f"{base}/1/add_from_tool/99", f"{base}/1/add_from_tool/99/frame",
                 f"{base}/items/99/choose", f"{base}/1/add_from_tool/1/attic"):  # fmt: skip
        assert (await picking.teacher.get(path)).status_code == 404, path
