"""test_sandbox_captchaai.py: the sandbox answers as in.php and res.php do."""

import base64
import json
import os
import secrets
import time

import pytest

from conftest import until
from sandbox_box import PAGE, PNG, Sandbox, sandbox  # noqa: F401


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
    pending = json.loads(box.get("/res.php", action="get", id=task, json=1))
    assert pending == {"status": 0, "request": "CAPCHA_NOT_READY"}
    until(lambda: box.get("/res.php", action="get", id=task) != "CAPCHA_NOT_READY", "the answer")
    assert time.monotonic() - begin >= 0.999
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

    def stays_banned():
        """False if this machine stood still for the length of a ban: that proves nothing."""
        for _ in range(5):
            box.get("/res.php", key="wrong", action="getbalance")
        begin = last = time.monotonic()
        while time.monotonic() - begin < 1.5:
            asked, text = time.monotonic(), box.get("/res.php", action="getbalance")
            if time.monotonic() - last > 0.69:
                return False
            assert text == "IP_BANNED"
            last = asked
            time.sleep(0.05)
        return True

    assert any(stays_banned() for _ in range(20))
    time.sleep(0.8)  # time alone ends a ban: whoever asks whether it is over prolongs it
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


LARGEST = PNG + bytes((1 << 20) - len(PNG))


@pytest.mark.parametrize(
    "image",
    [PNG, b"\xff\xd8\xff\xe0", b"GIF89a..", b"GIF87a..", b"RIFF\0\0\0\0WEBPVP8 ", b"BM....", LARGEST],
    ids="png jpeg gif89 gif87 webp bmp largest".split(),
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
    "more",
    [
        {"sitekey": "unsolvable"},
        {"method": "userrecaptcha", "googlekey": "unsolvable"},
        {"method": "geetest", "gt": "unsolvable", "version": 4},
    ],
)
def test_unsolvable(sandbox, more):
    box = sandbox()
    task = box.submit(**more)
    assert box.get("/res.php", action="get", id=task) == "ERROR_CAPTCHA_UNSOLVABLE"
    assert len(box.ledger()) == 1


def test_ledger_that_cannot_be_written_charges_nothing(sandbox):
    if not os.path.exists("/dev/full"):
        pytest.skip("no /dev/full")
    box = sandbox("--ledger", "/dev/full")
    text = box.post("/in.php", method="turnstile", sitekey="a", pageurl=PAGE)
    assert text == "ERROR_INTERNAL_SERVER_ERROR" and box.get("/res.php", action="getbalance") == "10"
