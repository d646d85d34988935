"""test_sandbox_command.py: options, first lines, key file and end of `keyplate sandbox`."""

import os
import secrets
import signal
import socket
import subprocess
import time

import pytest

from sandbox_box import PROGRAM, Sandbox, balance_request, refused, sandbox  # noqa: F401


def test_first_lines_and_own_key(tmp_path):
    process = subprocess.Popen(
        [PROGRAM, "sandbox"], stdout=subprocess.PIPE, text=True, env={**os.environ, "TMPDIR": str(tmp_path)}
    )
    listening, key_file, export = (process.stdout.readline().rstrip("\n") for _ in range(3))
    url, path = listening.removeprefix("listening on "), key_file.removeprefix("key file ")
    assert url.startswith("http://127.0.0.1:")
    assert os.stat(path).st_mode & 0o777 == 0o600
    assert os.stat(os.path.dirname(path)).st_mode & 0o777 == 0o700
    with open(path, encoding="ascii") as file:
        key = file.read().strip()
    assert len(key) == 32 and int(key, 16) >= 0
    settings = dict(word.split("=", 1) for word in export.removeprefix("export ").split(" "))
    assert settings == {
        "CAPTCHAAI_URL": url,
        "NOCAPTCHAAI_URL": url,
        "CAPTCHAAI_API_KEY_FILE": path,
        "NOCAPTCHAAI_API_KEY_FILE": path,
        "KEYPLATE_POLL_FIRST": "0.1s",
        "KEYPLATE_POLL_EVERY": "0.1s",
    }
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 0
    assert key not in listening + key_file + export
    assert os.listdir(tmp_path) == []


def test_export_line_is_quoted_for_a_shell(sandbox, tmp_path):
    folder = tmp_path / "it's a $(folder)"
    folder.mkdir()
    box = Sandbox(folder)
    try:
        words = box.lines[-1] + '\nprintf %s "$CAPTCHAAI_API_KEY_FILE"'
        shell = subprocess.run(["sh", "-c", words], capture_output=True, text=True, timeout=30)
        assert shell.stdout == str(folder / "key0")
    finally:
        assert box.stop()[0] == 0


def test_help_lists_every_option():
    text = refused("--help")
    assert text.returncode == 0
    options = "listen key-file solve-ms balance price allow-ip ban-ms script ledger record tls help"
    for option in options.split():
        assert f"  --{option} " in text.stdout


@pytest.mark.parametrize(
    "options, hint",
    [
        (["--solvems", "3"], "--solve-ms"),
        (["--lisen", "127.0.0.1:0"], "--listen"),
        (["--solve-ms"], "takes N"),
        (["--solve-ms", "-1"], "milliseconds"),
        (["--tls", "one"], "CERT KEY"),
        (["--balance", "1e3"], "amount"),
        (["--balance", "-1"], "amount"),
        (["--price", "turnstile"], "METHOD=USD"),
        (["--price", "turnstile=1,5"], "METHOD=USD"),
        (["--allow-ip", "example.com"], "IP address"),
        (["--listen", "127.0.0.1"], "ADDR:PORT"),
        (["--listen", "127.0.0.1:65536"], "ADDR:PORT"),
        (["--key-file", "/"], "not a file"),
        (["--key-file", "/nowhere/at/all"], "No such file"),
        (["--key-file", "/dev/zero"], "not a file"),
        (["--script", "/nowhere/at/all"], "No such file"),
        (["--ledger", "/nowhere/at/all"], "No such file"),
    ],
)
def test_wrong_use_is_status_2_with_a_hint(options, hint):
    result = refused(*options)
    assert result.returncode == 2 and hint in result.stderr and result.stdout == ""


def test_a_key_as_argument_is_not_shown():
    key = secrets.token_hex(16)
    for words in ([key], ["--key-file", "/nowhere", key], ["--" + key]):
        result = refused(*words)
        assert result.returncode == 2 and key[:8] not in result.stdout + result.stderr


def test_port_in_use_is_trouble(sandbox):
    result = refused("--listen", f"127.0.0.1:{sandbox().port}")
    assert result.returncode == 5 and "in use" in result.stderr


def test_ipv6(sandbox):
    try:
        box = sandbox("--listen", "[::1]:0")
    except RuntimeError:
        pytest.skip("no IPv6 on this machine")
    assert box.url.startswith("http://[::1]:")
    assert box.get("/res.php", action="getbalance") == "10"


def test_stops_while_answers_wait(sandbox):
    slow = {"match": {"call": "balance"}, "delay_ms": 3600000}
    box = sandbox(rules=[slow, {"match": {"call": "other"}, "endless": True}])
    link = socket.create_connection((box.host, box.port))
    link.sendall(balance_request(box))
    other = socket.create_connection((box.host, box.port))
    other.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert other.recv(1)
    while len(box.record()) < 2:
        time.sleep(0.01)
    assert box.stop()[0] == 0
    link.close()
    other.close()
