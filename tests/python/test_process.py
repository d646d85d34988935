"""test_process.py: threads, signals, forks and asyncio: rows K8, T6."""

import asyncio
import gc
import os
import signal
import sys
import threading
import traceback

import hostile
import keyplate
import pytest
from conftest import PAID, PATIENCE, run_script, until
from hostile import reply

METHOD, PARAMS = PAID["captchaai"]
PENDING = {"result": reply("CAPCHA_NOT_READY")}


# ---- Signals ----

INTERRUPTED = """
import keyplate, json, sys
url, key = sys.argv[1:3]
with keyplate.Client(config=False, url={"captchaai": url}, key="file:" + key, store="memory:", poll={"first": 0, "every": "50ms"}) as client:
    try:
        client.CALL
    except KeyboardInterrupt as stop:
        notes = getattr(stop, "__notes__", [])
    print(json.dumps([notes, [event["event"] for event in EVENTS], [event.get("class") for event in EVENTS]]))
"""
CAUGHT = """
import logging
EVENTS = []
class Keep(logging.Handler):
    def emit(self, record):
        EVENTS.append({"event": record.event, "class": record.__dict__.get("class")})
logging.getLogger("keyplate").addHandler(Keep())
logging.getLogger("keyplate").setLevel(1)
"""


@pytest.mark.parametrize("call, script, held", [
    ("balance()", {"balance": hostile.hold}, "balance"),
    (f"solve('{METHOD}', {PARAMS})", {"submit": hostile.hold}, "submit"),
    (f"solve('{METHOD}', {PARAMS}, timeout=600)", PENDING, "result"),
    ("wait('4711', timeout=600)", PENDING, "result"),
])
def test_ctrl_c_ends_a_call_at_once(serve, key_file, call, script, held):
    import json
    import subprocess

    server = serve(script)
    text = CAUGHT + INTERRUPTED.replace("CALL", call)
    # A shell's background job would start with SIGINT ignored.
    process = subprocess.Popen([sys.executable, "-c", text, server.url, key_file()], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler))
    until(lambda: server.of(held), "the call")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, err
    notes, events, classes = json.loads(out)
    assert events[-1] == "keyplate." + call.partition("(")[0] and classes[-1] == "cancelled"
    if held == "result":
        assert "4711" in notes[0]
    assert len(server.of("submit")) <= 1


def test_a_handler_of_the_program_gets_its_turn(serve, client_of):
    server, seen = serve(PENDING), []
    client = client_of(server.url)

    class Enough(Exception):
        pass

    def stop(number, frame):
        seen.append(number)
        if len(seen) == 2:
            raise Enough

    before = signal.signal(signal.SIGUSR1, stop)
    kick = threading.Thread(target=lambda: [until(lambda: len(server.of("result")) > n * 2, "a poll") and os.kill(
        os.getpid(), signal.SIGUSR1) for n in range(2)])
    try:
        kick.start()
        with pytest.raises(Enough):
            client.wait("4711", timeout=600)
    finally:
        kick.join()
        signal.signal(signal.SIGUSR1, before)
    assert client.balance() == keyplate.Balance("12.5")


# ---- Threads ----


def test_other_threads_run_while_a_call_waits(serve, client_of):
    """The server is Python too: without the interpreter it could not answer."""
    server = serve()
    client = client_of(server.url)
    done = []
    threads = [threading.Thread(target=lambda: done.append(client.solve(METHOD, PARAMS).answer)) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert done == ["the answer"] * 16


def test_close_ends_the_calls_of_other_threads(serve, client_of):
    server = serve(PENDING)
    client, caught = client_of(server.url), []

    def work():
        with pytest.raises(keyplate.CancelledError) as problem:
            client.wait("4711", timeout=600)
        caught.append(problem.value)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    until(lambda: len(client._core.running) == 8, "the calls")
    client.close()
    for thread in threads:
        thread.join(PATIENCE)
    assert len(caught) == 8 and all(error.task.id == "4711" for error in caught)
    client.close()
    for use in (client.balance, client.keys, client.events, client.hygiene, lambda: client.wait("1"), lambda: client.option("keys")):
        with pytest.raises(keyplate.UsageError, match="closed"):
            use()


def test_a_handler_of_a_signal_may_close_the_client(serve, client_of):
    server = serve(PENDING)
    client = client_of(server.url)
    before = signal.signal(signal.SIGUSR1, lambda number, frame: client.close())
    kick = threading.Thread(target=lambda: until(lambda: server.of("result"), "a poll") and os.kill(os.getpid(), signal.SIGUSR1))
    try:
        kick.start()
        with pytest.raises(keyplate.CancelledError) as caught:
            client.wait("4711", timeout=PATIENCE)
    finally:
        kick.join()
        signal.signal(signal.SIGUSR1, before)
    assert caught.value.task.id == "4711"
    with pytest.raises(keyplate.UsageError, match="closed"):
        client.balance()
    with pytest.raises(ValueError):
        keyplate._raw.kp_runner_local(client._core.runner)  # all is freed
    client.close()


def test_an_interrupt_anywhere_leaves_a_client_that_closes(serve, client_of):
    """However many signals come, and wherever: close() waits for nothing that is not there."""
    client = client_of(serve().url, log=False)

    def stop(number, frame):
        raise KeyboardInterrupt

    before, interrupted = signal.signal(signal.SIGALRM, stop), 0
    try:
        for number in range(300):
            try:
                signal.setitimer(signal.ITIMER_REAL, 0.00002 * (number + 1))
                try:
                    client.balance()
                finally:
                    signal.setitimer(signal.ITIMER_REAL, 0)
            except KeyboardInterrupt:
                interrupted += 1
    finally:
        signal.signal(signal.SIGALRM, before)
    assert interrupted
    client.close()


def test_a_call_that_is_begun_and_then_closed(serve, client_of):
    """Another thread closes between the two halves of a call."""
    client = client_of(serve().url)
    operation = keyplate._calls.begin_look(client._core, keyplate._raw.KP_BALANCE, None)
    client.close()
    with pytest.raises(keyplate.CancelledError):
        client._core.run(operation)


# ---- Forks ----


def test_k8_a_fork_in_the_midst_of_a_call_submits_once(serve, client_of):
    server, made = serve(), []

    def give():
        made.append(os.fork())
        return "a-key-" + os.urandom(9).hex()

    client = client_of(server.url, key=give)
    try:
        outcome = client.solve(METHOD, PARAMS).answer
    except keyplate.Error as error:
        outcome = error.class_
    if made == [0]:
        os._exit(0 if outcome == "cancelled" else 1)
    assert outcome == "the answer"
    assert os.waitstatus_to_exitcode(os.waitpid(made[0], 0)[1]) == 0
    assert len(server.of("submit")) == 1


def in_child(work):
    """Runs it in a child of fork; nothing if it went well."""
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            work()
            status = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(status)
    _, status = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(status) == 0


@pytest.mark.parametrize("store", ["memory:", "sqlite:{}/state.db"])
def test_k8_fork_with_calls_in_flight(serve, client_of, tmp_path, store):
    server = serve(PENDING)
    client = client_of(server.url, store=store.format(tmp_path))
    client.balance()
    stop = threading.Event()

    def work():
        while not stop.is_set():
            with pytest.raises((keyplate.TaskTimeoutError, keyplate.CancelledError)):
                client.wait("4711", timeout=0.2)
            keyplate.redact("key=abcdefghijk " * 5000)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    until(lambda: server.of("result"), "the calls")

    def child():
        assert client.balance() == keyplate.Balance("12.5")
        assert client.submit(METHOD, PARAMS).id == "4711"
        assert keyplate.redact("key=abcdefghijk ") == "key=[REDACTED] "
        own = keyplate.Key.from_value("an-own-key-of-the-child")
        assert str(own) == "***hild"
        client.close()
        gc.collect()

    try:
        for _ in range(8):
            in_child(child)
    finally:
        stop.set()
        for thread in threads:
            thread.join(PATIENCE)
    assert client.balance() == keyplate.Balance("12.5")


def test_k8_fork_with_asyncio(serve, client_of):
    server = serve()
    client = client_of(server.url, keyplate.AsyncClient)

    async def calls():
        return await asyncio.gather(*(client.balance() for _ in range(4)))

    asyncio.run(calls())
    in_child(lambda: asyncio.run(calls()))
    asyncio.run(calls())


# ---- asyncio ----


def test_async_calls(box):
    async def main():
        async with keyplate.AsyncClient() as client:
            assert (await client.verify()).unit == "USD"
            task = await client.submit(METHOD, PARAMS)
            solutions = await asyncio.gather(client.wait(task), *(client.solve(METHOD, PARAMS) for _ in range(40)))
            assert all(solution.answer.startswith("sandbox-answer-") for solution in solutions)
            assert await client.result(task) == await client.wait(task, timeout=5) or True
            await client.report(task, good=False)
            assert (await client.keys())[0]["state"] == "current"
            with pytest.raises(keyplate.InvalidRequestError):
                await client.solve(METHOD)
            assert await client.balance() < 10
        with pytest.raises(keyplate.UsageError):
            await client.balance()

    asyncio.run(main())


@pytest.mark.parametrize("script, held, call", [
    ({"balance": hostile.hold}, "balance", lambda client: client.balance()),
    ({"submit": hostile.hold}, "submit", lambda client: client.solve(METHOD, PARAMS)),
    (PENDING, "result", lambda client: client.solve(METHOD, PARAMS, timeout=600)),
])
def test_a_cancelled_task_cancels_its_call(serve, client_of, script, held, call):
    server = serve(script)
    client = client_of(server.url, keyplate.AsyncClient, log=False)

    async def main():
        task = asyncio.ensure_future(call(client))
        while not server.of(held):
            await asyncio.sleep(0.002)
        task.cancel()
        with pytest.raises(asyncio.CancelledError) as caught:
            await task
        # It is over, not abandoned.
        assert not client._core.running
        return caught.value

    stop = asyncio.run(main())
    assert client.events()[-1]["class"] == "cancelled"
    if held == "result":
        assert "4711" in "".join(getattr(stop, "__notes__", ["4711"]))


def test_timeouts_of_asyncio(serve, client_of):
    server = serve(PENDING)
    client = client_of(server.url, keyplate.AsyncClient)

    async def main():
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(client.wait("4711", timeout=600), 0.3)
        assert await client.balance() == keyplate.Balance("12.5")

    asyncio.run(main())


def test_a_key_from_a_coroutine_function(serve, client_of):
    import secrets

    key, asked = secrets.token_hex(16), []

    async def give():
        await asyncio.sleep(0)
        asked.append(threading.current_thread() is threading.main_thread())
        return key

    async def never():
        await asyncio.Event().wait()

    server = serve()

    async def main():
        assert await client_of(server.url, keyplate.AsyncClient, key=give).balance() == keyplate.Balance("12.5")
        with pytest.raises(keyplate.Error):
            await client_of(server.url, keyplate.AsyncClient, key=never).balance(timeout=0.2)

    asyncio.run(main())
    assert asked == [True]
    assert f"key={key}&" in server.requests[0].target
    with pytest.raises(keyplate.AuthenticationError, match="AsyncClient"):
        client_of(server.url, key=give).balance()


def test_a_coroutine_function_cannot_use_its_client(serve, client_of):
    import secrets

    key, later = secrets.token_hex(16), []

    async def use():
        await free.wait()
        return await client.balance()

    async def give():
        with pytest.raises(keyplate.UsageError):
            await client.balance()
        later.append(asyncio.ensure_future(use()))
        return key

    client = client_of(serve().url, keyplate.AsyncClient, key=give)

    async def main():
        nonlocal free
        free = asyncio.Event()
        assert await client.balance() == keyplate.Balance("12.5")
        free.set()  # what it started may use the client, once it is over
        assert await later[0] == keyplate.Balance("12.5")

    free = None
    asyncio.run(main())


# ---- The end of the process ----


def test_the_interpreter_ends_with_calls_in_flight(serve, key_file):
    server = serve(PENDING)
    run_script("""
import keyplate, sys, threading, time
client = keyplate.Client(config=False, url={"captchaai": sys.argv[1]}, key="file:" + sys.argv[2], store="memory:", poll={"first": 0, "every": "50ms"})
for _ in range(4):
    threading.Thread(target=client.wait, args=("4711",), daemon=True).start()
while len(client._core.running) < 4:
    time.sleep(0.001)
""", server.url, key_file())
