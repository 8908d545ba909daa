"""Signing keys in the console: for the owner alone, with what is done entered in the audit log."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from joserfc.jwk import RSAKey

from lti_tool.lti.keys import MemoryKeys
from lti_tool.lti.rotation import PUBLISHED_BEFORE_SIGNING, KeyState, state_of
from tests.lti.support import TOOL, signing_key

from .site import Site

EVERY = timedelta(days=90)


@pytest.fixture
def store(site: Site) -> MemoryKeys:
    """A store whose keys differ, with one that signs."""

    def one_after_another() -> Iterator[RSAKey]:
        for number in range(9):
            yield signing_key(f"console-{number % 4}")

    made = one_after_another()
    keys = MemoryKeys(site.clock, lambda: next(made))
    keys.active()
    site.tool.protocol.keys = keys
    return keys


def kids(store: MemoryKeys) -> list[str]:
    kept = store.keys()
    return [one.kid for one in kept]


async def test_only_the_owner_sees_and_changes_keys(site: Site, store: MemoryKeys) -> None:
    kid = store.active().kid
    visitor = await site.administrator()
    await visitor.get("/admin")
    paths = [
        ("GET", "/admin/keys"),
        ("POST", "/admin/keys/rotate"),
        ("GET", f"/admin/keys/{kid}/retire"),
        ("POST", f"/admin/keys/{kid}/retire"),
    ]
    for method, path in paths:
        answer = await site.anybody().client.request(method, path, headers={"Origin": TOOL})
        assert answer.status_code == 401, path
        answer = await visitor.client.request(
            method, path, headers={"Origin": TOOL}, data={"session": visitor.session} if method == "POST" else None
        )
        assert answer.status_code == 403, path
    assert len(store.keys()) == 1


async def test_the_list_says_how_each_key_stands_and_when_the_next_takes_over(site: Site, store: MemoryKeys) -> None:
    owner = await site.owner()
    page = await owner.get("/admin/keys")
    turn = site.clock.now().replace(microsecond=0) + EVERY
    assert store.active().kid in page.text
    assert f'datetime="{turn.isoformat().replace("+00:00", "Z")}"' in page.text
    assert "Retire" not in page.text
    site.clock.move(EVERY - PUBLISHED_BEFORE_SIGNING)
    store.keep_up(EVERY)
    owner = await site.owner()
    page = await owner.get("/admin/keys")
    assert ">Next<" in page.text.replace(" ", "")
    assert page.text.count("/retire") == 1
    assert f'datetime="{turn.isoformat().replace("+00:00", "Z")}"' in page.text


async def test_the_owner_makes_a_key_and_retires_the_old_one_after_a_question(site: Site, store: MemoryKeys) -> None:
    owner = await site.owner()
    old = store.active().kid
    refused = await owner.post(f"/admin/keys/{old}/retire")
    assert refused.status_code == 409
    assert "This key signs" in refused.text
    site.clock.move(timedelta(minutes=5))
    page = await owner.post("/admin/keys/rotate")
    assert page.status_code == 200
    assert "The new key signs from now on" in page.text
    new = store.active().kid
    assert new != old
    assert kids(store) == [new, old]
    question = await owner.get(f"/admin/keys/{old}/retire")
    assert question.status_code == 200
    assert "Retire this key?" in question.text
    assert len(store.keys()) == 2
    page = await owner.post(f"/admin/keys/{old}/retire")
    assert page.status_code == 200
    assert "published no longer" in page.text
    assert kids(store) == [new]
    assert (await owner.get(f"/admin/keys/{old}/retire")).status_code == 404
    assert [one for one in await site.actions() if one[0].startswith("key.")] == [
        ("key.made", "owner"),
        ("key.retired", "owner"),
    ]


async def test_a_key_that_waits_for_its_turn_can_be_retired(site: Site, store: MemoryKeys) -> None:
    site.clock.move(EVERY - PUBLISHED_BEFORE_SIGNING)
    store.keep_up(EVERY)
    kept = store.keys()
    waits = next(one for one in kept if state_of(one, kept, site.clock.now()) is KeyState.NEXT)
    owner = await site.owner()
    assert "has not signed anything yet" in (await owner.get(f"/admin/keys/{waits.kid}/retire")).text
    assert (await owner.post(f"/admin/keys/{waits.kid}/retire")).status_code == 200
    assert len(store.keys()) == 1
