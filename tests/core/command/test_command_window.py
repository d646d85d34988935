"""test_command_window.py: windows of keys in the time zones of this system, and profiles, as a user has them."""

import json
import pathlib
import time

import pytest

SUBMIT = ("submit", "turnstile", "sitekey=a", "pageurl=https://page.example")
ZONES = pathlib.Path("/usr/share/zoneinfo")
DAYS = "Mon Tue Wed Thu Fri Sat Sun".split()

needs_zones = pytest.mark.skipif(not (ZONES / "Europe/Berlin").is_file(), reason="this system has no tzdata")


def member(run, **fields):
    return "keys=" + json.dumps([{"name": "main", "from": [f"file:{run.work}/box_key"], **fields}])


@needs_zones
@pytest.mark.parametrize("strict", ["false", "true"])
def test_a_window_in_a_zone_of_this_system(run, strict):
    sent = run(*SUBMIT, "--set", member(run, window="00:00-24:00 Europe/Berlin"), "--set", f"strict={strict}")
    assert sent.status == 0 and sent.err == "", sent


@needs_zones
def test_outside_a_window_in_a_zone(run):
    far = DAYS[(time.gmtime().tm_wday + 3) % 7]
    closed = run(*SUBMIT, "--set", member(run, window=f"{far} 00:00-24:00 Asia/Kolkata"))
    assert closed.status == 4 and "key_closed" in closed.err and "it opens in" in closed.err, closed
    assert "time zone" not in closed.err


def test_a_zone_that_is_none(run):
    closed = run(*SUBMIT, "--set", member(run, window="00:00-24:00 Europe/Nowhere"))
    assert closed.status == 4 and "this system has no time zone Europe/Nowhere" in closed.err, closed


def test_a_problem_in_a_profile_says_which(run):
    text = json.dumps({"dev": {"timeuot": "1s"}, "prod": {}})
    wrong = run("balance", "--set", f"profiles={text}", "--profile", "dev")
    assert wrong.status == 2 and "in the profile 'dev': there is no option 'timeuot'" in wrong.err, wrong
    assert run("balance", "--set", f"profiles={text}", "--profile", "prod").status == 0
