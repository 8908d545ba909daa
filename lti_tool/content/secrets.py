"""Secrets at rest: access tokens are stored encrypted with keys derived from the installation's secret."""

import base64

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from lti_tool.errors import ToolError
from lti_tool.web.i18n import N_


class Unsealable(ToolError):
    """What is stored cannot be decrypted: the installation's secret is another than when it was stored."""

    status = 424
    code = "secret-changed"
    title = N_("This tool's access to your LMS has to be set up again")
    advice = N_(
        "Ask your administrator: the installation's secret key has changed, so the stored access token cannot be read. "
        "Any address can still be added by pasting it."
    )


class SecretBox:
    """Encrypts and decrypts short texts (Fernet: AES-128-CBC with HMAC-SHA256).

    Each ``purpose`` has its own key (HKDF, RFC 5869), so that a ciphertext moved to another row opens nothing.
    """

    def __init__(self, secret_key: str) -> None:
        """``secret_key`` is the installation's secret, at least 32 random characters."""
        self._secret = secret_key.encode()

    def seal_bytes(self, content: bytes, purpose: str) -> bytes:
        """The content, encrypted."""
        return self._fernet(purpose).encrypt(content)

    def open_bytes(self, sealed: bytes, purpose: str) -> bytes:
        """The content that was sealed for this purpose. Raises Unsealable."""
        try:
            return self._fernet(purpose).decrypt(sealed)
        except InvalidToken:
            raise Unsealable(f"cannot be decrypted: {purpose.partition(':')[0]}") from None

    def seal(self, text: str, purpose: str) -> str:
        """The text, encrypted; ASCII."""
        return self.seal_bytes(text.encode(), purpose).decode("ascii")

    def open(self, sealed: str, purpose: str) -> str:
        """The text that was sealed for this purpose. Raises Unsealable."""
        return self.open_bytes(sealed.encode(), purpose).decode()

    def _fernet(self, purpose: str) -> Fernet:
        derived = HKDF(SHA256(), length=32, salt=None, info=b"lti-tool:" + purpose.encode()).derive(self._secret)
        return Fernet(base64.urlsafe_b64encode(derived))
