"""judge.py: compares the facts that a runner printed with what the scenario expects, and runners with each other."""
import json
import re

ERROR_DEFAULTS = {"unknown": False, "task": {"is": "absent"}, "retry_after": {"is": "absent"},
                  "text": {"is": "present"}, "advice": {"is": "present"}}
# Facts that differ from run to run; that they are there is still compared.
VOLATILE = ("elapsed", "retry_after", "first_seen", "last_used", "resets_at", "opens_at", "until", "left_ms")


def earlier_facts(text, facts, scene):
    """Puts {task of STEP} and {id of STEP} into an expected text."""
    def fact(match):
        task = facts.get(f"{scene}/{match.group(2)}", {}).get("task", "")
        return task if match.group(1) == "task" else task.rpartition("/")[2]
    return re.sub(r"\{(task|id) of ([^}]+)\}", fact, text)


def differs(expected, got, where, fill):
    """Sentences about what is not as expected."""
    if isinstance(expected, dict) and len(expected) == 1 and (rule := next(iter(expected))) in RULES:
        return [] if RULES[rule](expected[rule], got, fill) else [f"{where}: {expected} does not fit {got!r}"]
    if isinstance(expected, dict) and isinstance(got, dict):
        return [line for name, value in expected.items() for line in differs(value, got.get(name), f"{where}.{name}", fill)]
    if isinstance(expected, list) and isinstance(got, list) and len(expected) == len(got):
        return [line for i, value in enumerate(expected) for line in differs(value, got[i], f"{where}[{i}]", fill)]
    if isinstance(expected, str):
        expected = fill(expected)
    return [] if type(expected) is type(got) and expected == got else [f"{where}: expected {expected!r}, got {got!r}"]


def is_json(expected, got, _):
    try:
        return isinstance(got, str) and json.loads(got) == expected
    except ValueError:
        return False


RULES = {
    "is": lambda word, got, _: (got in (None, "")) == (word == "absent"),
    "matches": lambda pattern, got, fill: isinstance(got, str) and re.fullmatch(fill(pattern), got, re.S) is not None,
    "contains": lambda text, got, fill: isinstance(got, str) and fill(text) in got,
    "json": is_json,
}


def wrong_in_step(scene, step, facts, all_facts):
    """What is wrong with the facts of one step."""
    where = f"{scene}/{step['name']}"
    expected = dict(step["expect"])
    for name in ("error", "refused"):
        if name in facts and name not in expected:
            return [f"{where}: expected {expected}, got {name} {facts[name]}"]
    if "error" in expected:
        expected["error"] = {**ERROR_DEFAULTS, **expected["error"]}
    return differs(expected, facts, where, lambda text: earlier_facts(text, all_facts, scene))


def without_nulls(value):
    """A language without null in its tables leaves such a member out; one whose lists are tables has one kind of empty."""
    if isinstance(value, dict) and value:
        return {name: without_nulls(item) for name, item in value.items() if item is not None}
    return [without_nulls(item) for item in value] if isinstance(value, (dict, list)) else value


def same_in_all(name, facts, places, seen_ids):
    """The facts of a step without what differs from run to run: places, the sandbox's ids, times."""
    if "refused" in facts:  # what is misuse throws in some languages, and the place in the program is in the text
        return {"refused": True}
    error = facts.get("error")
    task = (error if isinstance(error, dict) else facts).get("task", "")
    if task and "/" in task:
        seen_ids.setdefault(task.rpartition("/")[2], name)
    if "metrics" in facts:
        facts = {**facts, "metrics": re.sub(r"(?m)^(\w+_duration_seconds\w*(?:\{.*\})?) \S+$", r"\1 present", facts["metrics"])}
    text = json.dumps(without_nulls(facts), sort_keys=True)
    for place, word in places.items():
        text = text.replace(place, word)
    text = re.sub(r"\bagain in \d+ \w+", "again in a while", text)
    text = re.sub(r"\blast used [0-9a-z ]+ ago\b", "last used a while ago", text)
    text = re.sub(r"sandbox-answer-[0-9A-Za-z-]+", "sandbox-answer-ID", text)
    for number in sorted(seen_ids, key=len, reverse=True):
        if len(number) >= 8:
            text = text.replace(number, f"(id of {seen_ids[number]})")
    text = re.sub(r'"(%s)": (?:[0-9.e+-]+|"[0-9TZ:.-]+")' % "|".join(VOLATILE), r'"\1": "present"', text)
    return json.loads(text)
