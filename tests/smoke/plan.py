"""plan.py: makes a plan that a runner can follow out of the scenario: placeholders put in, one flat list of steps."""
import base64
import datetime
import hashlib
import hmac
import json
import os
import pathlib
import re
import secrets
import string
import uuid

SCENARIO = json.loads(pathlib.Path(__file__).with_name("scenario.json").read_text(encoding="utf-8"))
# A PNG of one white dot: it has NUL bytes, line ends and bytes that are no UTF-8.
PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGP4DwABAQEANl9ngAAAAABJRU5ErkJggg=="
)


def fingerprint(key, provider):
    return hmac.new(key.encode(), f"keyplate/fp/1/{provider}".encode(), hashlib.sha256).hexdigest()[:8]


class Made:
    """What is made at run time, once for all runners: keys above all."""

    def __init__(self, folder):
        self.key, self.wrong = secrets.token_hex(16), secrets.token_hex(16)
        # Not of hex digits: only who knows it can mask it.
        self.local = "".join(secrets.choice(string.ascii_letters) for _ in range(40))
        self.malformed = f"{secrets.token_hex(8)} {secrets.token_hex(8)}"
        files = {"key_file": self.key, "local_file": self.local, "wrong_file": self.wrong}
        for name, key in files.items():
            (folder / name).write_text(key + "\n")
            (folder / name).chmod(0o600)
        (folder / "picture.png").write_bytes(PICTURE)
        self.names = {name: str(folder / name) for name in files}
        self.names.update(
            picture=str(folder / "picture.png"), PICTURE_BASE64=base64.b64encode(PICTURE).decode(), masked="***" + self.key[-4:],
            fingerprint=fingerprint(self.key, "captchaai"), fingerprint_nocaptchaai=fingerprint(self.key, "nocaptchaai"),
            KEY=self.key, KEY_HEX=self.key.encode().hex(),
            KEY_UPPER=self.key.upper(), KEY_BASE64=base64.b64encode(self.key.encode()).decode(), LOCAL=self.local,
            LOCAL_FRONT=self.local[:13], LOCAL_BACK=self.local[13:],
            SHA1=secrets.token_hex(20), UUID=str(uuid.uuid4()),
            other_day=(datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=2)).strftime("%a"))

    def environment(self, folder):
        """Nothing of the user's own, and no way to the real services."""
        kept = ("PATH", "ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS", "TSAN_OPTIONS", "LD_PRELOAD", "LUA_PATH", "LUA_CPATH")
        nowhere = "http://127.0.0.1:1"
        return {**{name: os.environ[name] for name in kept if name in os.environ}, "LC_ALL": "C.UTF-8", "HOME": str(folder),
                "KEYPLATE_STATE_DIR": str(folder / "state"), "CAPTCHAAI_URL": nowhere, "NOCAPTCHAAI_URL": nowhere,
                "CAPTCHAAI_API_KEY_FILE": self.names["local_file"], "PLACEHOLDER": "YOUR_API_KEY", "MALFORMED": self.malformed}


def put_in(value, names):
    """The value with {NAME} replaced in all its texts; names that are not known stay."""
    if isinstance(value, str):
        return re.sub(r"\{([A-Za-z_0-9]+)\}", lambda match: names.get(match.group(1), match.group(0)), value)
    if isinstance(value, list):
        return [put_in(item, names) for item in value]
    if isinstance(value, dict):
        return {name: put_in(item, names) for name, item in value.items()}
    return value


def merged(base, changes):
    """base with the changes; null takes an option away."""
    out = dict(base)
    for name, value in changes.items():
        if isinstance(value, dict) and isinstance(out.get(name), dict):
            out[name] = merged(out[name], value)
        elif value is None:
            out.pop(name, None)
        else:
            out[name] = value
    return out


def client_of(scene, name, options, names):
    options = dict(options)
    client = {"name": f"{scene}/{name}"}
    if "value_of" in options:
        client["value_of"] = options.pop("value_of")
    client["options"] = merged(SCENARIO["options"], options)
    return put_in(client, names)


def add_scene(plan, scene, names):
    """Adds the clients and steps of a scene."""
    for name, options in scene["clients"].items():
        plan["clients"].append(client_of(scene["name"], name, options, names))
    for step in scene["steps"]:
        args = put_in(step.get("args", {}), names)
        if args.get("task", "").startswith("@"):
            args["task"] = f"@{scene['name']}/{args['task'][1:]}"
        plan["steps"].append({"name": f"{scene['name']}/{step['name']}", "client": f"{scene['name']}/{step.get('client', 'main')}",
                              "call": step["call"], "args": args})


def lua(value):
    """The value as an expression of Lua; NULL stands for null."""
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "NULL"}[value]
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, str):
        return '"' + "".join(chr(b) if 32 <= b < 127 and b not in b'"\\' else f"\\{b:03d}" for b in value.encode()) + '"'
    if isinstance(value, list):
        return "{" + ",".join(map(lua, value)) + "}"
    return "{" + ",".join(f"[{lua(name)}]={lua(item)}" for name, item in value.items()) + "}"


def write(plan, path, form):
    """Writes the plan as JSON or as Lua. It has keys in it, as texts to mask: nobody else may read it."""
    text = json.dumps(plan) if form == "json" else "return " + lua(plan) + "\n"
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
