"""adapter.py: does in Python what the leak oracle asks for on stdin, and shows all that the package lets a program see.

One verb a line, its words parted by tabs; "ok" on stdout when it is done. README.md has the verbs.
"""

import gc
import json
import logging
import pickle
import sys
import traceback

import keyplate

options, state = {}, {"client": None}


def read_key(path):
    with open(path, encoding="utf-8") as file:
        return file.read().rstrip()


def show(name, value, depth=0):
    """Everything that can be seen of a value."""
    print(f"{name}={value}")
    print(f"{name}={value!r}")
    if depth > 3:
        return
    if isinstance(value, dict):
        for key, item in value.items():
            show(str(key), item, depth + 1)
    elif isinstance(value, (list, tuple)):
        for item in value:
            show(name, item, depth + 1)
    elif not isinstance(value, (str, bytes, int, float, type(None), type)):
        for key in dir(value):
            if not key.startswith("__"):
                try:
                    print(f"{name}.{key}={getattr(value, key)!r}")
                except Exception as problem:
                    print(f"{name}.{key}: {problem!r}")


def show_failure(problem):
    show("raised", problem)
    print("".join(traceback.TracebackException.from_exception(problem).format()))
    # What a tool for crash reports collects of our own functions; those of this program have the stray words themselves.
    for frame in traceback.TracebackException.from_exception(problem, capture_locals=True).stack:
        if "/keyplate/" in frame.filename:
            print(frame.locals)
    print(pickle.dumps(problem))
    logging.getLogger("adapter").exception("a call failed")
    print(f"class={getattr(problem, 'class_', 'usage')}")


def attempt(work):
    """Shows what it gives, or how it fails."""
    try:
        value = work()
    except (keyplate.Error, TypeError, ValueError) as problem:
        show_failure(problem)
        return
    except KeyboardInterrupt as problem:
        print("".join(traceback.format_exception(problem)))
        print("class=cancelled")
        return
    show("value", value)
    print("class=none")


def option(name, value):
    if value.startswith("["):
        value = json.loads(value)
    place = options
    *folders, last = name.split(".") if name.replace(".", "").isidentifier() else [name]
    for folder in folders:
        place = place.setdefault(folder, {})
    place[last] = value


def key(how, path):
    if "keys" in options:
        return
    if how == "file":
        options["key"] = f"file:{path}"
    elif how == "value":
        options["key"] = keyplate.Key.from_value(read_key(path))
        show("key", options["key"])
    else:
        options["key"] = lambda: read_key(path)


def client():
    if "keys" in options:
        options.pop("key", None)

    def make():
        state["client"] = keyplate.Client(**options)
        return state["client"]

    attempt(make)


def learn():
    keyplate.Redactor(state["client"]).close()


def call(kind, *words):
    if state["client"] is None:
        return
    facts, params, more = {}, {}, {}
    for name, _, value in (word.partition("=") for word in words):
        if name.startswith("p."):
            params[name[2:]] = value
        else:
            facts[name] = value
    if facts.get("dry_run"):
        print("class=none")
        return
    if "timeout_ms" in facts:
        more["timeout"] = int(facts["timeout_ms"]) / 1000
    if "key" in facts:
        more["key"] = facts["key"]
    use = getattr(state["client"], kind)
    if kind in ("submit", "solve"):
        attempt(lambda: use(facts["method"], params, **more))
    elif kind == "report":
        attempt(lambda: use(facts["task"], facts["good"] == "1", **more))
    elif kind in ("result", "wait"):
        attempt(lambda: use(facts["task"], **more))
    else:
        attempt(lambda: use(**more))


def tell():
    if "key" in options:
        show("key", options["key"])
    if state["client"] is None:
        return
    show("client", state["client"])
    for name in ("keys", "events", "hygiene"):
        try:
            show(name, getattr(state["client"], name)())
        except keyplate.Error as problem:
            show("raised", problem)


def redact(path):
    """A part at a time, as a log would be written."""
    with open(path, "rb") as file:
        text = file.read()
    redactor = keyplate.Redactor(state["client"])
    out = b"".join(redactor.feed(text[at:at + 7]) for at in range(0, len(text), 7)) + redactor.close()
    sys.stdout.flush()
    sys.stdout.buffer.write(out + b"\n" + keyplate.redact(text) + b"\n")


def close():
    if state["client"] is not None:
        state["client"].close()
    state["client"] = None
    options.clear()
    gc.collect()


class Fields(logging.Formatter):
    """Shows all that a record has."""

    def format(self, record):
        return super().format(record) + " " + repr(vars(record))


def main():
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Fields("%(levelname)s %(name)s %(message)s"))
    logging.basicConfig(level=1, handlers=[handler])
    verbs = {verb.__name__: verb for verb in (option, key, client, learn, call, tell, redact, close)}
    sys.stdout.reconfigure(errors="backslashreplace")
    for line in sys.stdin:
        verb, *words = line.rstrip("\n").split("\t")
        verbs[verb](*words)
        print("ok", flush=True)


main()
