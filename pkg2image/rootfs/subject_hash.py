"""The eight hex digits by which OpenSSL finds a certificate authority in a directory.

They are the start of the SHA-1 of the subject's name in a canonical form: every string in UTF-8 and lower case, with
white space trimmed and folded. SHA-1 is a file name here, it protects nothing.

Spec: OpenSSL's X509_NAME_hash_ex(3); X.690 (DER); RFC 5280 4.1.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

_SEQUENCE, _SET, _UTF8 = 0x30, 0x31, 0x0C
_VERSION = 0xA0  # the optional first field of a certificate
_ISSUER_TO_SUBJECT = 2  # issuer, validity, subject
_SERIAL_TO_ISSUER = 2  # serial number, signature algorithm, issuer

# String types that OpenSSL folds, by DER tag; all others are hashed as they are.
_ENCODINGS = {
    0x0C: "utf-8",  # UTF8String
    0x13: "latin-1",  # PrintableString
    0x14: "latin-1",  # T61String, which OpenSSL takes for Latin-1
    0x16: "latin-1",  # IA5String
    0x1A: "latin-1",  # VisibleString
    0x1C: "utf-32-be",  # UniversalString
    0x1E: "utf-16-be",  # BMPString
}


@dataclass(frozen=True, slots=True)
class _Item:
    """A DER item: its tag, its content, and all its bytes."""

    tag: int
    content: bytes
    encoded: bytes


def subject_hash(certificate: bytes) -> str | None:
    """Return the hash of a certificate's subject.

    Args:
        certificate: In DER.

    Returns:
        Eight hex digits as ``openssl x509 -subject_hash`` prints them, or None when this is no certificate.
    """
    try:
        to_be_signed = next(_items(next(_items(certificate)).content))
        fields = list(_items(to_be_signed.content))
        first = 1 if fields[0].tag == _VERSION else 0
        subject = fields[first + _SERIAL_TO_ISSUER + _ISSUER_TO_SUBJECT]
        names = b"".join(_canonical_set(item) for item in _items(subject.content))
    except (StopIteration, IndexError, ValueError):
        return None
    digest = hashlib.sha1(names, usedforsecurity=False).digest()
    return digest[3::-1].hex()


def _canonical_set(names: _Item) -> bytes:
    # DER sorts the members of a set by their bytes, and folding may have changed their order.
    return _encode(_SET, b"".join(sorted(_canonical_attribute(item) for item in _items(names.content))))


def _canonical_attribute(attribute: _Item) -> bytes:
    kind, value = _items(attribute.content)
    encoding = _ENCODINGS.get(value.tag)
    if encoding is None:
        return _encode(_SEQUENCE, kind.encoded + value.encoded)
    folded = b" ".join(value.content.decode(encoding).encode().lower().split())
    return _encode(_SEQUENCE, kind.encoded + _encode(_UTF8, folded))


def _items(data: bytes) -> Iterator[_Item]:
    """Yield the DER items that lie one after the other.

    Raises:
        IndexError: When the data end inside an item.
    """
    start = 0
    while start < len(data):
        length, content = data[start + 1], start + 2
        if length & 0x80:
            width = length & 0x7F
            length, content = int.from_bytes(data[content : content + width], "big"), content + width
        end = content + length
        data[end - 1]  # an item that is cut off is no item
        yield _Item(data[start], data[content:end], data[start:end])
        start = end


def _encode(tag: int, content: bytes) -> bytes:
    if len(content) < 0x80:
        return bytes((tag, len(content))) + content
    length = len(content).to_bytes((len(content).bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + content
