"""test_github_actions.py: github-actions.yml, with what a runner makes of it: secrets in env, each run block by its shell."""

import re
import shutil

import pytest

from conftest import EXAMPLES
from yaml_subset import read

SHELLS = {"bash": ["bash", "--noprofile", "--norc", "-eo", "pipefail"]}

pytestmark = pytest.mark.skipif(not shutil.which("bash"), reason="there is no bash: the example of GitHub Actions")


class Runner:
    """Runs the steps of the only job one after the other, until one fails."""

    def __init__(self, machine, secret):
        self.machine, self.outputs, self.results = machine, {}, []
        self.context = {"secrets.CAPTCHAAI_API_KEY": secret}
        document = read(EXAMPLES / "github-actions.yml")
        assert document["permissions"] == {} and "env" not in document
        (job,) = document["jobs"].values()
        assert "env" not in job, "every step would have the key"
        self.steps = job["steps"]
        for number, step in enumerate(self.steps):
            self.results.append(self.run(number, step))
            if self.results[-1].status != 0:
                break

    def value(self, text):
        return re.sub(r"\$\{\{ ([\w.]+) \}\}", lambda match: self.context[match.group(1)], text)

    def run(self, number, step):
        assert "${{" not in step["run"], "a value would be taken for a part of the program"
        script, output = (self.machine.folder / f"step{number}{end}" for end in (".sh", ".output"))
        script.write_text(step["run"])
        output.write_text("")
        env = {name: self.value(text) for name, text in step["env"].items()}
        env.update(CI="true", GITHUB_ACTIONS="true", GITHUB_OUTPUT=str(output), KEYPLATE_STATE_DIR=str(self.machine.state))
        result = self.machine.run([*SHELLS[step["shell"]], str(script)], env)
        for line in output.read_text().splitlines():
            name, _, value = line.partition("=")
            self.context[f"steps.{step['id']}.outputs.{name}"] = value
        assert all(key not in output.read_text() for key in self.machine.keys)
        return result


def test_it_proves_the_key_and_hands_the_answer_on(machine):
    run = Runner(machine, machine.key)
    assert [(result.status, result.err) for result in run.results] == [(0, ""), (0, "")], run.results
    assert "env:CAPTCHAAI_API_KEY" in run.results[0].out
    answer = run.context["steps.captcha.outputs.answer"]
    assert answer.startswith("sandbox-answer-")
    assert run.results[1].out == f"the answer has {len(answer)} characters\n"
    assert len(machine.box.ledger()) == 1


def test_only_the_step_that_needs_the_key_has_it():
    (job,) = read(EXAMPLES / "github-actions.yml")["jobs"].values()
    with_key = [step["name"] for step in job["steps"] if "secrets." in str(step)]
    assert with_key == ["Solve one captcha"]


def test_a_secret_that_is_not_there(machine):
    """As in a job of a fork."""
    run = Runner(machine, "")
    assert [result.status for result in run.results] == [3], run.results
    assert "jobs of forks get no secrets" in run.results[0].err
    assert machine.box.record() == []


def test_a_failure_ends_the_step(machines):
    machine = machines(rules=[{"match": {"call": "submit"}, "body": "ERROR_ZERO_BALANCE", "charge": False}])
    run = Runner(machine, machine.key)
    assert [result.status for result in run.results] == [3], run.results
    assert "steps.captcha.outputs.answer" not in run.context
