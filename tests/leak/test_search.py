"""test_search.py: the search finds every fragment in every encoding, and nothing else."""

import base64
import html
import json
import os
import secrets
import urllib.parse

import pytest

import shapes
from search import FRAGMENT, Secret, find

ROUNDS = 40 if os.environ.get("KP_LONG") else 2


def every(prefix, digits):
    return lambda text: "".join(f"{prefix}{ord(c):0{digits}x}" for c in text)


def b64(text):
    return base64.b64encode(text.encode()).decode()


ENCODINGS = {
    "plain": lambda text: text,
    "upper": str.upper,
    "lower": str.lower,
    "hex": lambda text: text.encode().hex(),
    "HEX": lambda text: text.encode().hex().upper(),
    "hex with colons": lambda text: text.encode().hex(":"),
    "hex in C": lambda text: ", ".join(f"0x{ord(c):02x}" for c in text),
    "base64": b64,
    "base64, shifted once": lambda text: b64("x" + text),
    "base64, shifted twice": lambda text: b64("xy" + text),
    "base64url": lambda text: base64.urlsafe_b64encode(text.encode()).decode().rstrip("="),
    "base64 in lines": lambda text: base64.encodebytes(("u:" + text * 3).encode()).decode(),
    "base64 in JSON": lambda text: b64(text).replace("/", "\\/"),
    "base64 in percent": lambda text: urllib.parse.quote(b64(text), safe=""),
    "percent": lambda text: urllib.parse.quote(text, safe=""),
    "percent, all": every("%", 2),
    "percent twice": lambda text: urllib.parse.quote(urllib.parse.quote(text, safe=""), safe=""),
    "JSON": json.dumps,
    "JSON twice": lambda text: json.dumps(json.dumps(text)),
    "JSON, all": every("\\u", 4),
    "C escapes": every("\\x", 2),
    "octal": lambda text: "".join(f"\\{ord(c):03o}" for c in text),
    "HTML": html.escape,
    "HTML, all": lambda text: "".join(f"&#{ord(c)};" for c in text),
    "HTML, hex": lambda text: "".join(f"&#x{ord(c):X};" for c in text),
    "quoted printable": lambda text: every("=", 2)(text).upper(),
    "UTF-16LE": lambda text: text.encode("utf-16-le"),
    "UTF-16BE": lambda text: text.encode("utf-16-be"),
    "UTF-32": lambda text: text.encode("utf-32-le"),
    "UTF-16 in base64": lambda text: base64.b64encode(text.encode("utf-16-le")).decode(),
}


def as_bytes(data):
    return data.encode() if isinstance(data, str) else data


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("shape", shapes.SHAPES)
def test_fragments(shape, encoding):
    for _ in range(ROUNDS):
        secret = Secret("key", shapes.make(shape))
        for length in (len(secret.text), FRAGMENT + 4, FRAGMENT):
            first = secrets.randbelow(len(secret.text) - length + 1)
            data = as_bytes(ENCODINGS[encoding](secret.text[first:first + length]))
            for before, after in ((b"", b""), (b"GET /?key=", b"&x=1\n"), (os.urandom(3) + b"\n", b"\n" + os.urandom(5))):
                hits = find([secret], before + data + after)
                assert any(hit.length >= length for hit in hits), (data, length)
                shown = " ".join(map(str, hits)).lower()
                assert all(secret.low[n:n + 7].decode() not in shown for n in range(len(secret.low) - 6))


@pytest.mark.parametrize("shape", shapes.SHAPES)
def test_nothing_else(shape):
    secret, other = Secret("key", shapes.make(shape)), shapes.make(shape)
    text = secret.text
    near = [text[:FRAGMENT - 1], text[-(FRAGMENT - 1):], "***" + text[-4:], other, b64(other)]
    near += ["#".join(text[n:n + FRAGMENT - 2] for n in range(0, len(text), FRAGMENT - 1))]
    for data in near:
        assert find([secret], data.encode()) == []
    assert find([secret], os.urandom(1 << 16)) == []


def test_found_at_any_place_of_much():
    secret = Secret("key", shapes.make("hex"))
    noise = bytearray(os.urandom(1 << 20))
    noise[777777:777777 + FRAGMENT] = secret.text[3:3 + FRAGMENT].encode()
    assert {(hit.first, hit.length) for hit in find([secret], noise)} == {(3, FRAGMENT)}


def test_numbers_of_a_private_key():
    """Bytes, of which more in a row are a leak."""
    number = bytes(byte | 128 for byte in os.urandom(128))  # no zero, which stands between the parts below
    secret = Secret("p", number, fragment=16)
    for form in (number, number[40:56], base64.b64encode(b"x" + number), number.hex().encode()):
        assert find([secret], os.urandom(5000) + b"\n" + form + b"\n" + os.urandom(5000)), form
    assert find([secret], number[:15] + b"\0" + number[20:35]) == []
    assert find([secret], os.urandom(1 << 16)) == []
