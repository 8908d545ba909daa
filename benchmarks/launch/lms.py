"""The platform that both tools are launched from: its key, its key set's address, the claims of its messages."""

import json
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from joserfc import jwt
from joserfc.jwk import RSAKey

KEY_BITS = 2048
CLAIM = "https://purl.imsglobal.org/spec/lti/claim/"


@dataclass(frozen=True)
class Platform:
    """One registration, the same for every tool."""

    url: str
    key: RSAKey
    client_id: str = "10000000000042"
    deployment_id: str = "7:8865aa05b4b79b64a91a86042e43af5ea8ae79eb"

    @property
    def key_set(self) -> dict[str, Any]:
        """The public key set (RFC 7517)."""
        return {"keys": [self.key.as_dict(private=False) | {"alg": "RS256", "use": "sig"}]}

    @property
    def registration(self) -> dict[str, Any]:
        """What a tool is told of this platform."""
        return {
            "issuer": self.url,
            "client_id": self.client_id,
            "deployment_id": self.deployment_id,
            "auth_login_url": f"{self.url}/auth",
            "token_url": f"{self.url}/token",
            "jwks_url": f"{self.url}/jwks",
            "key_set": self.key_set,
        }

    def login(self, tool_url: str, student: int) -> dict[str, str]:
        """The fields of the login request of a student."""
        return {
            "iss": self.url,
            "client_id": self.client_id,
            "lti_deployment_id": self.deployment_id,
            "target_link_uri": f"{tool_url}/lti/launch",
            "login_hint": f"user-{student}",
            "lti_message_hint": str(uuid.uuid4()),
        }

    def id_token(self, tool_url: str, student: int, nonce: str) -> str:
        """A signed resource link message of the size that LMSs send (about 3 kB of claims)."""
        return jwt.encode({"alg": "RS256", "kid": self.key.kid}, self._claims(tool_url, student, nonce), self.key)

    def _claims(self, tool_url: str, student: int, nonce: str) -> dict[str, Any]:
        now = int(time.time())
        course = f"{self.url}/api/lti/courses/22"
        return {
            "iss": self.url,
            "aud": self.client_id,
            "azp": self.client_id,
            "iat": now,
            "exp": now + 3600,
            "nonce": nonce,
            "sub": f"a6d5c443-1f51-4783-ba1a-{student:012d}",
            "name": f"Student Number {student}",
            "given_name": "Student",
            "family_name": f"Number {student}",
            "email": f"student{student}@school.example",
            "locale": "en",
            CLAIM + "message_type": "LtiResourceLinkRequest",
            CLAIM + "version": "1.3.0",
            CLAIM + "deployment_id": self.deployment_id,
            CLAIM + "target_link_uri": f"{tool_url}/lti/launch",
            CLAIM + "resource_link": {"id": "a1b2c3d4-e5f6", "title": "My playlist", "description": ""},
            CLAIM + "context": {
                "id": "8a04a1d4b7f24f1c",
                "label": "SCI-6",
                "title": "Earth and space",
                "type": ["http://purl.imsglobal.org/vocab/lis/v2/course#CourseOffering"],
            },
            CLAIM + "roles": [
                "http://purl.imsglobal.org/vocab/lis/v2/institution/person#Student",
                "http://purl.imsglobal.org/vocab/lis/v2/membership#Learner",
                "http://purl.imsglobal.org/vocab/lis/v2/system/person#User",
            ],
            CLAIM + "custom": {
                "canvas_course_id": "22",
                "canvas_user_id": str(student),
                "unresolved": "$Canvas.term.name",
            },
            CLAIM + "launch_presentation": {
                "document_target": "iframe",
                "return_url": f"{self.url}/courses/22/external_content/success/external_tool_redirect",
                "locale": "en",
                "width": 800,
                "height": 600,
            },
            CLAIM + "tool_platform": {
                "guid": "Q1x0m4xVbqK0sHxXwC8l:canvas-lms",
                "name": "School",
                "version": "cloud",
                "product_family_code": "canvas",
            },
            CLAIM + "lis": {"person_sourcedid": f"sis-{student}", "course_offering_sourcedid": "sis-course-22"},
            CLAIM + "role_scope_mentor": [],
            CLAIM + "lti1p1": {"user_id": f"535fa085f22b4655f48cd5a36a9215f64c06{student:04d}"},
            "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint": {
                "scope": [
                    "https://purl.imsglobal.org/spec/lti-ags/scope/lineitem",
                    "https://purl.imsglobal.org/spec/lti-ags/scope/result.readonly",
                    "https://purl.imsglobal.org/spec/lti-ags/scope/score",
                ],
                "lineitems": f"{course}/line_items",
                "lineitem": f"{course}/line_items/3",
            },
            "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice": {
                "context_memberships_url": f"{course}/names_and_roles",
                "service_versions": ["2.0"],
            },
        }


@contextmanager
def running_platform() -> Iterator[Platform]:
    """A platform whose key set can be fetched, while the block lasts."""
    key = RSAKey.generate_key(KEY_BITS, parameters={"kid": "bench-key"})
    body = b""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            """Whatever is asked for, the key set is the answer."""
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the parent names it so)
            """Silence."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    platform = Platform(f"http://127.0.0.1:{server.server_address[1]}", key)
    body = json.dumps(platform.key_set).encode()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield platform
    finally:
        server.shutdown()
        server.server_close()
