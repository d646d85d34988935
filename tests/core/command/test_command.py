"""test_command.py: the calls from the command line: what is printed, with which exit status, and what is sent."""

import json
import urllib.parse

import pytest

from sandbox_box import PAGE, PNG

TURNSTILE = ("turnstile", "sitekey=a", f"pageurl={PAGE}")


# ---- What is printed ----


def test_balance_is_one_number(run):
    result = run("balance")
    assert (result.status, result.out, result.err) == (0, "10\n", "")


def test_balance_json(run, box):
    for provider, unit in (("captchaai", "USD"), ("nocaptchaai", "credits")):
        result = run("balance", "--json", "--provider", provider)
        expected = {"balance": "10", "unit": unit, "provider": provider, "key": "***" + box.key[-4:]}
        assert (result.status, result.json, result.err) == (0, expected, "")


def test_verify_names_the_key(run, box):
    result = run("verify")
    place = f"file:{run.work}/box_key, named by CAPTCHAAI_API_KEY_FILE"
    assert result.out == f"key primary ***{box.key[-4:]} ({place}) is accepted by captchaai; balance 10 USD\n"
    assert run("verify", "--json").json["source"] == place


def test_verify_proves_the_key_of_the_reference(run):
    other = run.write("other", run.new_key())
    result = run("verify", "--key", f"file:{other}")
    assert result.status == 3 and result.err.startswith("keyplate: ERROR_KEY_DOES_NOT_EXIST: ")
    assert run("balance").status == 0


@pytest.mark.parametrize("provider, method", [("captchaai", "turnstile"), ("nocaptchaai", "SomeTask")])
def test_solve_json(run, box, provider, method):
    result = run("solve", method, "sitekey=a", f"pageurl={PAGE}", "--json", "--provider", provider)
    answer = result.json
    assert result.status == 0 and result.err == ""
    charged = box.ledger()[-1]
    assert answer["answer"] == f"sandbox-answer-{charged['task']}"
    assert answer["task"] == f"{provider}/primary~{charged['fingerprint']}/{charged['task']}"
    assert (answer["provider"], answer["key"]) == (provider, charged["key"])
    assert answer["cost_usd"] is None and answer["polls"] >= 1 and answer["elapsed_ms"] >= 0
    assert len(box.ledger()) == 1


def test_solve_without_a_task_to_ask_for(run):
    picture = run.write("dot.png", PNG)
    for words in (("ImageToTextTask", f"body=@{picture}"), ("SomeTask", "--sync")):
        result = run("solve", *words, "--json", "--provider", "nocaptchaai")
        assert result.status == 0 and result.json["answer"].startswith("sandbox-answer-")
    assert run("submit", "ImageToTextTask", f"body=@{picture}", "--provider", "nocaptchaai").status == 0


def test_answer_is_data(run, boxes):
    """Line ends, escapes and the separators of the service's own answers come through as they are."""
    data = "a|b:c;d=e\nERROR_ZERO_BALANCE\x1b[31m \t\"ä\""
    run.use(boxes(rules=[{"match": {"call": "result"}, "body": json.dumps({"status": 1, "request": data})}]))
    assert run("solve", *TURNSTILE).out == data + "\n"
    assert run("solve", *TURNSTILE, "--json").json["answer"] == data


def test_submit_result_wait_report(run, boxes):
    box = boxes("--solve-ms", "1000000")
    run.use(box)
    task = run("submit", *TURNSTILE)
    assert task.status == 0 and task.out.startswith("captchaai/primary~")
    reference = task.out.strip()
    early = run("result", reference)
    assert early.status == 6 and f"it goes on: keyplate wait {reference}\n" in early.err
    assert run("result", reference, "--json").error["class"] == "pending"
    late = run("wait", reference, "--timeout", "200ms")
    assert late.status == 5 and f"the task is {reference}; it goes on" in late.err
    assert len(box.ledger()) == 1


def test_task_reference_chooses_the_service(run):
    for provider, method in (("captchaai", TURNSTILE), ("nocaptchaai", ("SomeTask",))):
        reference = run("submit", *method, "--provider", provider, "--json").json["task"]
        assert reference.startswith(provider + "/")
        assert run("wait", reference).out == f"sandbox-answer-{reference.split('/')[2]}\n"
        assert run("result", reference, "--json").json["task"] == reference
        bare_id = reference.split("/")[2]
        assert run("result", bare_id, "--provider", provider).status == 0
    assert run("wait", reference, "--provider", "captchaai").status == 2


def test_report(run):
    reference = run("submit", *TURNSTILE).out.strip()
    assert run("report", "good", reference).out == "reported as good\n"
    assert run("report", "bad", reference, "--json").json["reported"] == "bad"
    assert run("report", "fine", reference).status == 2
    assert run("report", "good", "nocaptchaai/primary~00000000/1").status == 2


# ---- Errors ----

BODIES = [
    ("ERROR_CAPTCHA_UNSOLVABLE", 1, "task"),
    ("ERROR_PAGEURL", 2, "input"),
    ("ERROR_WRONG_USER_KEY", 3, "key"),
    ("ERROR_ZERO_BALANCE", 3, "funds"),
    ("ERROR_IP_NOT_ALLOWED", 3, "address"),
    ("ERROR_SERVER_ERROR", 5, "server"),
    ("ERROR_SOMETHING_NEW", 5, "unknown"),
    ("<html>", 5, "protocol"),
]


@pytest.mark.parametrize("body, status, kind", BODIES)
def test_exit_status_by_class(run, boxes, body, status, kind):
    run.use(boxes(rules=[{"match": {"call": "submit"}, "body": body, "charge": False}]))
    result = run("submit", *TURNSTILE, "--json")
    assert (result.status, result.error["class"], result.err) == (status, kind, "")
    assert sorted(result.error) == sorted(["code", "class", "text", "advice", "retry_after", "task", "outcome_unknown"])
    if body.startswith("ERROR"):
        assert result.error["code"] == body


def test_exit_status_of_a_quota(run, boxes):
    body = json.dumps({"code": 17, "msg": "DAILY_LIMIT_EXCEEDED"})
    run.use(boxes(rules=[{"match": {"call": "create_task"}, "status": 429, "body": body, "charge": False}]))
    assert run("submit", "SomeTask", "--provider", "nocaptchaai").status == 4


def test_error_is_one_line_with_advice(run):
    result = run("solve", "turnstile", "sitekey=unsolvable", f"pageurl={PAGE}")
    first, second = result.err.splitlines()
    assert result.status == 1 and result.out == ""
    assert first.startswith("keyplate: ERROR_CAPTCHA_UNSOLVABLE: ") and first.endswith(".")
    assert second.startswith("keyplate: the task is captchaai/") and "goes on" not in second


def test_refused_key_says_when_to_come_back(run):
    run.forget_keys()
    run.env["CAPTCHAAI_API_KEY_FILE"] = run.write("wrong", run.new_key())
    assert run("balance", "--json").error["code"] == "ERROR_KEY_DOES_NOT_EXIST"
    again = run("balance", "--json")
    assert again.status == 3 and again.error["code"] == "key_cooling" and 0 < again.error["retry_after"] <= 60


def test_no_network(run):
    result = run("submit", *TURNSTILE, "--url", "http://127.0.0.1:1", "--timeout", "1s")
    assert result.status == 5 and "outcome is unknown" not in result.err
    assert run("balance", "--url", "http://example.com").status == 2


def test_outcome_unknown_is_said(run, boxes):
    box = boxes(rules=[{"match": {"call": "submit"}, "reset": "after_read"}])
    run.use(box)
    result = run("solve", *TURNSTILE)
    assert result.status == 5 and "counts as spent" in result.err
    result = run("solve", *TURNSTILE, "--json")
    assert result.error["outcome_unknown"] is True and result.error["class"] == "network"
    assert len(box.ledger()) == 2


@pytest.mark.parametrize("encode", [str, urllib.parse.quote, lambda key: key.encode().hex()])
def test_t12_key_in_an_answer(run, boxes, encode):
    key = run.new_key()
    shown = encode("key=" + key)
    told = json.dumps({"status": 0, "request": "ERROR_BAD_PARAMETERS", "error_text": f"no parameter x in {shown}"})
    run.use(boxes(rules=[{"match": {"call": "balance"}, "body": "10"},
                         {"match": {"call": "submit"}, "charge": False, "body": told}]))
    run.env["CAPTCHAAI_API_KEY_FILE"] = run.write("key", key)
    for words in ((), ("--json",)):
        result = run("submit", *TURNSTILE, *words)
        assert result.status == 2 and "no parameter x in" in result.out + result.err
        assert shown not in result.out + result.err and "[REDACTED]" in result.out + result.err


# ---- Parameters ----


def sent(result):
    """The form that a dry run shows."""
    assert result.status == 0, result
    return dict(urllib.parse.parse_qsl(result.out.split("\n\n", 1)[1].rstrip("\n"), True, True))


def test_dry_run_sends_nothing(run, box):
    result = run("solve", *TURNSTILE, "--dry-run")
    assert result.out.startswith(f"POST {box.url}/in.php\n")
    assert sent(result)["pageurl"] == PAGE and sent(result)["method"] == "turnstile"
    shown = run("submit", *TURNSTILE, "--dry-run", "--json")
    assert shown.json["request"] + "\n" == result.out
    assert not box.record_path.exists() or box.record() == []


def test_dry_run_checks(bare):
    assert bare("solve", "turnstile", "sitekey=a", "--dry-run").status == 2
    assert bare("solve", *TURNSTILE, "--dry-run").status == 0


def test_t11_text_arrives_unchanged(bare):
    text = "a&b#c%d+e f=ä\u20ac'\"\\|;:@/?\t"
    assert sent(bare("submit", *TURNSTILE, f"action={text}", "--dry-run"))["action"] == text
    assert sent(bare("submit", *TURNSTILE, "action=", "--dry-run"))["action"] == ""
    assert sent(bare("submit", *TURNSTILE, "action=@/etc/passwd", "--dry-run"))["action"] == "@/etc/passwd"


def test_json_values(bare):
    words = ("submit", "SomeTask", "text=1", "number:=1", "list:=[1, \"a\"]", "flag:=true", "--provider", "nocaptchaai")
    result = bare(*words, "--dry-run")
    task = json.loads(result.out.split("\n\n", 1)[1])["task"]
    assert task == {"type": "SomeTask", "text": "1", "number": 1, "list": [1, "a"], "flag": True}


@pytest.mark.parametrize("word", [
    "number:={", "number:=01", "number:=", "sitekey=b", "sitekey:=1", "=a", ":=1", "a b=1", "word", "@file", "key=a",
    "method=a", b"action=\xff",
])
def test_bad_parameters_are_refused(run, box, word):
    result = run("submit", *TURNSTILE, word)
    assert result.status == 2 and result.out == ""
    assert not box.record_path.exists() or box.record() == []


def test_file_for_an_image(run, box):
    picture = run.write("dot.png", PNG)
    body = sent(run("submit", "base64", f"body=@{picture}", "--dry-run"))["body"]
    import base64
    assert base64.b64decode(body, validate=True) == PNG
    for words in (("base64", f"body=@{picture}"), ("post", f"file=@{picture}", "numeric=1")):
        assert run("solve", *words).status == 0
    assert [line["method"] for line in box.ledger()] == ["base64", "post"]


def test_files_that_cannot_be_images(bare):
    import os
    os.mkfifo(bare.work / "fifo")
    os.symlink("loop", bare.work / "loop")
    bare.write("empty", "")
    bare.write("large", b"x" * (1024 * 1024 + 1))
    reasons = {"fifo": "no regular file", ".": "no regular file", "/dev/zero": "no regular file", "empty": "empty",
               "large": "larger than 1 MiB", "loop": "links", "nothing": "No such file"}
    for name, reason in reasons.items():
        for words in (("base64", f"body=@{name}"), ("post", f"file=@{name}")):
            result = bare("submit", *words, "--dry-run")
            assert result.status == 2 and "bad_parameter" in result.err and reason in result.err
    bare.write("largest", b"x" * (1024 * 1024))
    assert bare("submit", "post", "file=@largest", "--dry-run").status == 0
    assert "file=@PATH" in bare("submit", "post", "file=dot.png", "--dry-run").err


# ---- The command line ----


def test_options_stand_anywhere(run):
    reference = run("--json", "--provider=nocaptchaai", "submit", "SomeTask").json["task"]
    assert run("--", "wait", reference).status == 0
    assert run("wait", "--json", "--", reference).json["task"] == reference
    assert "--json" not in run("submit", "--dry-run", "--", *TURNSTILE, "action=--json").err


@pytest.mark.parametrize("words, hint", [
    (["balanse"], "did you mean 'balance'?"),
    (["balance", "--jsno"], "did you mean --json?"),
    (["keys", "lits"], "did you mean 'keys list'?"),
    (["help", "eror"], "did you mean 'errors'?"),
    (["solve", "turnstil", "sitekey=a"], "did you mean turnstile?"),
    (["balance", "--provider", "captchai"], "did you mean captchaai?"),
    (["balance", "--set", "pol.every=1s"], "did you mean 'poll.every'?"),
    (["balance", "--timeout"], "--timeout TIME"),
    (["balance", "--timeout", "soon"], "no duration"),
    (["balance", "--json=1"], "takes no value"),
    (["balance", "--sync"], "takes no option --sync"),
    (["balance", "--set", "poll"], "NAME=VALUE"),
    (["balance", "more"], "too many"),
    (["solve"], "missing"),
    (["result", "a/b"], "task"),
    ([], "usage: keyplate"),
])
def test_wrong_use(bare, words, hint):
    result = bare(*words)
    assert (result.status, result.out) == (2, "") and hint in result.err


def test_wrong_use_as_json(bare):
    for words in (["balance", "--jsno", "--json"], ["--json", "balanse"], ["solve", "--json"]):
        result = bare(*words)
        assert (result.status, result.err, result.error["class"]) == (2, "", "usage")


@pytest.mark.parametrize("words", [
    ["{}"], ["balance", "{}"], ["verify", "{}"], ["keys", "{}"], ["keys", "set", "{}"], ["solve", "turnstile", "{}"],
    ["balance", "--{}"], ["balance", "--key", "{}"], ["balance", "--set", "{}"], ["wait", "{}", "{}"], ["help", "{}"],
    ["balance", "--timeout", "{}"], ["balance", "--provider", "{}"], ["balance", "--set", "keys={}"],
    ["submit", "turnstile", "sitekey=a", "pageurl=https://example.com/", "key={}"], ["sandbox", "{}"],
])
def test_a_key_in_the_wrong_place_is_not_repeated(bare, words):
    key = bare.new_key()
    for json_too in ([], ["--json"]):
        result = bare(*[word.format(key) for word in words], *(json_too if words[0] != "sandbox" else []))
        assert result.status == 2


def test_config_file_and_precedence(run):
    path = run.write("config.json", json.dumps({"provider": "nocaptchaai", "poll": {"every": "60ms"}}))
    assert run("balance", "--json", "--config", path).json["provider"] == "nocaptchaai"
    assert run("balance", "--json", "--config", path, KEYPLATE_PROVIDER="captchaai").json["provider"] == "captchaai"
    assert run("balance", "--json", KEYPLATE_CONFIG=path).json["provider"] == "nocaptchaai"
    chosen = run("balance", "--json", "--set", "provider=nocaptchaai", KEYPLATE_PROVIDER="captchaai").json
    assert chosen["provider"] == "nocaptchaai"
    assert f"configuration file: {path}\n" in run("balance", "--verbose", "--config", path).err
    assert run("balance", "--config", "nothing").status == 2


# ---- Help ----


def test_version(bare):
    assert bare("version").out == bare("--version").out
    assert bare("version", "--json").json["abi"] == 1


def test_help_is_made_of_the_tables(bare):
    text = bare("help").out
    assert bare("--help").out == text == bare("-h").out
    for name in "balance verify solve submit result wait report keys sandbox help version".split():
        assert f"\n  {name}" in text
        assert bare("help", name).out == bare(name, "--help").out != text
        assert f"usage: keyplate {name}" in bare("help", name).out
    assert "ERROR_ZERO_BALANCE (funds)" in bare("help", "errors").out
    assert "poll.every [KEYPLATE_POLL_EVERY]" in bare("help", "config").out
    methods = bare("help", "methods", "--provider", "captchaai").out
    assert "pageurl*:" in methods and "ImageToTextTask" not in methods and "ImageToTextTask" in bare("help", "methods").out
    assert all(len(line) <= 80 for line in (text + bare("help", "errors").out + bare("help", "config").out).splitlines())


def test_manual_page(bare):
    page = bare("help", "--man").out
    for word in (".TH KEYPLATE 1", ".SH OPTIONS", "\\fB\\-\\-dry\\-run\\fR", "\\fBpoll.every\\fR", ".SH EXIT STATUS"):
        assert word in page


def test_completion(bare):
    import subprocess
    script = bare.write("completion", bare("help", "--completion").out)
    ask = 'source "$1"; compopt() { :; }; COMP_LINE=$2; COMP_POINT=${#2}; _keyplate; echo "${COMPREPLY[*]}"'
    expected = {
        "keyplate so": "solve",
        "keyplate --json so": "solve",
        "keyplate balance --verb": "--verbose",
        "keyplate --provider no": "nocaptchaai",
        "keyplate solve tu": "turnstile",
        "keyplate --provider nocaptchaai solve ": "ImageToTextTask",
        "keyplate solve turnstile pa": "pageurl=",
        "keyplate report ": "good bad",
        "keyplate keys ": "list explain set verify use rotate revoke",
        "keyplate help con": "config",
        "keyplate balance --timeout ": "",
    }
    for line, words in expected.items():
        done = subprocess.run(["bash", "--norc", "-c", ask, "bash", script, line], capture_output=True, text=True, timeout=60)
        assert (done.stdout.strip(), done.stderr) == (words, ""), line
