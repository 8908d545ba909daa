"""A Canvas whose key lets people say yes: its token endpoint, as its documentation has it (file.oauth_endpoints)."""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

import httpx

from lti_tool.content import queries
from lti_tool.content.access import connecting
from lti_tool.content.access.queries import put_grant
from lti_tool.content.access.sealing import Secrets, grant_purpose
from lti_tool.content.access_models import ORGANISATION
from lti_tool.content.models import ApiConnection
from lti_tool.content.secrets import SecretBox
from lti_tool.ids import new_id
from tests.courses.school import NOW, School
from tests.courses.site import SECRET, Site

from .conftest import BASE

KEY = "10000000000007"
KEY_SECRET = "the-key's-secret".replace("'", "")


@dataclass
class Consents:
    """Codes that were given (by whom), refresh tokens that are good, access tokens that live; all of it can be changed."""

    codes: dict[str, dict[str, Any]] = field(default_factory=dict)
    refresh: set[str] = field(default_factory=set)
    living: set[str] = field(default_factory=set)
    revoked: list[str] = field(default_factory=list)
    asked: list[dict[str, str]] = field(default_factory=list)
    life: int | None = 3600
    extra: dict[str, Any] = field(default_factory=dict)
    """Goes into each answer."""
    trouble: httpx.Response | None = None
    """Answered to everything."""
    forgotten: bool = False
    """Whether a token that does not live cannot end itself either, as in Canvas."""
    made: int = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if self.trouble is not None:
            return self.trouble
        if request.method == "DELETE":
            token = request.headers["authorization"].removeprefix("Bearer ")
            if self.forgotten and token not in self.living:
                return httpx.Response(401, json={"errors": [{"message": "Invalid access token."}]})
            self.revoked.append(token)
            self.living.discard(token)
            return httpx.Response(200, json={})
        form = {name: values[0] for name, values in parse_qs(request.content.decode()).items()}
        self.asked.append(form)
        if (form.get("client_id"), form.get("client_secret")) != (KEY, KEY_SECRET):
            return httpx.Response(401, json={"error": "invalid_client"})
        known = form.get("refresh_token") in self.refresh if form["grant_type"] == "refresh_token" else True
        user = {} if form["grant_type"] == "refresh_token" else self.codes.pop(form.get("code", ""), None)
        if not known or user is None:
            return httpx.Response(400, json={"error": "invalid_grant", "error_description": "not found"})
        if user:
            user = user | {"refresh_token": f"refresh-{user['user']['id']}"}
            self.refresh.add(user["refresh_token"])
        return self._given(user)

    def _given(self, more: dict[str, Any]) -> httpx.Response:
        self.made += 1
        token = f"access-{self.made}"
        # Canvas replaces the token of a consent; the one before is dead at once.
        self.living = {token}
        body = {"access_token": token, "token_type": "Bearer"} | more | self.extra
        return httpx.Response(200, json=body | ({"expires_in": self.life} if self.life else {}))

    def guard(self, site: Site, path: str) -> None:
        """Answer a path only to a token that lives, and otherwise as Canvas does."""
        inner = site.lms.answers[path]

        def answer(request: httpx.Request) -> httpx.Response:
            if request.headers["authorization"].removeprefix("Bearer ") not in self.living:
                return httpx.Response(401, headers={"WWW-Authenticate": "Bearer"}, json={})
            return inner(request) if callable(inner) else inner

        site.lms.answers[path] = answer


def consents(site: Site) -> Consents:
    """The token endpoint, in the site's LMS."""
    found = Consents()
    site.lms.answers["/login/oauth2/token"] = found
    return found


async def connect_key(
    site: Site, school: School | None = None, *, by_teachers: bool = True, **more: Any
) -> ApiConnection:
    """Enter the key of a school."""
    school = school or site.school
    wanted = connecting.Wanted(BASE, client_id=KEY, client_secret=KEY_SECRET, by_teachers=by_teachers, **more)
    async with site.database.writing() as session:
        return await connecting.connect(
            session, school.registration, school.organisation.id, wanted, NOW, secret_key=SECRET, actor="owner"
        )


async def connection_of(site: Site) -> ApiConnection:
    """The school's connection as it is."""
    async with site.database.reading() as session:
        found = await queries.connection(session, site.school.organisation.id, site.school.registration.id)
        assert found is not None
        return found


async def give(
    site: Site, connection: ApiConnection, person_id: Any = None, *, token: str = "access-0", **columns: Any
) -> Any:
    """A consent that is there already; ``columns`` of the table on top. Its id."""
    holder = str(person_id) if person_id else ORGANISATION
    purpose = grant_purpose(connection.organisation_id, connection.id, holder)
    secrets = Secrets(token, refresh_token=columns.pop("refresh_token", f"refresh-{holder}"))
    async with site.database.writing() as session:
        return await put_grant(
            session,
            {
                "organisation_id": connection.organisation_id,
                "id": new_id(),
                "connection_id": connection.id,
                "holder": holder,
                "person_id": person_id,
                "secrets_encrypted": secrets.sealed(SecretBox(SECRET), purpose),
                "expires_at": None,
                "scopes": [],
                "working": None,
                "created_at": NOW,
            }
            | columns,
        )
