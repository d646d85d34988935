"""test_vault.py: keys from OpenBao's server (or Vault's): tokens, logins, renewal, versions, namespaces, and each fault."""

import secrets

import pytest

import servers
from fetching import Fetching, fetch, result
from servers import held_port, made_key, until

RENEWS = 41 * 60  # seconds after which a lease of an hour is to be renewed: two thirds of it


def facts(got):
    return got["value"], got["version"]


def test_versions(bao):
    keys = [made_key() for _ in range(3)]
    for key in keys:
        bao.write("team/versions", key)
    reference = "vault://secret/team/versions"
    assert facts(fetch(reference, **bao.env)) == (keys[2], "version 3")
    assert facts(fetch(reference, "previous", **bao.env)) == (keys[1], "version 2")
    assert result(reference, "pending", **bao.env) == "absent"
    bao.ask("DELETE", "secret/data/team/versions")
    assert result(reference, **bao.env) == "source_deleted"
    assert fetch(reference, "previous", **bao.env)["value"] == keys[1]
    bao.ask("POST", "secret/undelete/team/versions", {"versions": [3]})
    assert fetch(reference, **bao.env)["value"] == keys[2]
    bao.ask("PUT", "secret/destroy/team/versions", {"versions": [2]})
    assert result(reference, "previous", **bao.env) == "source_deleted"
    bao.ask("DELETE", "secret/metadata/team/versions")
    assert result(reference, **bao.env) == "absent"


def test_what_is_not_there(bao):
    bao.write("one", made_key())
    assert result("vault://secret/nobody", **bao.env) == "absent"
    assert result("vault://secret/one", "previous", **bao.env) == "absent"
    assert result("vault://nowhere/one", **bao.env) == "source_setup"
    assert result("vault://secret/one#other", **bao.env) == "source_setup"


def policy(bao, name="reader", rights="read", namespace=None):
    bao.ask("PUT", f"sys/policies/acl/{name}", {"policy": f'path "secret/data/*" {{ capabilities = ["{rights}"] }}'}, namespace)
    return name


def test_tokens(bao, tmp_path):
    key = made_key()
    bao.write("tokens", key)
    reference = "vault://secret/tokens"
    reader = bao.ask("POST", "auth/token/create", {"policies": [policy(bao)]})["auth"]["client_token"]
    writer = bao.ask("POST", "auth/token/create", {"policies": [policy(bao, "writer", "update")]})["auth"]["client_token"]
    assert fetch(reference, **bao.address, VAULT_TOKEN=reader)["value"] == key
    assert result(reference, **bao.address, VAULT_TOKEN=writer) == "source_refused"
    assert result(reference, **bao.address, VAULT_TOKEN="wrong") == "source_refused"
    assert result(reference, **bao.address) == "source_setup"
    (tmp_path / ".vault-token").write_text(reader)
    assert fetch(reference, home=tmp_path, **bao.address)["value"] == key
    assert result(reference, home=tmp_path, **bao.address, VAULT_TOKEN="wrong") == "source_refused"
    bao.ask("POST", "auth/token/revoke", {"token": reader})
    assert result(reference, home=tmp_path, **bao.address) == "source_refused"


def test_the_file_that_the_server_wrote(bao):
    """A developer's server leaves its token in ~/.vault-token, as login does."""
    key = made_key()
    bao.write("file", key)
    assert fetch("vault://secret/file", home=bao.folder, **bao.address)["value"] == key


# ---- AppRole ----

def approle(bao, **settings):
    """A role of its own, at a mount of its own: its environment, and what changes the role."""
    name = "role-" + secrets.token_hex(4)
    bao.ask("POST", f"sys/auth/{name}", {"type": "approle"})

    def change(**settings):
        bao.ask("POST", f"auth/{name}/role/r", {"token_policies": policy(bao), **settings})

    change(**settings)
    role = bao.ask("GET", f"auth/{name}/role/r/role-id")["data"]["role_id"]
    secret = bao.ask("POST", f"auth/{name}/role/r/secret-id", {})["data"]["secret_id"]
    return {**bao.address, "VAULT_APPROLE_MOUNT": name, "VAULT_ROLE_ID": role, "VAULT_SECRET_ID": secret}, change


def steps(calls):
    """What was called, in short, with the status: "login 200", "renew-self 200", "data 403"."""
    def short(url):
        return next(word for word in ("login", "renew-self", "data") if f"/{word}" in url)

    return [f"{short(url)} {status}" for _, url, status in calls]


def test_approle(bao, tmp_path):
    key = made_key()
    bao.write("role", key)
    env, _ = approle(bao)
    assert fetch("vault://secret/role", **env)["value"] == key
    (tmp_path / "secret-id").write_text(env["VAULT_SECRET_ID"] + "\n")
    by_file = {name: value for name, value in env.items() if name != "VAULT_SECRET_ID"}
    assert fetch("vault://secret/role", **by_file, VAULT_SECRET_ID_FILE=str(tmp_path / "secret-id"))["value"] == key
    assert result("vault://secret/role", **by_file) == "source_refused"
    assert result("vault://secret/role", **{**env, "VAULT_SECRET_ID": "wrong"}) == "source_refused"
    assert result("vault://secret/role", **{**env, "VAULT_ROLE_ID": "wrong"}) == "source_refused"
    assert result("vault://secret/role", **{**env, "VAULT_APPROLE_MOUNT": "nowhere"}) in ("source_refused", "source_setup")


def test_renewal(bao):
    key = made_key()
    bao.write("renewal", key)
    env, _ = approle(bao, token_ttl="1h", token_max_ttl="24h")
    with Fetching("vault://secret/renewal", **env) as fetching:
        for later in (0, 60, RENEWS, 60, RENEWS):
            assert fetching.next(later)["value"] == key
        assert steps(fetching.calls()) == ["login 200", "data 200", "data 200", "renew-self 200", "data 200", "data 200",
                                           "renew-self 200", "data 200"]


def test_renewal_that_is_cut_short_by_the_longest_time(bao):
    key = made_key()
    bao.write("short", key)
    env, change = approle(bao, token_ttl="1h", token_max_ttl="2h")
    with Fetching("vault://secret/short", **env) as fetching:
        assert fetching.next()["value"] == key
        change(token_ttl="20m", token_max_ttl="20m")
        assert fetching.next(RENEWS)["value"] == key
        assert steps(fetching.calls()) == ["login 200", "data 200", "renew-self 200", "login 200", "data 200"]


@pytest.mark.parametrize("later, before", [(0, "data 403"), (RENEWS, "renew-self 403")])
def test_a_token_that_the_server_ended(bao, later, before):
    key = made_key()
    bao.write("ended", key)
    env, _ = approle(bao, token_ttl="1h", token_max_ttl="2h")
    with Fetching("vault://secret/ended", **env) as fetching:
        others = bao.accessors()
        assert fetching.next()["value"] == key
        accessor, = bao.accessors() - others
        bao.ask("POST", "auth/token/revoke-accessor", {"accessor": accessor})
        assert fetching.next(later)["value"] == key
        assert steps(fetching.calls()) == ["login 200", "data 200", before, "login 200", "data 200"]


def test_past_its_time(bao):
    """By the server's own clock: the token ends there while the client still counts on it."""
    key = made_key()
    bao.write("past", key)
    env, _ = approle(bao, token_ttl="1h", token_max_ttl="2h")
    with Fetching("vault://secret/past", **env) as fetching:
        others = bao.accessors()
        assert fetching.next()["value"] == key
        accessor, = bao.accessors() - others
        bao.ask("POST", "auth/token/renew-accessor", {"accessor": accessor, "increment": "1s"})
        until(lambda: accessor not in bao.accessors(), "the end of the token")
        assert fetching.next()["value"] == key
        assert steps(fetching.calls()) == ["login 200", "data 200", "data 403", "login 200", "data 200"]


# ---- Namespaces, throttling, outages ----

def test_namespaces(bao):
    name = "team-" + secrets.token_hex(4)
    status, answer = bao.try_to("POST", f"sys/namespaces/{name}")
    if status >= 300:
        servers.missing("bao", f"this server has no namespaces: HTTP {status}, {answer}")
    keys = made_key(), made_key()
    bao.ask("POST", "sys/mounts/secret", {"type": "kv", "options": {"version": "2"}}, name)
    bao.write("place", keys[0])
    bao.write("place", keys[1], namespace=name)
    reference = "vault://secret/place"
    assert fetch(reference, **bao.env)["value"] == keys[0]
    assert fetch(reference, **bao.env, VAULT_NAMESPACE=name)["value"] == keys[1]
    token = bao.ask("POST", "auth/token/create", {"policies": [policy(bao, namespace=name)]}, name)["auth"]["client_token"]
    assert fetch(reference, **bao.address, VAULT_TOKEN=token, VAULT_NAMESPACE=name)["value"] == keys[1]
    assert result(reference, **bao.address, VAULT_TOKEN=token) == "source_refused"
    assert result(reference, **bao.env, VAULT_NAMESPACE="nowhere") == "source_setup"


def test_throttling(bao):
    name = "slow-" + secrets.token_hex(4)
    bao.ask("POST", f"sys/mounts/{name}", {"type": "kv", "options": {"version": "2"}})
    key = made_key()
    bao.write("place", key, mount=name)
    bao.ask("POST", f"sys/quotas/rate-limit/{name}", {"path": name, "rate": 1, "interval": "1h"})
    reference = f"vault://{name}/place"
    assert fetch(reference, **bao.env)["value"] == key
    assert result(reference, **bao.env) == "source_throttled"


def test_outages(own_bao):
    key = made_key()
    own_bao.write("place", key)
    reference = "vault://secret/place"
    assert fetch(reference, **own_bao.env)["value"] == key
    with held_port() as nobody:
        assert result(reference, **{**own_bao.env, "VAULT_ADDR": f"http://127.0.0.1:{nobody}"}) == "source_away"
    env, _ = approle(own_bao, token_ttl="1h", token_max_ttl="2h")
    with Fetching(reference, **env) as fetching:
        assert fetching.next()["value"] == key
        own_bao.ask("PUT", "sys/seal")
        assert result(reference, **own_bao.env) == "source_away"
        assert fetching.next()["error"] == "source_away"
        assert fetching.next(RENEWS)["error"] == "source_away"
        assert result(reference, **env) == "source_away"
        own_bao.process.terminate()
        own_bao.process.wait()
        assert result(reference, **own_bao.env) == "source_away"
        assert fetching.next(RENEWS)["error"] == "source_away"
