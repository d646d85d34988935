"""test_logging.py: no key in any log, and no log record broken: filter, formatters, install(); events."""

import builtins
import io
import logging
import logging.config
import logging.handlers
import pickle
import queue
import secrets

import keyplate
import keyplate.logging as safe
import pytest
from conftest import PAID
from hypothesis import given
from hypothesis import strategies as st
from test_redact import KEY, MASK

FORMAT = "%(levelname)s %(name)s %(message)s"


@pytest.fixture
def log():
    """A logger of its own, with a handler that keeps all it gets."""
    return make_log()


def make_log():
    stream = io.StringIO()
    logger = logging.Logger("test." + secrets.token_hex(4), 1)
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter(FORMAT))
    logger.addHandler(handler)
    logger.stream, logger.handler = stream, handler
    return logger


class Keep(logging.Handler):
    def __init__(self):
        super().__init__(1)
        self.records = []

    def emit(self, record):
        self.records.append(record)


class Thing:
    """Shows the key in every way there is."""

    def __init__(self):
        self.secret = KEY

    def __str__(self):
        return f"thing with {KEY}"

    __repr__ = __str__


class Broken:
    def __str__(self):
        raise RuntimeError(f"no text for {KEY}")

    __repr__ = __str__


CASES = [
    ("plain " + KEY, ()),
    ("%s and %d", (KEY, 7)),
    ("%(a)s and %(b)d", ({"a": KEY, "b": 7},)),
    ("%r", ([KEY, {"inner": KEY}],)),
    ("%s", (Thing(),)),
    ("%5.1f %% %x %s", (1.5, 255, KEY)),
    ("GET /in.php?key=%s&a=b", ("abcdefghijk",)),
    (Thing(), ()),
    ("too many %s", (KEY, KEY)),
    ("too few %s %s", (KEY,)),
    ("%d", (KEY,)),
    ("%s", (Broken(),)),
    ("%s", (KEY.encode(),)),
    ("%.3s", (Thing(),)),
    ("%s %s", (ValueError(KEY), OSError(5, KEY))),
    ("%d", (int("1234567890" * 3 + "12"),)),
]


def fits(message, args):
    """Else logging itself complains: what a formatter gets to see is too late then."""
    try:
        (str(message) % (args[0] if args and isinstance(args[0], dict) else args) if args else str(message))
    except Exception:
        return False
    return True


def install_filter(log):
    log.handler.addFilter(safe.RedactingFilter())


def install_formatter(log):
    log.handler.setFormatter(safe.SafeFormatter(FORMAT))


def install_around(log):
    log.handler.setFormatter(safe.RedactingFormatter(logging.Formatter(FORMAT)))


def install_all(log):
    safe.install()


@pytest.fixture(params=[install_filter, install_formatter, install_around, install_all])
def covered(request, log):
    request.param(log)
    yield log
    safe.uninstall()


@pytest.mark.parametrize("message, args", [case for case in CASES if fits(*case)])
def test_messages_and_arguments(covered, message, args, capsys):
    covered.info(message, *args)
    shown = covered.stream.getvalue()
    assert shown.startswith("INFO") and not capsys.readouterr().err
    assert KEY not in shown and "1234567890" * 3 not in shown


@pytest.mark.parametrize("install", [install_filter, install_all])
@pytest.mark.parametrize("message, args", CASES)
def test_whatever_does_not_fit_is_still_told(log, install, message, args, capsys):
    install(log)
    try:
        log.info(message, *args)
    finally:
        safe.uninstall()
    out = capsys.readouterr()
    assert log.stream.getvalue() and not out.err and not out.out
    assert KEY not in log.stream.getvalue()


def raise_chain():
    try:
        try:
            raise KeyError(KEY)
        except KeyError as first:
            raise ValueError("second") from first
    except ValueError:
        raise RuntimeError("third") from None


def raise_cause():
    try:
        raise KeyError(KEY)
    except KeyError as first:
        raise ValueError("second") from first


def raise_context():
    try:
        raise KeyError(KEY)
    except KeyError:
        raise ValueError("second")


def raise_group():
    raise ExceptionGroup("many", [ValueError(KEY), OSError(2, "no")]) if hasattr(builtins, "ExceptionGroup") else ValueError(KEY)


def raise_plain():
    raise ConnectionError(f"GET https://example.com/res.php?key={KEY}&id=1")


def raise_note():
    problem = ValueError("plain")
    if hasattr(problem, "add_note"):
        problem.add_note(f"the key was {KEY}")
    raise problem


def raise_hidden():
    problem = ValueError("plain")
    problem.request = {"url": f"?key={KEY}"}
    raise problem


RAISES = [raise_chain, raise_cause, raise_context, raise_group, raise_plain, raise_note, raise_hidden]


@pytest.mark.parametrize("cause", RAISES)
def test_exceptions(covered, cause):
    try:
        cause()
    except Exception:
        covered.exception("it failed")
    shown = covered.stream.getvalue()
    assert "it failed" in shown and "Traceback" in shown and KEY not in shown


@pytest.mark.parametrize("cause", RAISES)
def test_handlers_that_look_into_a_record_find_no_key(log, cause):
    keep = Keep()
    log.addHandler(keep)
    safe.install()
    try:
        try:
            cause()
        except Exception:
            log.exception("it failed with %s", Thing(), extra={"url": f"?key={KEY}", "deep": {"a": [KEY, 1, Thing()]}, "count": 7},
                          stack_info=True)
    finally:
        safe.uninstall()
    record = keep.records[0]
    assert record.count == 7 and record.deep["a"][1] == 1
    seen = repr(vars(record))
    if record.exc_info:  # clean all through
        seen += repr(record.exc_info[1].args) + repr(vars(record.exc_info[1]))
    assert KEY not in seen
    assert KEY not in repr(vars(pickle.loads(pickle.dumps(record))) if not record.exc_info else "")


def test_a_clean_record_stays_as_it_is(log):
    keep, extra = Keep(), {"request": {"id": 7}, "list": [1, "two"]}
    log.addHandler(keep)
    log.handler.addFilter(safe.RedactingFilter())
    install_all(log)
    try:
        args, problem = ("a", 7, [1]), ValueError("plain")
        try:
            raise problem
        except ValueError:
            log.warning("%s %d %r", *args, exc_info=True, extra=extra)
    finally:
        safe.uninstall()
    record = keep.records[0]
    assert record.args == args and record.msg == "%s %d %r" and record.exc_info[1] is problem
    assert record.request is extra["request"] and record.list is extra["list"]


@given(st.text(max_size=30), st.lists(st.one_of(st.text(max_size=10), st.integers(), st.floats(), st.none(), st.just(KEY)), max_size=4))
def test_any_message_with_any_arguments(message, args):
    log = make_log()
    install_filter(log)
    log.info(message, *args)
    assert KEY not in log.stream.getvalue() and log.stream.getvalue().startswith("INFO")


def test_install_covers_what_comes_later(capsys):
    safe.install()
    safe.install()
    try:
        logging.config.dictConfig({
            "version": 1, "disable_existing_loggers": False,
            "formatters": {"f": {"format": "%(message)s %(extra_field)s"}},
            "handlers": {"late": {"class": "logging.StreamHandler", "stream": "ext://sys.stdout", "formatter": "f"}},
            "loggers": {"late.parent": {"handlers": ["late"], "level": "DEBUG", "propagate": False}},
        })
        logging.getLogger("late.parent.child").debug("the key %s", KEY, extra={"extra_field": KEY})
        adapter = logging.LoggerAdapter(logging.getLogger("late.parent.other"), {"extra_field": f"key={KEY}"})
        adapter.info(KEY)
    finally:
        safe.uninstall()
        logging.getLogger("late.parent").handlers.clear()
    out = capsys.readouterr().out
    assert out == f"the key {MASK} {MASK}\n{MASK} key={MASK}\n"
    assert logging.Logger.handle.__module__ == logging.Filterer.filter.__module__ == "logging"
    assert not hasattr(logging.Filterer.filter, "__wrapped__")


def test_queues(log):
    """What a QueueHandler sends to another process has no key."""
    records = queue.Queue()
    log.addHandler(logging.handlers.QueueHandler(records))
    safe.install()
    try:
        log.info("the key %s", KEY, extra={"more": [KEY]})
    finally:
        safe.uninstall()
    assert KEY.encode() not in pickle.dumps(records.get_nowait())


def test_events_of_structlog_and_sentry():
    """What both hand over: dictionaries, deep ones, with tuples, objects and circles in them."""
    event = {"event": f"GET ?key={KEY}", "level": "info", "headers": {"apikey": "abcdefgh", "accept": "*/*"}, "vars": [{"k": KEY, "n": 1}, (KEY, 2)],
             "thing": Thing(), 7: None}
    shown = safe.redact_value(event)
    assert shown == {"event": f"GET ?key={MASK}", "level": "info", "headers": {"apikey": MASK, "accept": "*/*"}, "vars": [{"k": MASK, "n": 1}, (MASK, 2)],
                     "thing": f"thing with {MASK}", 7: None}
    assert safe.redact_value(event["headers"]) is not event["headers"] and event["headers"]["apikey"] == "abcdefgh"
    clean = {"exception": {"values": [{"stacktrace": {"frames": [{"vars": {"a": 1}}]}}]}}
    assert safe.redact_value(clean) is clean
    clean["exception"]["values"][0]["stacktrace"]["frames"][0]["vars"]["key"] = KEY
    assert safe.redact_value(clean)["exception"]["values"][0]["stacktrace"]["frames"][0]["vars"] == {"a": 1, "key": MASK}
    circle = {"key": KEY}
    circle["self"] = circle
    assert KEY not in repr(safe.redact_value(circle))


def test_the_formatter_is_a_formatter():
    record = logging.makeLogRecord({"msg": "a {b}", "args": (), "levelname": "INFO"})
    assert safe.SafeFormatter("{levelname}:{message}", style="{").format(record) == "INFO:a {b}"
    assert safe.SafeFormatter(datefmt="%Y").formatTime(record) == logging.Formatter(datefmt="%Y").formatTime(record)
    assert safe.RedactingFormatter().format(record) == "a {b}"


def test_what_cannot_be_shown_hides_no_key_beside_it():
    for part in (Broken(), deep_list(3000)):
        shown = safe.redact_value({"part": part, "key": KEY, "apikey": "abcdefghijk"})
        assert shown["key"] == MASK and shown["apikey"] == MASK
        assert KEY not in repr(shown)


def deep_list(depth):
    made = inner = []
    for _ in range(depth):
        inner.append([])
        inner = inner[0]
    inner.append(KEY)
    return made


class Odd(Exception):
    exceptions = None


class Odder(Exception):
    exceptions = ["a", 7]


class Oddest(Exception):
    @property
    def exceptions(self):
        raise RuntimeError(KEY)


def long_chain():
    last = ValueError(KEY)
    for number in range(3000):
        problem = ValueError(str(number))
        problem.__context__ = last
        last = problem
    return last


@pytest.mark.parametrize("install", [install_filter, install_all])
@pytest.mark.parametrize("problem", [Odd("a"), Odder("a"), Oddest("a"), long_chain(), Odd(KEY)], ids=lambda problem: type(problem).__name__)
def test_no_exception_makes_a_call_of_a_logger_fail(log, install, problem, capsys):
    install(log)
    try:
        log.error("it failed", exc_info=problem)
    finally:
        safe.uninstall()
    assert log.stream.getvalue() and KEY not in log.stream.getvalue() + capsys.readouterr().err


@pytest.mark.parametrize("more", [{"exc_info": (ValueError, ValueError(KEY))}, {"exc_info": ValueError(KEY)}, {"stack_info": [KEY]},
                                  {"exc_text": [KEY]}, {"args": 7, "msg": "%d " + KEY}])
def test_records_that_no_logger_made(more):
    record = safe.redact_record(logging.makeLogRecord({"msg": "a", **more}))
    assert KEY not in (repr(vars(record)) if not isinstance(more.get("exc_info"), tuple) else record.getMessage())


class Braces(logging.LogRecord):
    def getMessage(self):  # noqa: N802
        return str(self.msg).format(*self.args)


@pytest.mark.parametrize("thing", [None, "a", {}, logging, object(), logging.LogRecord])
def test_what_is_no_record_is_left_whole(thing):
    before = dict(vars(logging))
    with pytest.raises(TypeError, match="LogRecord is expected"):
        safe.redact_record(thing)
    assert vars(logging) == before


def test_classes_of_records_of_the_program(covered, capsys):
    before = logging.getLogRecordFactory()
    logging.setLogRecordFactory(Braces)
    try:
        covered.info("{} {{x}} {}", 1, KEY)
    finally:
        logging.setLogRecordFactory(before)
    assert covered.stream.getvalue().endswith(f" 1 {{x}} {MASK}\n") and not capsys.readouterr().err


@pytest.mark.parametrize("of", ["logger", "handler"])
def test_install_sees_what_filters_add(log, of):
    def add(record):
        record.url = f"?key={KEY}"
        return True

    (log if of == "logger" else log.handler).addFilter(add)
    log.handler.setFormatter(logging.Formatter("%(message)s %(url)s"))
    safe.install()
    try:
        log.info("a")
    finally:
        safe.uninstall()
    assert log.stream.getvalue() == f"a ?key={MASK}\n"


def test_uninstall_leaves_what_another_package_put_around(log):
    before = logging.Filterer.filter
    safe.install()
    ours = logging.Filterer.filter

    def around(self, record):
        return ours(self, record)

    logging.Filterer.filter = around
    try:
        safe.uninstall()
        assert logging.Filterer.filter is around
        log.info("%s", "key=abcdefghijk")
        safe.install()
        log.info("%s", "key=abcdefghijk")
    finally:
        logging.Filterer.filter = ours
        safe.uninstall()
    assert logging.Filterer.filter is before
    first, second = log.stream.getvalue().splitlines()
    assert "abcdefghijk" in first and "abcdefghijk" not in second


def test_no_logging_of_the_program_takes_an_answer_away(serve, client_of, caplog, capsys):
    client = client_of(serve().url)
    before = logging.getLogRecordFactory()

    def factory(*args, **more):
        record = before(*args, **more)
        record.task = record.status = "of the program"
        return record

    def fail(record):
        raise RuntimeError("a filter that fails")

    caplog.set_level(1, "keyplate")
    logging.setLogRecordFactory(factory)
    try:
        assert client.solve(*PAID["captchaai"]).answer == "the answer"
        assert caplog.records[-1].event == "keyplate.solve" and caplog.records[-1].task == "of the program"
        logging.getLogger("keyplate").addFilter(fail)
        assert client.solve(*PAID["captchaai"]).answer == "the answer"
    finally:
        logging.setLogRecordFactory(before)
        logging.getLogger("keyplate").removeFilter(fail)
    assert "a filter that fails" in capsys.readouterr().err


def test_events_go_to_the_logger(serve, client_of, caplog):
    import hostile

    server = serve({"submit": [hostile.reply('{"status":1,"request":"7"}'), hostile.reply("ERROR_PAGEURL")]})
    caplog.set_level(1, "keyplate")
    client = client_of(server.url)
    client.solve(*PAID["captchaai"])
    with pytest.raises(keyplate.InvalidRequestError):
        client.submit(*PAID["captchaai"])
    assert client.events() == []
    first, *_, last = [record for record in caplog.records if record.event in ("keyplate.solve", "keyplate.submit")]
    assert (first.event, first.method, first.levelname, first.name) == ("keyplate.solve", "turnstile", "INFO", "keyplate")
    assert first.duration_ms >= 0 and first.status and first.task.endswith("/7")
    assert last.levelno >= logging.WARNING and last.__dict__["class"] == "input"
    silent = client_of(server.url, log=False)
    count = len(caplog.records)
    silent.balance()
    assert len(caplog.records) == count
    assert [event["event"] for event in silent.events()][-1] == "keyplate.balance" and silent.events() == []


def test_a_log_handler_may_use_the_client(serve, client_of):
    server = serve()
    client, seen = client_of(server.url), []

    class Nosy(logging.Handler):
        def emit(self, record):
            seen.append(str(client.balance()))

    handler = Nosy()
    logging.getLogger("keyplate").addHandler(handler)
    logging.getLogger("keyplate").setLevel(1)
    try:
        client.balance()
    finally:
        logging.getLogger("keyplate").removeHandler(handler)
        logging.getLogger("keyplate").setLevel(0)
    assert seen and set(seen) == {"12.5"}
