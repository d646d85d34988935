"""test_aws.py: keys from AWS Secrets Manager: moto, which checks signatures and rights, and a stub for what moto never says."""

import http.server
import json
import threading

import pytest

from fetching import fetch, result
from servers import held_port

REFERENCE = "aws-sm://team/captchaai"


@pytest.mark.parametrize("who", ["user", "role"])
def test_stages(moto, who):
    for words, key in (([], 1), (["previous"], 0), (["pending"], 2)):
        got = fetch(REFERENCE, *words, **moto[who])
        assert got["result"] == "got" and got["value"] == moto["keys"][key] and len(got["version"]) > 30, got
    for stage, key in (("AWSPREVIOUS", 0), ("AWSCURRENT", 1), ("AWSPENDING", 2)):
        assert fetch(f"{REFERENCE}?stage={stage}", **moto[who])["value"] == moto["keys"][key]


def test_forms_of_secrets(moto):
    assert fetch("aws-sm://json#api_key", **moto["user"])["value"] == moto["keys"][1]
    assert fetch("aws-sm://binary", **moto["user"])["value"] == moto["keys"][1]
    assert result("aws-sm://json#other", **moto["user"]) == "source_setup"
    assert result(f"{REFERENCE}#api_key", **moto["user"]) == "source_setup"


def test_credentials_of_a_profile(moto, tmp_path):
    files = {"AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "credentials"), "AWS_CONFIG_FILE": str(tmp_path / "config")}
    role = moto["role"]
    (tmp_path / "credentials").write_text(
        f"[default]\naws_access_key_id = nobody\naws_secret_access_key = nothing\n\n[team]\n"
        f"aws_access_key_id = {role['AWS_ACCESS_KEY_ID']}\naws_secret_access_key = {role['AWS_SECRET_ACCESS_KEY']}\n"
        f"aws_session_token = {role['AWS_SESSION_TOKEN']}\n")
    (tmp_path / "config").write_text("[profile team]\nregion = eu-west-1\n")
    place = {"AWS_ENDPOINT_URL": moto["place"]["AWS_ENDPOINT_URL"], **files}
    assert fetch(REFERENCE, **place, AWS_PROFILE="team")["value"] == moto["keys"][1]
    assert result(REFERENCE, **place, AWS_PROFILE="other") == "source_setup"
    assert result(REFERENCE, **place, AWS_REGION="eu-west-1") == "source_refused"
    assert result(REFERENCE, **place) == "source_setup"


def turned(env, name):
    """The same with one text reversed: of the same length and letters, and wrong."""
    assert env[name] != env[name][::-1]
    return {**env, name: env[name][::-1]}


def test_refusals(moto):
    assert result(REFERENCE, **turned(moto["user"], "AWS_SECRET_ACCESS_KEY")) == "source_refused"
    assert result(REFERENCE, **turned(moto["role"], "AWS_SECRET_ACCESS_KEY")) == "source_refused"
    assert result(REFERENCE, **turned(moto["role"], "AWS_SESSION_TOKEN")) == "source_refused"
    without = {name: value for name, value in moto["role"].items() if name != "AWS_SESSION_TOKEN"}
    assert result(REFERENCE, **without) == "source_refused"
    assert result(REFERENCE, **{**moto["user"], "AWS_ACCESS_KEY_ID": "AKIANOBODY"}) == "source_refused"
    assert result(REFERENCE, **moto["poor"]) == "source_refused"


def test_what_is_not_there(moto):
    assert result("aws-sm://nobody", **moto["user"]) == "absent"
    assert result("aws-sm://json", "previous", **moto["user"]) == "absent"
    assert result("aws-sm://gone", **moto["user"]) == "source_deleted"


def test_outage(moto):
    with held_port() as nobody:
        assert result(REFERENCE, **{**moto["user"], "AWS_ENDPOINT_URL": f"http://127.0.0.1:{nobody}"}) == "source_away"


@pytest.fixture
def stub():
    """Answers every call with the type of an error, as AWS documents it."""
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            status, kind = self.server.answer
            self.rfile.read(int(self.headers["Content-Length"]))
            body = json.dumps({"__type": kind, "message": "as AWS says it"}).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.env = {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.server_port}", "AWS_REGION": "eu-west-1",
                  "AWS_ACCESS_KEY_ID": "AKIAMADE", "AWS_SECRET_ACCESS_KEY": "made"}
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("status, kind, name", [(400, "ThrottlingException", "source_throttled"),
                                                (429, "TooManyRequestsException", "source_throttled"),
                                                (500, "InternalServiceError", "source_away"),
                                                (400, "ExpiredTokenException", "source_refused")])
def test_what_moto_never_says(stub, status, kind, name):
    stub.answer = status, kind
    assert result(REFERENCE, **stub.env) == name
