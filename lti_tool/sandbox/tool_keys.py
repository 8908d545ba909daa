"""The key sets of tools, fetched over HTTP and kept until a key is asked for that they lack."""

import logging

import httpx
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, RSAKey

log = logging.getLogger(__name__)


class ToolKeys:
    """Finds a tool's public key by its ``kid``. What it keeps is a cache only: a restart begins with nothing."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http
        self._kept: dict[str, KeySet] = {}

    async def find(self, jwks_url: str, kid: str) -> RSAKey | None:
        """The key, from the set that is kept, or from a fresh one where that lacks it; None where both lack it.

        A set that cannot be fetched or read leaves the kept one as it is.
        """
        key = _in(self._kept.get(jwks_url), kid)
        if key is None:
            fresh = await self._fetch(jwks_url)
            if fresh is not None:
                self._kept[jwks_url] = fresh
            key = _in(fresh, kid)
        return key

    async def _fetch(self, jwks_url: str) -> KeySet | None:
        try:
            response = await self._http.get(jwks_url, headers={"Accept": "application/json"})
            response.raise_for_status()
            return KeySet.import_key_set(response.json())
        except (httpx.HTTPError, JoseError, ValueError, KeyError, TypeError) as error:
            log.warning("A tool's key set could not be had: %s", type(error).__name__)
            return None


def _in(key_set: KeySet | None, kid: str) -> RSAKey | None:
    for key in key_set.keys if key_set else ():
        if key.kid == kid and isinstance(key, RSAKey):
            return key
    return None
