"""The live API keys of a service, in memory: who knocks is found at the cost of one hash."""

import hashlib
import hmac
from collections.abc import Mapping

_NOBODY = ("", b"\0" * 32)


class KeyRing:
    """The live keys, in memory: a look-up costs one hash. A revoked key is refused at most REFRESH_S later."""

    def __init__(self, known: Mapping[str, tuple[str, bytes]]) -> None:
        self._known = known

    def replace(self, known: Mapping[str, tuple[str, bytes]]) -> None:
        self._known = known

    def principal(self, authorization: str) -> str | None:
        """Who knocks, e.g. `channel:hotline-12345`; None for an unknown id, a wrong secret, a malformed header."""
        scheme, _, credentials = authorization.partition(" ")
        key_id, _, secret = credentials.strip().partition(".")
        principal, expected = self._known.get(key_id, _NOBODY)
        given = hashlib.sha256(secret.encode()).digest()
        if hmac.compare_digest(given, expected) and scheme.lower() == "bearer" and principal:
            return principal
        return None
