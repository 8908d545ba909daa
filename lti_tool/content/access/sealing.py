"""Which secret is sealed for what: a ciphertext moved to another school, connection or person opens nothing."""

import json
import uuid
from dataclasses import asdict, dataclass

from lti_tool.content.secrets import SecretBox, Unsealable


def token_purpose(organisation_id: uuid.UUID, registration_id: uuid.UUID) -> str:
    """What a token that was entered is for: it opens for this school and platform and no other."""
    return f"api-token:{organisation_id}:{registration_id}"


def key_purpose(organisation_id: uuid.UUID, registration_id: uuid.UUID) -> str:
    """The same for the secret of an application's key."""
    return f"api-key:{organisation_id}:{registration_id}"


def grant_purpose(organisation_id: uuid.UUID, connection_id: uuid.UUID, holder: str) -> str:
    """The same for what somebody's consent gave."""
    return f"api-grant:{organisation_id}:{connection_id}:{holder}"


def request_purpose(organisation_id: uuid.UUID, request_id: uuid.UUID) -> str:
    """The same for the temporary keys of a consent on its way (OAuth 1.0a)."""
    return f"api-request:{organisation_id}:{request_id}"


@dataclass(frozen=True, slots=True)
class Secrets:
    """What a consent gave. ``refresh_token`` is OAuth 2's, ``token_secret`` OAuth 1.0a's.

    ``account_id`` and ``account_name`` say whose account it is; the name is kept of the school's own account alone.
    """

    token: str
    refresh_token: str = ""
    token_secret: str = ""
    account_id: str = ""
    account_name: str = ""

    def __repr__(self) -> str:
        """Without the secrets."""
        return "Secrets()"

    def sealed(self, box: SecretBox, purpose: str) -> str:
        """Encrypted."""
        return box.seal(json.dumps(asdict(self)), purpose)

    @classmethod
    def opened(cls, box: SecretBox, sealed: str, purpose: str) -> "Secrets":
        """Decrypted. Raises Unsealable."""
        try:
            return cls(**json.loads(box.open(sealed, purpose)))
        except (TypeError, ValueError):
            raise Unsealable("what was sealed is not what consents give") from None
