"""test_keys.py: where keys come from, and that nothing shows them: rows K1, K2, K3, K9, K11, K12."""

import copy
import io
import json
import locale
import multiprocessing
import pickle
import secrets
import traceback

import keyplate
import pytest
from conftest import PAID
from hostile import reply


def every_text_of(thing):
    """What programs and debuggers print of an object."""
    parts = [repr(thing), str(thing), format(thing), ascii(thing)]
    try:
        parts.append(repr(vars(thing)))
    except TypeError:
        parts.extend(repr(getattr(thing, name, None)) for name in dir(thing) if not name.startswith("__"))
    return "\n".join(parts)


def test_k1_no_key_anywhere(monkeypatch):
    with pytest.raises(keyplate.AuthenticationError) as caught:
        keyplate.Client().balance()
    text = str(caught.value)
    assert caught.value.code == "no_key"
    for place in ("CAPTCHAAI_API_KEY", "captchaai_key", ".captchaai/config.json", ".env", "keyplate keys set"):
        assert place in text


@pytest.mark.parametrize("how", ["file", "value", "bytes", "callable"])
def test_k2_blank_ends_are_trimmed(serve, client_of, key_file, how):
    key = secrets.token_hex(16)
    text = f" \t{key}\r\n"
    server = serve()
    given = {"file": f"file:{key_file(text)}", "value": keyplate.Key.from_value(text),
             "bytes": keyplate.Key.from_value(bytearray(text.encode())), "callable": lambda: text}[how]
    assert client_of(server.url, key=given).balance() == keyplate.Balance("12.5")
    assert f"key={key}&" in server.requests[0].target


@pytest.mark.parametrize("how", ["file", "value", "callable"])
@pytest.mark.parametrize("form", ['"{}"', "'{}'", "\ufeff{}", "{}\r\nx", "a {}", "{}\x01"])
def test_k2_anything_else_is_refused(client_of, key_file, how, form):
    key = secrets.token_hex(16)
    text = form.format(key)
    given = {"file": f"file:{key_file(text)}", "value": keyplate.Key.from_value(text), "callable": lambda: text}[how]
    with pytest.raises(keyplate.AuthenticationError) as caught:
        client_of("http://127.0.0.1:1", key=given).balance()
    assert key not in every_text_of(caught.value)


@pytest.mark.parametrize("text", ["YOUR_API_KEY", "YOUR_KEY", "your_key", "your_api_key_here", "abc123" + "def456"])
@pytest.mark.parametrize("how", ["file", "value", "callable"])
def test_k3_placeholders(client_of, key_file, how, text):
    given = {"file": f"file:{key_file(text)}", "value": keyplate.Key.from_value(text), "callable": lambda: text}[how]
    with pytest.raises(keyplate.AuthenticationError) as caught:
        client_of("http://127.0.0.1:1", key=given).balance()
    assert caught.value.code == "placeholder_key"


def test_k3_an_empty_key(client_of):
    with pytest.raises(keyplate.AuthenticationError):
        client_of("http://127.0.0.1:1", key=keyplate.Key.from_value("")).balance()


def test_a_key_where_a_reference_belongs_is_not_repeated():
    key = secrets.token_hex(16)
    for options in ({"key": key}, {"keys": [key]}, {"keys": key}, {"key": {"from": [key]}}, {"timeout": key}, {"proxy": key},
                    {"provider": key}):
        with pytest.raises((keyplate.UsageError, TypeError)) as caught:
            keyplate.Client(**options)
        assert key not in every_text_of(caught.value)
        frames = traceback.TracebackException.from_exception(caught.value, capture_locals=True).stack
        own = [frame for frame in frames if "/keyplate/" in frame.filename]
        assert own and key not in "".join(str(frame.locals) for frame in own)


@pytest.mark.parametrize("wrong", [
    lambda key: keyplate.Client(key=key, limits=object()),
    lambda key: keyplate.Client(keys=[key, float("nan")]),
    lambda key: keyplate.Client(key=key, poll={(): 1}),
    lambda key: keyplate.Key.from_value("\ud800" + key),
    lambda key: keyplate.Key.from_value([key]),
    lambda key: keyplate.redact([key]),
    lambda key: the_client().solve("turnstile", key=key, more=object()),
    lambda key: the_client().solve("turnstile", {"key": key}, more=float("nan")),
    lambda key: the_client().submit("turnstile", {"key": key, None: 1}),
    lambda key: the_client().solve("turnstile", key=key, timeout="a"),
    lambda key: the_client().solve("post", file=key),
    lambda key: the_client().solve(7, key=key, client_id="a"),
])
def test_a_wrong_argument_shows_none_that_stands_beside_it(wrong):
    key = secrets.token_hex(16)
    with pytest.raises((TypeError, ValueError)) as caught:
        wrong(key)
    assert key not in str(caught.value)
    problem, seen = caught.value, 0
    while problem is not None:
        for frame in traceback.TracebackException.from_exception(problem, capture_locals=True).stack:
            if frame.filename != __file__:
                seen += 1
                assert key not in str(frame.locals), frame
        problem = problem.__context__
    assert seen


def the_client():
    return keyplate.Client(config=False)


# ---- K9 ----


def shown_by_a_debugger(problem):
    return "".join(traceback.TracebackException.from_exception(problem, capture_locals=True).format())


def test_k9_objects_show_no_key(serve, client_of, key_file):
    path = key_file()
    server = serve({"submit": reply("ERROR_PAGEURL")})
    things = []
    for given in (f"file:{path}", keyplate.Key.from_value(path.key), lambda: open(path, encoding="ascii").read()):
        client = client_of(server.url, key=given)
        client.balance()
        things += [client, client._core, given, client.keys(), client.events(), client.hygiene(), client.result("4711")]
        with pytest.raises(keyplate.InvalidRequestError) as caught:
            client.submit("turnstile", PAID["captchaai"][1])
        things.append(caught.value)
        things.append(shown_by_a_debugger(caught.value))
    for thing in things:
        assert path.key not in every_text_of(thing)


def test_k9_keys_by_value(key_file):
    value = secrets.token_hex(16)
    key = keyplate.Key.from_value(value)
    assert str(key) == "***" + value[-4:] and repr(key) == f"Key({key})"
    assert copy.copy(key) is key and copy.deepcopy([key])[0] is key
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        with pytest.raises(TypeError):
            pickle.dumps(key, protocol)
    with pytest.raises(TypeError):
        json.dumps(key)
    with pytest.raises(TypeError):
        keyplate.Key(value)
    with pytest.raises(TypeError):
        keyplate.Key.from_value(value=[value])
    assert value not in every_text_of(key)
    assert str(keyplate.Key.from_value("short")) == "***"
    assert repr(keyplate.Key.__new__(keyplate.Key)) == "Key(***)"


def test_k9_a_function_that_fails_with_the_key(client_of, key_file):
    value = secrets.token_hex(16)
    keyplate.Key.from_value(value)

    def give():
        raise OSError(f"cannot decode {value}")

    with pytest.raises(keyplate.AuthenticationError) as caught:
        client_of("http://127.0.0.1:1", key=give).balance()
    assert "OSError: cannot decode [REDACTED]" in str(caught.value)
    own = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    assert value not in "".join(str(frame.locals) for frame in own.stack if "/keyplate/" in frame.filename)
    assert caught.value.__cause__ is None and caught.value.__context__ is None


@pytest.mark.parametrize("wrong", [7, 1.5, ["a"], object()])
def test_a_function_that_gives_something_else(client_of, wrong):
    with pytest.raises(keyplate.AuthenticationError) as caught:
        client_of("http://127.0.0.1:1", key=lambda: wrong).balance()
    assert f"a {type(wrong).__name__}, not a str" in str(caught.value)


def test_a_function_that_has_no_key(serve, client_of, key_file):
    server = serve()
    with pytest.raises(keyplate.AuthenticationError) as caught:
        client_of(server.url, key=lambda: None).balance()
    assert caught.value.code == "no_key"
    assert client_of(server.url, keys=[lambda: None, f"file:{key_file()}"]).balance() == keyplate.Balance("12.5")


def test_a_function_cannot_use_its_client(serve, client_of):
    server, said = serve(), []

    def give():
        for use in (client.balance, client.close):
            with pytest.raises(keyplate.UsageError):
                use()
            said.append(use)
        return secrets.token_hex(16)

    client = client_of(server.url, key=give)
    client.balance()
    assert len(said) == 2


def test_k9_clients_and_handles_refuse_to_be_copied(client_of):
    for thing in (client_of("http://127.0.0.1:1"), keyplate.Redactor()):
        for copied in (copy.copy, copy.deepcopy, pickle.dumps):
            with pytest.raises(TypeError):
                copied(thing)


# ---- K11 ----


def test_k11_any_locale(serve, client_of):
    server = serve({"balance": reply('{"status":1,"request":"12.345"}'), "submit": reply('{"status":1,"request":1234567.5}')})
    names = [name for name in ("de_DE.UTF-8", "fr_FR.UTF-8", "de_DE", "tr_TR.UTF-8") if available(name)]
    for name in [*names, "C"]:
        before = locale.setlocale(locale.LC_ALL)
        try:
            locale.setlocale(locale.LC_ALL, name)
            client = client_of(server.url)
            assert client.balance() == keyplate.Balance("12.345") and str(client.balance()) == "12.345"
            with pytest.raises(keyplate.ProtocolError):
                client.submit("userrecaptcha", googlekey="a", pageurl="https://example.com/", min_score=0.5, timeout=1.5)
            assert b"min_score=0.5" in server.of("submit")[-1].body
            with pytest.raises(keyplate.TransportError) as caught:
                client_of("http://127.0.0.1:1").balance(timeout=0.25)
            assert pickle.loads(pickle.dumps(caught.value)).retry_after == caught.value.retry_after
        finally:
            locale.setlocale(locale.LC_ALL, before)


def available(name):
    before = locale.setlocale(locale.LC_ALL)
    try:
        locale.setlocale(locale.LC_ALL, name)
    except locale.Error:
        return False
    locale.setlocale(locale.LC_ALL, before)
    return True


# ---- K12 ----


def same(one, other):
    assert type(one) is type(other)
    if isinstance(one, BaseException):
        assert vars(one) == vars(other) and str(one) == str(other) and one.args == other.args
    else:
        assert one == other


def things_that_travel():
    solution = keyplate.Solution("the answer", keyplate.Task("captchaai/primary~0a1b2c3d/7"), "captchaai", "***ab12", 1.5, 3)
    yield solution
    yield solution.task
    yield keyplate.Task("", solution)
    yield keyplate.Balance("12.345", "USD")
    yield keyplate.Gap("a", "b", "c")
    for row in keyplate.error_list():
        yield row.exception("why", code=row.code, class_=row.class_, advice=row.advice, retry_after=2.5,
                            task=solution.task, outcome_unknown=True, provider_code="X", http_status=503)
    yield keyplate.Error()


def test_k12_pickle_and_copy():
    count = 0
    for thing in things_that_travel():
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
            same(pickle.loads(pickle.dumps(thing, protocol)), thing)
        same(copy.copy(thing), thing)
        same(copy.deepcopy(thing), thing)
        count += 1
    assert count > 50
    balance = pickle.loads(pickle.dumps(keyplate.Balance("1", "USD")))
    assert balance.unit == copy.deepcopy(balance).unit == "USD"
    task = pickle.loads(pickle.dumps(keyplate.Task("", keyplate.Solution("a", None, "b", "c", 0, 0))))
    assert task.solution.answer == "a"


def fail_in_child(url, path):
    keyplate.Client(config=False, url={"captchaai": url}, key=f"file:{path}", store="memory:").balance()


def test_k12_through_a_pool_of_processes(serve, key_file):
    path = key_file()
    server = serve({"balance": reply("ERROR_ZERO_BALANCE")})
    for method in ("fork", "spawn"):
        with multiprocessing.get_context(method).Pool(1) as pool:
            with pytest.raises(keyplate.InsufficientFundsError) as caught:
                pool.apply(fail_in_child, (server.url, str(path)))
        assert caught.value.code == "ERROR_ZERO_BALANCE"
        text = io.StringIO()
        traceback.print_exception(caught.value, file=text)
        assert path.key not in text.getvalue()


# ---- Errors ----


def test_every_error_of_the_list_has_its_exception():
    rows = keyplate.error_list()
    assert len(rows) > 60
    for row in rows:
        assert issubclass(row.exception, keyplate.Error) and row.exception is not keyplate.Error
        assert row.exception().class_ == row.class_
        assert getattr(keyplate, row.exception.__name__) is row.exception and row.exception.__module__ == "keyplate"
    assert len({row.class_ for row in rows}) == len({row.exception for row in rows})
