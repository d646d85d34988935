"""conftest.py: the servers that tests share, started once; what each of them must not change stands beside it."""

import json
import os
import subprocess

import pytest

import moto_env
import servers
from servers import PATIENCE

# moto asks for no signature in its first calls: those that make a user and its rights.
FREE_CALLS = 4
SETUP = """
import json, sys, boto3
url, old, new, pending = sys.argv[1:]
def make(service, *credentials):
    id, key, token = credentials or ("x", "x", None)
    return boto3.client(service, region_name="eu-west-1", endpoint_url=url, aws_access_key_id=id, aws_secret_access_key=key,
                        aws_session_token=token)
iam = make("iam")
owner = iam.create_user(UserName="u")["User"]["Arn"]
made = iam.create_access_key(UserName="u")["AccessKey"]
policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["secretsmanager:*", "sts:*", "iam:*"],
                                                  "Resource": "*"}]}
iam.put_user_policy(UserName="u", PolicyName="p", PolicyDocument=json.dumps(policy))
make("secretsmanager").create_secret(Name="team/captchaai", SecretString=old)
user = made["AccessKeyId"], made["SecretAccessKey"], None
sm, iam = make("secretsmanager", *user), make("iam", *user)
sm.put_secret_value(SecretId="team/captchaai", SecretString=new)
sm.put_secret_value(SecretId="team/captchaai", SecretString=pending, VersionStages=["AWSPENDING"])
sm.create_secret(Name="json", SecretString=json.dumps({"api_key": new}))
sm.create_secret(Name="binary", SecretBinary=new.encode())
sm.create_secret(Name="gone", SecretString="x")
sm.delete_secret(SecretId="gone")
trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": owner}, "Action": "sts:AssumeRole"}]}
role = iam.create_role(RoleName="r", AssumeRolePolicyDocument=json.dumps(trust))["Role"]
iam.put_role_policy(RoleName="r", PolicyName="p", PolicyDocument=json.dumps(policy))
got = make("sts", *user).assume_role(RoleArn=role["Arn"], RoleSessionName="session")["Credentials"]
iam.create_user(UserName="poor")
poor = iam.create_access_key(UserName="poor")["AccessKey"]
def name(id, key, token):
    return {"AWS_ACCESS_KEY_ID": id, "AWS_SECRET_ACCESS_KEY": key, **({"AWS_SESSION_TOKEN": token} if token else {})}
print(json.dumps({"user": name(*user), "role": name(got["AccessKeyId"], got["SecretAccessKey"], got["SessionToken"]),
                  "poor": name(poor["AccessKeyId"], poor["SecretAccessKey"], None)}))
"""


@pytest.fixture(scope="session")
def moto_python():
    """An interpreter with moto and botocore."""
    servers.wanted("moto")
    given, folder = os.environ.get("KP_SOURCES_PYTHON"), os.environ.get("KP_MOTO_FOLDER")
    if given:
        return given
    if not folder:
        servers.missing("moto", "neither KP_SOURCES_PYTHON nor KP_MOTO_FOLDER is set")
    try:
        return moto_env.python(folder)
    except moto_env.Unavailable as why:
        servers.missing("moto", str(why))


@pytest.fixture(scope="session")
def moto(moto_python, tmp_path_factory):
    """moto's server: environments of a user, of a role and of a user without rights, and the keys: old, new, pending."""
    with servers.running(lambda port: [moto_python, "-I", "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)], "/moto-api/data.json",
                         tmp_path_factory.mktemp("moto"), {"INITIAL_NO_AUTH_ACTION_COUNT": str(FREE_CALLS)}) as (port, _):
        url, keys = f"http://127.0.0.1:{port}", [servers.made_key() for _ in range(3)]
        run = subprocess.run([moto_python, "-I", "-c", SETUP, url, *keys], capture_output=True, text=True, timeout=PATIENCE,
                             env={"PATH": os.environ["PATH"], "HOME": "/nonexistent"})
        assert run.returncode == 0, run.stderr
        place = {"AWS_ENDPOINT_URL": url, "AWS_REGION": "eu-west-1"}
        yield {"keys": keys, "place": place, **{who: {**place, **env} for who, env in json.loads(run.stdout).items()}}


@pytest.fixture(scope="session")
def bao(tmp_path_factory):
    with servers.bao_server(tmp_path_factory.mktemp("bao")) as server:
        yield server


@pytest.fixture
def own_bao(tmp_path):
    """One that the test may end or seal."""
    (tmp_path / "bao").mkdir()
    with servers.bao_server(tmp_path / "bao") as server:
        yield server


@pytest.fixture
def google(tmp_path):
    """The emulator and its front; see google_front.py."""
    import google_front
    folder = tmp_path / "google"
    folder.mkdir()
    with servers.emulator(folder) as (port, process), google_front.Front(f"http://127.0.0.1:{port}") as front:
        front.process = process
        yield front
