"""test_sources.py: the sources over HTTP against real servers, and signatures against botocore's; what is missing is skipped."""

import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import time
import urllib.request

import pytest

HERE = pathlib.Path(__file__).parent
RUNNER, SIGN = os.environ.get("KP_SOURCES_RUNNER", ""), os.environ.get("KP_SOURCES_SIGN", "")
PATIENCE = 120


def python_with(module):
    """An interpreter that has the module, or the test is skipped."""
    for name in filter(None, [os.environ.get("KP_SOURCES_PYTHON"), sys.executable, shutil.which("python3")]):
        if subprocess.run([name, "-c", f"import {module}"], capture_output=True).returncode == 0:
            return name
    pytest.skip(f"no python3 has the module {module}")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for(port, process):
    for _ in range(PATIENCE * 10):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            assert process.poll() is None, "the server ended"
            time.sleep(0.1)
    pytest.fail("the server does not listen")


def fetch(reference, *words, home="/nonexistent", **env):
    run = subprocess.run([RUNNER, reference, *words], env={"HOME": str(home), **env}, capture_output=True, text=True,
                         timeout=PATIENCE, check=True)
    return json.loads(run.stdout)


def test_signatures_equal_botocore():
    run = subprocess.run([python_with("botocore"), HERE / "compare_signatures.py", SIGN, "1000"], capture_output=True, text=True,
                         timeout=PATIENCE * 5)
    assert run.returncode == 0, run.stdout + run.stderr


# ---- AWS: moto checks signatures once its free calls are used up ----

SETUP = """
import json, sys, boto3
make = lambda service, id="x", key="x": boto3.client(service, region_name="eu-west-1", endpoint_url=sys.argv[1],
                                                     aws_access_key_id=id, aws_secret_access_key=key)
iam = make("iam")
iam.create_user(UserName="u")
made = iam.create_access_key(UserName="u")["AccessKey"]
policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["secretsmanager:*", "sts:*"], "Resource": "*"}]}
iam.put_user_policy(UserName="u", PolicyName="p", PolicyDocument=json.dumps(policy))
make("secretsmanager").create_secret(Name="team/captchaai", SecretString=sys.argv[2])
sm = make("secretsmanager", made["AccessKeyId"], made["SecretAccessKey"])
sm.put_secret_value(SecretId="team/captchaai", SecretString=sys.argv[3])
sm.put_secret_value(SecretId="team/captchaai", SecretString=sys.argv[4], VersionStages=["AWSPENDING"])
sm.create_secret(Name="json", SecretString=json.dumps({"api_key": sys.argv[3]}))
sm.create_secret(Name="gone", SecretString="x")
sm.delete_secret(SecretId="gone")
print(json.dumps([made["AccessKeyId"], made["SecretAccessKey"]]))
"""


@pytest.fixture(scope="module")
def moto():
    python, port = python_with("moto.server"), free_port()
    server = subprocess.Popen([python, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
                              env={**os.environ, "INITIAL_NO_AUTH_ACTION_COUNT": "4"}, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL)
    try:
        wait_for(port, server)
        url, keys = f"http://127.0.0.1:{port}", ["made-" + os.urandom(12).hex() for _ in range(3)]
        run = subprocess.run([python, "-c", SETUP, url, *keys], capture_output=True, text=True, timeout=PATIENCE)
        assert run.returncode == 0, run.stderr
        user, secret = json.loads(run.stdout)
        yield {"keys": keys, "env": {"AWS_ENDPOINT_URL": url, "AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": user,
                                     "AWS_SECRET_ACCESS_KEY": secret}}
    finally:
        server.terminate()
        server.wait()


def test_aws_stages_and_fields(moto):
    for words, key in (([], 1), (["previous"], 0), (["pending"], 2)):
        got = fetch("aws-sm://team/captchaai", *words, **moto["env"])
        assert got["result"] == "got" and got["value"] == moto["keys"][key] and len(got["version"]) > 30, got
    assert fetch("aws-sm://json#api_key", **moto["env"])["value"] == moto["keys"][1]


def test_aws_errors(moto):
    env = moto["env"]
    assert fetch("aws-sm://nobody", **env)["result"] == "absent"
    assert fetch("aws-sm://gone", **env)["error"] == "source_deleted"
    wrong = {**env, "AWS_SECRET_ACCESS_KEY": env["AWS_SECRET_ACCESS_KEY"][::-1]}
    assert fetch("aws-sm://team/captchaai", **wrong)["error"] == "source_refused"
    assert fetch("aws-sm://team/captchaai", **{**env, "AWS_ACCESS_KEY_ID": "AKIANOBODY"})["error"] == "source_refused"
    assert fetch("aws-sm://team/captchaai", **{**env, "AWS_ENDPOINT_URL": f"http://127.0.0.1:{free_port()}"})["error"] == \
        "source_away"


# ---- Vault: OpenBao's server in its developer mode, where the program is there ----

@pytest.fixture(scope="module")
def bao():
    program = os.environ.get("KP_BAO") or shutil.which("bao") or shutil.which("vault")
    if not program:
        pytest.skip("no bao and no vault on PATH, none named by KP_BAO")
    port = free_port()
    server = subprocess.Popen([program, "server", "-dev", "-dev-root-token-id=root", f"-dev-listen-address=127.0.0.1:{port}"],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"

    def ask(method, path, data=None):
        request = urllib.request.Request(url + "/v1/" + path, method=method, headers={"X-Vault-Token": "root"},
                                         data=None if data is None else json.dumps(data).encode())
        with urllib.request.urlopen(request, timeout=30) as answer:
            body = answer.read()
        return json.loads(body) if body else None

    try:
        wait_for(port, server)
        ask.env = {"VAULT_ADDR": url}
        yield ask
    finally:
        server.terminate()
        server.wait()


def test_vault(bao):
    keys = ["made-" + os.urandom(12).hex() for _ in range(3)]
    for key in keys:
        bao("POST", "secret/data/team/captchaai", {"data": {"api_key": key}})
    env = {**bao.env, "VAULT_TOKEN": "root"}
    reference = "vault://secret/team/captchaai"
    assert [fetch(reference, **env)[name] for name in ("value", "version")] == [keys[2], "version 3"]
    assert [fetch(reference, "previous", **env)[name] for name in ("value", "version")] == [keys[1], "version 2"]
    assert fetch("vault://secret/nobody", **env)["result"] == "absent"
    assert fetch("vault://nowhere/nobody", **env)["error"] == "source_setup"
    assert fetch(reference, **{**env, "VAULT_TOKEN": "wrong"})["error"] == "source_refused"
    bao("DELETE", "secret/data/team/captchaai")
    assert fetch(reference, **env)["error"] == "source_deleted"
    assert fetch(reference, "previous", **env)["value"] == keys[1]
    bao("PUT", "secret/destroy/team/captchaai", {"versions": [2]})
    assert fetch(reference, "previous", **env)["error"] == "source_deleted"


def test_vault_approle_past_its_longest_time(bao):
    key = "made-" + os.urandom(12).hex()
    bao("POST", "secret/data/role", {"data": {"api_key": key}})
    bao("POST", "sys/auth/approle", {"type": "approle"})
    bao("PUT", "sys/policies/acl/reader", {"policy": 'path "secret/data/*" { capabilities = ["read"] }'})
    bao("POST", "auth/approle/role/r", {"token_policies": "reader", "token_ttl": "4s", "token_max_ttl": "8s"})
    role = bao("GET", "auth/approle/role/r/role-id")["data"]["role_id"]
    secret = bao("POST", "auth/approle/role/r/secret-id", {})["data"]["secret_id"]
    env = {"HOME": "/nonexistent", **bao.env, "VAULT_ROLE_ID": role, "VAULT_SECRET_ID": secret}
    run = subprocess.Popen([RUNNER, "vault://secret/role", "current", "7"], env=env, stdin=subprocess.PIPE,
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    for turn in range(7):
        if turn:
            time.sleep(3)  # the server's own clock has to go on
            run.stdin.write("\n")
            run.stdin.flush()
        assert json.loads(run.stdout.readline())["value"] == key
    calls = run.communicate(timeout=PATIENCE)[1]
    assert "renew-self: 200" in calls and calls.count("/login: 200") > 1, calls
    assert fetch("vault://secret/role", **{**bao.env, "VAULT_ROLE_ID": role, "VAULT_SECRET_ID": "x"})["error"] == "source_refused"


# ---- Google: the emulator of Secret Manager, where the program is there; the metadata service is a stub ----

def test_gcp():
    program = os.environ.get("KP_GCP_EMULATOR") or shutil.which("server-rest")
    if not program:
        pytest.skip("no server-rest on PATH, none named by KP_GCP_EMULATOR")
    import base64
    import http.server
    import threading

    class Metadata(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            body = b'{"access_token":"made-token","expires_in":3599,"token_type":"Bearer"}'
            self.send_response(200 if self.headers["Metadata-Flavor"] == "Google" else 403)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    metadata = http.server.HTTPServer(("127.0.0.1", 0), Metadata)
    threading.Thread(target=metadata.serve_forever, daemon=True).start()
    port = free_port()
    server = subprocess.Popen([program, "--http-port", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"

    def ask(path, data):
        request = urllib.request.Request(f"{url}/v1/projects/p/secrets{path}", method="POST", data=json.dumps(data).encode(),
                                         headers={"Content-Type": "application/json"})
        return urllib.request.urlopen(request, timeout=30).read()

    try:
        wait_for(port, server)
        ask("?secretId=captchaai", {"replication": {"automatic": {}}})
        keys = ["made-" + os.urandom(12).hex() for _ in range(2)]
        for key in keys:
            ask("/captchaai:addVersion", {"payload": {"data": base64.b64encode(key.encode()).decode()}})
        env = {"CLOUDSDK_API_ENDPOINT_OVERRIDES_SECRETMANAGER": url,
               "GCE_METADATA_HOST": f"127.0.0.1:{metadata.server_address[1]}"}
        place = "gcp-sm://projects/p/secrets/captchaai/versions/"
        assert [fetch(place + "latest", **env)[name] for name in ("value", "version")] == [keys[1], "version 2"]
        assert fetch(place + "latest", "previous", **env)["value"] == keys[0]
        assert fetch("gcp-sm://projects/p/secrets/nobody/versions/latest", **env)["result"] == "absent"
        ask("/captchaai/versions/2:destroy", {})
        assert fetch(place + "2", **env)["error"] == "source_deleted"
    finally:
        metadata.shutdown()
        server.terminate()
        server.wait()
