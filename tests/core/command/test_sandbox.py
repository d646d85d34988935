"""test_sandbox.py: the sandbox answers as both services do, in its own process, over real sockets."""

import base64
import concurrent.futures
import http.client
import json
import os
import secrets
import signal
import socket
import ssl
import struct
import subprocess
import time
import urllib.parse
from decimal import Decimal

import pytest

PROGRAM = os.path.abspath(os.environ.get("KEYPLATE") or "build/keyplate")
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGP4DwABAQEANl9ngAAAAABJRU5ErkJggg=="
)
PAGE = "https://example.com/"


class Sandbox:
    """A running sandbox with one key of its own."""

    def __init__(self, folder, *options, rules=None, keys=1):
        self.ledger_path, self.record_path = folder / "ledger.jsonl", folder / "record.jsonl"
        self.keys, words = [], [PROGRAM, "sandbox", "--ledger", str(self.ledger_path), "--record", str(self.record_path)]
        for number in range(keys):
            self.keys.append(secrets.token_hex(16))
            path = folder / f"key{number}"
            path.write_text(self.keys[-1] + "\n")
            words += ["--key-file", str(path)]
        if rules is not None:
            script = folder / "script.json"
            script.write_text(json.dumps({"rules": rules}))
            words += ["--script", str(script)]
        if "--solve-ms" not in options:
            words += ["--solve-ms", "0"]
        self.process = subprocess.Popen(words + list(options), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.lines = [self.process.stdout.readline().rstrip("\n") for _ in range(2 + keys)]
        if not self.lines[0].startswith("listening on "):
            raise RuntimeError(self.process.stderr.read())
        self.url = self.lines[0].removeprefix("listening on ")
        self.host, self.port = urllib.parse.urlsplit(self.url).hostname, urllib.parse.urlsplit(self.url).port
        self.key = self.keys[0]

    def connect(self, source=None):
        address = (source, 0) if source else None
        return http.client.HTTPConnection(self.host, self.port, timeout=20, source_address=address)

    def call(self, method, path, body=None, headers=None, connection=None, source=None):
        """Status, headers and body of one answer."""
        own = connection or self.connect(source)
        own.request(method, path, body, headers or {})
        answer = own.getresponse()
        text = answer.read()
        if not connection:
            own.close()
        return answer.status, answer.headers, text.decode("utf-8", "surrogateescape")

    def get(self, path, source=None, key=None, **parameters):
        query = urllib.parse.urlencode({"key": self.key if key is None else key, **parameters})
        return self.call("GET", f"{path}?{query}", source=source)[2]

    def post(self, path, key=None, **parameters):
        form = urllib.parse.urlencode({"key": self.key if key is None else key, **parameters})
        return self.call("POST", path, form, {"Content-Type": "application/x-www-form-urlencoded"})[2]

    def json(self, path, document, headers=None):
        status, _, text = self.call("POST", path, json.dumps(document), {"Content-Type": "application/json", **(headers or {})})
        return status, json.loads(text)

    def submit(self, **parameters):
        text = self.post("/in.php", **{"method": "turnstile", "sitekey": "a", "pageurl": PAGE, **parameters})
        assert text.startswith("OK|"), text
        return text[3:]

    def ledger(self):
        return [json.loads(line) for line in self.ledger_path.read_text().splitlines()]

    def record(self):
        return [json.loads(line) for line in self.record_path.read_text().splitlines()]

    def stop(self, number=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(number)
        out, err = self.process.communicate(timeout=30)
        return self.process.returncode, out, err


@pytest.fixture
def sandbox(tmp_path):
    """Starts sandboxes; at the end each must stop cleanly and have told no key."""
    running = []

    def start(*options, **more):
        folder = tmp_path / str(len(running))
        folder.mkdir()
        running.append(Sandbox(folder, *options, **more))
        return running[-1]

    yield start
    for box in running:
        status, out, err = box.stop()
        assert (status, out, err) == (0, "", "")
        written = "\n".join(box.lines)
        for path in (box.ledger_path, box.record_path):
            written += path.read_text()
        for key in box.keys:
            assert key not in written


def exchange(box, request):
    """The raw answer, and whether a reset ended it."""
    with socket.create_connection((box.host, box.port), timeout=20) as link:
        link.sendall(request)
        answer = b""
        try:
            while piece := link.recv(65536):
                answer += piece
        except ConnectionResetError:
            return answer, True
        return answer, False


def balance_request(box):
    return f"GET /res.php?key={box.key}&action=getbalance HTTP/1.1\r\nHost: x\r\n\r\n".encode()


def refused(*options):
    return subprocess.run([PROGRAM, "sandbox", *options], capture_output=True, text=True, timeout=30)


# ---- The command --------------------------------------------------------------------------------------------------


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
        shell = subprocess.run(
            ["sh", "-c", box.lines[-1] + '\nprintf %s "$CAPTCHAAI_API_KEY_FILE"'], capture_output=True, text=True, timeout=30
        )
        assert shell.stdout == str(folder / "key0")
    finally:
        assert box.stop()[0] == 0


def test_help_lists_every_option():
    text = refused("--help")
    assert text.returncode == 0
    for option in ("listen", "key-file", "solve-ms", "balance", "price", "allow-ip", "script", "ledger", "record", "tls"):
        assert f"--{option} " in text.stdout


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
    box = sandbox(rules=[{"match": {"call": "balance"}, "delay_ms": 3600000}, {"match": {"call": "other"}, "endless": True}])
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


# ---- CaptchaAI ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("send", [Sandbox.get, Sandbox.post])
def test_captchaai_submit_and_result(sandbox, send):
    box = sandbox()
    text = send(box, "/in.php", method="turnstile", sitekey="a", pageurl=PAGE)
    assert text.startswith("OK|") and text[3:].isdigit()
    assert send(box, "/res.php", action="get", id=text[3:]) == "OK|sandbox-answer-" + text[3:]


@pytest.mark.parametrize("send", [Sandbox.get, Sandbox.post])
def test_captchaai_json(sandbox, send):
    box = sandbox()
    first = json.loads(send(box, "/in.php", method="turnstile", sitekey="a", pageurl=PAGE, json=1))
    assert first == {"status": 1, "request": first["request"]} and first["request"].isdigit()
    second = json.loads(send(box, "/res.php", action="get", id=first["request"], json=1))
    assert second == {"status": 1, "request": "sandbox-answer-" + first["request"]}
    assert json.loads(send(box, "/res.php", action="getbalance", json=1)) == {"status": 1, "request": "9.999"}
    wrong = json.loads(send(box, "/res.php", action="get", id="1", json=1))
    assert wrong["status"] == 0 and wrong["request"] == "ERROR_WRONG_CAPTCHA_ID" and wrong["error_text"]


def test_not_ready_until_it_is(sandbox):
    box = sandbox("--solve-ms", "1000")
    begin = time.monotonic()
    task = box.submit()
    assert box.get("/res.php", action="get", id=task) == "CAPCHA_NOT_READY"
    assert json.loads(box.get("/res.php", action="get", id=task, json=1)) == {"status": 0, "request": "CAPCHA_NOT_READY"}
    while box.get("/res.php", action="get", id=task) == "CAPCHA_NOT_READY":
        assert time.monotonic() - begin < 60
        time.sleep(0.02)
    assert time.monotonic() - begin >= 1
    assert box.get("/res.php", action="get", id=task) == "OK|sandbox-answer-" + task


def test_wrong_keys(sandbox):
    box = sandbox()
    assert box.get("/res.php", key="wrong", action="getbalance") == "ERROR_WRONG_USER_KEY"
    assert box.get("/res.php", key="", action="getbalance") == "ERROR_WRONG_USER_KEY"
    assert box.get("/res.php", key=secrets.token_hex(16), action="getbalance") == "ERROR_KEY_DOES_NOT_EXIST"
    assert box.call("GET", "/res.php?action=getbalance")[2] == "ERROR_WRONG_USER_KEY"
    assert box.get("/res.php", action="getbalance") == "10"


def test_ban_after_five_wrong_keys_and_only_of_that_address_and_service(sandbox):
    box = sandbox()
    for _ in range(5):
        assert box.get("/res.php", key="wrong", action="getbalance", source="127.0.0.2") == "ERROR_WRONG_USER_KEY"
    assert box.get("/res.php", action="getbalance", source="127.0.0.2") == "IP_BANNED"
    assert json.loads(box.get("/res.php", action="getbalance", json=1, source="127.0.0.2"))["request"] == "IP_BANNED"
    assert box.get("/res.php", action="getbalance") == "10"
    status, _, text = box.call("GET", f"/balance?apiKey={box.key}", source="127.0.0.2")
    assert (status, json.loads(text)) == (200, {"balance": 10})


def test_asking_prolongs_a_ban(sandbox):
    box = sandbox("--ban-ms", "700")
    for _ in range(5):
        box.get("/res.php", key="wrong", action="getbalance")
    begin = time.monotonic()
    while time.monotonic() - begin < 1.5:
        asked = time.monotonic()
        text = box.get("/res.php", action="getbalance")
        # A machine that stood still for a whole ban proves nothing.
        if time.monotonic() - asked < 0.5:
            assert text == "IP_BANNED"
        time.sleep(0.05)
    time.sleep(0.8)
    assert box.get("/res.php", action="getbalance") == "10"


def test_allow_list(sandbox):
    box = sandbox("--allow-ip", "127.0.0.3", "--allow-ip", "127.0.0.4")
    assert box.get("/res.php", action="getbalance") == "ERROR_IP_NOT_ALLOWED"
    assert box.get("/res.php", key="wrong", action="getbalance") == "ERROR_WRONG_USER_KEY"
    assert box.get("/res.php", action="getbalance", source="127.0.0.4") == "10"
    status, _, text = box.call("GET", f"/balance?apiKey={box.key}")
    assert status == 403 and "error" in json.loads(text)


def test_balance_falls_by_price_to_zero(sandbox):
    box = sandbox("--balance", "0.0035", "--price", "turnstile=0.001", "--price", "*=0.002")
    box.submit()
    assert box.get("/res.php", action="getbalance") == "0.0025"
    box.submit(method="userrecaptcha", googlekey="a")
    assert box.get("/res.php", action="getbalance") == "0.0005"
    assert box.post("/in.php", method="turnstile", sitekey="a", pageurl=PAGE) == "ERROR_ZERO_BALANCE"
    assert box.get("/res.php", action="getbalance") == "0.0005"
    assert [(line["method"], line["cost_usd"]) for line in box.ledger()] == [
        ("turnstile", "0.001"),
        ("userrecaptcha", "0.002"),
    ]


def test_ledger_line(sandbox):
    box = sandbox()
    task = box.submit()
    (line,) = box.ledger()
    assert set(line) == {"time", "provider", "method", "task", "key", "fingerprint", "cost_usd"}
    assert line["provider"] == "captchaai" and line["task"] == task and line["key"] == "***" + box.key[-4:]
    assert len(line["fingerprint"]) == 8 and int(line["fingerprint"], 16) >= 0
    assert time.strptime(line["time"][:19], "%Y-%m-%dT%H:%M:%S") and line["time"].endswith("Z")


def test_a_task_is_answered_only_to_its_account(sandbox):
    box = sandbox(keys=2)
    task = box.submit()
    assert box.get("/res.php", key=box.keys[1], action="get", id=task) == "ERROR_WRONG_CAPTCHA_ID"
    assert box.get("/res.php", action="get", id=task) == "OK|sandbox-answer-" + task
    other = {"clientKey": box.key, "taskId": "nc-" + task}
    assert box.json("/getTaskResult", other)[1]["errorCode"] == 10
    assert box.get("/res.php", key=box.keys[1], action="getbalance") == "10"


@pytest.mark.parametrize("task", ["", "x", "1x", "-1", " 1", "1.0", "nc-1"])
def test_wrong_id_format(sandbox, task):
    assert sandbox().get("/res.php", action="get", id=task) == "ERROR_WRONG_ID_FORMAT"


@pytest.mark.parametrize("task", ["0", "1", "9" * 18, "9" * 40])
def test_wrong_id(sandbox, task):
    assert sandbox().get("/res.php", action="get", id=task) == "ERROR_WRONG_CAPTCHA_ID"


def test_reports(sandbox):
    box = sandbox()
    task = box.submit()
    assert box.get("/res.php", action="reportbad", id=task) == "OK_REPORT_RECORDED"
    assert box.get("/res.php", action="reportgood", id=task) == "OK_REPORT_RECORDED"
    assert box.get("/res.php", action="reportgood", id="1") == "ERROR_WRONG_CAPTCHA_ID"
    recorded = json.loads(box.get("/res.php", action="reportbad", id=task, json=1))
    assert recorded == {"status": 1, "request": "OK_REPORT_RECORDED"}


WRONG_PARAMETERS = [
    ({}, "ERROR_BAD_PARAMETERS"),
    ({"method": "nonsense"}, "ERROR_BAD_PARAMETERS"),
    ({"method": "turnstile", "pageurl": PAGE}, "ERROR_BAD_PARAMETERS"),
    ({"method": "turnstile", "sitekey": "a"}, "ERROR_PAGEURL"),
    ({"method": "turnstile", "sitekey": "a", "pageurl": "example.com"}, "ERROR_PAGEURL"),
    ({"method": "turnstile", "sitekey": "a", "pageurl": "https://"}, "ERROR_PAGEURL"),
    ({"method": "turnstile", "sitekey": "a", "pageurl": "https://a b/"}, "ERROR_PAGEURL"),
    ({"method": "userrecaptcha", "pageurl": PAGE}, "ERROR_GOOGLEKEY"),
    ({"method": "userrecaptcha", "pageurl": PAGE, "googlekey": "a b"}, "ERROR_WRONG_GOOGLEKEY"),
    ({"method": "userrecaptcha", "googlekey": "a"}, "ERROR_PAGEURL"),
    ({"method": "userrecaptcha", "googlekey": "a", "pageurl": PAGE, "min_score": "1.5"}, "ERROR_BAD_PARAMETERS"),
    ({"method": "userrecaptcha", "googlekey": "a", "pageurl": PAGE, "invisible": "2"}, "ERROR_BAD_PARAMETERS"),
    ({"method": "userrecaptcha", "googlekey": "a", "pageurl": PAGE, "proxytype": "FTP"}, "ERROR_BAD_PROXY"),
    ({"method": "geetest", "gt": "a", "pageurl": PAGE}, "ERROR_BAD_PARAMETERS"),
    ({"method": "bls"}, "ERROR_BAD_PARAMETERS"),
    ({"method": "cloudflare_challenge"}, "ERROR_PAGEURL"),
    ({"method": "base64"}, "ERROR_ZERO_CAPTCHA_FILESIZE"),
    ({"method": "base64", "body": "####"}, "ERROR_UPLOAD"),
    ({"method": "base64", "body": base64.b64encode(b"no image").decode()}, "ERROR_IMAGE_TYPE_NOT_SUPPORTED"),
    ({"method": "base64", "body": base64.b64encode(PNG + bytes(1 << 20)).decode()}, "ERROR_TOO_BIG_CAPTCHA_FILESIZE"),
    ({"method": "base64", "body": "A" * (5 << 20)}, "ERROR_TOO_BIG_CAPTCHA_FILESIZE"),
    ({"method": "post"}, "ERROR_UPLOAD"),
]


def test_wrong_parameters_cost_nothing(sandbox):
    box = sandbox()
    for parameters, code in WRONG_PARAMETERS:
        assert box.post("/in.php", **parameters) == code, parameters.get("method")
    assert box.get("/res.php", action="nonsense") == "ERROR_BAD_PARAMETERS"
    assert box.ledger() == [] and box.get("/res.php", action="getbalance") == "10"


@pytest.mark.parametrize(
    "image",
    [PNG, b"\xff\xd8\xff\xe0", b"GIF89a..", b"GIF87a..", b"RIFF\0\0\0\0WEBPVP8 ", b"BM....", PNG + bytes((1 << 20) - len(PNG))],
)
def test_images(sandbox, image):
    box = sandbox()
    body = base64.b64encode(image).decode()
    assert box.post("/in.php", method="base64", body=body).startswith("OK|")
    assert box.post("/in.php", method="base64", body="data:image/png;base64," + body).startswith("OK|")
    assert upload(box, image).startswith("OK|")


def upload(box, image, **parameters):
    mark = secrets.token_hex(8)
    body = b""
    for name, value in {"key": box.key, "method": "post", **parameters}.items():
        body += f'--{mark}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
    body += f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n'.encode()
    body += b"Content-Type: application/octet-stream\r\n\r\n" + image + f"\r\n--{mark}--\r\n".encode()
    return box.call("POST", "/in.php", body, {"Content-Type": f"multipart/form-data; boundary={mark}"})[2]


def test_upload(sandbox):
    box = sandbox()
    assert upload(box, b"") == "ERROR_ZERO_CAPTCHA_FILESIZE"
    assert upload(box, b"RIFF no webp") == "ERROR_IMAGE_TYPE_NOT_SUPPORTED"
    assert upload(box, PNG + bytes(1 << 20)) == "ERROR_TOO_BIG_CAPTCHA_FILESIZE"
    assert upload(box, PNG + bytes(8 << 20)) == "ERROR_TOO_BIG_CAPTCHA_FILESIZE"
    assert [line["method"] for line in box.ledger()] == []
    text = upload(box, PNG, json=1)
    assert json.loads(text)["status"] == 1
    assert [line["method"] for line in box.ledger()] == ["post"]


def test_geetest_is_an_object_in_json(sandbox):
    box = sandbox()
    for more in ({"challenge": "c"}, {"version": "4"}):
        task = box.submit(method="geetest", gt="g", **more)
        answer = json.loads(box.get("/res.php", action="get", id=task, json=1))
        assert answer == {"status": 1, "request": {"validate": "sandbox-answer-" + task}}
        assert json.loads(box.get("/res.php", action="get", id=task).removeprefix("OK|")) == answer["request"]


@pytest.mark.parametrize("text", ["a&b#c%25+d e\u00fc\u4e2d", "OK|x|ERROR_ZERO_BALANCE:;=\n\"\\", "\u00e9" * 512])
def test_chosen_answer_comes_back_unchanged(sandbox, text):
    box = sandbox()
    task = box.submit(sandbox_answer=text)
    assert box.get("/res.php", action="get", id=task) == "OK|" + text
    assert json.loads(box.get("/res.php", action="get", id=task, json=1))["request"] == text
    job = {"type": "AnyTask", "sandbox_answer": text}
    task = box.json("/createTask", {"clientKey": box.key, "task": job})[1]["taskId"]
    assert box.json("/getTaskResult", {"clientKey": box.key, "taskId": task})[1]["solution"] == {"text": text}


def test_chosen_answer_has_a_bound(sandbox):
    box = sandbox()
    text = box.post("/in.php", method="turnstile", sitekey="a", pageurl=PAGE, sandbox_answer="x" * 1025)
    assert text == "ERROR_NO_SLOT_AVAILABLE" and box.ledger() == []


@pytest.mark.parametrize(
    "more", [{}, {"method": "userrecaptcha", "googlekey": "unsolvable"}, {"method": "geetest", "gt": "unsolvable", "version": 4}]
)
def test_unsolvable(sandbox, more):
    box = sandbox()
    task = box.submit(**(more or {"sitekey": "unsolvable"}))
    assert box.get("/res.php", action="get", id=task) == "ERROR_CAPTCHA_UNSOLVABLE"
    assert len(box.ledger()) == 1


# ---- NoCaptchaAI --------------------------------------------------------------------------------------------------


def test_nocaptchaai_create_and_result(sandbox):
    box = sandbox("--solve-ms", "500")
    status, first = box.json("/createTask", {"clientKey": box.key, "task": {"type": "AnyTask", "websiteKey": "a"}})
    assert status == 200 and first == {"errorId": 0, "status": "idle", "taskId": first["taskId"]}
    ask = {"clientKey": box.key, "taskId": first["taskId"]}
    assert box.json("/getTaskResult", ask) == (200, {"errorId": 0, "status": "processing"})
    begin = time.monotonic()
    while (answer := box.json("/getTaskResult", ask)[1])["status"] == "processing":
        assert time.monotonic() - begin < 60
        time.sleep(0.02)
    assert answer == {"errorId": 0, "status": "ready", "solution": {"text": "sandbox-answer-" + first["taskId"]}}
    (line,) = box.ledger()
    assert (line["provider"], line["method"], line["task"]) == ("nocaptchaai", "AnyTask", first["taskId"])


def test_nocaptchaai_image_is_ready_at_once(sandbox):
    box = sandbox("--solve-ms", "3600000", "--price", "ImageToTextTask=0.5")
    job = {"type": "ImageToTextTask", "body": base64.b64encode(PNG).decode()}
    status, answer = box.json("/createTask", {"clientKey": box.key, "task": job})
    (line,) = box.ledger()
    solution = {"text": "sandbox-answer-" + line["task"]}
    assert (status, answer) == (200, {"errorId": 0, "status": "ready", "taskId": "", "solution": solution})
    assert json.loads(box.call("GET", f"/balance?apiKey={box.key}")[2], parse_float=Decimal) == {"balance": Decimal("9.5")}
    # The two services have a balance each.
    assert box.get("/res.php", action="getbalance") == "10"


def test_nocaptchaai_solve_waits(sandbox):
    box = sandbox("--solve-ms", "300")
    begin = time.monotonic()
    status, answer = box.json("/solve", {"type": "AnyTask"}, {"apikey": box.key})
    assert time.monotonic() - begin >= 0.3
    (line,) = box.ledger()
    assert (status, answer) == (200, {"solution": {"text": "sandbox-answer-" + line["task"]}, "status": "solved"})


def test_nocaptchaai_refusals(sandbox):
    box = sandbox("--balance", "0", "--ban-ms", "10000")
    job = {"type": "AnyTask"}
    key_error = {"errorId": 1, "errorCode": 1, "errorDescription": "KEY_DOES_NOT_EXIST"}
    assert box.json("/createTask", {"clientKey": "wrong", "task": job}) == (200, key_error)
    assert box.json("/getTaskResult", {"clientKey": "wrong", "taskId": "1"}) == (200, key_error)
    assert box.json("/solve", job, {"apikey": "wrong"}) == (401, {"code": 1, "msg": "KEY_DOES_NOT_EXIST"})
    assert box.json("/createTask", {"clientKey": box.key, "task": job})[1]["errorCode"] == 3
    assert box.json("/createTask", {"clientKey": box.key})[1]["errorCode"] == 10
    assert box.json("/createTask", {"clientKey": box.key, "task": {"type": "ImageToTextTask"}})[1]["errorCode"] == 10
    assert box.json("/createTask", [])[1]["errorCode"] == 10
    assert box.json("/solve", {}, {"apikey": box.key}) == (400, {"code": 10, "msg": "ERROR_BAD_PARAMETERS"})
    assert json.loads(box.call("POST", "/createTask", "{")[2])["errorCode"] == 10
    for path in ("/balance", "/balance?apiKey=wrong"):
        assert json.loads(box.call("GET", path)[2]) == {"code": 1, "msg": "KEY_DOES_NOT_EXIST"}
    banned = {"code": 16, "msg": "RATE_LIMITED", "retryAfterSec": 10}
    assert box.json("/createTask", {"clientKey": box.key, "task": job}) == (429, banned)
    assert box.ledger() == []


def test_nocaptchaai_unsolvable_and_idle(sandbox):
    box = sandbox()
    job = {"type": "AnyTask", "websiteKey": "unsolvable"}
    task = box.json("/createTask", {"clientKey": box.key, "task": job})[1]["taskId"]
    assert box.json("/getTaskResult", {"clientKey": box.key, "taskId": task})[1]["errorCode"] == 12
    task = box.json("/createTask", {"clientKey": box.key, "task": {"type": "SandboxIdleTask"}})[1]["taskId"]
    assert box.json("/getTaskResult", {"clientKey": box.key, "taskId": task})[1] == {"errorId": 0, "status": "idle"}
    for wrong in ("", "1", "nc-", "nc-1", 1, None, "x" * 10000):
        assert box.json("/getTaskResult", {"clientKey": box.key, "taskId": wrong})[1]["errorCode"] == 10


# ---- HTTP ---------------------------------------------------------------------------------------------------------


def test_paths_and_methods(sandbox):
    box = sandbox()
    assert box.call("GET", "/")[0] == 200
    assert box.call("GET", "/nowhere")[0] == 404
    assert box.call("PUT", "/in.php")[0] == 405
    assert box.call("GET", "/createTask")[0] == 405
    assert box.call("POST", "/balance")[0] == 405


def test_record_counts_requests_and_connections(sandbox):
    box = sandbox()
    link = box.connect()
    for _ in range(3):
        box.call("GET", f"/res.php?key={box.key}&action=getbalance", connection=link)
    link.close()
    box.submit()
    # A path can hold a key, so only the known ones are written.
    box.call("GET", f"/{box.key}/in.php")
    lines = box.record()
    assert [line["call"] for line in lines] == ["balance", "balance", "balance", "submit", "other"]
    assert len({line["connection"] for line in lines[:3]}) == 1
    assert len({line["connection"] for line in lines}) == 3
    assert lines[3]["method"] == "POST" and lines[3]["path"] == "/in.php" and lines[3]["status"] == 200
    assert lines[3]["client"] == "127.0.0.1" and len(lines[3]["fingerprint"]) == 8
    assert lines[4]["path"] == "other" and lines[4]["status"] == 404


def test_a_request_that_is_not_whole_is_not_recorded_or_charged(sandbox):
    box = sandbox()
    form = urllib.parse.urlencode({"key": box.key, "method": "turnstile", "sitekey": "a", "pageurl": PAGE})
    head = f"POST /in.php HTTP/1.1\r\nHost: x\r\nContent-Length: {len(form) + 1}\r\n"
    head += "Content-Type: application/x-www-form-urlencoded\r\n\r\n"
    with socket.create_connection((box.host, box.port)) as link:
        link.sendall((head + form).encode())
    box.get("/res.php", action="getbalance")
    assert [line["call"] for line in box.record()] == ["balance"] and box.ledger() == []


def test_many_at_a_time(sandbox):
    box = sandbox("--balance", "0.1", keys=2)

    def work(number):
        text = box.post("/in.php", key=box.keys[number % 2], method="turnstile", sitekey="a", pageurl=PAGE)
        return text if text == "ERROR_ZERO_BALANCE" else text[:3]

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        results = list(pool.map(work, range(300)))
    assert results.count("OK|") == 200 and results.count("ERROR_ZERO_BALANCE") == 100
    tasks = [line["task"] for line in box.ledger()]
    assert len(tasks) == len(set(tasks)) == 200


def test_tls(tmp_path, sandbox):
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    made = subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
        + ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", cert],
        capture_output=True,
        timeout=60,
    )
    assert made.returncode == 0
    box = sandbox("--tls", str(cert), str(key))
    assert box.url.startswith("https://") and f"KEYPLATE_CA_FILE={cert}" in box.lines[-1]
    context = ssl.create_default_context(cafile=cert)
    link = http.client.HTTPSConnection(box.host, box.port, timeout=20, context=context)
    assert box.call("GET", f"/res.php?key={box.key}&action=getbalance", connection=link)[2] == "10"
    link.close()
    script = tmp_path / "s.json"
    script.write_text('{"rules":[{"drop_after_bytes":3}]}')
    assert refused("--tls", str(cert), str(key), "--script", str(script)).returncode == 2
    assert refused("--tls", str(key), str(cert)).returncode == 5


# ---- Scenarios ----------------------------------------------------------------------------------------------------


def test_rule_overrides_status_headers_and_body(sandbox):
    rule = {"match": {"path": "/res.php", "nth": 2}, "status": 503, "headers": {"Retry-After": "7"}, "body": "<html>"}
    box = sandbox(rules=[rule])
    link = box.connect()
    path = f"/res.php?key={box.key}&action=getbalance"
    assert box.call("GET", path, connection=link)[::2] == (200, "10")
    status, headers, text = box.call("GET", path, connection=link)
    assert (status, headers["Retry-After"], text) == (503, "7", "<html>")
    assert box.call("GET", path, connection=link)[::2] == (200, "10")
    link.close()
    assert [line["status"] for line in box.record()] == [200, 503, 200]
    assert len({line["connection"] for line in box.record()}) == 1


def test_rule_matches_by_call_method_and_times(sandbox):
    rules = [
        {"match": {"call": "submit", "method": "turnstile"}, "times": 1, "body": "ERROR_NO_SLOT_AVAILABLE", "charge": False},
        {"match": {"call": "create_task", "method": "AnyTask"}, "status": 500},
        {"match": {"call": "solve"}, "body_hex": "00ff"},
        {"match": {"call": "result", "nth": [1, 3]}, "body": "CAPCHA_NOT_READY"},
    ]
    box = sandbox(rules=rules)
    assert box.post("/in.php", method="turnstile", sitekey="a", pageurl=PAGE) == "ERROR_NO_SLOT_AVAILABLE"
    assert box.ledger() == []
    task = box.submit()
    answers = [box.get("/res.php", action="get", id=task) for _ in range(4)]
    assert [text[:3] for text in answers] == ["CAP", "OK|", "CAP", "OK|"]
    assert box.json("/createTask", {"clientKey": box.key, "task": {"type": "AnyTask"}})[0] == 500
    assert box.json("/createTask", {"clientKey": box.key, "task": {"type": "OtherTask"}})[0] == 200
    assert box.call("POST", "/solve", "{}", {"apikey": box.key})[2] == "\0\udcff"
    assert [line["method"] for line in box.ledger()] == ["turnstile", "AnyTask", "OtherTask"]


def test_rule_first_match_wins(sandbox):
    box = sandbox(rules=[{"match": {"nth": 1}, "body": "one"}, {"match": {"nth": [1, 2]}, "body": "two"}])
    assert [box.call("GET", "/")[2] for _ in range(3)] == ["one", "two", "keyplate sandbox\n"]


def test_rule_drop_after_each_byte(sandbox):
    """The ordinary answer, cut exactly there."""
    box = sandbox(rules=[{"match": {"nth": n + 1}, "drop_after_bytes": n} for n in range(120)])
    answers = [exchange(box, balance_request(box)) for _ in range(120)]
    whole = answers[-1][0]
    head, body = whole.split(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK\r\n") and b"Content-Length: 2\r\n" in head and body == b"10"
    assert len(whole) < 120
    for n, (answer, was_reset) in enumerate(answers):
        assert answer == whole[:n] and not was_reset


def test_rule_reset_after_read_is_charged_once(sandbox):
    form = {"method": "turnstile", "sitekey": "a", "pageurl": PAGE}
    box = sandbox(rules=[{"match": {"call": "submit", "nth": 2}, "reset": "after_read"}])
    link = box.connect()
    body = urllib.parse.urlencode({"key": box.key, **form})
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    assert box.call("POST", "/in.php", body, kind, connection=link)[2].startswith("OK|")
    with pytest.raises(ConnectionResetError):
        box.call("POST", "/in.php", body, kind, connection=link)
    assert [(line["call"], line["status"]) for line in box.record()] == [("submit", 200), ("submit", 0)]
    assert len({line["connection"] for line in box.record()}) == 1 and len(box.ledger()) == 2


def test_rule_reset_before_read_is_not_charged(sandbox):
    box = sandbox(rules=[{"match": {"path": "/in.php"}, "times": 1, "reset": "before_read"}])
    with pytest.raises((ConnectionResetError, BrokenPipeError)):
        box.submit()
    assert box.record() == [] and box.ledger() == []
    box.submit()
    assert len(box.record()) == len(box.ledger()) == 1


def test_rule_reset_in_the_middle(sandbox):
    box = sandbox(rules=[{"body": "x" * 100, "drop_after_bytes": 60, "reset": "after_read"}])
    link = socket.create_connection((box.host, box.port), timeout=20)
    link.sendall(balance_request(box))
    answer = b""
    with pytest.raises(ConnectionResetError):
        while True:
            piece = link.recv(1000)
            assert piece, "closed without a reset"
            answer += piece
    link.close()
    assert len(answer) <= 60


def test_rule_without_charge_but_with_a_broken_answer(sandbox):
    box = sandbox(rules=[{"match": {"call": "submit"}, "charge": False, "drop_after_bytes": 0}])
    with pytest.raises(http.client.RemoteDisconnected):
        box.submit()
    assert len(box.record()) == 1 and box.ledger() == []


def test_rule_delay_keeps_the_connection_and_nobody_else_waits(sandbox):
    box = sandbox(rules=[{"match": {"call": "balance"}, "delay_ms": 1500}])
    slow = box.connect()
    begin = time.monotonic()
    slow.request("GET", f"/res.php?key={box.key}&action=getbalance")
    while not box.record():
        time.sleep(0.005)
    for _ in range(5):
        assert box.call("GET", "/")[0] == 200
    others = time.monotonic() - begin
    assert slow.getresponse().read() == b"10"
    assert time.monotonic() - begin >= 1.5 and others < time.monotonic() - begin
    assert box.call("GET", "/", connection=slow)[0] == 200
    slow.close()
    assert len({line["connection"] for line in box.record()}) < len(box.record())


def test_rule_drip(sandbox):
    box = sandbox(rules=[{"body": "12345", "drip_ms_per_byte": 2}])
    begin = time.monotonic()
    answer, _ = exchange(box, balance_request(box))
    assert answer.endswith(b"\r\n\r\n12345")
    assert time.monotonic() - begin >= 0.002 * (len(answer) - 1)


def test_rule_endless_and_large_bodies(sandbox):
    rules = [
        {"match": {"nth": 1}, "body": "OK|", "repeat": {"text": "abc", "times": 4}},
        {"match": {"nth": 2}, "repeat": {"text": "abc", "times": 4000000000}},
        {"match": {"nth": 3}, "endless": True, "body": "begin"},
        {"match": {"nth": 4}, "raw": "HTTP/1.1 200 OK\r\n", "repeat": {"text": "X-A: b\r\n"}, "endless": True},
    ]
    box = sandbox(rules=rules)
    assert box.call("GET", "/")[2] == "OK|abcabcabcabc"
    ask = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
    starts = [b"12000000000\r\n", b"\r\n\r\nbeginxxxx", b"HTTP/1.1 200 OK\r\nX-A: b\r\nX-A: b\r\n"]
    for start in starts:
        with socket.create_connection((box.host, box.port), timeout=20) as link:
            link.sendall(ask)
            answer = b""
            while len(answer) < 3 << 20:
                piece = link.recv(1 << 20)
                assert piece
                answer += piece
        assert start in answer[:400]
    assert box.call("GET", "/")[0] == 200


def test_rule_raw_and_framing(sandbox):
    rules = [
        {"match": {"nth": 1}, "raw": "nonsense\r\n\r\n"},
        {"match": {"nth": 2}, "body": "abc", "headers": {"Content-Length": "7", "Content-Type": "text/x"}},
        {"match": {"nth": 3}, "body": "abc", "headers": {"Transfer-Encoding": "chunked"}},
        {"match": {"nth": 4}, "status": 100},
    ]
    box = sandbox(rules=rules)
    answers = [exchange(box, balance_request(box))[0] for _ in range(4)]
    assert answers[0] == b"nonsense\r\n\r\n"
    assert b"Content-Length: 7\r\n" in answers[1] and answers[1].endswith(b"\r\n\r\nabc")
    assert answers[1].count(b"Content-Type") == 1
    assert b"Transfer-Encoding: chunked\r\n" in answers[2] and b"Content-Length" not in answers[2]
    assert answers[3].startswith(b"HTTP/1.1 100 Continue\r\n")


@pytest.mark.parametrize(
    "text, problem",
    [
        ("{", "not JSON"),
        ("[]", "rules"),
        ('{"rules":[]} x', "not JSON"),
        ('{"rules":[{"statu":200}]}', "rules[0]: statu is not known"),
        ('{"rules":[{},{"status":"200"}]}', "rules[1]: status must be"),
        ('{"rules":[{"status":200.5}]}', "status must be"),
        ('{"rules":[{"match":{"call":"submitt"}}]}', "call must be"),
        ('{"rules":[{"match":{"nth":0}}]}', "nth must be"),
        ('{"rules":[{"match":{"nth":[]}}]}', "nth must be"),
        ('{"rules":[{"body_hex":"abc"}]}', "body_hex must be"),
        ('{"rules":[{"reset":"now"}]}', "reset must be"),
        ('{"rules":[{"repeat":{"text":""}}]}', "repeat must be"),
        ('{"rules":[{"headers":{"A":1}}]}', "headers must be"),
        ('{"rules":[{"charge":1}]}', "charge must be"),
        ('{"rules":[{"match":{"method":"post"},"reset":"before_read"}]}', "before_read"),
        ('{"rules":[7]}', "not an object"),
    ],
)
def test_script_problems_are_named(tmp_path, text, problem):
    script = tmp_path / "script.json"
    script.write_text(text)
    result = refused("--script", str(script))
    assert result.returncode == 2 and problem in result.stderr


def test_ledger_that_cannot_be_written_charges_nothing(sandbox):
    if not os.path.exists("/dev/full"):
        pytest.skip("no /dev/full")
    box = sandbox("--ledger", "/dev/full")
    text = box.post("/in.php", method="turnstile", sitekey="a", pageurl=PAGE)
    assert text == "ERROR_INTERNAL_SERVER_ERROR" and box.get("/res.php", action="getbalance") == "10"
