"""shapes.py: random keys of many shapes, new in each run."""

import secrets
import string

ALNUM = string.ascii_letters + string.digits
PUNCTUATION = "+/=&%\"<>\\"


def some(alphabet, count):
    return "".join(secrets.choice(alphabet) for _ in range(count))


def punctuated():
    """Letters at both ends: quotes around a key are refused, and so are those of templates."""
    parts = [some(ALNUM, 2) + mark for mark in PUNCTUATION]
    return some(ALNUM, 1) + "".join(sorted(parts, key=lambda _: secrets.randbits(32))) + some(ALNUM, 8)


SHAPES = {
    "hex": lambda: secrets.token_hex(16),
    "upper-case hex": lambda: secrets.token_hex(16).upper(),
    "name and UUID": lambda: f"{some(string.ascii_lowercase, 6)}-" + "-".join(secrets.token_hex(n) for n in (4, 2, 2, 2, 6)),
    "64 of base64": lambda: some(ALNUM + "+/", 64),
    "punctuation": punctuated,
    "16 characters": lambda: some(ALNUM, 16),
    "200 characters": lambda: some(ALNUM + "-_", 200),
    "mixed case": lambda: some(ALNUM, 40),
}


def make(shape):
    return SHAPES[shape]()
