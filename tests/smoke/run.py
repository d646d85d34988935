#!/usr/bin/env python3
"""run.py: runs the smoke scenario in each language that it is given, and proves that the answers are right and the same.

    run.py --keyplate build/keyplate --runner 'C json build/tests/smoke_runner' --runner 'LuaJIT lua luajit tests/smoke/runner.lua'

A runner is a name, the form of its plan (json or lua) and a command, which gets the path of the plan as its last argument.
"""
import argparse
import json
import pathlib
import shlex
import subprocess
import sys
import tempfile

import judge
import plan as plans
from services import Echo, Nobody, Sandbox

PATIENCE = 240  # seconds for one runner; nothing waits for it


def start(scene, program, folder, made):
    service = scene["service"]
    if "echo" in service:
        return Echo()
    if "nobody" in service:
        return Nobody()
    rules = plans.put_in(service.get("rules", []), made.names)
    return Sandbox(program, folder, made.names["key_file"], service["sandbox"], rules)


class Run:
    """One runner through all scenes: its facts by step, and what is wrong with them."""

    def __init__(self, name, form, command, program, folder, made):
        self.name, self.made, self.folder = name, made, folder
        self.facts, self.comparable, self.wrong, self.missing = {}, {}, [], []
        self.places, self.names, services = {}, {}, {}
        plan = {"clients": [], "steps": []}
        try:
            for number, scene in enumerate(plans.SCENARIO["scenes"]):
                own = folder / f"scene{number}"
                own.mkdir()
                services[scene["name"]] = service = start(scene, program, own, made)
                address = service.url.removeprefix("http://")
                self.names[scene["name"]] = {**made.names, "url": service.url, "https_url": f"https://{address}", "folder": str(own)}
                self.places.update({address: "ADDRESS", str(own): "FOLDER", f"port {address.rpartition(':')[2]}": "PORT"})
                plans.add_scene(plan, scene, self.names[scene["name"]])
            self.follow(plan, form, command)
            for scene in plans.SCENARIO["scenes"]:
                self.judge(scene, services[scene["name"]])
            if self.missing:
                self.wrong.append(f"{self.missing[0]} and {len(self.missing) - 1} more steps: the runner did not come to them")
        finally:
            for service in services.values():
                service.stop()

    def follow(self, plan, form, command):
        path = self.folder / f"plan.{form}"
        plans.write(plan, path, form)
        done = subprocess.run([*command, str(path)], capture_output=True, timeout=PATIENCE, env=self.made.environment(self.folder))
        out, err = done.stdout.decode(), done.stderr.decode("utf-8", "replace")
        for key in (self.made.key, self.made.local, self.made.wrong, self.made.malformed):
            if key[:-4] in out + err:
                sys.exit(f"{self.name}: the runner printed a key")
        for line in out.splitlines():
            facts = json.loads(line)
            self.facts[facts.pop("step")] = facts
        if done.returncode != 0 or err:
            self.wrong.append(f"the runner ended with status {done.returncode}: {err}")

    def judge(self, scene, service):
        seen_ids = {}
        for step in scene["steps"]:
            name = f"{scene['name']}/{step['name']}"
            facts = self.facts.get(name)
            if facts is None:
                self.missing.append(name)
                continue
            step = {**step, "expect": plans.put_in(step["expect"], self.names[scene["name"]])}
            self.wrong += judge.wrong_in_step(scene["name"], step, facts, self.facts)
            self.comparable[name] = judge.same_in_all(name, facts, self.places, seen_ids)
        if "charged" in scene and service.charged() != scene["charged"]:
            self.wrong.append(f"{scene['name']}: {scene['charged']} tasks were to be charged, {service.charged()} were")


def compare(first, other):
    """What two runners say differently."""
    return [f"{name}: {first.name} says {first.comparable.get(name)}, {other.name} says {facts}"
            for name, facts in other.comparable.items() if facts != first.comparable.get(name)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keyplate", required=True, help="path of the command, for its sandbox")
    parser.add_argument("--runner", action="append", required=True, help="'NAME FORM COMMAND ARGUMENT...'")
    parser.add_argument("--show", action="store_true", help="print the facts of every step")
    args = parser.parse_args()
    runs = []
    for runner in args.runner:
        name, form, *command = shlex.split(runner)
        with tempfile.TemporaryDirectory(prefix="keyplate-smoke-") as folder:
            if not runs:
                shared = tempfile.TemporaryDirectory(prefix="keyplate-smoke-")
                made = plans.Made(pathlib.Path(shared.name))
            runs.append(Run(name, form, command, args.keyplate, pathlib.Path(folder), made))
    for run in runs:
        if args.show:
            print("\n".join(f"{name}: {json.dumps(facts, ensure_ascii=False)}" for name, facts in run.facts.items()))
        wrong = run.wrong + (compare(runs[0], run) if run is not runs[0] else [])
        print("\n".join(f"{run.name}: {line}" for line in wrong) or f"{run.name}: {len(run.facts)} steps are as expected")
    shared.cleanup()
    different = any(compare(runs[0], run) for run in runs[1:])
    return 1 if different or any(run.wrong for run in runs) else 0


if __name__ == "__main__":
    sys.exit(main())
