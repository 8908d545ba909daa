"""What an administrator may enter of a platform, and the addresses a platform may have."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lti_tool.lti.addresses import Unusable, unusable
from lti_tool.lti.platform_fields import NewPlatform, problems
from lti_tool.settings import Settings

LMS = "https://lms.example"
GOOD = NewPlatform("Moodle", LMS, "client", f"{LMS}/auth", f"{LMS}/token", f"{LMS}/jwks", ("1",))


def settings(base_url: str = "https://tool.example", **changes: Any) -> Settings:
    return Settings(_env_file=None, base_url=base_url, **changes)


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("https://lms.example/mod/lti/token.php", None),
        ("HTTPS://lms.example", None),
        ("https://lms.example:8443/token?a=b", None),
        ("https://8.8.8.8/token", None),
        ("", Unusable.NO_ADDRESS),
        ("lms.example/token", Unusable.NO_ADDRESS),
        ("ftp://lms.example", Unusable.NO_ADDRESS),
        ("https://lms.example/a b", Unusable.NO_ADDRESS),
        ("https://lms.example\\@evil.example", Unusable.NO_ADDRESS),
        ("https://lms.example:port", Unusable.NO_ADDRESS),
        ("https://lms.example/" + "a" * 1000, Unusable.TOO_LONG),
        ("https://user:secret@lms.example", Unusable.NOT_PLAIN),
        ("https://lms.example/#top", Unusable.NOT_PLAIN),
        ("https:///token", Unusable.NOT_PLAIN),
        ("http://lms.example", Unusable.NOT_HTTPS),
        ("http://localhost:8001", Unusable.NOT_HTTPS),
        ("https://localhost:8001", Unusable.PRIVATE),
        ("https://lms.localhost.", Unusable.PRIVATE),
        ("https://127.0.0.1", Unusable.PRIVATE),
        ("https://10.1.2.3/token", Unusable.PRIVATE),
        ("https://[::ffff:10.1.2.3]/token", Unusable.PRIVATE),
    ],
)
def test_which_addresses_a_platform_may_have(address: str, why: Unusable | None) -> None:
    assert unusable(settings(), address) == why


@pytest.mark.parametrize("address", ["http://localhost:8001/token", "https://127.0.0.1", "http://lms.example"])
def test_on_a_developers_machine_every_address_goes(address: str) -> None:
    assert unusable(settings("http://localhost:8000"), address) is None


def test_a_private_network_can_be_allowed_but_not_without_https() -> None:
    allowed = settings(allowed_networks="10.0.0.0/8")
    assert unusable(allowed, "https://10.1.2.3") is None
    assert unusable(allowed, "https://192.168.1.1") is Unusable.PRIVATE
    assert unusable(allowed, "http://10.1.2.3") is Unusable.NOT_HTTPS


@given(st.text())
def test_no_text_is_too_strange(address: str) -> None:
    unusable(settings(), address)


def test_a_platform_as_it_should_be_has_no_problem() -> None:
    assert problems(settings(), GOOD, has_organisation=True) == []


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"name": "  "}, "name", "bad-name"),
        ({"name": "n" * 201}, "name", "bad-name"),
        ({"name": "a\0b"}, "name", "bad-name"),
        ({"client_id": "a\0b"}, "client_id", "bad-name"),
        ({"token_audience": "a\ud800"}, "token_audience", "bad-address"),
        ({"deployment_ids": ("a\0b",)}, "deployment_ids", "bad-deployment"),
        ({"client_id": ""}, "client_id", "bad-name"),
        ({"client_id": "c" * 256}, "client_id", "bad-name"),
        ({"issuer": "https://lms.example/" + "a" * 490}, "issuer", "bad-address"),
        ({"auth_login_url": ""}, "auth_login_url", "bad-address"),
        ({"token_url": "http://lms.example/token"}, "token_url", "bad-address"),
        ({"jwks_url": "https://10.0.0.1/jwks"}, "jwks_url", "bad-address"),
        ({"token_audience": "a" * 1001}, "token_audience", "bad-address"),
        ({"deployment_ids": (" ", "")}, "deployment_ids", "bad-deployment"),
        ({"deployment_ids": ("d" * 256,)}, "deployment_ids", "bad-deployment"),
        ({"deployment_ids": tuple(str(n) for n in range(101))}, "deployment_ids", "bad-deployment"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(changes: dict[str, Any], field: str, code: str) -> None:
    found = problems(settings(), replace(GOOD, **changes).tidied(), has_organisation=True)
    assert [(one.field, one.code) for one in found] == [(field, code)]
    assert found[0].words
    assert found[0].detail


def test_everything_that_is_wrong_is_said_at_once() -> None:
    empty = NewPlatform("", "", "", "", "", "", ())
    found = [one.field for one in problems(settings(), empty, has_organisation=True)]
    assert found == ["name", "client_id", "issuer", "auth_login_url", "token_url", "jwks_url", "deployment_ids"]


def test_only_a_shared_platform_does_without_deployments_and_those_need_a_school() -> None:
    shared = replace(GOOD, shared=True, deployment_ids=())
    assert problems(settings(), shared, has_organisation=False) == []
    named = replace(shared, deployment_ids=("1",))
    assert [one.field for one in problems(settings(), named, has_organisation=False)] == ["organisation"]


def test_what_is_pasted_is_tidied() -> None:
    pasted = replace(GOOD, client_id=" client\t", deployment_ids=(" 1 ", "", "2", "1"), token_audience=" ").tidied()
    assert (pasted.client_id, pasted.deployment_ids, pasted.token_audience) == ("client", ("1", "2"), None)
