"""test_redact.py: the filter: what goes, when it flows, how it ends."""

import base64
import os
import resource
import select
import signal
import subprocess
import urllib.parse

import pytest

from conftest import PATIENCE, SANITIZED, core_dumps, until

MASK = "[REDACTED]"


@pytest.fixture
def known(bare):
    """The command with a key in a file."""
    key = bare.new_key()
    bare.env["CAPTCHAAI_API_KEY_FILE"] = bare.write("key", key)
    bare.key = key
    return bare


class Filter:
    """The command between two pipes."""

    def __init__(self, command, *arguments):
        self.process = subprocess.Popen(command.words(["redact", *arguments]), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, env=command.environment({}), cwd=command.work)
        self.out = b""

    def write(self, data):
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def expect(self, text):
        def there():
            if select.select([self.process.stdout], [], [], 0.01)[0]:
                self.out += os.read(self.process.stdout.fileno(), 65536)
            return text in self.out
        until(there, f"{text!r} in {self.out!r}")

    def end(self):
        out, err = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, self.out + out, err


def test_the_local_key_goes_in_any_encoding(known):
    key = known.key
    forms = [key, key.upper(), urllib.parse.quote(key), base64.b64encode(key.encode()).decode(), key.encode().hex(),
             "".join(f"\\u{ord(c):04x}" for c in key), "".join(f"&#{ord(c)};" for c in key)]
    result = known("redact", "--bare-hex", "off", stdin="".join(f"a {form} b\n" for form in forms))
    assert (result.status, result.out, result.err) == (0, f"a {MASK} b\n" * len(forms), "")


def test_keys_of_both_services_are_known(bare):
    texts = []
    for name in ("CAPTCHAAI_API_KEY", "NOCAPTCHAAI_API_KEY_FILE", "CAPTCHAAI_API_KEY_BACKUP"):
        key = bare.new_key() + "xy"
        bare.secrets.add(key)
        bare.env[name] = bare.write(name, key) if name.endswith("FILE") else key
        texts.append(key)
    result = bare("redact", "--verbose", stdin=" ".join(texts))
    assert (result.status, result.out) == (0, " ".join([MASK] * 3))
    assert "captchaai: 2 keys found" in result.err and "nocaptchaai: 1 key found" in result.err
    only = bare("redact", "--provider", "nocaptchaai", "--verbose", stdin="x")
    assert "nocaptchaai: 1 key found" in only.err and "keyplate: captchaai" not in only.err


def test_r3_bare_hex_as_wanted(bare):
    run = os.urandom(16).hex()
    text = f"id {run}\nkey {run}\netag: {run}\n"
    for when, out in (("always", f"id {MASK}\nkey {MASK}\netag: {run}\n"), ("context", f"id {run}\nkey {MASK}\netag: {run}\n"),
                      ("off", text)):
        assert bare("redact", "--bare-hex", when, stdin=text).out == out
        assert bare("redact", "--set", f"redact.bare_hex={when}", stdin=text).out == out
        assert bare("redact", stdin=text, KEYPLATE_REDACT_BARE_HEX=when).out == out
    assert bare("redact", stdin=text).out == f"id {MASK}\nkey {MASK}\netag: {run}\n"


def test_r3b_values_in_context(bare):
    assert bare("redact", stdin="Using key: abc123def456ghi789jkl012mno345pq\n").out == f"Using key: {MASK}\n"


def test_r5_any_bytes_pass(bare):
    data = bytes(range(256)) * 4000 + b"x" * 3_000_000
    done = subprocess.run(bare.words(["redact"]), input=data, capture_output=True, env=bare.environment({}), cwd=bare.work,
                          timeout=PATIENCE * 4)
    assert (done.returncode, done.stdout == data, done.stderr) == (0, True, b"")


def test_empty_input(bare):
    result = bare("redact")
    assert (result.status, result.out, result.err) == (0, "", "")


@pytest.mark.parametrize("words", [("--bare-hex", "never"), ("--set", "redact.bare_hex=x"), ("--provider", "x"),
                                   ("--config", "missing.json"), ("extra",), ("--json",)])
def test_wrong_use_is_told_before_anything_is_read(known, words):
    reading, writing = os.pipe()
    os.write(writing, b"some text\n")
    done = subprocess.run(known.words(["redact", *words]), stdin=reading, capture_output=True, env=known.environment({}),
                          cwd=known.work, timeout=PATIENCE)
    assert done.returncode == 2 and done.stdout == (b"" if words != ("--json",) else done.stdout)
    assert b"some text" not in done.stdout and os.read(reading, 100) == b"some text\n"
    os.close(reading)
    os.close(writing)


def test_lines_flow(known):
    flow = Filter(known)
    for i in range(3):
        flow.write(f"line {i} {known.key}\n".encode())
        flow.expect(f"line {i} {MASK}\n".encode())
    flow.write(b"no line end yet")
    flow.expect(b"no line end")
    assert flow.end() == (0, b"".join(f"line {i} {MASK}\n".encode() for i in range(3)) + b"no line end yet", b"")


def test_r1_a_key_in_two_writes(known):
    flow = Filter(known)
    flow.write(b"one\nkey is " + known.key[:20].encode())
    flow.expect(b"one\n")
    flow.write(known.key[20:].encode() + b" two\n")
    flow.expect(b"two\n")
    assert flow.end() == (0, f"one\nkey is {MASK} two\n".encode(), b"")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_r1_interrupted_in_the_midst_of_a_key(known, number):
    flow = Filter(known)
    flow.write(b"one\nand " + known.key[:20].encode())
    flow.expect(b"one\nand ")
    flow.process.send_signal(number)
    flow.process.wait(PATIENCE)
    assert flow.end() == (130, f"one\nand {MASK}".encode(), b"")


def test_second_interrupt_ends_a_filter_whose_reader_sleeps(bare):
    flow = Filter(bare)
    os.set_blocking(flow.process.stdin.fileno(), False)

    def full():
        try:
            return flow.process.stdin.raw.write(b"line\n" * 1000) is None
        except BlockingIOError:
            return True
    until(full, "a full pipe")
    flow.process.send_signal(signal.SIGINT)
    until(lambda: (flow.process.send_signal(signal.SIGINT), flow.process.poll() is not None)[1], "the end")
    assert flow.process.returncode == -signal.SIGINT
    flow.process.stdout.close()


def test_a_reader_that_is_gone_is_no_error(bare):
    flow = Filter(bare)
    flow.write(b"one\n")
    flow.expect(b"one\n")
    flow.process.stdout.close()
    flow.process.stdout = None
    try:
        while flow.process.poll() is None:
            flow.write(b"more\n" * 1000)
    except BrokenPipeError:
        pass
    flow.process.stdin = None
    err = flow.process.stderr.read()
    assert (flow.process.wait(PATIENCE), err) == (0, b"")


def test_output_that_cannot_be_written(bare):
    with open("/dev/full", "wb") as full:
        done = subprocess.run(bare.words(["redact"]), input=b"text\n", stdout=full, stderr=subprocess.PIPE,
                              env=bare.environment({}), cwd=bare.work, timeout=PATIENCE)
    assert done.returncode == 5 and b"stdout could not be written: No space left" in done.stderr


def test_input_that_cannot_be_read(bare):
    folder = os.open(bare.work, os.O_RDONLY)
    done = subprocess.run(bare.words(["redact"]), stdin=folder, capture_output=True, env=bare.environment({}), cwd=bare.work,
                          timeout=PATIENCE)
    os.close(folder)
    assert done.returncode == 5 and done.stdout == b"" and b"stdin could not be read: Is a directory" in done.stderr


@pytest.mark.skipif(SANITIZED or resource.getrlimit(resource.RLIMIT_CORE)[1] == 0, reason="core dumps cannot be on here")
def test_strict_mode_refuses_rather_than_pass_what_it_would_not_look_for(known):
    done = subprocess.run(known.words(["redact", "--set", "strict=true"]), input=known.key.encode(), capture_output=True,
                          env=known.environment({}), cwd=known.work, timeout=PATIENCE, preexec_fn=core_dumps)
    assert (done.returncode, done.stdout) == (3, b"") and b"keyplate: strict: " in done.stderr


def test_a_terminal(known):
    terminal = known.terminal("redact", CAPTCHAAI_API_KEY_FILE=known.env["CAPTCHAAI_API_KEY_FILE"])
    terminal.type("a key: abc\n")
    terminal.expect(f"a key: {MASK}")
    terminal.type("\x04")
    assert terminal.wait() == 0
