"""test_transport_way.py: which way the calls of the command go: proxies, certificates, base URLs, the environment."""

import socket

import pytest

import hostile
from hostile import reply
from hostile_call import LOCAL, SUBMIT, assert_key_never_left, use
from hostile_call import authority, call, secure, serve  # noqa: F401 (fixtures)


# ---- T2: the environment ----


def test_t2_environment_without_effect(call, serve, authority, secure):
    trap = serve()
    log = call.folder / "key.log"
    netrc = f"machine {LOCAL} login someone password {call.new_key()}\ndefault login anyone password {call.new_key()}\n"
    (call.home / ".netrc").write_text(netrc)
    (call.home / ".curlrc").write_text(f"proxy = {trap.url}\n")
    names = ("http_proxy", "https_proxy", "all_proxy", "ws_proxy")
    proxies = {name: trap.url for lower in names for name in (lower, lower.upper())}
    for context in (None, secure):
        server = use(call, serve(context=context))
        result = call("solve", *SUBMIT[1:], "--set", f"ca_file={authority.path}", **proxies, REQUEST_METHOD="GET",
                      NETRC=str(call.home / ".netrc"), SSLKEYLOGFILE=str(log), CURL_HOME=str(call.home))
        assert result.json["answer"] == "the answer"
        assert all("authorization" not in request.headers for request in server.requests)
    assert trap.connections == []
    assert not log.exists()


def test_t2_certificates_of_the_environment(call, serve, authority, secure):
    server = use(call, serve(context=secure))
    result = call(*SUBMIT, SSL_CERT_FILE=str(authority.path), SSL_CERT_DIR=str(authority.folder),
                  CURL_CA_BUNDLE=str(authority.path))
    assert (result.status, result.error["code"]) == (5, "tls_failed")
    assert_key_never_left(call, server)


# ---- T3: proxies ----

CHALLENGE = ["Proxy-Authenticate: Basic realm=a", "Proxy-Authenticate: Negotiate", "Proxy-Authenticate: NTLM"]
REFUSALS = {
    "401": hostile.refuse(reply("", "401 Unauthorized", ["WWW-Authenticate: Basic realm=a"])),
    "407": hostile.refuse(reply("", "407 Proxy Authentication Required", CHALLENGE)),
    "407 kept": hostile.refuse(reply("", "407 Proxy Authentication Required", CHALLENGE), "read"),
    "500": hostile.refuse(reply("OK|4711", "500 Internal Server Error")),
    "302": hostile.refuse(reply("", "302 Found", ["Location: http://127.0.0.1:1/"])),
    "dies": hostile.refuse(b""),
    "resets": hostile.refuse(b"", "reset"),
    "dies in the middle": hostile.refuse(b"HTTP/1.1 200 Conn"),
    "no HTTP": hostile.refuse(b"OK|4711\r\n\r\n"),
    "dies after 200": hostile.refuse(b"HTTP/1.1 200 OK\r\n\r\n"),
    "resets after 200": hostile.refuse(b"HTTP/1.1 200 OK\r\n\r\n", "reset"),
}


@pytest.mark.parametrize("how", REFUSALS)
def test_t3_proxy(call, serve, secure, authority, how):
    server, proxy = use(call, serve(context=secure)), serve(greet=REFUSALS[how])
    result = call(*SUBMIT, "--set", f"proxy=http://me:{call.new_key()}@{LOCAL}:{proxy.port}", "--set",
                  f"ca_file={authority.path}")
    assert (result.status, result.error["class"], result.error["outcome_unknown"]) == (5, "network", False)
    assert result.error["code"] in (("tls_failed",) if "after" in how else ("proxy_failed",))
    assert server.connections == [] and proxy.requests
    assert all(request.line == f"CONNECT {LOCAL}:{server.port} HTTP/1.1" for request in proxy.requests)
    assert_key_never_left(call, proxy)


def test_t3_proxy_that_works_sees_no_key(call, serve, secure, authority):
    server, proxy = use(call, serve(context=secure)), serve(greet=hostile.tunnel)
    result = call("solve", *SUBMIT[1:], "--set", f"proxy={proxy.url}", "--set", f"ca_file={authority.path}")
    assert result.json["answer"] == "the answer"
    assert call.key.encode() in server.raw and len(proxy.connections) == 1
    assert_key_never_left(call, proxy)


# ---- T4: base URLs ----


@pytest.mark.parametrize("url", [
    "http://example.com", "http://192.0.2.1:{port}", "http://127.0.0.1.example.com:{port}",
    "http://localhost.example.com", "http://captchaai:{port}", "http://user@127.0.0.1:{port}",
    "http://user:word@127.0.0.1:{port}", "https://user:word@example.com", "http://127.0.0.1:{port}@example.com",
    "http://127.0.0.1:{port}/#a",
    "http://127.0.0.1:{port}/?a=b", "ftp://127.0.0.1:{port}", "file:///tmp", "127.0.0.1:{port}", "//127.0.0.1:{port}",
    "http://", "http://127.0.0.1:{port}\\@example.com", "http://127.0.0.1:99999",
])
def test_t4_base_url(call, serve, url):
    server = serve()
    url = url.format(port=server.port)
    for result in (call("balance", "--json", CAPTCHAAI_URL=url), call("balance", "--json", "--url", url)):
        assert (result.status, result.error["class"]) == (2, "usage"), result
    assert server.connections == []


# ---- T5: certificates ----


@pytest.mark.parametrize("name, more", [
    ("expired", {"days": -1}),
    ("itself", {"by_itself": True}),
    ("elsewhere", {"subject": "DNS:example.com,IP:127.0.0.2"}),
    ("nameless", {"subject": "email:someone@example.com"}),
])
def test_t5_certificate(call, serve, authority, name, more):
    server = use(call, serve(context=authority.context(name, **more)))
    result = call(*SUBMIT, "--set", f"ca_file={authority.path}")
    assert (result.status, result.error["code"], result.error["outcome_unknown"]) == (5, "tls_failed", False)
    assert server.connections and server.requests == []
    assert_key_never_left(call, server)


def test_t5_unknown_authority(call, serve, secure):
    server = use(call, serve(context=secure))
    assert call(*SUBMIT).error["code"] == "tls_failed"
    assert server.requests == []


def test_t5_good_certificate(call, serve, authority, secure):
    server = use(call, serve(context=secure))
    assert call(*SUBMIT, "--set", f"ca_file={authority.path}").status == 0
    assert len(server.connections) == 1


def test_t5_old_tls(call, serve, authority):
    context = authority.context("old")
    impossible = hostile.old_tls(context)
    if impossible:
        pytest.skip(impossible)
    server = use(call, serve(context=context))
    assert call(*SUBMIT, "--set", f"ca_file={authority.path}").error["code"] == "tls_failed"
    assert server.failures and server.requests == []


def test_t5_no_tls_at_all(call, serve):
    def answer_in_plain(server, connection):
        connection.read()
        connection.send(reply("OK|4711", "400 Bad Request"))

    server = serve(greet=answer_in_plain)
    result = call(*SUBMIT, "--url", server.url.replace("http:", "https:"))
    assert (result.error["code"], result.error["outcome_unknown"]) == ("tls_failed", False)
    assert_key_never_left(call, server)


# ---- Nobody there ----


def test_no_name_server_gives_an_address(call):
    result = call("balance", "--json", "--url", "https://nobody.invalid", "--timeout", "3s")
    assert result.status == 5 and result.error["class"] in ("network", "timeout")


def test_nobody_listens(call):
    with socket.create_server((LOCAL, 0)) as listener:
        port = listener.getsockname()[1]
    result = call(*SUBMIT, "--url", f"http://{LOCAL}:{port}")
    assert (result.error["code"], result.error["outcome_unknown"]) == ("connect_failed", False)
