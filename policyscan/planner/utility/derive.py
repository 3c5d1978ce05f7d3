"""The public half of a private key that configuration gives: it follows from the key alone.

Source: terraform-provider-tls 4.1, internal/provider/common_key.go; RFC 5915, 5958, 8017; OpenSSH,
PROTOCOL.key.
"""

from __future__ import annotations

import base64
import hashlib
import re
import struct
from textwrap import wrap
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

Attributes = dict[str, Any]

_PEM = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----\s+([A-Za-z0-9+/=\s]+)-----END \1-----")
_INTEGER, _BITS, _OCTETS, _NULL, _OBJECT, _SEQUENCE = 0x02, 0x03, 0x04, 0x05, 0x06, 0x30
_EC_CURVE, _EC_POINT = 0xA0, 0xA1
_LONG = 0x80
"""Set in the first byte of a length that takes others."""
_RSA = bytes.fromhex("2a864886f70d010101")
_EC = bytes.fromhex("2a8648ce3d0201")
_ED25519 = bytes.fromhex("2b6570")
_CURVES = {
    bytes.fromhex("2a8648ce3d030107"): "nistp256",
    bytes.fromhex("2b81040022"): "nistp384",
    bytes.fromhex("2b81040023"): "nistp521",
}
"""Object identifier -> the curve's name in OpenSSH, which knows no others."""
_OPENSSH = b"openssh-key-v1\0"


def derived(config: Attributes) -> Attributes | None:
    """The computed attributes of `tls_public_key`, None when the key is not one that is read here.

    Ed25519 keys are read in OpenSSH's form alone, and none that is encrypted.
    """
    found = _PEM.search(config.get("private_key_pem") or config.get("private_key_openssh") or "")
    if found is None:
        return None
    try:
        content = base64.b64decode("".join(found[2].split()), validate=True)
        algorithm, public, blob = _public(found[1], content)
    except (ValueError, KeyError, IndexError, struct.error):
        return None
    line = blob and f"{_strings(blob)[0].decode()} {base64.b64encode(blob).decode()}\n"
    sha256 = base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")
    md5 = hashlib.md5(blob, usedforsecurity=False).hexdigest()
    body = wrap(base64.b64encode(public).decode(), 64)
    return {
        "algorithm": algorithm,
        "id": hashlib.sha1(public.strip(), usedforsecurity=False).hexdigest(),
        "public_key_pem": "\n".join(
            ["-----BEGIN PUBLIC KEY-----", *body, "-----END PUBLIC KEY-----", ""]
        ),
        "public_key_openssh": line or "",
        "public_key_fingerprint_md5": ":".join(wrap(md5, 2)) if blob else "",
        "public_key_fingerprint_sha256": f"SHA256:{sha256}" if blob else "",
    }


def _public(label: str, content: bytes) -> tuple[str, bytes, bytes]:
    """Algorithm, public key in DER, and as OpenSSH keeps it (nothing for other curves).

    Raises ValueError, KeyError, IndexError, struct.error: not a key in that form.
    """
    match label:
        case "RSA PRIVATE KEY":
            _, modulus, exponent, *_ = _parts(_only(content, _SEQUENCE))
            return _rsa(modulus[1], exponent[1])
        case "EC PRIVATE KEY":
            return _ec(content, b"")
        case "PRIVATE KEY":
            _, algorithm, key, *_ = _parts(_only(content, _SEQUENCE))
            kind, *parameters = [value for _, value in _parts(algorithm[1])]
            if kind == _RSA:
                return _public("RSA PRIVATE KEY", key[1])
            if kind == _EC:
                return _ec(key[1], parameters[0])
        case "OPENSSH PRIVATE KEY" if content.startswith(_OPENSSH):
            # Cipher, key derivation and its options, how many keys, and the public one.
            names = _strings(content[len(_OPENSSH) :], 3)
            rest = content[len(_OPENSSH) + sum(4 + len(each) for each in names) + 4 :]
            return _of_openssh(_strings(rest, 1)[0])
    raise ValueError(label)


def _rsa(modulus: bytes, exponent: bytes) -> tuple[str, bytes, bytes]:
    key = _der(_SEQUENCE, _der(_INTEGER, modulus), _der(_INTEGER, exponent))
    algorithm = _der(_SEQUENCE, _der(_OBJECT, _RSA), _der(_NULL))
    blob = b"".join(map(_string, (b"ssh-rsa", exponent, modulus)))
    return "RSA", _der(_SEQUENCE, algorithm, _der(_BITS, b"\0" + key)), blob


def _ec(content: bytes, curve: bytes) -> tuple[str, bytes, bytes]:
    members = dict(_parts(_only(content, _SEQUENCE)))
    curve = curve or _only(members[_EC_CURVE], _OBJECT)
    return _of_point(curve, _only(members[_EC_POINT], _BITS)[1:])


def _of_point(curve: bytes, point: bytes) -> tuple[str, bytes, bytes]:
    algorithm = _der(_SEQUENCE, _der(_OBJECT, _EC), _der(_OBJECT, curve))
    public = _der(_SEQUENCE, algorithm, _der(_BITS, b"\0" + point))
    if (name := _CURVES.get(curve, "").encode()) == b"":
        return "ECDSA", public, b""
    return "ECDSA", public, b"".join(map(_string, (b"ecdsa-sha2-" + name, name, point)))


def _of_openssh(blob: bytes) -> tuple[str, bytes, bytes]:
    kind, *values = _strings(blob)
    if kind == b"ssh-rsa":
        return _rsa(values[1], values[0])
    if kind == b"ssh-ed25519":
        algorithm = _der(_SEQUENCE, _der(_OBJECT, _ED25519))
        return "ED25519", _der(_SEQUENCE, algorithm, _der(_BITS, b"\0" + values[0])), blob
    (curve,) = (each for each, name in _CURVES.items() if name.encode() == values[0])
    return _of_point(curve, values[1])


def _parts(content: bytes) -> Iterator[tuple[int, bytes]]:
    """The tagged values that stand behind each other. Raises IndexError, ValueError: no DER."""
    while content:
        tag, length, start = content[0], content[1], 2
        if length & _LONG:
            start += length & ~_LONG
            length = int.from_bytes(content[2:start], "big")
        value, content = content[start : start + length], content[start + length :]
        if len(value) != length:
            raise ValueError(f"{length} bytes are not there")
        yield tag, value


def _only(content: bytes, expected: int) -> bytes:
    ((tag, value),) = _parts(content)
    if tag != expected:
        raise ValueError(f"{tag:#x} is not {expected:#x}")
    return value


def _der(tag: int, *values: bytes) -> bytes:
    content = b"".join(values)
    length = len(content)
    if length < _LONG:
        return bytes([tag, length]) + content
    size = (length.bit_length() + 7) // 8
    return bytes([tag, _LONG | size]) + length.to_bytes(size, "big") + content


def _string(value: bytes) -> bytes:
    return struct.pack(">I", len(value)) + value


def _strings(content: bytes, count: int = 0) -> list[bytes]:
    """The first `count` length-prefixed strings, or all of them. Raises struct.error: too few."""
    found: list[bytes] = []
    while content and (not count or len(found) < count):
        (length,) = struct.unpack_from(">I", content)
        found.append(content[4 : 4 + length])
        content = content[4 + length :]
    return found
