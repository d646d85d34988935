"""test_answers.py: what services answer, and how they fail: every wire case; rows P1 to P7, T6, T12."""

import base64
import json
import pathlib

import hostile
import keyplate
import pytest
from conftest import PAID
from hostile import reply

CASES = json.loads((pathlib.Path(__file__).parents[1] / "cases" / "answers.json").read_text(encoding="utf-8"))
ROWS = tuple(f"p{number}_" for number in range(1, 8))
# A read is asked once: it would have to wait longer than its time.
ONCE = ["Retry-After: 86400"]
READY = {"captchaai": {}, "nocaptchaai": {"result": reply('{"errorId":0,"status":"ready","solution":{"text":"a"}}')}}
EXCEPTIONS = {row.class_: row.exception for row in keyplate.error_list()}


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


def judge_failure(error, expect, paid):
    assert (error.class_ == "unknown") if expect["error"] == "unknown_code" else (error.code == expect["error"])
    assert type(error) is EXCEPTIONS[error.class_]
    if "provider_code" in expect:
        assert (error.provider_code or "") == expect["provider_code"]
    if expect.get("retry_after_ms"):
        assert error.retry_after is not None
    if paid and error.class_ == "protocol":
        assert error.outcome_unknown


def judge_success(client, value, case):
    expect, kind = case["expect"], case["call"]
    if kind == "balance":
        assert (str(value), value.unit) == (expect["balance"], expect["unit"])
    elif kind == "report" or "error" in expect:
        assert value is None
    elif kind == "submit" and "task" in expect:
        assert value.id == expect["task"]
    elif kind == "submit":
        assert value == "" and value.solution.answer == expect["answer"] and client.wait(value) is value.solution
    elif "answer" in expect:
        assert value.answer == expect["answer"]


def judge(server, client, case):
    expect, paid = case["expect"], case["call"] in ("submit", "sync")
    pending = expect.get("error") == "pending" and case["call"] == "result"
    if "error" in expect and not pending:
        with pytest.raises(keyplate.Error) as caught:
            call(client, case)
        judge_failure(caught.value, expect, paid)
    else:
        judge_success(client, call(client, case), case)
    if paid:
        assert len(server.of("submit")) == 1


def replay(cases, serve, client_of):
    assert len(cases) >= 5
    server, wrong = serve(), []
    for case in cases:
        name = {"sync": "submit"}.get(case["call"], case["call"])
        server.script = {**hostile.SERVICE, **READY[case["provider"]], name: reply(body_of(case), f"{case['status']} Status", ONCE)}
        server.requests.clear()
        client = client_of(server.url, provider=case["provider"], log=False)
        try:
            judge(server, client, case)
        except Exception as problem:
            wrong.append(f"{case['name']} ({case['provider']}): {problem!r}")
        client.close()
    assert not wrong, "\n".join(wrong)


def replay_row(row, serve, client_of):
    replay([case for case in CASES if case["name"].startswith(row)], serve, client_of)


def test_p1_nothing_useful(serve, client_of):
    replay_row("p1_", serve, client_of)


def test_p2_numbers_and_nesting(serve, client_of):
    replay_row("p2_", serve, client_of)


def test_p3_twice_and_ill_encoded(serve, client_of):
    replay_row("p3_", serve, client_of)


def test_p4_payloads_unchanged(serve, client_of):
    replay_row("p4_", serve, client_of)


def test_p5_task_ids(serve, client_of):
    replay_row("p5_", serve, client_of)


def test_p6_unknown_codes(serve, client_of):
    replay_row("p6_", serve, client_of)


def test_p7_nocaptchaai(serve, client_of):
    replay_row("p7_", serve, client_of)


@pytest.mark.parametrize("kind", sorted({case["name"].partition("_")[0] for case in CASES if not case["name"].startswith(ROWS)}))
def test_all_other_answers(serve, client_of, kind):
    replay_row(f"{kind}_", serve, client_of)


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
