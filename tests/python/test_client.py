"""test_client.py: the calls of a client, against a sandbox and against servers: options, parameters, answers, misuse."""

import base64
import datetime
import decimal
import json
import urllib.parse

import keyplate
import pytest
from conftest import PAGE, PAID
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sandbox_box import PNG

METHOD, PARAMS = PAID["captchaai"]
COMMON = settings(max_examples=150, deadline=None, database=None, suppress_health_check=list(HealthCheck))


def test_all_calls(box):
    with keyplate.Client() as client:
        balance = client.balance()
        assert (balance, balance.unit, str(balance)) == (decimal.Decimal(10), "USD", "10")
        assert isinstance(client.verify(), decimal.Decimal)
        task = client.submit(METHOD, PARAMS)
        assert task.startswith("captchaai/primary~") and (task.provider, task.key) == ("captchaai", "primary")
        assert task.id == task.rpartition("/")[2] and {task: 1}[str(task)] == 1 and json.loads(json.dumps(task)) == task
        solution = client.wait(task)
        assert solution == client.result(str(task)) or solution.answer == client.result(task).answer
        assert str(solution) == solution.answer == f"sandbox-answer-{task.id}" and solution.task == task
        assert solution.key == "***" + box.key[-4:] and solution.cost is None and solution.polls == 1
        assert client.report(task, True) is None
        both = client.solve("turnstile", {"sitekey": "x"}, sitekey="a", pageurl=PAGE)
        assert both.answer.startswith("sandbox-answer-") and both.elapsed >= 0
        with pytest.raises(keyplate.TaskError) as caught:
            client.solve(METHOD, sitekey="unsolvable", pageurl=PAGE)
        assert caught.value.task.id and caught.value.class_ == "task"
        assert client.keys()[0]["state"] == "current"
        assert client.option("provider") == "captchaai" and client.option("nothing") is None
        assert repr(client) == "<keyplate.Client captchaai>"
    assert repr(client) == "<keyplate.Client closed>"


def test_a_task_that_is_not_ready(serve, client_of):
    from hostile import reply

    server = serve({"result": [reply("CAPCHA_NOT_READY"), reply("OK|done")]})
    client = client_of(server.url)
    assert client.result("4711") is None
    assert client.result("4711").answer == "done"


def test_an_answer_at_once(box):
    with keyplate.Client("nocaptchaai") as client:
        task = client.submit("ImageToTextTask", body=base64.b64encode(PNG).decode())
        assert task == "" and task.solution.answer.count("sandbox-answer-")
        assert client.wait(task) is client.result(task) is task.solution


@pytest.mark.parametrize("timeout", [0.3, 1, datetime.timedelta(milliseconds=300)])
def test_timeouts(serve, client_of, timeout):
    from hostile import reply

    server = serve({"result": reply("CAPCHA_NOT_READY")})
    with pytest.raises(keyplate.TaskTimeoutError) as caught:
        client_of(server.url).wait("4711", timeout=timeout)
    assert caught.value.code == "timeout" and caught.value.task.id == "4711"


@pytest.mark.parametrize("timeout", [0, -1, float("nan"), float("inf"), 1e300, -(10**30), 10**30, 10**400])
def test_timeouts_that_cannot_be(client_of, timeout):
    with pytest.raises(keyplate.Error) as caught:
        client_of("http://127.0.0.1:1").balance(timeout=timeout)
    assert caught.value.class_ in ("usage", "input")


@pytest.mark.parametrize("use", [
    lambda c: c.solve(7), lambda c: c.solve(None), lambda c: c.solve("turnstile", 7), lambda c: c.solve("turnstile", "a"),
    lambda c: c.solve("turnstile", a=object()), lambda c: c.solve("post", file="text"), lambda c: c.wait(7), lambda c: c.wait(None),
    lambda c: c.report("7", "good"), lambda c: c.report("7", 1), lambda c: c.balance(timeout="5s"), lambda c: c.balance(timeout=True),
    lambda c: c.solve(), lambda c: c.balance(5), lambda c: c.solve("turnstile", a=b"bytes"), lambda c: keyplate.Client(timeout=object()),
    lambda c: keyplate.Client(config=7), lambda c: keyplate.Client(keys="env:A"), lambda c: keyplate.Client(key=[object()]),
])
def test_wrong_types_are_type_errors(client_of, use):
    with pytest.raises(TypeError):
        use(client_of("http://127.0.0.1:1"))


@pytest.mark.parametrize("options, word", [
    ({"timeot": 1}, "timeout"), ({"provider": "nobody"}, "provider"), ({"timeout": "soon"}, "timeout"),
    ({"poll": {"often": 1}}, "poll.often"), ({"url": {"captchaai": "http://example.com"}}, "url.captchaai"),
    ({"key": "env:A", "keys": ["env:B"]}, "key"), ({"key": ["env:A"]}, "keys"), ({"key": ""}, "reference"),
    ({"keys": []}, "keys"), ({"proxy": "ftp://a"}, "proxy"), ({"a" * 300: 1}, "option"), ({"": 1}, "option"),
    ({"config": "/nowhere/config.json"}, "/nowhere/config.json"), ({"timeout": float("nan")}, None),
])
def test_options_that_are_wrong(options, word):
    with pytest.raises(ValueError) as caught:
        keyplate.Client(**options)
    if word is not None:
        assert isinstance(caught.value, keyplate.UsageError) and word in str(caught.value)


def test_options_and_their_sources(tmp_path, monkeypatch):
    path = tmp_path / "config.json"
    path.write_text('{"timeout":"7s","connect_timeout":"3s"}')
    monkeypatch.setenv("KEYPLATE_CONNECT_TIMEOUT", "4s")
    client = keyplate.Client(config=path, max_answer=2048, strict=False, poll={"every": datetime.timedelta(seconds=2)})
    assert [client.option(name) for name in ("timeout", "connect_timeout", "max_answer", "poll.every", "host")] == [
        "7s", "4s", "2048", "2000ms", "python"]
    assert keyplate.Client(config=False).option("connect_timeout") == "10s"
    assert keyplate.Client("nocaptchaai").option("provider") == "nocaptchaai"


def test_keys_of_all_kinds_in_one_ring(client_of, key_file, tmp_path):
    client = client_of("http://127.0.0.1:1", keys=[
        {"name": "one", "from": ["env:NOT_SET", keyplate.Key.from_value("a-key-by-value-1")]}, lambda: "a-key-of-a-function-2",
        f"file:{key_file('a-key-from-a-file-3')}", {"name": "four", "from": [lambda: None, lambda: "a-key-of-another-4"]}])
    states = {item["name"]: item for item in client.keys()}
    assert [item["masked"] for item in states.values()] == ["***ue-1", "***on-2", "***le-3", "***er-4"]
    assert list(states)[0] == "one" and list(states)[3] == "four"


TEXT = st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\r\n\0"), max_size=30)
VALUES = st.one_of(TEXT, st.booleans(), st.integers(-(2**63), 2**63), st.decimals(allow_nan=False, allow_infinity=False, places=3),
                   st.lists(st.one_of(TEXT, st.integers(0, 9)), max_size=3), st.dictionaries(TEXT, st.integers(0, 9), max_size=3))


def arrived(value):
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, (list, dict)):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return str(value)


@pytest.fixture
def echo(serve, client_of):
    server = serve()
    client = client_of(server.url, log=False)
    client.balance()
    return server, client


@COMMON
@given(st.dictionaries(st.text("abcdefghijklmnopqrstuvwxyz_", min_size=3, max_size=12).filter(
    lambda name: name not in ("key", "json", "method", "action", "id", "file", "pingback", "header_acao", "soft_id")), VALUES, max_size=5))
def test_t11_parameters_arrive_as_they_are(echo, params):
    server, client = echo
    try:
        client.submit("brand_new_method", params)
    except keyplate.InvalidRequestError:
        return  # the core's own checks of names that it knows
    got = dict(urllib.parse.parse_qsl(server.of("submit")[-1].body.decode(), keep_blank_values=True))
    assert got == {**got, **{name: arrived(value) for name, value in params.items()}}


ANYTHING = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.binary(), st.just(object()), st.just(print)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.one_of(st.text(), st.integers(), st.none()), inner, max_size=3)),
    max_leaves=8)


@COMMON
@given(ANYTHING, ANYTHING, ANYTHING)
def test_hostile_arguments(echo, one, two, three):
    _, client = echo
    for use in (lambda: client.submit(one, two), lambda: client.submit("turnstile", {"sitekey": one, "pageurl": two, "more": three}),
                lambda: client.result(one, timeout=two), lambda: client.report(one, two), lambda: client.balance(timeout=one),
                lambda: keyplate.Client(one, config=False), lambda: keyplate.Client(key=one, config=False),
                lambda: keyplate.Client(keys=[one, two], config=False), lambda: keyplate.Client(config=False, poll=one, timeout=two),
                lambda: keyplate.Key.from_value(one), lambda: keyplate.redact(two), lambda: client.option(three)):
        try:
            use()
        except (keyplate.Error, TypeError, ValueError):
            pass


def test_names_of_parameters_are_text(client_of):
    for name in (None, 1, True, b"a", ("a",)):
        with pytest.raises(TypeError, match="name of a parameter"):
            client_of("http://127.0.0.1:1").submit("brand_new_method", {name: "a"})


def test_a_very_long_timeout(client_of):
    for timeout in (10**12, 10**400, 10**5000, 1e300, datetime.timedelta.max):
        with pytest.raises(keyplate.UsageError, match="366 days"):
            client_of("http://127.0.0.1:1").balance(timeout=timeout)


def test_a_cost_is_exact_in_any_context(monkeypatch):
    facts = {"answer": "a", "cost_micro": "1234567"}
    monkeypatch.setattr(keyplate._raw, "kp_op_get", lambda op, name: facts.get(name))
    with decimal.localcontext(decimal.Context(prec=2, traps=[decimal.Inexact])):
        cost = keyplate._calls.solution_of(None).cost
    assert str(cost) == "1.234567"


def test_circles_and_depth(client_of):
    circle = {}
    circle["a"] = circle
    deep = []
    for _ in range(5000):
        deep = [deep]
    for value in (circle, deep, float("nan"), "\ud800"):
        with pytest.raises(keyplate.InvalidRequestError):
            client_of("http://127.0.0.1:1").submit("brand_new_method", a=value)
