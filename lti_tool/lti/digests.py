"""What the database holds in place of a secret that a browser or a link carries."""

import hashlib


def digest(secret: str) -> str:
    """SHA-256 of a random secret, in hexadecimal. A secret of 256 bits needs no salt and no slow function."""
    return hashlib.sha256(secret.encode()).hexdigest()
