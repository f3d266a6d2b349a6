from __future__ import annotations

import io

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.padding import PKCS7
from hypothesis import given
from hypothesis import strategies as st

from musicbot.engine.decrypt import DecryptingReader
from musicbot.errors import SourceError
from tests.support.fetching import noise, reader
from tests.support.web import Faults, Web

KEY, IV = noise(16, seed=3), noise(16, seed=4)


def encrypted(plain: bytes) -> bytes:
    padder = PKCS7(128).padder()
    encryptor = Cipher(AES(KEY), CBC(IV)).encryptor()
    return encryptor.update(padder.update(plain) + padder.finalize()) + encryptor.finalize()


def decrypting(source: io.RawIOBase | io.BytesIO) -> DecryptingReader:
    return DecryptingReader(source, KEY.hex(), IV.hex())


@pytest.mark.parametrize("size", [0, 1, 15, 16, 17, 31, 32, 1000, 100_000])
def test_a_segment_is_decrypted(size: int) -> None:
    assert decrypting(io.BytesIO(encrypted(noise(size)))).read() == noise(size)


@given(st.binary(max_size=100), st.lists(st.integers(1, 40), max_size=10))
def test_it_does_not_matter_how_much_is_read_at_a_time(plain: bytes, sizes: list[int]) -> None:
    segment = decrypting(io.BytesIO(encrypted(plain)))
    read = b"".join(segment.read(size) or b"" for size in sizes)

    assert read + segment.read() == plain


def test_a_segment_is_decrypted_while_it_comes() -> None:
    with Web() as web, reader(web, "/segment") as source:
        web.file("/segment", encrypted(noise(300_000)), faults=Faults(drop_after=100_001))

        with decrypting(source) as segment:
            assert segment.read() == noise(300_000)
        assert source.closed


def test_with_the_wrong_key_nothing_pretends_to_be_music() -> None:
    data = encrypted(b"")
    wrong = DecryptingReader(io.BytesIO(data), bytes(16).hex(), IV.hex())

    with pytest.raises(SourceError, match="the right key"):
        wrong.read()


@pytest.mark.parametrize(("key", "iv"), [("", ""), ("00", IV.hex()), (KEY.hex(), "00"), ("x", "y")])
def test_what_is_no_key_is_refused(key: str, iv: str) -> None:
    with pytest.raises(SourceError, match="the right key"):
        DecryptingReader(io.BytesIO(), key, iv)


def test_a_segment_that_ends_in_the_middle_of_a_block_is_an_error() -> None:
    with pytest.raises(SourceError, match="the right key"):
        decrypting(io.BytesIO(encrypted(noise(100))[:-1])).read()


def test_an_empty_segment_is_no_segment() -> None:
    with pytest.raises(SourceError, match="the right key"):
        decrypting(io.BytesIO()).read()
