"""search.py: looks for fragments of secrets in bytes, whatever they are encoded in, and however deep.

The haystack is decoded, not the needle encoded: each decoder makes a view of what is there, views are decoded again, and
in each view every run of FRAGMENT or more characters of a secret is found, upper and lower case alike.
"""

import binascii
import html
import re
from collections import deque
from dataclasses import dataclass
from typing import Union

FRAGMENT = 8  # so many characters of a secret in a row are a leak; a masked tail has four. Secrets are cut into blocks of
# half of that: any FRAGMENT characters in a row have one whole block.
DEPTH = 3  # encodings within each other
SHOWN = 40

PRINTABLE = re.compile(rb"[\t\x20-\x7e]{%d,}" % FRAGMENT)
PERCENT = re.compile(rb"%([0-9A-Fa-f]{2})")
QUOTED = re.compile(rb"=([0-9A-F]{2})")
ESCAPE = re.compile(rb"\\(?:u([0-9A-Fa-f]{4})|x([0-9A-Fa-f]{2})|([0-7]{1,3})|([^0-7ux]))")
ENTITY = re.compile(rb"&(?:#\d+|#[xX][0-9A-Fa-f]+|\w+);?")
BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{11,}")
HEX = re.compile(rb"[0-9A-Fa-f]{%d,}" % (2 * FRAGMENT))
HEX_APART = re.compile(rb"(?:(?:0x|\\x)?[0-9A-Fa-f]{2}[\s:,.;-]{1,2}){%d,}(?:0x)?[0-9A-Fa-f]{2}" % (FRAGMENT - 1))
WIDE = [re.compile(pattern % FRAGMENT) for pattern in (
    rb"(?:[\x20-\x7e]\0){%d,}", rb"(?:\0[\x20-\x7e]){%d,}", rb"(?:[\x20-\x7e]\0\0\0){%d,}", rb"(?:\0\0\0[\x20-\x7e]){%d,}")]
FOLD = re.compile(rb"\\?\r?\n[ \t]*")
LETTERS = {b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t"}


@dataclass
class Secret:
    """Text or bytes. fragment: so many of a long one are a leak; the fewer blocks there are, the faster is the search."""
    name: str
    text: Union[str, bytes]
    fragment: int = FRAGMENT

    def __post_init__(self):
        self.low = (self.text if isinstance(self.text, bytes) else self.text.encode()).lower()
        self.block = self.fragment // 2
        self.blocks = [(at, self.low[at:at + self.block]) for at in range(0, len(self.low) - self.block + 1, self.block)]


@dataclass
class Hit:
    """A fragment that was found. The text of a Hit has no secret in it."""
    secret: str
    first: int
    length: int
    way: tuple
    before: str
    after: str

    def __str__(self):
        way = " in ".join(reversed(self.way)) or "plain"
        part = f"characters {self.first + 1} to {self.first + self.length} of {self.secret}"
        return f"{part}, {way}: {self.before}[HERE]{self.after}"


# ---- Decoders: text (printable runs, one a line) to the bytes that are written in it in one encoding ----


def lines_with(text, mark):
    return b"\n".join(line for line in text.split(b"\n") if mark in line) if mark in text else b""


def by_byte(pattern, mark):
    def decode(text):
        return pattern.sub(lambda m: bytes([int(m[1], 16)]), lines_with(text, mark))
    return decode


def character(code):
    return chr(code).encode("utf-8", "surrogatepass") if code < 0x110000 else b"?"


def unescape(match):
    wide, two, octal, letter = match.groups()
    if wide:
        return character(int(wide, 16))
    if two:
        return bytes([int(two, 16)])
    return bytes([int(octal, 8) & 255]) if octal else LETTERS.get(letter, letter)


def decode_escapes(text):
    return ESCAPE.sub(unescape, lines_with(text, b"\\"))


def decode_entities(text):
    def one(match):
        return html.unescape(match[0].decode()).encode("utf-8", "surrogatepass")
    return ENTITY.sub(one, lines_with(text, b"&"))


def decode_base64(text):
    """At all four phases: where it began is not known."""
    out = []
    for run in BASE64.findall(text):
        run = run.replace(b"-", b"+").replace(b"_", b"/")
        for phase in range(4):
            part = run[phase:]
            part = part[:-1] if len(part) % 4 == 1 else part
            out.append(binascii.a2b_base64(part + b"=" * (-len(part) % 4)))
    return b"\n".join(out)


def decode_hex(text):
    runs = HEX.findall(text)
    runs += [re.sub(rb"0x|\\x|[^0-9A-Fa-f]", b"", run) for run in HEX_APART.findall(text)]
    out = []
    for run in runs:
        for phase in range(2):
            part = run[phase:]
            out.append(binascii.a2b_hex(part[:len(part) & ~1]))
    return b"\n".join(out)


# ---- And those that look at all of the data ----


def decode_wide(data):
    if b"\0" not in data:
        return b""
    return b"\n".join(run.replace(b"\0", b"") for pattern in WIDE for run in pattern.findall(data))


def unfold(data):
    """Text that was broken into lines, in one."""
    return FOLD.sub(b"", data) if b"\n" in data else b""


DECODERS = {
    "percent": by_byte(PERCENT, b"%"),
    "quoted printable": by_byte(QUOTED, b"="),
    "backslash escapes": decode_escapes,
    "HTML entities": decode_entities,
    "base64": decode_base64,
    "hex": decode_hex,
}
OF_BYTES = {"UTF-16": decode_wide, "broken into lines": unfold}


# ---- Search ----


def views(data):
    """Yields (the way to it, view): the data itself, then what can be decoded out of it."""
    seen = {data}
    waiting = deque([((), data)])
    while waiting:
        way, view = waiting.popleft()
        yield way, view
        if len(way) == DEPTH:
            continue
        text = b"\n".join(PRINTABLE.findall(view))
        found_in = [(name, decode(text)) for name, decode in DECODERS.items()]
        found_in += [(name, decode(view)) for name, decode in OF_BYTES.items()]
        for name, found in found_in:
            if len(found) >= FRAGMENT and found not in seen:
                seen.add(found)
                waiting.append((way + (name,), found))


def run_at(view, at, secret, first):
    """Start of the run in the view, in the secret, and its length: it grows to both sides of one block."""
    key = secret.low
    start, begin = at, first
    while start > 0 and begin > 0 and view[start - 1] == key[begin - 1]:
        start, begin = start - 1, begin - 1
    end, stop = at + secret.block, first + secret.block
    while end < len(view) and stop < len(key) and view[end] == key[stop]:
        end, stop = end + 1, stop + 1
    return start, begin, end - start


def hide(view, start, length, secrets):
    """What is before and behind, without any secret."""
    def clean(data):
        low = data.lower()
        for secret in secrets:
            for _, block in secret.blocks:
                low = low.replace(block, b"*" * len(block))
        return "".join(chr(byte) if 32 <= byte < 127 else "." for byte in low)
    return clean(view[max(0, start - SHOWN):start]), clean(view[start + length:start + length + SHOWN])


def find(secrets, data):
    """The hits: the longest of each secret in each view, unless a view that is nearer to the data has it too."""
    hits, known = [], set()
    for way, view in views(bytes(data)):
        low = view.lower()
        for secret in secrets:
            best = None
            for first, block in secret.blocks:
                at = low.find(block)
                while at >= 0:
                    start, begin, length = run_at(low, at, secret, first)
                    if length >= secret.fragment and (best is None or length > best[2]):
                        best = start, begin, length
                    at = low.find(block, at + 1)
            if best and (secret.name, *best[1:]) not in known:
                known.add((secret.name, *best[1:]))
                before, after = hide(view, best[0], best[2], secrets)
                hits.append(Hit(secret.name, best[1], best[2], way, before, after))
    return hits
