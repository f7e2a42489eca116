"""Sealing: bytes that anybody may carry and only the holder of the private key can open.

An envelope (delivery rule 11): a data key per process and hour, sealed to the public key with libsodium's SealedBox
and sent along; each item by XSalsa20-Poly1305 (SecretBox) under that data key, which takes 5 µs instead of 60.
"""

import base64
import hashlib
from dataclasses import dataclass

from nacl import bindings, exceptions, public, secret, utils

from services.contracts.values import Sealed

HOUR_S = 3600.0


class CannotOpen(Exception):
    """The box was sealed to another key, or it was changed."""


def key_id(public_key: bytes) -> str:
    return hashlib.sha256(public_key).hexdigest()[:16]


def new_key_pair() -> tuple[str, str]:
    """(private, public), base64, 32 bytes each."""
    private = public.PrivateKey.generate()
    return _text(bytes(private)), _text(bytes(private.public_key))


@dataclass(slots=True)
class _DataKey:
    """`prefix` and a counter make the nonce: unique under this key as long as the counter does not turn (2^64)."""

    key: bytes
    sealed: str
    opening: bytes
    until: float
    prefix: bytes
    used: int = 0

    def encrypt(self, plain: bytes) -> bytes:
        """As SecretBox.encrypt writes it, nonce first, without asking the kernel for randomness each time."""
        self.used += 1
        nonce = self.prefix + self.used.to_bytes(8, "big")
        return nonce + bindings.crypto_secretbox(plain, nonce, self.key)


class Sealer:
    """Seals to one public key. `seal(plain, now)`: `now` in monotonic wall seconds decides when the data key turns."""

    def __init__(self, public_key: str) -> None:
        raw = base64.b64decode(public_key)
        self._public = public.PublicKey(raw)
        self.key_id = key_id(raw)
        self._data_key: _DataKey | None = None

    def seal(self, plain: bytes, now: float) -> Sealed:
        key = self._data_key
        if key is None or now >= key.until:
            key = self._data_key = self._turn(now)
        return Sealed(key_id=self.key_id, sealed_key=key.sealed, box=_text(key.encrypt(plain)))

    def seal_json(self, plain: bytes, now: float) -> bytes:
        """`seal` as the JSON of what it returns, at half the cost: base64 needs no escaping, two of three never change."""
        key = self._data_key
        if key is None or now >= key.until:
            key = self._data_key = self._turn(now)
        return key.opening + base64.b64encode(key.encrypt(plain)) + b'"}'

    def _turn(self, now: float) -> _DataKey:
        raw = utils.random(secret.SecretBox.KEY_SIZE)
        sealed = public.SealedBox(self._public).encrypt(raw)
        prefix = utils.random(secret.SecretBox.NONCE_SIZE - 8)
        opening = f'{{"key_id":"{self.key_id}","sealed_key":"{_text(sealed)}","box":"'.encode()
        return _DataKey(raw, _text(sealed), opening, now + HOUR_S, prefix)


class Opener:
    """Opens what was sealed to its key. Remembers the data keys of late, as one serves an hour of a process."""

    def __init__(self, private_key: str) -> None:
        self._private = public.PrivateKey(base64.b64decode(private_key))
        self.key_id = key_id(bytes(self._private.public_key))
        self._known: dict[str, secret.SecretBox] = {}

    def open(self, sealed: Sealed) -> bytes:
        """Raises CannotOpen."""
        try:
            return self._box(sealed.sealed_key).decrypt(base64.b64decode(sealed.box))
        except (exceptions.CryptoError, ValueError) as wrong:
            raise CannotOpen(f"sealed to key {sealed.key_id}, opened with {self.key_id}") from wrong

    def _box(self, sealed_key: str) -> secret.SecretBox:
        if sealed_key not in self._known:
            if len(self._known) >= 1000:
                self._known.clear()
            raw = public.SealedBox(self._private).decrypt(base64.b64decode(sealed_key))
            self._known[sealed_key] = secret.SecretBox(raw)
        return self._known[sealed_key]


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
