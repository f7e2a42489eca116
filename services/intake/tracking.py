"""The tracking code: who knows it may ask about the case. Derived, so that a repeat is answered the same."""

import hashlib

from services.contracts.ids import CROCKFORD

_SPELT = bytes(ord(CROCKFORD[byte & 31]) for byte in range(256))


def code(secret: bytes, case_id: str) -> str:
    """`7K3M9-QX2AB`: fifty bits of a MAC (keyed BLAKE2b) of the case's id; nobody without the secret makes one."""
    mac = hashlib.blake2b(case_id.encode(), key=secret, digest_size=10, person=b"suban tracking").digest()
    spelt = mac.translate(_SPELT).decode()
    return f"{spelt[:5]}-{spelt[5:]}"
