"""test_rotate.py: keys for life: new keys in old places, proofs on demand, expiry, windows, profiles."""

import asyncio
import datetime
import os
import secrets
import sqlite3

import keyplate
import pytest
from conftest import PAID, PATIENCE

METHOD, PARAMS = PAID["captchaai"]


def put(path, *keys):
    """Replaces the file as a whole; the keys."""
    with open(f"{path}.new", "w", encoding="ascii", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        file.write("".join(f"{key}\n" for key in keys))
    os.replace(f"{path}.new", path)
    return keys


class Place:
    """A key file of a client and the one of the sandbox's account, which begins with the same key."""

    def __init__(self, box, path):
        self.box, self.path, self.accepted = box, path, box.ledger_path.parent / "key0"
        self.keys = put(path, box.key)

    def renew(self):
        """The service knows one key more; the client's file has that one."""
        self.keys += (secrets.token_hex(16),)
        put(self.accepted, *self.keys)
        put(self.path, self.keys[-1])
        return self.keys[-1]


@pytest.fixture
def place(box, tmp_path):
    return Place(box, tmp_path / "own")


@pytest.fixture
def client(place, client_of):
    """It reads its places by itself once an hour only."""
    return client_of(place.box.url, key=f"file:{place.path}", ring={"refresh": "1h"})


def test_rotate_picks_up_a_changed_file(place, client):
    task = client.submit(METHOD, PARAMS)
    for name in (None, "primary"):
        new = place.renew()
        key = client.rotate(name)
        assert sorted(key) == ["fingerprint", "masked", "name", "source"]
        assert (key["name"], key["masked"], key["source"]) == ("primary", "***" + new[-4:], f"file:{place.path}")
        assert client.keys()[0]["fingerprint"] == key["fingerprint"]
    states = [(key["masked"], key["state"]) for key in client.keys()]
    assert states[0] == ("***" + new[-4:], "current") and ("***" + place.keys[1][-4:], "previous") in states[1:]
    assert client.wait(task).answer == f"sandbox-answer-{task.id}"
    assert client.solve(METHOD, PARAMS).key == "***" + new[-4:]


def test_rotate_with_nothing_new(place, client):
    assert client.rotate(timeout=20) == client.rotate() and client.rotate()["masked"] == "***" + place.keys[0][-4:]


def test_rotate_to_a_bad_key_changes_nothing(place, client):
    before = client.rotate()
    put(place.path, secrets.token_hex(16))
    with pytest.raises(keyplate.AuthenticationError) as caught:
        client.rotate()
    assert caught.value.code == "ERROR_KEY_DOES_NOT_EXIST"
    assert client.solve(METHOD, PARAMS).key == before["masked"]


def test_rotate_with_a_wrong_name_tells_the_names(client_of, key_file):
    client = client_of("http://127.0.0.1:1", keys=[{"name": "main", "from": [f"file:{key_file()}"]}, "env:NOBODY_SET_THIS"])
    key = secrets.token_hex(16)
    for name in ("other", key, "main\0", "\ud800"):
        with pytest.raises(keyplate.UsageError) as caught:
            client.rotate(name)
        assert caught.value.code == "misuse" and key not in str(caught.value)
        assert "\0" in name or "there are main, backup" in str(caught.value)
    for wrong in (7, b"main", ["main"]):
        with pytest.raises(TypeError):
            client.rotate(wrong)


def pass_a_minute(path):
    """For the store, the last proof of a key was longer ago than one a minute asks for; the refusal still counts."""
    with sqlite3.connect(path, timeout=PATIENCE) as state:
        assert state.execute("DELETE FROM kv WHERE name LIKE 'rate probe/%'").rowcount == 1
    state.close()


def test_verify_now_after_a_refusal(place, client_of, tmp_path):
    client = client_of(place.box.url, key=f"file:{place.path}", store=f"sqlite:{tmp_path}/store.db")
    new = secrets.token_hex(16)
    put(place.path, new)
    with pytest.raises(keyplate.AuthenticationError) as caught:
        client.balance()
    assert caught.value.code == "ERROR_KEY_DOES_NOT_EXIST"
    put(place.accepted, new)
    pass_a_minute(tmp_path / "store.db")
    for call in (client.balance, client.verify, lambda: client.verify(now=False)):
        with pytest.raises(keyplate.AuthenticationError) as caught:
            call()
        assert caught.value.code == "key_cooling"
    assert client.verify(now=True).unit == "USD"
    assert client.balance() == client.verify()


def test_the_same_with_asyncio(place, client_of, tmp_path):
    async def work():
        client = client_of(place.box.url, keyplate.AsyncClient, key=f"file:{place.path}", ring={"refresh": "1h"})
        old, new = await client.rotate(), place.renew()
        key = await client.rotate("primary", timeout=20)
        assert key["masked"] == "***" + new[-4:] and {**key, "masked": 0, "fingerprint": 0} == {**old, "masked": 0, "fingerprint": 0}
        with pytest.raises(keyplate.UsageError, match="there are primary"):
            await client.rotate("other")
        path = f"file:{tmp_path}/cools"
        [key] = put(tmp_path / "cools", secrets.token_hex(16))
        client = client_of(place.box.url, keyplate.AsyncClient, key=path, store=f"sqlite:{tmp_path}/store.db")
        with pytest.raises(keyplate.AuthenticationError):
            await client.verify()
        put(place.accepted, key)
        pass_a_minute(tmp_path / "store.db")
        with pytest.raises(keyplate.AuthenticationError, match="key_cooling"):
            await client.verify()
        assert (await client.verify(now=True)).unit == "USD"

    asyncio.run(work())


def test_an_expired_member(serve, client_of, key_file):
    server, path = serve(), f"file:{key_file()}"
    client = client_of(server.url, key={"name": "old", "from": [path], "not_after": "2020-01-31"})
    for call in (client.balance, client.verify, lambda: client.solve(METHOD, PARAMS), lambda: client.verify(now=True)):
        with pytest.raises(keyplate.AuthenticationError) as caught:
            call()
        assert caught.value.code == "key_expired"
    assert server.requests == []
    [key] = client.keys()
    assert (key["state"], key["expires"][:10]) == ("expired", "2020-01-31")
    client = client_of(server.url, keys=[{"name": "old", "from": [path], "not_after": "2020-01-31"}, f"file:{key_file(name='other')}"])
    assert client.balance() and client.keys()[1]["state"] == "current"
    with pytest.raises(keyplate.UsageError, match="not_after"):
        client_of(server.url, key={"from": [path], "not_after": "soon"})


def test_a_member_outside_of_its_window(serve, client_of, key_file):
    server = serve()
    day = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=2)
    name = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")[day.weekday()]
    client = client_of(server.url, key={"from": [f"file:{key_file()}"], "window": f"{name} 00:00-24:00 UTC"})
    assert client.balance() == keyplate.Balance("12.5")
    with pytest.raises(keyplate.LimitExceededError) as caught:
        client.solve(METHOD, PARAMS)
    assert caught.value.code == "key_closed" and caught.value.retry_after > 0
    assert server.of("submit") == []


def test_a_profile_picks(serve, client_of, tmp_path):
    server = serve()
    keys = {name: secrets.token_hex(16) for name in ("dev", "live")}
    profiles = {
        "dev": {"keys": [lambda: keys["dev"]], "provider": "nocaptchaai", "node": "desk", "ring": {"age_warn": "240h", "age_fail": "0"}},
        "live": {"keys": [{"name": "main", "from": [keyplate.Key.from_value(keys["live"])], "not_after": "2999-01-31"}]}}
    dev = client_of(server.url, keys=["env:NOBODY_SET_THIS"], provider="captchaai", profile="dev", profiles=profiles)
    assert [dev.option(name) for name in ("profile", "provider", "node", "ring.age_warn", "ring.age_fail")] == [
        "dev", "nocaptchaai", "desk", "240h", "0"]
    assert dev.keys()[0]["masked"] == "***" + keys["dev"][-4:]
    live = client_of(server.url, profile="live", profiles=profiles)
    live.balance()
    [key] = live.keys()
    assert (key["name"], key["masked"], key["expires"][:4]) == ("main", "***" + keys["live"][-4:], "2999")
    with pytest.raises(keyplate.UsageError, match="there are dev, live"):
        client_of(server.url, profile="test", profiles=profiles)
    path = tmp_path / "config.json"
    path.write_text('{"profiles": {"dev": {"connect_timeout": "3s"}}}')
    assert keyplate.Client(config=path, profile="dev").option("connect_timeout") == "3s"


def test_keys_tell_who_uses_them(serve, client_of):
    client = client_of(serve().url, node="desk")
    client.balance()
    [key] = client.keys()
    assert [host["host"] for host in key["hosts"]] == ["desk"] and key["last_used"] == key["hosts"][0]["last_used"]
    assert (key["state"], key["preferred"], key["age"], key["age_days"], key["expires"]) == ("current", False, "fresh", 0, None)
    assert key["safe_to_revoke"] is False and key["safety"] and key["first_seen"]
