"""services.py: many services at one address, for tests in Lua: the first part of the path says which one a client talks to."""

import base64
import json
import pathlib
import threading
import urllib.parse

import hostile
from hostile import reply

CASES = pathlib.Path(__file__).resolve().parents[1] / "cases" / "answers.json"
TESTED = ("p1_", "p2_", "p3_", "p4_", "p5_", "p6_", "p7_")
# A read is asked once: it would have to wait longer than its time.
ONCE = ["Retry-After: 86400"]


def key_of(request):
    """The key as the request has it: in the query, in a form, in JSON, in a header."""
    fields = urllib.parse.parse_qs(request.target.partition("?")[2]) or urllib.parse.parse_qs(request.body.decode())
    return request.headers.get("apikey") or fields.get("key", [""])[0]


def echo(status, text):
    """Answers with the key in it, plain and encoded."""
    def act(server, request):
        key = key_of(request)
        coded = base64.b64encode(key.encode()).decode()
        body = {"status": status, "request": text.format(key=key, coded=coded, upper=key.upper(), hex=key.encode().hex())}
        request.connection.send(reply(json.dumps(body)))
        return True
    return act


def parameters(server, request):
    """Accepts a submit whose parameters arrive as tests sent them: its task id is their number."""
    fields = urllib.parse.parse_qs(request.body.decode(), keep_blank_values=True)
    server.note("parameters", json.dumps({name: values[0] for name, values in fields.items() if name != "key"}))
    request.connection.send(reply('{"status":1,"request":"%d"}' % len(fields)))
    return True


def die_after_first(die):
    """Answers a balance call, then dies at each submit."""
    return {"submit": die}


PLAIN = {
    "good": {},
    "hold": {"balance": hostile.hold, "submit": hostile.hold, "result": hostile.hold},
    "close": die_after_first(hostile.close),
    "reset": die_after_first(hostile.reset),
    "echo_error": {"submit": echo(0, "ERROR_BAD_PARAMETERS {key} {coded} {upper} {hex}"),
                   "result": echo(0, "ERROR_NEW {key} {coded}")},
    "echo_answer": {"result": echo(1, "answer {key}| {coded}")},
    "wrong_key": {call: reply("ERROR_KEY_DOES_NOT_EXIST") for call in ("balance", "submit", "result")},
    "pending": {"result": reply("CAPCHA_NOT_READY")},
    "idle": {"balance": reply('{"balance":1}'), "result": reply('{"status":"idle","errorId":0}')},
    "unsolvable": {"result": reply("ERROR_CAPTCHA_UNSOLVABLE")},
    "retry_after": {"submit": reply("slow down", "429 Too Many Requests", ONCE)},
    "number": {"balance": reply('{"status":1,"request":"12.345"}'), "submit": reply('{"status":1,"request":4611686018427387905}')},
    "parameters": {"submit": parameters},
}


def body_of(case):
    if "body_hex" in case:
        return bytes.fromhex(case["body_hex"])
    if "repeat" in case:
        part = case["repeat"]
        return (part.get("before", "") + part["text"] * part["times"] + part.get("after", "")).encode()
    return case["body"].encode()


def load_cases():
    cases = json.loads(CASES.read_text(encoding="utf-8"))
    return [case for case in cases if case["name"].startswith(TESTED)]


def lua(value):
    """A Lua literal."""
    if isinstance(value, dict):
        return "{" + ",".join(f"[{lua(name)}]={lua(member)}" for name, member in value.items()) + "}"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value)
    return '"' + "".join("\\%03d" % byte for byte in value.encode()) + '"'


class Services(hostile.Server):
    """What it saw is in a file: a line "SERVICE CALL CONNECTION" for each request, before it is answered."""

    def __init__(self, folder):
        self.log, self.cases = folder / "seen", folder / "cases.lua"
        self.log.touch()
        self.noting = threading.Lock()
        self.services = dict(PLAIN)
        listed = []
        for number, case in enumerate(load_cases()):
            call = {"sync": "submit"}.get(case["call"], case["call"])
            answer = reply(body_of(case), f"{case['status']} Status", ONCE)
            self.services[f"case{number}"] = {call: answer}
            wanted = {name: case[name] for name in ("name", "provider", "call", "expect")}
            listed.append(lua({**wanted, "service": f"case{number}"}))
        self.cases.write_text("return {" + ",\n".join(listed) + "}\n", encoding="utf-8")
        super().__init__()

    def note(self, *words):
        with self.noting, self.log.open("a", encoding="utf-8") as file:
            file.write(" ".join(words) + "\n")

    def act(self, answer, request):
        name, slash, rest = request.target[1:].partition("/")
        service = self.services.get(name.partition(".")[0])
        if slash and service is not None:
            request.target = "/" + rest
            self.note(name, request.call, str(request.connection.number))
            answer = service.get(request.call, hostile.SERVICE.get(request.call, hostile.close))
        return super().act(answer, request)
