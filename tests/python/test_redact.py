"""test_redact.py: keys out of texts and streams: rows R1, R2, R3, R3b, R4, R5."""

import base64
import html
import json
import random
import secrets
import string
import sys
import threading
import urllib.parse

import keyplate
import pytest
from conftest import LONG, run_script
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

settings.register_profile("keyplate", max_examples=20_000 if LONG else 400, deadline=None, database=None, derandomize=not LONG,
                          suppress_health_check=list(HealthCheck))
settings.load_profile("keyplate")

KEY = secrets.token_hex(16)
OTHER = "".join(random.SystemRandom().choice(string.ascii_letters + string.digits + "-_.") for _ in range(30))
HELD = [keyplate.Key.from_value(KEY), keyplate.Key.from_value(OTHER)]
MASK = "[REDACTED]"


def fragments(text, key, size=8):
    return [key[i:i + size] for i in range(len(key) - size + 1) if key[i:i + size] in text]


@pytest.mark.parametrize("kind", [str, bytes])
def test_r1_a_key_split_at_each_position(kind):
    def made(text):
        return text if kind is str else text.encode()

    for key in (KEY, OTHER):
        for at in range(len(key) + 1):
            redactor = keyplate.Redactor()
            parts = [redactor.feed(made("before " + key[:at])), redactor.feed(made(key[at:] + " after")), redactor.close()]
            assert made("").join(parts) == made(f"before {MASK} after")


def test_r1_closed_in_the_middle():
    for at in range(1, len(KEY)):
        redactor = keyplate.Redactor()
        shown = redactor.feed("before " + KEY[:at]) + redactor.close()
        assert shown.startswith("before ") and not fragments(shown, KEY)
        assert redactor.close() == ""
        with pytest.raises(keyplate.UsageError):
            redactor.feed("more")


PARTS = st.one_of(st.text(max_size=40), st.sampled_from([KEY, OTHER, KEY.upper(), "key=", "apikey: ", "&", "\U0001f600"]))


@given(st.lists(PARTS), st.lists(st.integers(0, 20), min_size=1, max_size=5))
def test_r1_a_stream_is_its_whole_text(parts, sizes):
    text = "".join(parts).encode("utf-8", "replace").decode()
    whole = keyplate.redact(text)
    assert KEY not in whole and OTHER not in whole
    redactor, out, at = keyplate.Redactor(), [], 0
    while at < len(text):
        size = sizes[len(out) % len(sizes)] + (len(out) % 2)  # an empty part is a part too
        out.append(redactor.feed(text[at:at + size]))
        at += size
    out.append(redactor.close())
    assert "".join(out) == whole


@given(st.lists(st.one_of(st.binary(max_size=40), st.sampled_from([KEY.encode(), OTHER.encode("utf-16le"), b"key=", b"\xf0\x9f"]))),
       st.integers(1, 9))
def test_r1_a_stream_of_bytes(parts, size):
    text = b"".join(parts)
    redactor = keyplate.Redactor()
    out = b"".join(redactor.feed(text[i:i + size]) for i in range(0, len(text), size)) + (redactor.close() or b"")
    assert out == keyplate.redact(text)
    assert KEY.encode() not in out


FORMS = {
    "plain": lambda key: key,
    "upper": str.upper,
    "percent": lambda key: urllib.parse.quote(key, safe=""),
    "every percent": lambda key: "".join(f"%{ord(c):02x}" for c in key),
    "percent twice": lambda key: urllib.parse.quote("".join(f"%{ord(c):02X}" for c in key), safe=""),
    "hex": lambda key: key.encode().hex(),
    "base64": lambda key: base64.b64encode(key.encode()).decode(),
    "base64, one in front": lambda key: base64.b64encode(b"x" + key.encode()).decode(),
    "base64, two in front": lambda key: base64.b64encode(b"xy" + key.encode() + b"z").decode(),
    "base64url": lambda key: base64.urlsafe_b64encode(key.encode()).decode(),
    "JSON": lambda key: "".join(f"\\u{ord(c):04x}" for c in key),
    "HTML": lambda key: html.escape(key),
    "HTML, numbers": lambda key: "".join(f"&#{ord(c)};" for c in key),
    "HTML, hex": lambda key: "".join(f"&#x{ord(c):x};" for c in key),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("key", [KEY, OTHER])
def test_r2_any_encoding(form, key):
    text = FORMS[form](key)
    shown = keyplate.redact(f"a {text} b")
    assert MASK in shown and not fragments(shown, text, 12)
    assert shown.startswith("a ") and shown.endswith(" b")


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
def test_r2_utf_16(codec):
    shown = keyplate.redact(f"a {KEY} b".encode(codec))
    assert KEY.encode(codec) not in shown and not fragments(shown.replace(b"\0", b"").decode(), KEY)


def test_r3_what_is_no_key():
    import hashlib
    import uuid

    for text in (hashlib.sha1(KEY.encode()).hexdigest(), hashlib.sha256(KEY.encode()).hexdigest(), str(uuid.uuid4()),
                 secrets.token_hex(16)[:31], secrets.token_hex(17)[:33], f"trace_id={secrets.token_hex(16)}",
                 f"ETag: {secrets.token_hex(16)}", "the monkey: a key word, keyboard=us", "", " ", "\0", "Grüße €😀\n"):
        assert keyplate.redact(text) is text
        data = text.encode()
        assert keyplate.redact(data) is data


def test_r3b_another_shape_in_context():
    value = "abc123" + "".join(random.choice(string.ascii_lowercase + string.digits) for _ in range(26)) + "pq"
    assert keyplate.redact(f"Using key: {value}") == f"Using key: {MASK}"
    assert keyplate.redact(f"Using key: {value}".encode()) == f"Using key: {MASK}".encode()


def test_r4_keys_that_begin_alike_or_follow_each_other():
    longer = KEY + "0a1b2c3d"
    keyplate.Key.from_value(longer)
    assert keyplate.redact(f"<{KEY}{KEY}> <{longer}> <{OTHER}{KEY}>").count(MASK) >= 3
    assert not fragments(keyplate.redact(f"<{KEY}{KEY}> <{longer}> <{OTHER}{KEY}>"), KEY)


@given(st.text(alphabet=st.characters(codec="utf-8") if sys.version_info >= (3, 13) else st.characters(), max_size=200))
def test_r5_any_text(text):
    shown = keyplate.redact(text)
    assert type(shown) is str and keyplate.redact(shown) == shown


@given(st.binary(max_size=200))
def test_r5_any_bytes(data):
    for made in (data, bytearray(data), memoryview(data)):
        shown = keyplate.redact(made)
        assert shown is made or type(shown) is bytes


def test_r5_surrogates_and_wrong_types():
    assert keyplate.redact("\ud800 key=abcdefghijk") == "\ud800 key=" + MASK
    text = "\udcff clean"
    assert keyplate.redact(text) is text
    for wrong in (None, 7, ["text"], object()):
        with pytest.raises(TypeError):
            keyplate.redact(wrong)
    redactor = keyplate.Redactor()
    redactor.feed("text")
    with pytest.raises(TypeError):
        redactor.feed(b"bytes")
    task = keyplate.Task("captchaai/primary~0a1b2c3d/7")
    assert keyplate.redact(task) is task


def test_the_keys_of_this_machine_are_known_before_any_call(key_file):
    path, other = key_file(), key_file(name="other")
    script = "import keyplate, sys, json; print(json.dumps(keyplate.redact(open(sys.argv[1]).read() + open(sys.argv[2]).read())))"
    shown = run_script(script.replace("keyplate.redact(", "keyplate.redact('x' + ").replace("+ open(sys.argv[2])", "+ 'y' + open(sys.argv[2])"),
                       path, other, env={"CAPTCHAAI_API_KEY_FILE": path, "NOCAPTCHAAI_API_KEY_FILE": other})
    assert path.key not in shown and other.key not in shown and shown.count(MASK) == 2


def test_a_configuration_that_is_wrong_does_not_stop_redaction(key_file):
    script = "import keyplate, json; print(json.dumps(keyplate.redact('key=abcdefghijk')))"
    assert run_script(script, env={"KEYPLATE_TIMEOUT": "nonsense"}) == "key=" + MASK


def test_the_options_of_a_redactor(client_of, key_file):
    bare = secrets.token_hex(16)
    assert keyplate.redact(f"a {bare} b") == f"a {MASK} b"
    redactor = keyplate.Redactor(bare_hex="off")
    assert redactor.feed(f"a {bare} {KEY} b") + redactor.close() == f"a {bare} {MASK} b"
    path = key_file(secrets.token_urlsafe(20), "odd")
    redactor = keyplate.Redactor(client_of("http://127.0.0.1:1", key=f"file:{path}"))
    with redactor:
        assert redactor.feed(f"a {path.key} b") + redactor.close() == f"a {MASK} b"
    with pytest.raises(keyplate.UsageError):
        keyplate.Redactor(bare_hex="sometimes")


def test_many_threads_redact():
    wrong = []

    def work(number):
        for i in range(200):
            if keyplate.redact(f"{number} {KEY} {i}" * 50) != f"{number} {MASK} {i}" * 50:
                wrong.append(number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_json_stays_json():
    document = {"key": KEY, "list": [KEY, 1], "token": "a b"}
    assert KEY not in json.dumps(json.loads(keyplate.redact(json.dumps(document))))
