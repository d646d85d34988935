"""sources.py: every source of keys that keyplate knows, with credentials of its own: where they are, who may get them."""

import base64
import json
import os
import secrets
import string
import subprocess
from dataclasses import replace

import shapes
from hostile import hold as hold_call
from scenarios import BALANCE, HELD, SUBMIT, Scenario
from shapes import ALNUM, some
from stores import OF_PROGRAMS, OF_REDIS, THE_KEY, TROUBLES, Program, Redis, Stage, Store, Trouble

LATER = "2040-01-01T00:00:00Z"


def web_token():
    return ".".join(some(ALNUM + "-_", size) for size in (36, 120, 86))


# ---- Vault ----


def vault_secret(store, token):
    """The call that reads the secret."""
    def answer(request):
        return {"request_id": "a", "data": {"data": {"api_key": store.box.key}, "metadata": {
            "created_time": "2026-01-01T00:00:00Z", "version": 7, "destroyed": False, "deletion_time": ""}}}
    return Stage("secret", "GET /v1/secret/data/captchaai", (token,), answer, (THE_KEY,))


def vault_login(store, mount, may, lease_s):
    """The calls that get a token and renew it."""
    store.secret("the token of the login", "hvs." + some(ALNUM + "-_", 91))

    def auth(request):
        return {"auth": {"client_token": store.box.secrets["the token of the login"].text, "renewable": True,
                         "lease_duration": lease_s, "accessor": "b"}}
    gives = ("the token of the login",)
    return (Stage("login", f"POST /v1/auth/{mount}/login", may, auth, gives),
            Stage("renewal", "POST /v1/auth/token/renew-self", gives, auth, gives),
            vault_secret(store, gives[0]))


def from_vault(store, *stages):
    store.options["keys"] = '["vault://secret/captchaai"]'
    store.env["VAULT_ADDR"] = store.serve("Vault", *stages)


def vault_token(store):
    store.secret("the Vault token", "hvs." + some(ALNUM, 24), "VAULT_TOKEN")
    from_vault(store, vault_secret(store, "the Vault token"))


def vault_token_file(store):
    token = store.secret("the Vault token", "s." + some(ALNUM, 24))
    store.box.put(store.box.home / ".vault-token", token + "\n")
    from_vault(store, vault_secret(store, "the Vault token"))


def approle(store, in_file=False, lease_s=3600):
    store.secret("the role id", shapes.make("name and UUID"), "VAULT_ROLE_ID")
    secret_id = store.secret("the secret id", shapes.make("name and UUID"), None if in_file else "VAULT_SECRET_ID")
    if in_file:
        store.env["VAULT_SECRET_ID_FILE"] = store.box.put(store.box.folder / "given" / "secret id", secret_id + "\n")
    from_vault(store, *vault_login(store, "approle", ("the role id", "the secret id"), lease_s))


def approle_file(store):
    approle(store, in_file=True)


def approle_renewed(store):
    """The service's answer comes when the token is due: the second call renews it."""
    approle(store, lease_s=2)
    balance = store.box.server.script["balance"]

    def act(server, request):
        server.closing.wait(1.4)
        request.connection.send(balance)
        return True
    store.options["ring.refresh"] = "0"
    store.box.server.script["balance"] = [act, balance]


def kubernetes(store):
    """The pod's folder is fixed: the program gets a file system in which it is."""
    token = store.secret("the pod's token", web_token())
    path = store.box.put(store.box.folder / "given" / "pod token", token)
    store.env["VAULT_K8S_ROLE"] = "captcha"
    folder = "/run/secrets/kubernetes.io/serviceaccount"
    store.before = ["unshare", "-m" if os.getuid() == 0 else "-Urm", "sh", "-c",
                    f'mount -t tmpfs none /run && mkdir -p {folder} && cp "$0" {folder}/token && exec "$@"', path]
    from_vault(store, *vault_login(store, "kubernetes", ("the pod's token",), 3600))


def has_name_spaces():
    words = ["unshare", "-m" if os.getuid() == 0 else "-Urm", "sh", "-c", "mount -t tmpfs none /run"]
    return os.path.isdir("/run") and subprocess.run(words, capture_output=True).returncode == 0


# ---- AWS ----

AWS_NAMES = ("the access key id", "the secret access key", "the session token")
AWS_VARIABLES = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")


def aws_credentials(store, variables=(None, None, None)):
    texts = "AKIA" + some(string.ascii_uppercase + string.digits, 16), some(ALNUM + "+/", 40), some(ALNUM + "+/", 200)
    return [store.secret(*three) for three in zip(AWS_NAMES, texts, variables)]


def from_aws(store):
    def answer(request):
        return {"ARN": "arn:aws:secretsmanager:eu-west-1:1:secret:captchaai", "Name": "captchaai",
                "SecretString": store.box.key, "VersionId": "c0ffee", "VersionStages": ["AWSCURRENT"]}
    stage = Stage("secret", "POST /", (AWS_NAMES[0], AWS_NAMES[2]), answer, (THE_KEY,))
    store.options["keys"] = '["aws-sm://captchaai"]'
    store.env["AWS_ENDPOINT_URL_SECRETS_MANAGER"] = store.serve("Secrets Manager", stage)
    store.env["AWS_REGION"] = "eu-west-1"


def temporary(store):
    def answer(request):
        values = [store.box.secrets[name].text for name in AWS_NAMES]
        return {**dict(zip(("AccessKeyId", "SecretAccessKey", "Token"), values)), "Expiration": LATER, "Code": "Success"}
    return answer


def aws_environment(store):
    aws_credentials(store, AWS_VARIABLES)
    from_aws(store)


def aws_file(store):
    names = [name.lower() for name in AWS_VARIABLES]
    lines = [f"{name} = {text}" for name, text in zip(names, aws_credentials(store))]
    store.box.put(store.box.home / ".aws" / "credentials", "\n".join(["[default]", *lines, ""]))
    from_aws(store)


def aws_container(store, in_file=False):
    aws_credentials(store)
    token = store.secret("the container's token", some(ALNUM, 64), None if in_file else "AWS_CONTAINER_AUTHORIZATION_TOKEN")
    if in_file:
        path = store.box.put(store.box.folder / "given" / "container token", token)
        store.env["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] = path
    path = store.secret("the container's path", secrets.token_hex(16))
    stage = Stage("credentials", f"GET /v2/{path}", ("the container's token", "the container's path"), temporary(store),
                  AWS_NAMES)
    store.env["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = store.serve("the container's service", stage) + "/v2/" + path
    store.in_environment.append("the container's path")
    store.for_programs.append("the container's path")
    from_aws(store)


def aws_container_file(store):
    aws_container(store, in_file=True)


def aws_instance(store):
    aws_credentials(store)
    token = store.secret("the instance's token", some(ALNUM + "-_", 54) + "==")
    roles = "/latest/meta-data/iam/security-credentials/"
    name = ("the instance's token",)
    store.env["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = store.serve(
        "the metadata service",
        Stage("token", "PUT /latest/api/token", (), lambda request: token, name),
        Stage("role", f"GET {roles}", name, lambda request: "captcha-role"),
        Stage("credentials", f"GET {roles}captcha-role", name, temporary(store), AWS_NAMES))
    from_aws(store)


def aws_web_identity(store):
    aws_credentials(store)
    token = store.secret("the pod's token", web_token())
    store.env["AWS_WEB_IDENTITY_TOKEN_FILE"] = store.box.put(store.box.folder / "given" / "web token", token)
    store.env["AWS_ROLE_ARN"] = "arn:aws:iam::1:role/captcha"

    def answer(request):
        values = zip(("AccessKeyId", "SecretAccessKey", "SessionToken"), (store.box.secrets[name].text for name in AWS_NAMES))
        parts = "".join(f"<{name}>{text}</{name}>" for name, text in values)
        return f"<A><Credentials>{parts}<Expiration>{LATER}</Expiration></Credentials></A>"
    store.env["AWS_ENDPOINT_URL_STS"] = store.serve("STS", Stage("login", "POST /", ("the pod's token",), answer, AWS_NAMES))
    from_aws(store)


# ---- Google ----


def integers(der):
    """The numbers in a SEQUENCE of DER, without leading zeros."""
    def read(data, at):
        size, at = data[at + 1], at + 2
        if size & 128:
            size, at = int.from_bytes(data[at:at + (size & 127)], "big"), at + (size & 127)
        return data[at:at + size], at + size
    body, at, found = read(der, 0)[0], 0, []
    while at < len(body):
        number, at = read(body, at)
        found.append(number.lstrip(b"\0"))
    return found


def rsa_key(known=[]):
    """PEM and the secret numbers of a key that is new in each run."""
    if not known:
        pem = subprocess.run(["openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
                             check=True, capture_output=True).stdout
        der = subprocess.run(["openssl", "rsa", "-traditional", "-outform", "DER"], input=pem, check=True,
                             capture_output=True).stdout
        known += [pem.decode(), dict(zip(("d", "p", "q", "dp", "dq", "qinv"), integers(der)[3:]))]
    return known


def from_google(store):
    def answer(request):
        return {"name": "projects/1/secrets/captchaai/versions/7",
                "payload": {"data": base64.b64encode(store.box.key.encode()).decode()}}
    stage = Stage("secret", "GET /v1/projects/1/secrets/captchaai/versions/latest:access", ("the access token",), answer,
                  (THE_KEY,))
    store.options["keys"] = '["gcp-sm://projects/1/secrets/captchaai/versions/latest"]'
    store.env["CLOUDSDK_API_ENDPOINT_OVERRIDES_SECRETMANAGER"] = store.serve("Secret Manager", stage)


def access_token(store):
    token = store.secret("the access token", "ya29." + some(ALNUM + "-_.", 160))
    return lambda request: {"access_token": token, "expires_in": 3599, "token_type": "Bearer"}


def google_metadata(store):
    stage = Stage("token", "GET /computeMetadata/v1/instance/service-accounts/default/token", (), access_token(store),
                  ("the access token",))
    store.env["GCE_METADATA_HOST"] = store.serve("the metadata server", stage).partition("://")[2]
    from_google(store)


def google_account(store):
    """The private key: its text, its numbers in both orders of bytes; and what is signed with it."""
    pem, numbers = rsa_key()
    store.secret("the private key", "".join(pem.splitlines()[1:-1]), fragment=16)
    for name, number in numbers.items():
        store.box.secret(f"{name} of the private key", number, fragment=16)
        store.box.secret(f"{name} of the private key, turned", number[::-1], fragment=16)

    def learn(request):
        sent = request.body.decode().partition("assertion=")[2]
        store.secret("the assertion", sent.rpartition(".")[2], fragment=16)
    store.secret("the assertion", some(ALNUM, 40))
    url = store.serve("the token service", Stage("login", "POST /token", ("the assertion",), access_token(store),
                                                 ("the access token",), learn))
    file = {"type": "service_account", "client_email": "captcha@example.com", "private_key_id": "k1", "private_key": pem,
            "token_uri": url + "/token"}
    path = store.box.put(store.box.folder / "given" / "account.json", json.dumps(file, indent=1))
    store.env["GOOGLE_APPLICATION_CREDENTIALS"] = path
    from_google(store)


# ---- A program; the password of the store of lockouts and counts ----


def program(store):
    """The user's environment has more than the program has to see."""
    store.secret("another key", shapes.make("hex"), "CAPTCHAAI_API_KEY", own=True)
    store.secret("the password of Redis", some(ALNUM, 30), "OUR_REDIS", own=True)
    store.secret("the Vault token", "hvs." + some(ALNUM, 24), "VAULT_TOKEN")
    aws_credentials(store, AWS_VARIABLES)
    store.options["redis.password"] = "env:OUR_REDIS"
    part = Program(store)
    store.parts.append(part)
    store.options["keys"] = json.dumps([f"exec:{part.path}"])


def redis(store, place="env"):
    variable = "OUR_REDIS" if place == "env" else None
    password = store.secret("the password of Redis", some(ALNUM + "+/", 40), variable, own=True)
    path = store.box.put(store.box.folder / "given" / "password", password + "\n")
    part = Redis(store, "Redis")
    store.parts.append(part)
    store.options.update({"keys": json.dumps([f"file:{store.box.key_file}"]), "store": f"redis://127.0.0.1:{part.port}",
                          "redis.password": {"env": "env:OUR_REDIS", "file": f"file:{path}"}[place]})


def redis_file(store):
    redis(store, "file")


# ---- All of them: a name, what sets it up, and the stages that can be in trouble ----

SOURCES = [
    ("Vault, token", vault_token, ("secret",)),
    ("Vault, ~/.vault-token", vault_token_file, ("secret",)),
    ("Vault, AppRole", approle, ("login", "secret")),
    ("Vault, AppRole in a file", approle_file, ("login", "secret")),
    ("Vault, Kubernetes", kubernetes, ("login", "secret")),
    ("AWS, environment", aws_environment, ("secret",)),
    ("AWS, file", aws_file, ("secret",)),
    ("AWS, container", aws_container, ("credentials", "secret")),
    ("AWS, container with a file", aws_container_file, ("credentials", "secret")),
    ("AWS, instance", aws_instance, ("token", "role", "credentials", "secret")),
    ("AWS, web identity", aws_web_identity, ("login", "secret")),
    ("Google, metadata", google_metadata, ("token", "secret")),
    ("Google, service account", google_account, ("login", "secret")),
    ("a program", program, (None,)),
    ("Redis, environment", redis, ("AUTH", "EVALSHA")),
    ("Redis, file", redis_file, ("AUTH", "EVALSHA")),
]


def scenario(source, trouble, stage=None, **more):
    name, set_up, _ = source
    where = f", {stage}" if stage else ""
    trouble = replace(trouble, stage=stage)

    def make(box):
        store = Store(box, trouble)
        set_up(store)
        return store
    fields = {"calls": [BALANCE], "expect": trouble.expect, **trouble.fields, **more}
    return Scenario(f"{name}: {trouble.name}{where}", source=make, **fields)


def of(source):
    """The scenarios of a source: the good ones, then those with a trouble."""
    name, set_up, stages = source
    good, program_of_it = Trouble("success", expect=("ok",)), set_up is program
    if not name.startswith("Redis"):
        yield scenario(source, good, calls=[BALANCE, SUBMIT], traced=not program_of_it and set_up is not kubernetes)
        yield scenario(source, replace(good, name="crash in a call to the service"), expect=(), held="SIGSEGV", crash=True,
                       answers=lambda key: {**HELD, "balance": hold_call})
        yield scenario(source, replace(good, name="held in a call to the service"), expect=("network", "timeout"),
                       held="release", answers=lambda key: HELD, options={"timeout": "2s"})
    troubles = OF_REDIS if name.startswith("Redis") else TROUBLES
    if program_of_it:
        troubles = [replace(trouble, expect=trouble.expect and FAILED_PROGRAM) for trouble in TROUBLES
                    if trouble.name in OF_PROGRAMS]
    for trouble in troubles:
        for stage in stages:
            yield scenario(source, trouble, stage)


FAILED_PROGRAM = ("key", "timeout", "cancelled", "usage", "network", "server")
ONCE = [
    scenario(("Vault, AppRole", approle_renewed, ()), Trouble("the token is renewed", expect=("ok",)),
             calls=[BALANCE, BALANCE], only=("C",)),
    scenario(SOURCES[2], Trouble("success over TLS", expect=("ok",)), tls=True),
]
