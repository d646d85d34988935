"""test_oracle.py: any text and any bytes, whole, split anywhere or through the log, are redacted as the reference says: R1, R5."""

import base64
import io
import logging
import random
import secrets
import traceback
import urllib.parse

import keyplate
import keyplate.logging as safe
import pytest
from conftest import LONG
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from oracle import WAYS, Oracle

MANY = settings(max_examples=100_000 if LONG else 1_000, deadline=None, database=None, derandomize=not LONG, suppress_health_check=list(HealthCheck))
HEX = secrets.token_hex(16)
KEYS = [HEX, HEX + secrets.token_hex(3), secrets.token_urlsafe(24), "k/" + secrets.token_urlsafe(12) + "+&=", secrets.token_hex(8)]
HELD = [keyplate.Key.from_value(key) for key in KEYS]
ORACLE = Oracle(KEYS)
FORMS = [str, str.upper, lambda key: urllib.parse.quote(key, safe=""), lambda key: "".join(f"%25{ord(c):02x}" for c in key),
         lambda key: key.encode().hex(), lambda key: base64.b64encode(b"x" + key.encode()).decode(),
         lambda key: "".join(f"\\u{ord(c):04x}" for c in key), lambda key: "".join(f"&#{ord(c)};" for c in key)]
WORDS = ["key", "apikey", "api_key=", "key=", "clientKey", '": "', "'", '"', "\\", "=", ":", " => ", "&", ";", "%26", "%3D", "\n", "\r\n", "\t",
         " ", "--key ", "Authorization: Bearer ", "http://", "https://user:", "@", "%40", "/", "?", "#", "trace_id=", "md5", "ETag: ", "\\n",
         "{", "}", "[", "]", ",", "***", "[REDACTED]", "string(4) ", "proxy=", "é", "€", "\U0001f600", "\0", "\ud800", "\udcff", "\u00ad"]
CHANCE = random.SystemRandom()
# Drawn from a list: a hundred thousand texts are made in minutes.
PIECES = (WORDS * 3 + [form(key) for key in KEYS for form in FORMS]
          + [key[start:start + size] for key in KEYS for start, size in ((0, 7), (0, 8), (0, 9), (0, 15), (1, 40), (5, 12))]
          + [secrets.token_hex(16)[:size] for size in (6, 31, 32, 32)] + [secrets.token_hex(17)[:33]]
          + ["".join(chr(CHANCE.choice((9, 10, 32, 61, 0x7f, 0xff, 0x20ac, 0xd800, 0xdfff, 0xffff, 0x1f600)) + CHANCE.randrange(32) % 3)
                     for _ in range(size)) for size in range(1, 12)])
TEXTS = st.one_of(st.lists(st.sampled_from(PIECES), max_size=12).map("".join), st.text(max_size=20))
BYTES = [piece.encode("utf-8", "surrogatepass") for piece in PIECES] + [key.encode("utf-16-le") for key in KEYS] + [
    bytes([byte]) for byte in (0, 0x80, 0xc0, 0xe2, 0xf0, 0xff)]
DATA = st.one_of(st.lists(st.sampled_from(BYTES), max_size=12).map(b"".join), st.binary(max_size=20))
CUTS = st.lists(st.sampled_from([0, 1, 1, 2, 3, 7, 8, 17, 60]), min_size=1, max_size=4)


def same(shown, wanted):
    """wanted is bytes where a mask begins within a character."""
    if isinstance(wanted, bytes) and isinstance(shown, str):
        wanted = wanted.decode("utf-8", "replace").replace("\ufffd", "")
        shown = shown.replace("\ufffd", "")
    assert shown == wanted


def split(text, cuts):
    at, number = 0, 0
    while at < len(text):
        size = cuts[number % len(cuts)] + number % 2  # an empty part is a part too
        yield text[at:at + size]
        at, number = at + size, number + 1


def streamed(text, cuts, **options):
    redactor = keyplate.Redactor(**options)
    parts = [redactor.feed(part) for part in split(text, cuts)] + [redactor.close() or text[:0]]
    return text[:0].join(parts)


@MANY
@given(TEXTS)
@example("\ud800 key=abcdefghijk")
@example("key=é" + HEX[:9])
def test_r5_any_text_is_redacted_as_the_reference_says(text):
    shown, wanted = keyplate.redact(text), ORACLE.redact(text)
    same(shown, wanted)
    assert wanted != text or shown is text


@MANY
@given(DATA)
def test_r5_any_bytes_are_redacted_as_the_reference_says(data):
    wanted = ORACLE.redact(data)
    shown = keyplate.redact(data)
    assert shown == wanted and (wanted != data or shown is data)
    assert bytes(keyplate.redact(bytearray(data))) == bytes(keyplate.redact(memoryview(data))) == wanted


@MANY
@given(TEXTS, CUTS)
@example("é\ud800€ key=" + HEX[:20], [1])
def test_r1_any_stream_of_text_is_its_whole(text, cuts):
    same(streamed(text, cuts), ORACLE.redact(text))


@MANY
@given(DATA, CUTS, st.sampled_from(sorted(WAYS)))
def test_r1_any_stream_of_bytes_is_its_whole(data, cuts, way):
    assert streamed(data, cuts, bare_hex=way) == ORACLE.redact(data, way)


# ---- Logs ----

FORMAT = "%(levelname)s %(message)s %(more)s"


def plain(record, exception=""):
    """What logging's own formatter makes of it, and what the reference makes of that."""
    text = f"{record.levelname} {record.getMessage()} {record.more}"
    return ORACLE.redact(text + (f"\n{ORACLE.redact(exception)}" if exception else ""))


def made(text, argument, more, problem=None):
    record = logging.makeLogRecord({"msg": "%s" + text.replace("%", "%%"), "args": (argument,), "more": more, "levelname": "INFO"})
    if problem is not None:
        record.exc_info = (type(problem), problem, None)
    return record


def shown_exception(problem):
    out = io.StringIO()
    traceback.print_exception(type(problem), problem, None, file=out)
    return out.getvalue().removesuffix("\n")


ARGUMENTS = st.one_of(TEXTS, st.sampled_from([7, None, 0.5, [HEX], {"key": HEX}, HEX.encode(), ValueError(HEX)]))


@MANY
@given(TEXTS, ARGUMENTS, TEXTS)
def test_r5_formatters_are_as_the_reference_says(text, argument, more):
    wanted = plain(made(text, argument, more))
    same(safe.SafeFormatter(FORMAT).format(made(text, argument, more)), wanted)
    same(safe.RedactingFormatter(logging.Formatter(FORMAT)).format(made(text, argument, more)), wanted)


@settings(MANY, max_examples=MANY.max_examples // 4)
@given(TEXTS, TEXTS)
def test_r5_exceptions_in_formatters_are_as_the_reference_says(text, said):
    problem = ValueError(said)
    wanted = plain(made("", "", "", problem), shown_exception(problem))
    same(safe.SafeFormatter(FORMAT).format(made("", "", "", problem)), wanted)


@settings(MANY, max_examples=MANY.max_examples // 4)
@given(TEXTS, ARGUMENTS, TEXTS)
def test_r5_the_filter_is_as_the_reference_says(text, argument, more):
    record = made(text, argument, more)
    message = record.getMessage()
    assert safe.RedactingFilter().filter(record)
    same(record.getMessage(), ORACLE.redact(message))
    same(record.more, ORACLE.redact(more))


def test_the_oracle_is_no_echo():
    assert ORACLE.redact(f"a {HEX} b") == "a [REDACTED] b" and ORACLE.redact("key=abc", "off") == "key=[REDACTED]"
    assert ORACLE.redact(secrets.token_hex(16), "off") != ORACLE.redact(secrets.token_hex(16))
    with pytest.raises(AssertionError):
        same("key=abc", ORACLE.redact("key=abc"))
