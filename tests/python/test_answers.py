"""test_answers.py: what services answer, and how they fail: rows P1 to P7, T6, T12."""

import base64
import json
import pathlib

import hostile
import keyplate
import pytest
from conftest import PAID
from hostile import reply

CASES = json.loads((pathlib.Path(__file__).parents[1] / "cases" / "answers.json").read_text(encoding="utf-8"))
# A read is asked once: it would have to wait longer than its time.
ONCE = ["Retry-After: 86400"]
READY = {"captchaai": {}, "nocaptchaai": {"result": reply('{"errorId":0,"status":"ready","solution":{"text":"a"}}')}}


def body_of(case):
    if "body_hex" in case:
        return bytes.fromhex(case["body_hex"])
    if "repeat" in case:
        part = case["repeat"]
        return (part.get("before", "") + part["text"] * part["times"] + part.get("after", "")).encode()
    return case["body"].encode()


def call(client, case):
    method, params = PAID[case["provider"]]
    return {
        "balance": lambda: client.balance(timeout=60),
        "report": lambda: client.report("4711", True, timeout=60),
        "result": lambda: client.result("4711", timeout=60),
        "submit": lambda: client.submit(method, params, timeout=60),
        "sync": lambda: client.solve(method, params, timeout=60, sync=True),
    }[case["call"]]()


def judge(server, client, case):
    expect, paid = case["expect"], case["call"] in ("submit", "sync")
    said = (case["name"], case["provider"])
    if expect.get("error") and not (expect["error"] == "pending" and case["call"] == "result"):
        with pytest.raises(keyplate.Error) as caught:
            call(client, case)
        error = caught.value
        assert (error.class_ == "unknown") if expect["error"] == "unknown_code" else (error.code == expect["error"]), said
        assert type(error) is next(row.exception for row in keyplate.error_list() if row.class_ == error.class_), said
        if "provider_code" in expect:
            assert (error.provider_code or "") == expect["provider_code"], said
        if paid and error.class_ == "protocol":
            assert error.outcome_unknown, said
    else:
        value = call(client, case)
        if case["call"] == "balance":
            assert str(value) == expect["balance"], said
        elif case["call"] == "report" or expect.get("error"):
            assert value is None, said
        elif case["call"] == "submit" and "task" in expect:
            assert value.id == expect["task"], said
        elif case["call"] == "submit":
            assert value == "" and value.solution.answer == expect["answer"] and client.wait(value) is value.solution, said
        elif "answer" in expect:
            assert value.answer == expect["answer"], said
    if paid:
        assert len(server.of("submit")) == 1, said


def replay(row, serve, client_of):
    cases = [case for case in CASES if case["name"].startswith(row)]
    assert len(cases) >= 5
    server = serve()
    for case in cases:
        name = {"sync": "submit"}.get(case["call"], case["call"])
        server.script = {**hostile.SERVICE, **READY[case["provider"]], name: reply(body_of(case), f"{case['status']} Status", ONCE)}
        server.requests.clear()
        client = client_of(server.url, provider=case["provider"])
        judge(server, client, case)
        client.close()


def test_p1_nothing_useful(serve, client_of):
    replay("p1_", serve, client_of)


def test_p2_numbers_and_nesting(serve, client_of):
    replay("p2_", serve, client_of)


def test_p3_twice_and_ill_encoded(serve, client_of):
    replay("p3_", serve, client_of)


def test_p4_payloads_unchanged(serve, client_of):
    replay("p4_", serve, client_of)


def test_p5_task_ids(serve, client_of):
    replay("p5_", serve, client_of)


def test_p6_unknown_codes(serve, client_of):
    replay("p6_", serve, client_of)


def test_p7_nocaptchaai(serve, client_of):
    replay("p7_", serve, client_of)


def test_p7_idle_for_ever_ends_with_the_deadline(serve, client_of):
    server = serve({"balance": reply('{"balance":1}'), "result": reply('{"status":"idle","errorId":0}')})
    with pytest.raises(keyplate.TaskTimeoutError) as caught:
        client_of(server.url, provider="nocaptchaai").wait("4711", timeout=0.4)
    assert caught.value.task.id == "4711"
    assert isinstance(caught.value, TimeoutError)


@pytest.mark.parametrize("die", [hostile.close, hostile.reset])
@pytest.mark.parametrize("reused", [False, True])
def test_t6_connection_dies_after_a_submit(serve, client_of, die, reused):
    server = serve({"submit": die})
    client = client_of(server.url)
    if reused:
        client.balance()
    with pytest.raises(keyplate.TransportError) as caught:
        client.submit("turnstile", PAID["captchaai"][1])
    assert caught.value.outcome_unknown
    assert isinstance(caught.value, ConnectionError)
    assert len(server.of("submit")) == 1


def test_t12_a_key_that_an_answer_repeats(serve, client_of, key_file):
    path = key_file()
    coded = base64.b64encode(path.key.encode()).decode()
    forms = f"{path.key} {coded} {path.key.upper()} {path.key.encode().hex()}"
    server = serve({
        "submit": reply(json.dumps({"status": 0, "request": "ERROR_BAD_PARAMETERS", "error_text": forms})),
        "result": reply(json.dumps({"status": 1, "request": f"the key {path.key} and {coded}"})),
    })
    client = client_of(server.url, key=f"file:{path}")
    with pytest.raises(keyplate.InvalidRequestError) as caught:
        client.submit("turnstile", PAID["captchaai"][1])
    shown = f"{caught.value} {caught.value!r} {vars(caught.value)}"
    for form in forms.split():
        assert form not in shown
    answer = client.wait("4711").answer
    assert answer == f"the key [REDACTED] and {coded}"
