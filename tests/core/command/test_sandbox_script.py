"""test_sandbox_script.py: scenarios: each kind of slow, broken and made-up answer."""

import http.client
import socket
import time
import urllib.parse

import pytest

from sandbox_box import PAGE, balance_request, exchange, refused, sandbox  # noqa: F401


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
        {"match": {"method": "turnstile"}, "times": 1, "body": "ERROR_NO_SLOT_AVAILABLE", "charge": False},
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
    assert time.monotonic() - begin >= 1.499 and others < time.monotonic() - begin
    assert box.call("GET", "/", connection=slow)[0] == 200
    slow.close()
    assert len({line["connection"] for line in box.record()}) < len(box.record())


def test_rule_drip(sandbox):
    box = sandbox(rules=[{"body": "12345", "drip_ms_per_byte": 2}])
    begin = time.monotonic()
    answer, _ = exchange(box, balance_request(box))
    assert answer.endswith(b"\r\n\r\n12345")
    assert time.monotonic() - begin >= 0.002 * (len(answer) - 2)


def test_rule_endless_and_large_bodies(sandbox):
    rules = [
        {"match": {"nth": 1}, "body": "OK|", "repeat": {"text": "abc", "times": 4}},
        {"match": {"nth": 2}, "body": "", "repeat": {"text": "abc", "times": 4000000000}},
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
