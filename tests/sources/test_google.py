"""test_google.py: keys from an emulator of Google Secret Manager, behind a front that answers as Google's own does."""

from fetching import Fetching, fetch, result
from servers import held_port, made_key

PLACE = "gcp-sm://projects/p/secrets/captchaai/versions/"
LATEST = PLACE + "latest"


def test_the_emulator_itself(google):
    keys = [made_key(), made_key()]
    google.make("captchaai", *keys)
    env = {**google.env, "CLOUDSDK_API_ENDPOINT_OVERRIDES_SECRETMANAGER": google.emulator}
    assert [fetch(LATEST, **env)[name] for name in ("value", "version")] == [keys[1], "version 2"]
    assert [fetch(LATEST, "previous", **env)[name] for name in ("value", "version")] == [keys[0], "version 1"]


def test_versions_and_checksums(google):
    keys = [made_key() for _ in range(3)]
    google.make("captchaai", *keys)
    for version, key in (("1", 0), ("2", 1), ("3", 2), ("latest", 2)):
        got = fetch(PLACE + version, **google.env)
        assert (got["value"], got["version"]) == (keys[key], f"version {key + 1}"), got
    assert fetch(LATEST, "previous", **google.env)["value"] == keys[1]
    assert result(PLACE + "1", "previous", **google.env) == "absent"
    assert result(LATEST, "pending", **google.env) == "absent"
    google.damage = 1
    assert result(LATEST, **google.env) == "source_answer"


def test_what_is_not_there(google):
    google.make("captchaai", made_key(), made_key(), made_key())
    assert result(PLACE + "9", **google.env) == "absent"
    assert result("gcp-sm://projects/p/secrets/nobody/versions/latest", **google.env) == "absent"
    google.ask("/captchaai/versions/1:disable", {})
    assert result(PLACE + "1", **google.env) == "source_deleted"
    google.ask("/captchaai/versions/1:enable", {})
    assert result(PLACE + "1", **google.env) == "got"
    google.ask("/captchaai/versions/2:destroy", {})
    assert result(PLACE + "2", **google.env) == "source_deleted"
    assert result(LATEST, "previous", **google.env) == "source_deleted"


def test_a_token_that_is_refused_is_got_anew(google):
    key = made_key()
    google.make("captchaai", key)
    with Fetching(LATEST, **google.env) as fetching:
        assert fetching.next()["value"] == key
        google.token = google.accepts = google.token[::-1]
        assert fetching.next()["value"] == key
        google.accepts = "another"
        assert fetching.next()["error"] == "source_refused"


def test_throttling_and_outages(google):
    key = made_key()
    google.make("captchaai", key)
    with Fetching(LATEST, **google.env) as fetching:
        assert fetching.next()["value"] == key
        google.busy = True
        assert fetching.next()["error"] == "source_throttled"
        google.busy = False
        assert fetching.next()["value"] == key
        google.process.terminate()
        google.process.wait()
        assert fetching.next()["error"] == "source_away"
    with held_port() as nobody:
        gone = f"127.0.0.1:{nobody}"
        assert result(LATEST, **{**google.env, "CLOUDSDK_API_ENDPOINT_OVERRIDES_SECRETMANAGER": f"http://{gone}"}) == "source_away"
        assert result(LATEST, **{**google.env, "GCE_METADATA_HOST": gone}) == "source_setup"
