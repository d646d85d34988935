"""test_transport.py: the command against services that break the rules."""

import base64
import gzip
import json
import time
import urllib.parse
import wsgiref.handlers

import pytest

import hostile
from hostile import closing, drip, endless, reply
from hostile_call import LOCAL, SUBMIT, assert_key_never_left, assert_unknown, use
from hostile_call import authority, call, secure, serve  # noqa: F401 (fixtures)
from sandbox_box import PAGE, PNG


# ---- T1: redirects ----


@pytest.mark.parametrize("status", ["301 Moved Permanently", "302 Found", "303 See Other", "307 Temporary Redirect",
                                    "308 Permanent Redirect"])
def test_t1_redirect(call, serve, status):
    other = serve()
    for where in (other.url, "", f"http://{LOCAL}:{other.port}@example.com", "//example.com", "file:///etc/passwd"):
        away = reply("", status, [f"Location: {where}/in.php"])
        server = use(call, serve({"submit": away, "result": away}))
        result = call(*SUBMIT)
        assert_unknown(result, server, "redirect")
        assert result.error["class"] == "protocol"
        result = call("result", "4711", "--json")
        assert (result.status, result.error["code"], len(server.of("result"))) == (5, "redirect", 1)
        assert len(server.connections) == 2
    assert other.connections == []
    assert_key_never_left(call, other)


def test_t1_redirect_with_the_key_in_header_and_body(call, serve):
    other = serve()
    server = use(call, serve({"submit": reply("", "307 Temporary Redirect", [f"Location: {other.url}/solve"])}))
    for words in (("submit", "SomeTask"), ("solve", "SomeTask", "--sync")):
        result = call(*words, "--json", "--provider", "nocaptchaai")
        assert (result.status, result.error["code"]) == (5, "redirect")
    assert len(server.of("submit")) == 2 and call.key.encode() in server.raw
    assert other.connections == []


# ---- T6: the connection dies after the submit was read ----


@pytest.mark.parametrize("die", [hostile.close, hostile.reset])
@pytest.mark.parametrize("tls", [False, True])
def test_t6_fresh(call, serve, authority, secure, die, tls):
    server = use(call, serve({"submit": die}, context=secure if tls else None))
    words = ("--set", f"ca_file={authority.path}")
    assert call("balance", *words).status == 0
    result = call(*SUBMIT, *words)
    assert_unknown(result, server, "connection_lost")
    assert result.error["task"] is None and len(server.connections) == 2


@pytest.mark.parametrize("die", [hostile.close, hostile.reset])
@pytest.mark.parametrize("tls", [False, True])
def test_t6_reused(call, serve, authority, secure, die, tls):
    """The first use of a key is proven by a balance call, on whose connection the submit goes out."""
    server = use(call, serve({"submit": die}, context=secure if tls else None))
    result = call(*SUBMIT, "--set", f"ca_file={authority.path}")
    assert_unknown(result, server, "connection_lost")
    assert server.of("submit")[0].connection.number == server.of("balance")[0].connection.number == 0


# ---- T7: cut answers; every offset is cut in ../test_transfer_cuts.c ----


@pytest.mark.parametrize("framing", ["length", "chunked", "close"])
def test_t7_submit(call, serve, framing):
    whole = reply('{"status":1,"request":"4711"}', framing=framing)
    for cut in (0, 1, 12, len(whole) // 2, len(whole) - 8, len(whole) - 3):
        server = use(call, serve({"submit": closing(whole[:cut])}))
        assert_unknown(call(*SUBMIT), server)
    use(call, serve({"submit": closing(whole)}))
    assert call(*SUBMIT).json["task"].endswith("/4711")


# ---- T8: too much, too slow ----

ZEROS = gzip.compress(bytes(1 << 27), 9)
FLOODS = {
    "10 GiB": endless(b"HTTP/1.1 200 OK\r\nContent-Length: 10737418240\r\n\r\n", b" " * 65536),
    "no length": endless(b"HTTP/1.1 200 OK\r\n\r\n", b" " * 65536),
    "chunks": endless(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"10\r\n" + b" " * 16 + b"\r\n"),
    "head": endless(b"HTTP/1.1 200 OK\r\n", b"X-Header: " + b"a" * 1000 + b"\r\n"),
    "line": endless(b"HTTP/1.1 200 OK\r\nX-Header: ", b"a" * 1000),
    "interim": endless(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n"),
    "bomb": closing(reply(ZEROS, headers=["Content-Encoding: gzip"])),
    "bomb in transfer": closing(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n"
                                % (len(ZEROS), ZEROS)),
}


@pytest.mark.parametrize("flood", FLOODS)
def test_t8_flood(call, serve, flood):
    server = use(call, serve({"submit": FLOODS[flood], "balance": [hostile.SERVICE["balance"], FLOODS[flood]]}))
    assert_unknown(call(*SUBMIT, "--timeout", "600s"), server)
    result = call("balance", "--json", "--timeout", "600s")
    assert result.status == 5 and result.error["class"] in ("protocol", "network")


def test_t8_one_byte_a_second(call, serve):
    """It would go on for ten minutes."""
    slow = drip(reply('{"status":1,"request":"4711"}' + " " * 600), 1)
    server = use(call, serve({"submit": slow, "result": slow}))
    assert call("balance").status == 0
    assert_unknown(call(*SUBMIT, "--timeout", "1s"), server, "timeout")
    result = call("result", "4711", "--json", "--timeout", "1s")
    assert (result.status, result.error["code"]) == (5, "timeout")


def test_t8_silence(call, serve):
    server = use(call, serve({"submit": hostile.hold}))
    assert_unknown(call(*SUBMIT, "--timeout", "1s"), server, "timeout")


# ---- T9: Retry-After ----


def http_date(seconds):
    return wsgiref.handlers.format_date_time(time.time() + seconds)


@pytest.mark.parametrize("status", ["429 Too Many Requests", "503 Service Unavailable"])
def test_t9_retry_after(call, serve, status):
    values = ["0", "1", "-1", "-9999999999999999999", "9999999", "99999999999999999999999", "1.5", "soon", "", "0x10",
              http_date(-3600), http_date(3600), "Fri, 99 Foo 2026 99:99:99 GMT"]
    for value in values:
        answer = reply("", status, [f"Retry-After: {value}"])
        server = use(call, serve({"submit": answer, "balance": [hostile.SERVICE["balance"], answer]}))
        for words in (SUBMIT, ("balance", "--json")):
            result = call(*words, "--timeout", "2s")
            after = result.error["retry_after"]
            assert after is None or 0 <= float(after) <= 2, (value, result)
            assert result.status == 5 and result.error["class"] == ("busy" if status[0] == "4" else "server")
        assert len(server.of("submit")) == 1


# ---- T11: parameters arrive unchanged ----

ODD = {"plain": "a b", "amp": "&a=b", "hash": "#", "percent": "%41%", "plus": "+ +", "utf8": "äß€😀", "equals": "==",
       "quotes": "\"'`", "back": "\\n\\", "tab": "a\tb", "semi": ";|:", "empty": ""}


def test_t11_form(call, serve):
    server = use(call, serve())
    assert call(*SUBMIT, *(f"{name}={value}" for name, value in ODD.items())).status == 0
    request = server.of("submit")[0]
    sent = dict(urllib.parse.parse_qsl(request.body.decode("ascii"), keep_blank_values=True, strict_parsing=True))
    assert {name: sent.get(name) for name in ODD} == ODD
    assert (sent["key"], sent["pageurl"], sent["method"]) == (call.key, PAGE, "turnstile")
    assert request.target == "/in.php"


def test_t11_json(call, serve):
    server = use(call, serve({"submit": reply('{"errorId":0,"taskId":"4711"}'), "balance": reply('{"balance":1}')}))
    assert call("submit", "SomeTask", *(f"{name}={value}" for name, value in ODD.items()), "--provider",
                "nocaptchaai").status == 0
    sent = json.loads(server.of("submit")[0].body)
    assert {name: sent["task"].get(name) for name in ODD} == ODD
    assert sent["clientKey"] == call.key


def test_t11_task_in_a_query(call, serve):
    server = use(call, serve())
    for task in ("a&b", "a#b", "a%41b", "a+b", "ä€😀", "a=b"):
        assert call("result", task).status == 0
        query = urllib.parse.urlsplit(server.of("result")[-1].target).query
        assert dict(urllib.parse.parse_qsl(query, strict_parsing=True))["id"] == task


# ---- T12: answers that repeat the key ----


def forms_of(key):
    """The key in the forms in which it may come back."""
    yield key
    yield key.upper()
    yield "".join(f"%{ord(c):02X}" for c in key)
    yield base64.b64encode(key.encode()).decode()
    yield base64.b64encode(b"a" + key.encode() + b"b").decode()
    yield base64.b64encode(b"ab" + key.encode() + b"c").decode()
    yield key.encode().hex()
    yield key.encode().hex().upper()


def test_t12_error_repeats_the_key(call, serve):
    for form in forms_of(call.key):
        body = json.dumps({"status": 0, "request": "ERROR_BAD_PARAMETERS", "error_text": f"no such thing: {form}."})
        use(call, serve({"submit": reply(body), "result": reply(body)}))
        for words in (SUBMIT, SUBMIT[:-1], ("result", "4711", "--json"), ("result", "4711", "--verbose")):
            result = call(*words)
            shown = result.out + result.err
            assert result.status == 2 and "[REDACTED]" in shown, (form, result)
            assert form not in shown and form[4:-4] not in shown


@pytest.mark.parametrize("body", ["ERROR_%s", "%s", "OK|", "<html>%s</html>"])
def test_t12_unknown_code_repeats_the_key(call, serve, body):
    body = body.replace("%s", call.key) if "%s" in body else body + call.key
    script = {"balance": [hostile.SERVICE["balance"], reply(body)], "submit": reply(f"ERROR_{call.key.upper()}")}
    use(call, serve(script))
    assert call("balance").status == 0
    assert call("balance", "--json", "--timeout", "900ms").status == 5
    result = call(*SUBMIT)
    assert result.status == 5 and call.key.upper() not in result.out


def test_t12_answer_repeats_the_key(call, serve):
    others = [form for form in forms_of(call.key) if form != call.key]
    body = " ".join(["before", call.key, *others, "0" * 31 + "1", "after"])
    use(call, serve({"result": reply(json.dumps({"status": 1, "request": body}))}))
    assert call("result", "4711", "--json").json["answer"] == body.replace(call.key, "[REDACTED]")
    assert call("result", "4711").out == body.replace(call.key, "[REDACTED]") + "\n"


# ---- T13: Expect ----


@pytest.fixture
def picture(call):
    return call.write("picture.png", PNG + bytes((1 << 20) - len(PNG)))


@pytest.mark.parametrize("method, name", [("base64", "body"), ("post", "file")])
def test_t13_big_body(call, serve, picture, method, name):
    server = use(call, serve())
    assert call("submit", method, f"{name}=@{picture}").status == 0
    assert len(server.of("submit")) == 1 and "expect" not in server.of("submit")[0].headers


@pytest.mark.parametrize("method, name", [("base64", "body"), ("post", "file")])
def test_t13_417(call, serve, picture, method, name):
    server = use(call, serve({"submit": reply("", "417 Expectation Failed")}))
    assert_unknown(call("submit", method, f"{name}=@{picture}", "--json"), server)


def test_t13_answered_before_the_body_was_read(call, serve, picture):
    def answer_at_once(server, connection):
        while b"/in.php" not in connection.raw:
            connection.read()
            if b"getbalance" in connection.raw and b"/in.php" not in connection.raw:
                connection.send(hostile.SERVICE["balance"])
        connection.send(reply("", "413 Payload Too Large"))
        connection.reset()

    server = use(call, serve(greet=answer_at_once))
    result = call("submit", "base64", f"body=@{picture}", "--json")
    assert result.status == 5 and result.error["outcome_unknown"] is True
    assert server.raw.count(b"POST /in.php") == 1


# ---- T14: server errors ----


@pytest.mark.parametrize("status", ["500 Internal Server Error", "502 Bad Gateway", "503 Service Unavailable",
                                    "504 Gateway Timeout", "520 Odd"])
def test_t14_server_error(call, serve, status):
    for body in ("", "<html><h1>no</h1></html>", "ERROR_SERVER_ERROR", '{"status":1,"request":"4711"}'):
        server = use(call, serve({"submit": reply(body, status, ["Retry-After: 0"])}))
        assert_unknown(call(*SUBMIT, "--timeout", "600s"), server)
