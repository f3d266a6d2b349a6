"""Segments of a playlist that are encrypted with a key that the playlist names (AES-128).

It keeps nobody out who may fetch the key; it is part of the format (RFC 8216, 4.3.2.4).
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Final

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

from musicbot.errors import SourceError, SourceErrorKind

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


BLOCK: Final = 16
"""Bytes of an AES block, a key and an initialisation vector."""


class DecryptingReader(io.RawIOBase):
    """Reads what is encrypted with AES-128 in CBC mode with PKCS 7 padding.

    Args:
        source: The encrypted bytes; closed with this.
        key: In hexadecimal digits.
        iv: The initialisation vector, likewise.

    Raises:
        SourceError: If key or vector have another length.
    """

    def __init__(self, source: io.RawIOBase | io.BytesIO, key: str, iv: str) -> None:
        super().__init__()
        self._source = source
        try:
            mode = CBC(bytes.fromhex(iv))
            self._decryptor = Cipher(AES(bytes.fromhex(key)), mode).decryptor()
        except ValueError as error:
            raise _wrong_key() from error
        self._plain = b""
        """What is decrypted but not read. Its last block may be padding."""
        self._ended = False

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Read into a buffer.

        Raises:
            SourceError: If the source fails, or the key is the wrong one.
            Cancelled: If it was.
        """
        view = memoryview(buffer).cast("B")
        while len(self._plain) <= BLOCK and not self._ended:
            self._decrypt(self._source.read(max(len(view), BLOCK)))
        ready = len(self._plain) if self._ended else len(self._plain) - BLOCK
        count = min(ready, len(view))
        view[:count], self._plain = self._plain[:count], self._plain[count:]
        return count

    def close(self) -> None:
        """Close the source too; may be called twice."""
        self._source.close()
        super().close()

    def _decrypt(self, data: bytes) -> None:
        self._plain += self._decryptor.update(data)
        if data:
            return
        self._ended = True
        padding = self._plain[-1] if self._plain else 0
        if not 1 <= padding <= BLOCK:
            raise _wrong_key()
        self._plain = self._plain[:-padding]


def _wrong_key() -> SourceError:
    return SourceError(SourceErrorKind.BROKEN, "That playlist does not give the right key.")
