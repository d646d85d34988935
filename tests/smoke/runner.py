#!/usr/bin/env python3
"""runner.py: follows the plan of the smoke scenario in Python: makes the calls, prints one line of facts for each."""
import datetime
import decimal
import json
import pathlib
import sys

import keyplate
from keyplate import _calls, _raw

MICRO = 1_000_000


def made(spec):
    """The client of a plan."""
    options = spec["options"]
    if "value_of" in spec:
        options["key"] = keyplate.Key.from_value(pathlib.Path(spec["value_of"]).read_text(encoding="utf-8").rstrip("\n"))
    return keyplate.Client(config=False, **options)


def amount(balance):
    return {"balance": str(balance), "micro": int(balance * MICRO)}


def plain(value):
    """What the other languages have, and JSON."""
    if isinstance(value, decimal.Decimal):
        return f"{value.normalize():f}"
    if isinstance(value, datetime.datetime):
        return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list) else value


def solution(answer):
    facts = {name: getattr(answer, name) for name in ("answer", "task", "provider", "key", "elapsed")}
    cost = {} if answer.cost is None else {"cost": plain(answer.cost)}
    return {**facts, **({"polls": answer.polls} if answer.polls else {}), **cost}


def submitted(task):
    return {"task": task} if task else solution(task.solution)


def cancelled(client, facts):
    """A call that is cancelled before it begins."""
    operation = _calls.begin_solve(client._core, facts)
    _raw.kp_op_cancel(operation.handle)
    return client._core.run(operation)


def paid(args):
    params = dict(args.get("params", {}))
    if "file" in args:
        params["file"] = pathlib.Path(args["file"]).read_bytes()
    more = {name: args[name] for name in ("timeout", "sync", "client_id", "tags") if name in args}
    return args["method"], params, more


def call(client, name, args, tasks):
    """Facts of one call."""
    if name == "new":
        return {}
    if name in ("balance", "verify"):
        return amount(getattr(client, name)(**args))
    if name == "rotate":
        return {"rotated": client.rotate(**args)}
    if name in ("submit", "solve"):
        method, params, more = paid(args)
        outcome = getattr(client, name)(method, params, **more)
        return submitted(outcome) if name == "submit" else solution(outcome)
    if name == "cancel":
        method, params, _ = paid(args)
        return solution(cancelled(client, _calls.paid_facts(method, params, {}, None, False, None, None)))
    if name in ("keys", "limits", "metrics"):
        return {name: plain(getattr(client, name)(**args))}
    if name in ("pause", "resume"):
        getattr(client, name)(*[args.pop("reason")] if args else [], **args)
        return {"done": True}
    task = tasks.get(args["task"][1:], "") if args["task"].startswith("@") else args["task"]
    if name == "report":
        client.report(task, args["good"])
        return {"reported": True}
    if name == "wait":
        return solution(client.wait(task, timeout=args.get("timeout")))
    answer = client.result(task)
    return {"pending": True} if answer is None else solution(answer)


def redact(args):
    if "parts" not in args:
        return {"text": keyplate.redact(args["text"])}
    redactor = keyplate.Redactor()
    return {"text": "".join([redactor.feed(part) for part in args["parts"]]) + redactor.close()}


def error_facts(error):
    names = {"class": "class_", "unknown": "outcome_unknown"}
    facts = {name: getattr(error, names.get(name, name)) for name in (
        "code", "class", "text", "advice", "retry_after", "task", "unknown", "provider_code", "http_status", "limit", "left")}
    return {"error": {name: plain(value) for name, value in facts.items() if value is not None}}


def follow(step, clients, wanted, tasks):
    if step["call"] == "redact":
        return redact(step["args"])
    name = step["client"]
    try:
        if name not in clients:
            clients[name] = made(wanted[name])
    except keyplate.UsageError as error:
        return {"refused": str(error)}
    try:
        return call(clients[name], step["call"], step["args"], tasks)
    except keyplate.Error as error:
        return error_facts(error)


def main():
    plan = json.loads(pathlib.Path(sys.argv[1]).read_text(encoding="utf-8"))
    wanted = {client["name"]: client for client in plan["clients"]}
    clients, tasks = {}, {}
    for step in plan["steps"]:
        facts = follow(step, clients, wanted, tasks)
        if facts.get("task"):
            tasks[step["name"]] = facts["task"]
        print(json.dumps({"step": step["name"], **facts}, ensure_ascii=False), flush=True)
    for client in clients.values():
        client.close()


main()
