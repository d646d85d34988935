"""scenarios.py: what is tried in every language, as data. README.md says what the fields mean."""

import base64
import html
import json
import urllib.parse
from dataclasses import dataclass, field
from typing import Callable, Optional

import hostile
from hostile import reply

PAGE = "https://example.com/"
TASK = "4711"
TURNSTILE = {"method": "turnstile", "p.sitekey": "site", "p.pageurl": PAGE}
BALANCE, SUBMIT, SOLVE = {"kind": "balance"}, {"kind": "submit", **TURNSTILE}, {"kind": "solve", **TURNSTILE}
RESULT, WAIT = {"kind": "result", "task": TASK}, {"kind": "wait", "task": TASK}
GOOD, BAD = {"kind": "report", "good": "1", "task": TASK}, {"kind": "report", "good": "0", "task": TASK}
TRAP = "http://trap.invalid"  # stands for the address where no call has to go
SHORT = {"timeout": "700ms"}
NO_CAPTCHA = {"provider": "nocaptchaai"}


@dataclass
class Scenario:
    name: str
    calls: list = field(default_factory=list)
    expect: tuple = ("ok",)                    # the class of the last call, "ok" for none
    answers: Callable = lambda key: {}         # of the server, by call, as hostile.py has them
    options: dict = field(default_factory=dict)
    held: Optional[str] = None                 # the last call hangs and is looked into; then: release, or a signal
    tls: bool = False
    proxy: Optional[Callable] = None           # what a proxy does; its password is a secret too
    traced: bool = False                       # every system call is looked at
    stray: tuple = ()                          # verbs (for the command: words) with a key in the wrong place
    words: tuple = ()                          # the same, for the command
    env: dict = field(default_factory=dict)    # variables; for the command alone
    config: Optional[str] = None               # a configuration file with a key in the wrong place
    redact: bool = False                       # the redactor gets a text with the key in all forms
    sandbox: bool = False                      # a sandbox answers
    crash: bool = False                        # a core file may be left, and is looked into
    family: bool = False                       # one of many that are alike
    shape: Optional[str] = None                # of the key, where not every shape makes sense
    only: tuple = ()                           # names of adapters, all of them if empty
    source: Optional[Callable] = None          # box: what stands behind the key, in place of a way to give it

    @property
    def frees(self):
        """All that has had a key is freed in the end: none may be left in memory."""
        return not (self.traced or self.stray or self.redact)


def bare(word, status="200 OK"):
    return reply(json.dumps({"status": 0, "request": word}), status)


def coded(code, word):
    return reply(json.dumps({"code": code, "msg": word}))


def all_calls(answer):
    return dict.fromkeys(("balance", "submit", "result", "report"), answer)


def said(answer):
    return lambda key: all_calls(answer)


# ---- How a service may repeat the key in what it says ----


def every(text, form):
    return "".join(form.format(ord(c)) for c in text)


FORMS = {
    "plain": lambda key: key,
    "upper case": str.upper,
    "percent": lambda key: urllib.parse.quote(key, safe=""),
    "percent twice": lambda key: urllib.parse.quote(urllib.parse.quote(key, safe=""), safe=""),
    "hex": lambda key: key.encode().hex(),
    "base64": lambda key: base64.b64encode(key.encode()).decode(),
    "base64 shifted": lambda key: base64.b64encode(f"x:{key}:".encode()).decode(),
    "base64 shifted twice": lambda key: base64.b64encode(f"{key}y".rjust(len(key) + 3, "z").encode()).decode(),
    "base64url": lambda key: base64.urlsafe_b64encode(key.encode()).decode(),
    "JSON": lambda key: every(key, "\\u{:04x}"),
    "HTML": html.escape,
    "HTML, all": lambda key: every(key, "&#{};"),
    "URL": lambda key: f"https://example.com/res.php?key={urllib.parse.quote(key, safe='')}&action=get",
}


def in_texts(form, padding=0):
    """An error whose code is ordinary and whose text has the key."""
    def answers(key):
        text = "x" * padding + " your key " + form(key) + " was not accepted"
        return all_calls(reply(json.dumps({"status": 0, "request": "ERROR_BAD_PARAMETERS", "error_text": text})))
    return answers


def in_code(form):
    return lambda key: all_calls(reply(json.dumps({"status": 0, "request": "ERROR_" + form(key)})))


def in_page(form, status="200 OK"):
    return lambda key: all_calls(reply(f"<html><h1>{form(key)}</h1></html>", status, [f"X-Key: {key}"]))


def in_redirect(key):
    url = f"{TRAP}/res.php?key={urllib.parse.quote(key, safe='')}"
    return all_calls(reply("", "307 Temporary Redirect", [f"Location: {url}"]))


def in_answers(key):
    return {"balance": reply(json.dumps({"status": 1, "request": "12.5", "key": key})),
            "submit": reply(json.dumps({"status": 1, "request": TASK, "key": key})),
            "result": reply(json.dumps({"status": 1, "request": f"your key is {key}"})),
            "report": reply(json.dumps({"status": 1, "request": "OK_REPORT_RECORDED", "key": key}))}


def in_ids(key):
    return {"submit": reply(json.dumps({"status": 1, "request": key}))}


def cut_short(key):
    """The connection dies in the midst of the key."""
    whole = reply(json.dumps({"status": 0, "request": "ERROR_BAD_PARAMETERS", "error_text": key + key}))
    return all_calls(hostile.closing(whole[:-len(key)]))


def refuse_with_echo(server, connection):
    """A proxy that refuses, and repeats who asked."""
    request = connection.read_request()
    if request:
        server.requests.append(request)
        said_by = request.headers.get("proxy-authorization", "")
        connection.send(reply(f"refused: {said_by}", "407 Proxy Authentication Required",
                              ["Proxy-Authenticate: Basic realm=a", f"X-Seen: {said_by}"]))


HELD = {call: hostile.hold for call in ("balance", "submit", "result", "report")}

SCENARIOS = [
    # ---- Success ----
    Scenario("success", [BALANCE, {"kind": "verify"}, SUBMIT, RESULT, WAIT, GOOD, BAD, SOLVE], traced=True),
    Scenario("success in the sandbox", [BALANCE, SUBMIT, SOLVE], sandbox=True),
    Scenario("success at nocaptchaai", [BALANCE, {"kind": "solve", "method": "ImageToTextTask", "p.body": "aGFsbG8="}],
             options=NO_CAPTCHA, answers=lambda key: {
                 "balance": reply('{"balance":7}'),
                 "submit": reply(json.dumps({"errorId": 0, "status": "ready", "solution": {"text": "abc"}}))}),
    Scenario("success over TLS", [BALANCE, SOLVE], tls=True, traced=True),
    Scenario("dry run", [{**SUBMIT, "dry_run": "1"}, {**SOLVE, "dry_run": "1"}], traced=True),
    Scenario("the record is kept", [SUBMIT, SOLVE], options={"audit.file": "{home}/audit.jsonl"}),
    Scenario("the answer repeats the key", [BALANCE, SUBMIT, RESULT, SOLVE], answers=in_answers),
    Scenario("the task is the key", [SUBMIT], ("ok", "protocol"), answers=in_ids),
    Scenario("the redactor", [BALANCE], redact=True),
    # ---- An error of each class ----
    Scenario("usage: an option that is wrong", [BALANCE], ("usage",), options={"poll.every": "never"}),
    Scenario("input: a parameter is missing", [{"kind": "submit", "method": "turnstile", "p.sitekey": "a"}], ("input",)),
    Scenario("input: no such method", [{"kind": "submit", "method": "turnstyle"}], ("input",)),
    Scenario("key: refused", [BALANCE, BALANCE], ("key",), said(bare("ERROR_WRONG_USER_KEY"))),
    Scenario("key: refused by a submit", [SUBMIT, SUBMIT], ("key",), lambda key: {
        "submit": bare("ERROR_KEY_DOES_NOT_EXIST")}),
    Scenario("funds", [SUBMIT], ("funds",), lambda key: {"submit": bare("ERROR_ZERO_BALANCE")}),
    Scenario("address", [BALANCE, SUBMIT], ("address",), said(bare("IP_BANNED"))),
    Scenario("busy", [SUBMIT], ("busy",), lambda key: {"submit": bare("ERROR_NO_SLOT_AVAILABLE")}, SHORT),
    Scenario("quota", [{"kind": "submit", "method": "ImageToTextTask", "p.body": "aGFsbG8="}], ("quota",), lambda key: {
        "balance": reply('{"balance":7}'), "submit": coded(17, "DAILY_LIMIT_EXCEEDED")}, NO_CAPTCHA),
    Scenario("task", [SOLVE], ("task",), lambda key: {"result": bare("ERROR_CAPTCHA_UNSOLVABLE")}),
    Scenario("pending", [RESULT], ("pending", "ok"), lambda key: {"result": bare("CAPCHA_NOT_READY")}),
    Scenario("network: reset", [SUBMIT], ("network",), lambda key: {"submit": hostile.reset}),
    Scenario("network: cut in the midst of the key", [SUBMIT], ("network", "protocol"), cut_short, SHORT),
    Scenario("network: nobody there", [BALANCE], ("network", "timeout"),
             options={**SHORT, "url.captchaai": "http://127.0.0.1:1"}),
    Scenario("network: no such name", [BALANCE], ("network", "timeout"),
             options={**SHORT, "url.captchaai": "https://nowhere.invalid"}),
    Scenario("network: certificate", [SUBMIT], ("network",), tls=True, options={"ca_file": "/etc/hostname"}),
    Scenario("server", [SUBMIT], ("server",), in_page(FORMS["plain"], "500 Internal Server Error"), SHORT),
    Scenario("protocol: a page with the key", [SUBMIT], ("protocol",), in_page(FORMS["HTML"]), SHORT),
    Scenario("protocol: a redirect with the key", [BALANCE], ("protocol",), in_redirect, SHORT, traced=True),
    Scenario("timeout", [SUBMIT], ("timeout",), lambda key: {**HELD, "balance": hostile.SERVICE["balance"]}, SHORT),
    Scenario("timeout while polling", [SOLVE], ("timeout",), lambda key: {"result": bare("CAPCHA_NOT_READY")}, SHORT),
    Scenario("store: no record", [SUBMIT], ("store",), options={"audit.file": "/proc/nowhere/audit.jsonl"}),
    Scenario("store: none", [SUBMIT], ("ok", "store"), options={"store": "sqlite:/proc/nowhere/state.db"}),
    *(Scenario(f"unknown: the code is the key, {name}", [BALANCE, SUBMIT], ("unknown", "protocol"), in_code(form), SHORT,
               family=True)
      for name, form in FORMS.items() if name in ("plain", "upper case", "base64", "percent", "hex")),
    # ---- Error texts that repeat the key ----
    *(Scenario(f"the error repeats the key, {name}", [BALANCE, SUBMIT, WAIT], ("input",), in_texts(form), family=True)
      for name, form in FORMS.items()),
    *(Scenario(f"the error repeats the key behind {padding} characters", [BALANCE], ("input",),
               in_texts(FORMS["plain"], padding), family=True)
      for padding in (60, 90, 160, 180, 200, 220, 240, 470, 490, 980, 1000, 2020)),
    # ---- A call that hangs is looked into ----
    Scenario("held: balance", [BALANCE], ("network", "timeout"), lambda key: HELD, SHORT, held="release"),
    Scenario("held: submit", [BALANCE, SUBMIT], ("network", "timeout"), lambda key: {
        **HELD, "balance": hostile.SERVICE["balance"]}, held="release"),
    Scenario("held over TLS", [BALANCE, SUBMIT], ("network", "timeout"), lambda key: {
        **HELD, "balance": hostile.SERVICE["balance"]}, held="release", tls=True),
    Scenario("held at nocaptchaai", [{"kind": "submit", "method": "ImageToTextTask", "p.body": "aGFsbG8="}],
             ("network", "timeout"), lambda key: {"balance": reply('{"balance":7}'), "submit": hostile.hold},
             NO_CAPTCHA, held="release"),
    Scenario("interrupted", [SOLVE], ("cancelled", "usage"), lambda key: {"result": hostile.hold}, held="SIGINT"),
    Scenario("terminated", [SUBMIT], ("cancelled", "unknown", "network"), lambda key: {"submit": hostile.hold},
             held="SIGTERM", only=("command",)),
    Scenario("crash: aborted", [SUBMIT], (), lambda key: {"submit": hostile.hold}, held="SIGABRT", crash=True),
    Scenario("crash: SIGSEGV", [SOLVE], (), lambda key: {"result": hostile.hold}, held="SIGSEGV", crash=True),
    Scenario("crash: killed", [SUBMIT], (), lambda key: {"submit": hostile.hold}, held="SIGKILL", crash=True),
    # ---- A proxy with credentials ----
    Scenario("a proxy refuses", [BALANCE, SUBMIT], ("network", "timeout"), options=SHORT, tls=True,
             proxy=refuse_with_echo, traced=True),
    Scenario("through a proxy", [BALANCE, SOLVE], tls=True, proxy=hostile.tunnel),
    Scenario("held through a proxy", [SUBMIT], ("network", "timeout"), lambda key: {
        **HELD, "balance": hostile.SERVICE["balance"]}, tls=True, proxy=hostile.tunnel, held="release"),
    # ---- The key in the wrong place ----
    Scenario("stray: keys is the key", stray=(("option", "keys", "{stray}"), ("client",), ("call", "balance")),
             words=("balance", "--set", "keys={stray}"), expect=("usage",)),
    Scenario("stray: a reference is the key", stray=(("option", "keys", '["{stray_json}"]'), ("client",), ("call", "balance")),
             words=("balance", "--set", 'keys=["{stray_json}"]'), expect=("usage",)),
    Scenario("stray: the key of one call", stray=(("client",), ("call", "balance", "key={stray}")),
             words=("balance", "--key", "{stray}"), expect=("usage",)),
    Scenario("stray: the name of an option", stray=(("option", "{stray}", "1"), ("client",), ("call", "balance")),
             words=("balance", "--set", "{stray}=1"), expect=("usage",)),
    *(Scenario(f"stray: the option {name}", stray=(("option", name, "{stray}"), ("client",), ("call", "balance")),
               words=("balance", "--set", name + "={stray}"),
               expect=("usage", "ok") if name == "store" else ("usage",), family=True)
      for name in ("provider", "url.captchaai", "timeout", "poll.every", "proxy", "source_address", "max_answer", "strict",
                   "store", "host")),
    Scenario("stray: a URL with the key", stray=(("option", "url.captchaai", "https://example.com/?key={stray}"),
                                                ("client",), ("call", "balance")),
             words=("balance", "--url", "https://example.com/?key={stray}"), expect=("usage",), shape="hex"),
    Scenario("stray: a user of the URL", stray=(("option", "url.captchaai", "https://{stray}@example.com"), ("client",),
                                               ("call", "balance")),
             words=("balance", "--url", "https://{stray}@example.com"), expect=("usage",), shape="hex"),
    Scenario("stray: the method", stray=(("client",), ("call", "submit", "method={stray}")),
             words=("submit", "{stray}"), expect=("input", "ok")),
    Scenario("stray: the name of a parameter",
             stray=(("client",), ("call", "submit", "method=turnstile", "p.sitekey=a", "p.{stray}=1")),
             words=("submit", "turnstile", "sitekey=a", "{stray}=1"), expect=("input", "usage")),
    Scenario("stray: a parameter of its own", stray=(("client",), ("call", "submit", "method=turnstile", "p.sitekey=a",
                                                                 "p.key={stray}", "p.pageurl=" + PAGE)),
             words=("submit", "turnstile", "sitekey=a", "key={stray}", "pageurl=" + PAGE), expect=("input",)),
    Scenario("stray: a parameter that is wrong",
             stray=(("client",), ("call", "submit", "method=turnstile", "p.sitekey=a", "p.pageurl={stray}")),
             words=("submit", "turnstile", "sitekey=a", "pageurl={stray}"), expect=("input",)),
    Scenario("stray: the known key as a parameter",
             stray=(("learn",), ("call", "submit", "method=turnstile", "p.sitekey={key}", "p.pageurl={key}")),
             words=("submit", "turnstile", "sitekey={key}", "pageurl={key}"), expect=("input",)),
    Scenario("stray: the task", stray=(("client",), ("call", "result", "task={stray}/{stray}/{stray}")),
             words=("result", "{stray}/{stray}/{stray}"), expect=("input",)),
    Scenario("stray: a word too many", words=("balance", "{stray}"), expect=("usage",), only=("command",)),
    Scenario("stray: the command", words=("{stray}",), expect=("usage",), only=("command",)),
    Scenario("stray: an option", words=("balance", "--{stray}"), expect=("usage",), only=("command",)),
    Scenario("stray: an option with a value", words=("balance", "--api-key={stray}"), expect=("usage",), only=("command",)),
    Scenario("stray: behind the name of the provider", words=("balance", "--provider", "{stray}"), expect=("usage",),
             only=("command",)),
    Scenario("stray: the time", words=("balance", "--timeout", "{stray}"), expect=("usage",), only=("command",)),
    Scenario("stray: a variable that is no option", words=("balance",), env={"KEYPLATE_TIMEOUT": "{stray}"},
             expect=("usage",), only=("command",)),
    Scenario("stray: the variable for a file", words=("balance",),
             env={"CAPTCHAAI_API_KEY_FILE": "{stray}", "CAPTCHAAI_API_KEY": ""}, expect=("key",), only=("command",)),
    Scenario("stray: the URL variable", words=("balance",), env={"CAPTCHAAI_URL": "{stray}"}, expect=("usage",),
             only=("command",)),
    *(Scenario(f"stray: the configuration file, {name}", words=("balance",), config=text, expect=("usage",),
               only=("command",))
      for name, text in {
          "keys": '{{"keys":["{stray}"]}}', "a member": '{{"keys":[{{"name":"{stray}","from":["{stray}"]}}]}}',
          "a name": '{{"{stray}":1}}', "cut": '{{"timeout":"{stray}', "no JSON": "{stray}", "a list": '["{stray}"]',
          "an option": '{{"poll":{{"{stray}":"{stray}"}}}}'}.items()),
]

BY_NAME = {scenario.name: scenario for scenario in SCENARIOS}
