"""test_limits.py: limits of paid calls: who they are for, what they cost, what is left, pause, tags in the record."""

import asyncio
import copy
import datetime
import json
import os
import pickle
import secrets
from decimal import Decimal

import keyplate
import pytest
from conftest import PAID
from test_keys import every_text_of

METHOD, PARAMS = PAID["captchaai"]
PRICES = {"turnstile": "0.001", "*": Decimal("0.0005")}


def limit_of(client, name, scope="all", **about):
    return next(limit for limit in client.limits(**about)["limits"] if (limit["scope"], limit["name"]) == (scope, name))


def refused(call, code):
    with pytest.raises(keyplate.LimitExceededError) as caught:
        call()
    assert (caught.value.code, caught.value.class_, caught.value.outcome_unknown) == (code, "limit", False)
    return caught.value


@pytest.fixture
def budget(serve, client_of):
    """A client with a budget of each caller; its service."""
    server = serve()
    limits = {"usd_per_24h": "5.00", "per_24h": 10, "by": {"client_id:*": {"usd_per_24h": Decimal("0.0015")}}}
    return client_of(server.url, limits=limits, prices=PRICES), server


def test_a_budget_is_spent_told_and_refuses(budget):
    client, server = budget
    solution = client.solve(METHOD, PARAMS, client_id="team-a")
    assert (solution.cost, type(solution.cost)) == (Decimal("0.001"), Decimal)
    error = refused(lambda: client.solve(METHOD, PARAMS, client_id="team-a"), "budget_spent")
    assert (error.limit, error.left, type(error.left)) == ("usd_per_24h of client_id:team-a", Decimal("0.0005"), Decimal)
    assert error.retry_after > 0 and len(server.of("submit")) == 1
    spent = limit_of(client, "usd_per_24h")
    assert [spent[name] for name in ("limit", "used", "left")] == [Decimal(5), Decimal("0.001"), Decimal("4.999")]
    assert {type(spent[name]) for name in ("limit", "used", "left")} == {Decimal}
    assert spent["resets_at"] is None  # there is room
    count = limit_of(client, "per_24h")
    assert [count[name] for name in ("limit", "used", "left", "policy", "shadow")] == [10, 1, 9, "refuse", False]
    assert limit_of(client, "usd_per_24h", "client_id:team-a", client_id="team-a")["left"] == Decimal("0.0005")
    told = client.limits()
    assert (told["windows"], told["paused"], told["store"], len(told["limits"])) == ([], None, "ok", 2)
    task = client.submit(METHOD, PARAMS, client_id="team-b")
    assert task.cost == Decimal("0.001") and client.wait(task).cost is None


def test_a_count_is_left_as_a_number(serve, client_of):
    client = client_of(serve().url, **{"limits.per_24h": 1})
    assert client.solve(METHOD, PARAMS).cost is None
    error = refused(lambda: client.submit(METHOD, PARAMS), "budget_spent")
    assert (error.limit, error.left, type(error.left)) == ("per_24h", 0, int)


def test_rates_tasks_and_windows(serve, client_of):
    day = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=2)
    name = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")[day.weekday()]
    for code, limits in (("rate_reached", {"per_hour": 1}), ("too_many_tasks", {"concurrent": 1})):
        client = client_of(serve().url, limits=limits)
        client.submit(METHOD, PARAMS)
        assert refused(lambda: client.submit(METHOD, PARAMS), code).limit == next(iter(limits))
    client = client_of(serve().url, limits={"window": f"{name} 00:00-24:00 UTC"})
    assert refused(lambda: client.submit(METHOD, PARAMS), "outside_window").retry_after > 0
    [window] = client.limits()["windows"]
    assert (window["scope"], window["open"]) == ("all", False) and window["opens_at"].tzinfo is datetime.timezone.utc


def test_pause_and_resume(serve, client_of):
    server = serve()
    client = client_of(server.url)
    task = client.submit(METHOD, PARAMS)
    assert client.pause('100 % "enough"', duration=datetime.timedelta(hours=1)) is None
    assert 0 < refused(lambda: client.solve(METHOD, PARAMS), "paused").retry_after <= 3600
    assert client.wait(task).answer
    pause = client.limits()["paused"]
    assert pause["reason"] == '100 % "enough"' and 0 < pause["left_ms"] <= 3600000
    assert pause["until"] > datetime.datetime.now(datetime.timezone.utc)
    assert client.resume(timeout=20) is None and client.limits()["paused"] is None
    client.submit(METHOD, PARAMS)
    client.pause()
    refused(lambda: client.submit(METHOD, PARAMS), "paused")
    assert client.limits()["paused"]["reason"] == "" and len(server.of("submit")) == 2


def test_the_same_with_asyncio(serve, client_of):
    async def work():
        client = client_of(serve().url, keyplate.AsyncClient, limits={"per_24h": 1}, prices=PRICES)
        assert (await client.solve(METHOD, PARAMS, client_id="a", tags={"b": "c"})).cost == Decimal("0.001")
        with pytest.raises(keyplate.LimitExceededError, match="budget_spent"):
            await client.submit(METHOD, PARAMS, client_id="a", tags={"b": "c"})
        assert (await client.limits(client_id="a", method=METHOD))["limits"][0]["left"] == 0
        assert 'code="budget_spent"} 1\n' in await client.metrics()
        await client.pause("enough", duration=60)
        assert (await client.limits())["paused"]["reason"] == "enough"
        await client.resume()
        assert (await client.limits(timeout=20))["paused"] is None

    asyncio.run(work())


def test_metrics_count_the_calls_of_this_client(serve, client_of):
    client = client_of(serve().url, limits={"per_24h": 1})
    client.submit(METHOD, PARAMS)
    refused(lambda: client.submit(METHOD, PARAMS), "budget_spent")
    text = client.metrics()
    assert 'keyplate_calls_total{provider="captchaai",method="turnstile",code="ok"} 1\n' in text
    assert 'code="budget_spent"} 1\n' in text and isinstance(text, str)


def test_the_record_has_caller_tags_and_cost_and_the_service_has_not(serve, client_of, tmp_path):
    server, path = serve(), tmp_path / "audit.jsonl"
    client = client_of(server.url, audit={"file": str(path)}, tags={"service": "checkout", "env": "prod"}, prices=PRICES)
    client.submit(METHOD, PARAMS, client_id="team-a", tags={"env": "a\nb", "who": "x"})
    for line in path.read_text(encoding="utf-8").splitlines():
        record = json.loads(line)
        assert (record["client_id"], record["cost_micro"], record["tags"]) == ("team-a", 1000, {"service": "checkout", "env": "a\nb", "who": "x"})
    [sent] = server.of("submit")
    assert b"sitekey" in sent.body and not any(word in sent.body for word in (b"client_id", b"team", b"tags", b"checkout"))


@pytest.mark.parametrize("options", [
    {"limits": {"usd_per_day": "5"}}, {"limits": {"usd_per_day": "much"}, "prices": PRICES}, {"limits": {"per_week": 1}}, {"limits": 5},
    {"tags": {"a": 1}}, {"prices": {"*": "-1"}}, {"balance": {"alert_below": "10"}}, {"limits": {"by": {"nobody:x": {"per_day": 1}}}}])
def test_wrong_options(client_of, options):
    with pytest.raises(keyplate.UsageError):
        client_of("http://127.0.0.1:1", **options)


def test_the_other_options(client_of):
    client = client_of("http://127.0.0.1:1", balance={"alert_below": [Decimal(10), "2"], "pause_below": "0.50"}, tags={},
                       audit={"key": "env:NOBODY_SET_THIS"}, limits={"on_limit": "wait", "by": {}})
    assert [client.option(name) for name in ("balance.alert_below", "balance.pause_below", "tags", "limits.on_limit")] == [
        '["10","2"]', "0.50", "{}", "wait"]


def test_wrong_arguments(serve, client_of):
    server = serve()
    client = client_of(server.url)
    for wrong in ({"client_id": 7}, {"client_id": b"a"}, {"tags": "a"}, {"tags": ["a"]}, {"tags": {"a": 1}}, {"tags": {1: "a"}}):
        with pytest.raises(TypeError):
            client.submit(METHOD, PARAMS, **wrong)
    for tags in ({"a b": "c"}, {"a": "b\0c"}, {"": "c"}, {"a\0b": "c"}, {"\ud800": "c"}, {"é": "c"}, {"a": "x" * 257}):
        with pytest.raises(keyplate.UsageError, match="misuse"):
            client.solve(METHOD, PARAMS, tags=tags)
    for name in ("team a", "a\nb", "x" * 65, "é"):
        with pytest.raises(keyplate.InvalidRequestError, match="client_id"):
            client.solve(METHOD, PARAMS, client_id=name)
    for call in (lambda: client.limits(client_id=1), lambda: client.limits(method=b"a"), lambda: client.pause(5), lambda: client.pause("a", duration="b"),
                 lambda: client.resume("a"), lambda: client.metrics("a"), lambda: client.limits("team-a"), lambda: client.pause("a", 5)):
        with pytest.raises(TypeError):
            call()
    for call in (lambda: client.pause("a\0b"), lambda: client.pause(duration=0), lambda: client.pause(duration=float("inf"))):
        with pytest.raises(keyplate.UsageError):
            call()
    assert server.requests == [] and client.limits()["paused"] is None


def test_k9_limits_show_no_key(serve, client_of):
    key = secrets.token_hex(16)
    client = client_of(serve().url, key=keyplate.Key.from_value(key), limits={"per_24h": 1, "by": {"client_id:*": {"per_24h": 1}}})
    client.pause(f"because of {key}", duration=60)
    with pytest.raises(keyplate.InvalidRequestError) as caught:
        client.submit(METHOD, PARAMS, client_id=key)
    error = caught.value
    for thing in (client.limits(), client.limits(client_id=key), client.metrics(), error, client.events()):
        assert key not in every_text_of(thing)
    assert client.limits()["paused"]["reason"] == "because of [REDACTED]"


def test_k12_a_refusal_and_costs_go_through_pickle(budget):
    client, _ = budget
    task, solution = client.submit(METHOD, PARAMS, client_id="b"), client.solve(METHOD, PARAMS, client_id="a")
    error = refused(lambda: client.submit(METHOD, PARAMS, client_id="a"), "budget_spent")
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        again = pickle.loads(pickle.dumps(error, protocol))
        assert type(again) is keyplate.LimitExceededError and vars(again) == vars(error) and str(again) == str(error)
        for thing in (task, solution, client.limits()):
            assert pickle.loads(pickle.dumps(thing, protocol)) == thing
        assert pickle.loads(pickle.dumps(task, protocol)).cost == task.cost == Decimal("0.001")
    assert copy.deepcopy(error).left == Decimal("0.0005") and copy.copy(task).cost == task.cost


def test_k8_a_child_shares_the_budget_of_a_file(serve, client_of, tmp_path):
    client = client_of(serve().url, limits={"per_24h": 2}, store=f"sqlite:{tmp_path}/store.db")
    client.submit(METHOD, PARAMS)
    child = os.fork()
    if child == 0:
        status = 1
        try:
            client.submit(METHOD, PARAMS, client_id="child")
            refused(lambda: client.submit(METHOD, PARAMS), "budget_spent")
            status = 0
        finally:
            os._exit(status)
    assert os.waitpid(child, 0)[1] == 0
    refused(lambda: client.submit(METHOD, PARAMS), "budget_spent")
    assert limit_of(client, "per_24h")["left"] == 0
