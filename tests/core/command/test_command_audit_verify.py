"""test_command_audit_verify.py: the record that calls leave is checked: sound, over rotations, and with each kind of
tampering named by file, line and record."""

import gzip
import json
import os
import re
import resource
import secrets
import shutil

import pytest

from sandbox_box import PAGE

SUBMIT = ("submit", "turnstile", "sitekey=a", f"pageurl={PAGE}")
CALLS = 4
LAST = 2 * CALLS  # an intent and an outcome for each call


class Record:
    """A folder with the record of some calls."""

    def __init__(self, run):
        self.run = run
        self.folder = run.folder / "log"
        self.folder.mkdir()
        self.path = self.folder / "audit.jsonl"
        self.tail = self.folder / "audit.jsonl.tail"
        run.env["KEYPLATE_AUDIT_FILE"] = str(self.path)

    def call(self, times=1, status=0):
        for _ in range(times):
            result = self.run(*SUBMIT)
            assert result.status == status, result
        return result

    def lines(self, path=None):
        return (path or self.path).read_bytes().splitlines(keepends=True)

    def write(self, lines, path=None):
        """In place: the file stays the same one."""
        with open(path or self.path, "r+b") as file:
            file.truncate()
            file.write(b"".join(lines))

    def rotate(self, name):
        self.path.rename(self.folder / name)

    def verify(self, *words, status, files=None, **env):
        result = self.run("audit", "verify", *(files or [self.path]), *words, **env)
        assert result.status == status, result
        return result

    def sound(self, *words, **more):
        return self.verify("--json", *words, status=0, **more).json

    def wrong(self, kind, line, record, **more):
        """What is found, as JSON; the text for people names the same place."""
        found = self.verify("--json", status=1, **more).json
        fault = found["fault"]
        assert (found["sound"], fault["kind"], fault["line"], fault["record"]) == (False, kind, line, record), found
        shown = self.verify(status=1, **more).out
        place = f"{fault['file']}:{line}: " if line else f"{fault['file']}: "
        assert shown.startswith(place) and fault["text"] in shown, shown
        return found


@pytest.fixture
def empty(run):
    return Record(run)


@pytest.fixture
def record(empty):
    empty.call(CALLS)
    return empty


def test_a_sound_record(record):
    result = record.verify(status=0)
    assert (result.out, result.err) == (f"sound: {LAST} records, 1 to {LAST}\n", "")
    found = record.sound()
    assert found["end"] == "checked" and found["fault"] is None and found["faults"] == 0
    assert (found["first"], found["last"], found["records"], found["torn"]) == (1, LAST, LAST, 0)
    last = json.loads(record.lines()[-1])
    assert (last["seq"], last["mac"]) == (LAST, found["last_mac"])
    assert list(last)[-3:] == ["seq", "prev", "mac"]
    for name in ("audit.jsonl", "audit.jsonl.tail"):
        assert os.stat(record.folder / name).st_mode & 0o777 == 0o600


def test_the_key_is_made_once_and_never_shown(record):
    path = record.run.folder / "state" / "audit.key"
    assert os.stat(path).st_mode & 0o777 == 0o600
    key = path.read_text().strip()
    record.run.secrets.add(key)
    record.call()
    assert path.read_text().strip() == key
    assert key not in record.path.read_text() + record.tail.read_text()
    record.sound()


def test_a2_a_record_edited(record):
    lines = record.lines()
    lines[3] = lines[3].replace(b'"code":"ok"', b'"code":"no"')
    record.write(lines)
    record.wrong("edited", 4, 4)


def test_a2_a_record_removed(record):
    record.write(record.lines()[:2] + record.lines()[4:])
    found = record.wrong("removed", 3, 5)
    assert (found["fault"]["missing_from"], found["fault"]["missing_to"]) == (3, 4)


def test_a2_records_reordered(record):
    lines = record.lines()
    lines[2], lines[5] = lines[5], lines[2]
    record.write(lines)
    record.wrong("reordered", 3, 6)


def test_a2_a_record_inserted(record):
    lines = record.lines()
    plain = re.sub(rb',"seq":.*', b"}\n", lines[2])
    record.write(lines[:4] + [plain] + lines[4:])
    record.wrong("inserted", 5, None)
    record.write(lines[:4] + [lines[1]] + lines[4:])
    record.wrong("inserted", 5, 2)


def test_a2_the_tail_cut(record):
    record.write(record.lines()[:5])
    found = record.wrong("tail_cut", None, LAST)
    assert (found["fault"]["missing_from"], found["fault"]["missing_to"]) == (6, LAST)
    assert "records 6 to 8 are missing" in record.verify(status=1).out
    record.call()  # which does not cover it up
    record.wrong("removed", 6, LAST + 1)


def test_a2_the_tail_cut_in_a_copy_that_took_the_place(record):
    copy = record.folder / "copy"
    copy.write_bytes(b"".join(record.lines()[:5]))
    copy.rename(record.path)
    record.wrong("tail_cut", None, LAST)


def test_a2_all_records_removed(record):
    record.write([])
    record.wrong("tail_cut", None, LAST)


def test_a2_the_head_cut(record):
    record.write(record.lines()[3:])
    record.wrong("head_cut", 1, 4)


def test_a2_the_sidecar_edited(record):
    text = record.tail.read_text()
    record.tail.write_text(text.replace('"seq":8', '"seq":5'))
    record.wrong("checkpoint", None, None)
    record.tail.write_text("")
    record.wrong("checkpoint", None, None)


def test_a2_another_key(record):
    key = record.run.write("other.key", secrets.token_hex(32))
    result = record.verify("--key", f"file:{key}", status=1)
    assert f"{record.path}:1: record 1: its seal does not hold" in result.out
    assert "is it the right key?" in result.err


def test_without_a_sidecar_the_end_is_not_checked(record):
    record.tail.unlink()
    result = record.verify(status=0)
    assert "there is no sidecar" in result.err
    assert record.sound()["end"] == "unchecked"
    assert record.verify("--quiet", status=0).err == ""


def test_a1_rotation(record):
    record.rotate("audit.jsonl.1")
    record.call(2)
    found = record.sound()
    assert (found["first"], found["last"]) == (LAST + 1, LAST + 4)
    assert f"it continues from record {LAST}" in record.verify(status=0).err
    # In any order, and with the sidecar among them, as the shell names them.
    for files in (["audit.jsonl", "audit.jsonl.1"], ["audit.jsonl.1", "audit.jsonl"],
                  ["audit.jsonl", "audit.jsonl.1", "audit.jsonl.tail"]):
        found = record.sound(files=[record.folder / name for name in files])
        assert (found["files"], found["records"], found["first"]) == (2, LAST + 4, 1)
    old = record.folder / "audit.jsonl.1"
    record.write(record.lines(old)[:-1], old)
    found = record.wrong("removed", 1, LAST + 1, files=[record.path, old])
    assert found["fault"]["file"] == str(record.path)
    assert record.sound(files=[old])["end"] == "unchecked"  # alone it cannot know


def test_a1_a_file_that_was_just_begun(record):
    record.rotate("audit.jsonl.1")
    record.path.touch(mode=0o600)
    found = record.sound()
    assert (found["records"], found["first"], found["end"]) == (0, None, "no_record")
    assert f"begun after record {LAST}" in record.verify(status=0).err
    assert record.sound(files=[record.path, record.folder / "audit.jsonl.1"])["end"] == "checked"


def test_a1_a_torn_line(record):
    lines = record.lines()
    record.write(lines + [lines[0][:100]])
    found = record.sound()
    assert (found["torn"], found["records"]) == (1, LAST)
    assert "1 line is torn" in record.verify(status=0).err
    record.call()
    found = record.sound()
    assert (found["torn"], found["records"]) == (1, LAST + 2)


def test_a1_a_full_disk_refuses_the_call(record, box):
    lines, room = record.lines(), record.path.stat().st_size + 100
    process = record.run.start(*SUBMIT, "--json", env={"KEYPLATE_STORE": "memory:"},
                               preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (room, room)))
    result = record.run.finish(process)
    assert (result.status, result.error["code"]) == (5, "record_failed"), result
    assert record.lines() == lines and len(box.ledger()) == CALLS
    record.call()
    assert record.sound()["records"] == LAST + 2


def test_a1_no_key_no_call(empty, box):
    state = empty.run.folder / "state"
    state.mkdir(mode=0o700)
    (state / "audit.key").mkdir()
    result = empty.run(*SUBMIT)
    assert result.status == 5 and "the key that seals" in result.err, result
    assert box.ledger() == [] and not empty.path.exists()
    (state / "audit.key").rmdir()
    (state / "audit.key").write_text("short")
    assert "less than 16 characters" in empty.run(*SUBMIT).err
    assert box.ledger() == []


def test_a_key_of_ones_own(empty):
    key = secrets.token_urlsafe(32)
    empty.run.secrets.add(key)
    empty.run.env["RECORD_KEY"] = key
    empty.run.env["KEYPLATE_AUDIT_KEY"] = "env:RECORD_KEY"
    empty.call(2)
    assert not (empty.run.folder / "state" / "audit.key").exists()
    empty.sound()
    empty.sound("--key", "env:RECORD_KEY", KEYPLATE_AUDIT_KEY=None)
    result = empty.verify(status=2, KEYPLATE_AUDIT_KEY=None)
    assert "audit.key is not there; name its place with --key REF" in result.err


@pytest.mark.parametrize("words, message", [
    (("verify",), "something is missing"),
    (("verify", "none.jsonl"), "none.jsonl is not there"),
    (("verify", "."), "is no regular file"),
    (("verify", "packed.gz"), "is compressed; unpack it first"),
    (("verify", "audit.jsonl", "--format", "csv"), "audit verify takes no option --format"),
    (("report", "audit.jsonl", "--key", "env:X"), "audit report takes no option --key"),
    (("verify", "audit.jsonl", "--key", "env:NOT_THERE"), "env:NOT_THERE"),
    (("verify", "audit.jsonl", "--key", "vault://a/b"), "audit.key cannot be asked for over HTTP"),
    (("verifi", "audit.jsonl"), "did you mean 'audit verify'?"),
])
def test_wrong_use(record, words, message):
    shutil.copy(record.path, record.run.work / "audit.jsonl")
    with gzip.open(record.run.work / "packed.gz", "wb") as packed:
        packed.write(record.path.read_bytes())
    result = record.run("audit", *words)
    assert (result.status, result.out) == (2, ""), result
    assert message in result.err, result


def test_help(bare):
    text = bare("audit", "--help").out
    assert "verify|report FILE" in text and "--key REF" in text


def test_a_file_that_is_not_the_record(record):
    page = record.run.write("page.html", "<html>\n<body>\n</body>\n</html>\n")
    found = record.verify("--json", status=1, files=[page]).json
    assert (found["fault"]["kind"], found["fault"]["line"], found["records"]) == ("inserted", 1, 0)


def test_a_name_that_would_steer_a_terminal(record):
    path = record.folder / "a\x1b[31m\nb"
    record.rotate(path.name)
    lines = record.lines(path)
    record.write(lines[:1] + lines[2:], path)
    result = record.verify(status=1, files=[path])
    assert "\x1b" not in result.out + result.err and result.out.startswith(str(record.folder) + "/a?[31m b:2: ")
    assert record.verify("--json", status=1, files=[path]).json["fault"]["file"] == str(path)
