"""The signature of a thinking block: the whole thought, encrypted and authenticated.

It travels with the conversation, so any replica that has the key can restore the thought, and nothing is stored. The
form is base64 of MARK, nonce, ciphertext, MARK again: the second mark is there so that a signature of ours that was
changed anywhere, its first bytes too, is still known for ours, and refused; what bears neither mark is foreign.
"""

import base64
import hashlib
import os
from collections.abc import Sequence

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

MAGIC = b"sj1"
KEY_ID = 3
MARK = len(MAGIC) + KEY_ID
MARKED = MARK // 3 * 4
NONCE = 12
TAG = 16
SHORTEST = 2 * MARK + NONCE + TAG


class Foreign(Exception):
    """Not one of our signatures, or made with a key that is not known here."""


class Tampered(Exception):
    """One of our signatures, changed."""


class Origin(msgspec.Struct, array_like=True, frozen=True):
    """What the thoughts of one turn were made for: by which model, after which conversation, after which thought.

    `prefix` is the digest of the conversation's first `length` blocks, which were all there were but for what was to
    pass, and `head` that of the system prompt and the tools alone; both are empty where a thought is bound to none.
    `engine/thinking/prefix.py` makes them, in a `form` that it numbers: with another one they say nothing.
    """

    model: str = ""
    prefix: bytes = b""
    head: bytes = b""
    length: int = 0
    after: str = ""
    form: int = 0


class Sealed(msgspec.Struct, array_like=True):
    """What a signature holds: the thought, what of it was shown (None: all), its place (which turn, which one), and
    what it was made for. New fields stand last, so that older signatures can be read, and newer ones by older servers.
    """

    thinking: str
    shown: str | None = None
    turn: str = ""
    index: int = 0
    origin: Origin = Origin()
    """Of a signature from before origins were sealed it is empty: such a thought is bound to nothing."""

    @property
    def name(self) -> str:
        """What tells the thought from all others."""
        return f"{self.turn}/{self.index}"


class Seal:
    """Seals and opens thoughts. The first key seals; the others, from before a rotation, still open."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._keys = {MAGIC + hashlib.sha256(b"sijo thinking" + key).digest()[:KEY_ID]: AESGCM(key) for key in keys}
        self._mark, self._first = next(iter(self._keys.items()))

    def sign(self, sealed: Sealed) -> str:
        """The signature of a block."""
        nonce = os.urandom(NONCE)
        plain = msgspec.msgpack.encode(sealed)
        pad = 3 - (NONCE + TAG + 1 + len(plain)) % 3  # so that both marks stand on whole groups of base64
        cipher = self._first.encrypt(nonce, bytes((pad,)) + plain + bytes(pad), self._mark)
        raw = self._mark + nonce + cipher + self._mark
        return base64.b64encode(raw).decode()

    def open(self, signature: str) -> Sealed:
        """What was sealed. Raises `Foreign` or `Tampered`."""
        head, tail = signature[:MARKED], signature[-MARKED:]
        mark = next((m for m in self._keys if base64.b64encode(m).decode() in (head, tail)), None)
        if mark is None:
            raise Foreign
        try:
            raw = base64.b64decode(signature, validate=True)
        except ValueError:
            raise Tampered from None
        if len(raw) < SHORTEST or raw[:MARK] != mark or raw[-MARK:] != mark:
            raise Tampered
        return self._decrypt(mark, raw[MARK:-MARK])

    def _decrypt(self, mark: bytes, body: bytes) -> Sealed:
        nonce, cipher = body[:NONCE], body[NONCE:]
        try:
            plain = self._keys[mark].decrypt(nonce, cipher, mark)
            return msgspec.msgpack.decode(plain[1 : len(plain) - plain[0]], type=Sealed)
        except (InvalidTag, ValueError, IndexError, msgspec.DecodeError):
            raise Tampered from None
