"""test_sandbox_nocaptchaai.py: the sandbox answers as createTask, getTaskResult, solve and balance do."""

from decimal import Decimal
import base64
import json
import time

from conftest import until
from sandbox_box import PNG, sandbox  # noqa: F401


def test_nocaptchaai_create_and_result(sandbox):
    box = sandbox("--solve-ms", "500")
    status, first = box.json("/createTask", {"clientKey": box.key, "task": {"type": "AnyTask", "websiteKey": "a"}})
    assert status == 200 and first == {"errorId": 0, "status": "idle", "taskId": first["taskId"]}
    ask = {"clientKey": box.key, "taskId": first["taskId"]}
    assert box.json("/getTaskResult", ask) == (200, {"errorId": 0, "status": "processing"})
    until(lambda: box.json("/getTaskResult", ask)[1]["status"] != "processing", "the answer")
    answer = box.json("/getTaskResult", ask)[1]
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
    balance = json.loads(box.call("GET", f"/balance?apiKey={box.key}")[2], parse_float=Decimal)
    assert balance == {"balance": Decimal("9.5")}
    # The two services have a balance each.
    assert box.get("/res.php", action="getbalance") == "10"


def test_nocaptchaai_solve_waits(sandbox):
    box = sandbox("--solve-ms", "300")
    begin = time.monotonic()
    status, answer = box.json("/solve", {"type": "AnyTask"}, {"apikey": box.key})
    assert time.monotonic() - begin >= 0.299
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
