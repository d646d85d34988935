"""test_command_audit_report.py: the report of an audit record: its four forms, its options, and records that are hostile."""

import csv
import html.parser
import io
import json
import os
import re
import signal
import subprocess

import pytest

from conftest import PATIENCE, SANITIZED, until

START = "2026-11-20T"
HOSTILE = ["<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "\"><svg onload=alert(1)>", "' onmouseover='alert(1)",
           "</title></style></main>", "&lt;b&gt;", "line\nend\r\n", "tab\there", "\x1b[31mred\x1b]0;title\x07", "=cmd|' /C calc'!A0",
           "+1+1", "-2+3", "@SUM(A1)", "a;=1+1", "a,=1+1", 'a"=1+1', "\uff1d1+1", "  =1+1", "\u202eevil", "\u2028", "x" * 5000,
           "\U0001f600 \u65e5\u672c", "\x7f\x80", ""]


def line(event, operation, time="10:00:00Z", **more):
    return json.dumps({"@timestamp": START + time, "event": event, "operation": operation, "attempt": 1,
                       "provider": "captchaai", "action": "solve", "method": "turnstile", **more}) + "\n"


def outcome(operation, code="ok", time="10:00:30Z", **more):
    return line("outcome", operation, time, **{"code": code, "outcome_unknown": False, "duration_ms": 12000, "cost_micro": 1000,
                                               **more})


def call(operation, code="ok", **more):
    """Both lines of a call."""
    return line("intent", operation, cost_micro=1000) + outcome(operation, code, **more)


RECORD = (call("a", task="t", client_id="team-a") + call("b", task="t", client_id="team-b") +
          call("c", "ERROR_ZERO_BALANCE", client_id="team-b", cost_micro=0, **{"class": "funds"}) + line("intent", "d", cost_micro=500) +
          outcome("e", "budget", client_id="team-a", limit="usd_per_day", **{"class": "limit"}))


@pytest.fixture
def report(bare):
    """Runs the command over a record."""
    def run(record=RECORD, *arguments, status=0, **env):
        path = bare.write("audit.jsonl", record)
        result = bare("audit", "report", path, *arguments, **env)
        assert result.status == status, result
        return result
    return run


class Page(html.parser.HTMLParser):
    """What a browser makes of the page: its elements, attributes and texts."""
    VOID = {"meta"}

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.tags, self.attributes, self.texts, self.open, self.tables, self.cell = [], [], [], [], [], None
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes += [(tag, name, value) for name, value in attributes]
        if tag not in self.VOID:
            self.open.append(tag)
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("th", "td"):
            self.tables[-1][-1].append("")
            self.cell = True

    def handle_startendtag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes += [(tag, name, value) for name, value in attributes]

    def handle_endtag(self, tag):
        assert self.open and self.open.pop() == tag, f"{tag} closes nothing"
        if tag in ("th", "td"):
            self.cell = None

    def handle_data(self, data):
        self.texts.append(data)
        if self.cell:
            self.tables[-1][-1][-1] += data


def rows(text):
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


def test_the_table(report):
    result = report(RECORD, "--by", "client_id")
    lines = result.out.splitlines()
    assert lines[0] == "Audit report: 2026-11-20 10:00 to 2026-11-20 10:00 UTC"
    words = {words[0]: words[1:] for words in map(str.split, lines) if words}
    assert words["CLIENT_ID"] == ["CALLS", "ERRORS", "REFUSED", "UNKNOWN", "SPENT", "USD", "P50", "P90", "P99"]
    assert words["team-a"] == ["2", "0", "1", "0", "0.0010", "12.0s", "12.0s", "12.0s"]
    assert words["team-b"] == ["2", "1", "0", "0", "0.0010", "12.0s", "12.0s", "12.0s"]
    assert words["(none)"] == ["1", "0", "0", "1", "0.0005", "-", "-", "-"]
    assert words["total"] == ["5", "1", "1", "1", "0.0025", "12.0s", "12.0s", "12.0s"]
    assert words["ERROR_ZERO_BALANCE"][0] == "funds"
    assert "8 records of 5 calls in 1 file." in result.out and "1 call has no outcome line" in result.out
    assert "The chain was not checked: keyplate audit verify" in result.out
    assert result.err == "" and "\x1b" not in result.out
    head = lines.index(next(text for text in lines if text.startswith("CLIENT_ID")))
    assert len({len(text) for text in lines[head:head + 6]}) == 1, "the columns do not align"


def test_all_forms_tell_the_same(report):
    told = json.loads(report(RECORD, "--format", "json", "--by", "client_id").out)
    assert told["total"] == {"calls": 5, "ok": 2, "errors": 1, "refused": 1, "unknown": 0, "unfinished": 1, "spent_usd": "0.0025",
                             "p50_ms": 12000, "p90_ms": 12000, "p99_ms": 12000}
    assert (told["by"], told["records"], told["unreadable_lines"], told["chain_checked"]) == ("client_id", 8, 0, False)
    assert (told["from"], told["to"]) == ("2026-11-20T10:00:00.000Z", "2026-11-20T10:00:30.000Z")
    table = report(RECORD, "--by", "client_id").out
    assert [note for note in told["notes"] if note not in " ".join(table.split())] == []
    sheet = rows(report(RECORD, "--format", "csv", "--by", "client_id").out)
    for section, key, sums in (("group", "name", told["groups"]), ("code", "code", told["codes"])):
        of_sheet = [row for row in sheet if row["section"] == section]
        assert len(of_sheet) == len(sums) > 1
        for row, entry in zip(of_sheet, sums):
            assert row["name"] == (entry[key] or ("(none)" if key == "name" else "(no outcome line)"))
            assert all(row[name] == ("" if entry[name] is None else str(entry[name])) for name in told["total"])
    page = Page(report(RECORD, "--format", "html", "--by", "client_id").out)
    groups = next(table for table in page.tables if table[0][0] == "client_id")
    assert [row[0] for row in groups[1:-1]] == [entry["name"] or "(none)" for entry in told["groups"]]
    assert groups[-1] == ["total", "5", "2", "1", "1", "1", "0.0025", "12.0s", "12.0s", "12.0s"]
    assert {"Spent, in dollars each hour", "Calls, each hour", "Latency percentiles, each hour"} <= set(page.texts)
    assert "Balance" not in page.texts


@pytest.mark.parametrize("by, names", [("method", {"turnstile", "geetest"}), ("env", {"prod", None}), ("service", {"shop", None}),
                                       ("key", {"0a1b2c3d", None}), ("client_id", {"team", None})])
def test_by(report, by, names):
    record = outcome("a") + outcome("b", method="geetest", client_id="team", key="0a1b2c3d", tags={"env": "prod", "service": "shop"})
    told = json.loads(report(record, "--format", "json", "--by", by).out)
    assert {entry["name"] for entry in told["groups"]} == names


@pytest.mark.parametrize("since, calls", [("2026-11-20", 2), ("2026-11-20T11:00:00Z", 1), ("2026-11-20T12:00:00+01:00", 1),
                                          ("2026-11-21", 0), ("36500d", 2), ("2m", 0)])
def test_since(report, since, calls):
    record = outcome("a", time="10:00:00Z") + outcome("b", time="11:00:00Z")
    told = json.loads(report(record, "--format", "json", "--since", since).out)
    assert (told["total"]["calls"], told["earlier_records"]) == (calls, 2 - calls)
    assert (told["from"] is None) == (calls == 0)


@pytest.mark.parametrize("arguments", [["--since", "yesterday"], ["--since", ""], ["--since", "7"], ["--since", "99999d"],
                                       ["--since", "-1d"], ["--by", "shoe_size"], ["--format", "pdf"], ["--format", ""]])
def test_options_that_are_wrong(report, arguments):
    result = report(RECORD, *arguments, status=2)
    assert result.out == "" and arguments[0] in result.err


def test_help(bare):
    result = bare("audit", "report", "--help")
    assert result.status == 0 and all(word in result.out for word in ("--since", "--by", "--format", "--output", "FILE"))


@pytest.mark.parametrize("record", ["", "\n\n", "\ufeff\n", "{}\n", "\x00" * 100])
@pytest.mark.parametrize("form", ["table", "csv", "json", "html"])
def test_a_record_without_records(report, record, form):
    result = report(record, "--format", form)
    assert result.out and ("could not be read" in result.err) == bool(record.strip())
    if form == "json":
        assert json.loads(result.out)["records"] == 0
    if form == "html":
        assert "no records" in Page(result.out).texts


def test_a1_lines_that_are_torn_or_foreign(report):
    foreign = ["\x1b[31m", "{\"@timestamp\":", RECORD[:50], "127.0.0.1 - - GET /", b"{\"@timestamp\":\"\xff\"}", "[" * 100000,
               outcome("x", cost_micro=-5).strip(), outcome("x", cost_micro=10**16).strip(), "9" * (1 << 20),
               outcome("x", task="y" * (1 << 20)).strip()]
    data = b"".join((text if isinstance(text, bytes) else text.encode()) + b"\n" for text in foreign)
    half = len(RECORD.splitlines()[0]) + 1
    record = RECORD[:half].encode() + data + RECORD[half:].encode() + b"{\"@timestamp\":\"2026-11-20T10"
    result = report(record, "--format", "json")
    told = json.loads(result.out)
    assert told["unreadable_lines"] == len(foreign) + 1
    assert told["total"] == json.loads(report(RECORD, "--format", "json").out)["total"]
    assert result.err == f"keyplate: {len(foreign) + 1} lines could not be read and were left out\n"


def test_a_last_line_without_its_end(report):
    assert json.loads(report(RECORD.rstrip("\n"), "--format", "json").out)["records"] == 8


def hostile_record():
    return "".join(outcome(f"{i}-{k}", "ok" if k else text or "ok", method=text, client_id=text, key=text,
                           tags={"env": text, "service": text}, **{"class": text})
                   for i, text in enumerate(HOSTILE) for k in range(2))


def test_a3_the_table_cannot_steer_a_terminal(report):
    out = report(hostile_record()).out
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u202a-\u202e\u2066-\u2069]", out)
    assert all(len(text) <= 80 for text in out.splitlines())
    assert out.count("\n") < 100, "a line end came through"


def test_a3_the_page_has_no_element_of_the_record(report):
    text = report(hostile_record(), "--format", "html", "--by", "env").out
    page, plain = Page(text), Page(report(RECORD, "--format", "html", "--by", "env").out)
    assert set(page.tags) == set(plain.tags) and {name for _, name, _ in page.attributes} == {name for _, name, _ in plain.attributes}
    assert not {"script", "img", "iframe", "link", "a", "base", "form", "object", "use", "image"} & set(page.tags)
    assert not [name for _, name, _ in page.attributes if name.startswith("on") or name in ("src", "href", "style")]
    assert "<script>alert(1)</script>" in "".join(page.texts) and not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", text)
    assert not re.search(r"https?:|url\(|@import|//", text)
    policy = [value for tag, name, value in page.attributes if (tag, name) == ("meta", "content") and "default-src" in value]
    assert policy == ["default-src 'none'; style-src 'unsafe-inline'; img-src data:"]
    identities = [value for _, name, value in page.attributes if name == "id"]
    assert len(identities) == len(set(identities))
    named = {word for _, name, value in page.attributes if name == "aria-labelledby" for word in value.split()}
    assert named and named <= set(identities)
    assert page.tags.count("svg") == page.tags.count("figure") == page.tags.count("desc") == 4
    assert {("svg", "role", "img"), ("html", "lang", "en")} <= set(page.attributes)
    assert "prefers-color-scheme" in text


def test_a3_the_sheet_has_no_formula(report):
    text = report(hostile_record(), "--format", "csv", "--by", "service").out
    assert text.endswith("\r\n") and text.count("\n") == text.count("\r\n")
    sheet = rows(text)
    assert len({len(row) for row in sheet}) == 1 and not any(None in row or None in row.values() for row in sheet)
    names = [row["name"] for row in sheet if row["section"] == "group"]
    assert "'=cmd|' /C calc'!A0" in names and "'+1+1" in names and "'-2+3" in names and "'@SUM(A1)" in names
    for row in sheet:
        for cell in row.values():
            for piece in re.split("[;,\t\"]", cell):  # as a spreadsheet with another separator may cut it
                assert not re.match("[ ]*[=+@|\uff1d\uff0b\uff0d\uff20-]", piece), cell
    assert not re.search(r"[\x00-\x09\x0b\x0c\x0e-\x1f\x7f]", text)


def test_a3_json_keeps_what_was_recorded(report):
    told = json.loads(report(hostile_record(), "--format", "json", "--by", "client_id").out)
    names = {entry["name"] for entry in told["groups"]}
    assert names == {text[:200] or None for text in HOSTILE}


def test_many_names(report):
    record = "".join(outcome(f"o{i}", client_id=f"client-{i}") for i in range(1200))
    told = json.loads(report(record, "--format", "json", "--by", "client_id").out)
    others = [entry for entry in told["groups"] if entry.get("others")]
    assert len(told["groups"]) == 1001 and [entry["calls"] for entry in others] == [200]
    assert sum(entry["calls"] for entry in told["groups"]) == told["total"]["calls"] == 1200
    assert "(others)" in report(record, "--by", "client_id").out


def test_amounts_and_times_at_their_bounds(report):
    record = "".join(outcome(f"o{i}", cost_micro=10**15, duration_ms=10**15) for i in range(20)) * 1000
    record += outcome("p").replace("2026-11-20", "0001-01-01") + outcome("q").replace("2026-11-20", "9999-12-31")
    for form in ("table", "csv", "json", "html"):
        result = report(record, "--format", form)
        assert "9223372036854.775807" in result.out and "-9223372036854" not in result.out
    assert len(json.loads(report(record, "--format", "json").out)["slots"]) == 3


def test_the_balance_is_plotted_if_there_is_one(report):
    record = RECORD + line("balance", "", "10:10:00Z", balance="12.5") + line("balance", "", "11:10:00Z", balance=11.25)
    page = Page(report(record, "--format", "html").out)
    assert "Balance" in page.texts and page.tags.count("svg") == 5
    told = json.loads(report(record, "--format", "json").out)
    assert [entry["balance"] for entry in told["balances"]] == ["12.5", "11.25"]
    assert "11.25" in report(record).out


# ---- Files ----

def test_several_files_and_stdin(bare):
    half = RECORD.index("\n") + 1  # the first intent and its outcome are in two files
    old, new = bare.write("audit.jsonl.1", RECORD[:half]), bare.write("audit.jsonl", RECORD[half:])
    totals = []
    for names, stdin in (([old, new], ""), ([new, old], ""), ([old, "-"], RECORD[half:]), (["-"], RECORD)):
        result = bare("audit", "report", *names, "--format", "json", stdin=stdin)
        assert result.status == 0 and json.loads(result.out)["files"] == len(names)
        totals.append(json.loads(result.out)["total"])
    assert all(total == totals[0] for total in totals) and totals[0]["unfinished"] == 1


def test_the_sidecar_is_no_record(bare):
    path = bare.write("audit.jsonl", RECORD)
    bare.write("audit.jsonl.tail", '{"seq":8}')
    result = bare("audit", "report", path, path + ".tail", "--format", "json")
    assert (result.status, result.err, json.loads(result.out)["files"]) == (0, "", 1)


@pytest.mark.parametrize("name, said", [("missing", "is not there"), ("folder", "is a folder"), ("audit.jsonl", "is named twice"),
                                        ("packed.gz", "is compressed")])
def test_files_that_cannot_be_read(bare, name, said):
    path = bare.write("audit.jsonl", RECORD)
    os.mkdir(bare.work / "folder")
    bare.write("packed.gz", b"\x1f\x8b\x08\x00")
    result = bare("audit", "report", path, name)
    assert (result.status, result.out) == (2, "") and f"{name} {said}" in result.err


def test_a_name_that_would_steer_a_terminal(bare):
    result = bare("audit", "report", "\x1b[31m")
    assert result.status == 2 and "\x1b" not in result.err


def test_no_file(bare):
    assert bare("audit", "report").status == 2


def test_output(bare):
    path = bare.write("audit.jsonl", RECORD)
    result = bare("audit", "report", path, "--format", "csv", "--output", "report.csv")
    assert (result.status, result.out, result.err) == (0, "", "")
    assert (bare.work / "report.csv").read_bytes().startswith(b"section,name,")
    assert bare("audit", "report", path, "--output", "report.csv").status == 0
    assert (bare.work / "report.csv").read_bytes().startswith(b"Audit report")
    assert bare("audit", "report", path, "--output", "missing/report").status == 2
    assert "Audit report" in bare("audit", "report", path, "--output", "-").out


def test_a_report_does_not_take_the_place_of_its_record(bare):
    path = bare.write("audit.jsonl", RECORD)
    os.symlink(path, bare.work / "link")
    for name in (path, "link"):
        result = bare("audit", "report", path, "--output", name)
        assert result.status == 2 and "is a record that the report is made of" in result.err
    assert (bare.work / "audit.jsonl").read_text() == RECORD


def test_output_that_cannot_be_written(bare):
    path = bare.write("audit.jsonl", RECORD)
    with open("/dev/full", "wb") as full:
        done = subprocess.run(bare.words(["audit", "report", path]), stdout=full, stderr=subprocess.PIPE, env=bare.environment({}),
                              timeout=PATIENCE)
    assert done.returncode == 5 and b"stdout could not be written: No space left" in done.stderr
    assert bare("audit", "report", path, "--output", "/dev/full").status == 5


def test_a_reader_that_is_gone_ends_it_quietly(bare):
    path = bare.write("audit.jsonl", RECORD)
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(bare.words(["audit", "report", path, "--format", "html"]), stdout=writer, stderr=subprocess.PIPE,
                          env=bare.environment({}), timeout=PATIENCE)
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.skipif(SANITIZED, reason="sanitizers keep memory")
def test_memory_does_not_grow_with_the_record(bare):
    """Calls that are done leave nothing behind."""
    process = subprocess.Popen(bare.words(["audit", "report", "-"]), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                               env=bare.environment({}))
    most = []
    for first in (0, 10000, 60000):
        process.stdin.write("".join(call(f"operation-{first + i}") for i in range(max(first, 10000))).encode())
        process.stdin.flush()  # all but the last 64 KB is read by now
        with open(f"/proc/{process.pid}/status", encoding="ascii") as status:
            most.append(int(re.search(r"VmHWM:\s+(\d+) kB", status.read()).group(1)))
    process.stdin.close()
    assert process.wait(PATIENCE) == 0
    assert most[2] < most[0] + 1024


# ---- Terminals and signals ----

def test_colours_on_a_terminal_only(bare):
    path = bare.write("audit.jsonl", RECORD)
    for env, coloured in (({}, True), ({"NO_COLOR": "1"}, False), ({"NO_COLOR": ""}, True), ({"TERM": "dumb"}, False)):
        terminal = bare.terminal("audit", "report", path, **env)
        assert terminal.wait() == 0
        assert ("\x1b[31m" in terminal.read()) == coloured, env
        assert "total" in terminal.shown


def test_progress_and_ctrl_c(bare):
    os.mkfifo(bare.work / "pipe")
    terminal = bare.terminal("audit", "report", "pipe")
    writer = os.open(bare.work / "pipe", os.O_WRONLY)
    count = 0

    def told():
        nonlocal count
        os.write(writer, outcome(f"o{count}").encode())
        count += 1
        return "reading" in terminal.read() and "records" in terminal.shown
    until(told, "progress")
    terminal.type("\x03")
    until(lambda: terminal.process.poll() is not None, "the end")
    assert terminal.wait() == -signal.SIGINT
    os.close(writer)
