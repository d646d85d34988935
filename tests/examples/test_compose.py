"""test_compose.py: compose.yaml, with what Docker Compose makes of it: secrets and volumes mounted, the command run."""

import pytest

from conftest import EXAMPLES
from yaml_subset import read


@pytest.fixture
def service(machine, mounting):
    """Runs the service once; the text of the secret file can be changed."""
    document = read(EXAMPLES / "compose.yaml")
    (name,) = document["services"]
    wanted = document["services"][name]
    project = machine.folder / "project"
    project.mkdir()
    mounts = {}
    for secret in wanted["secrets"]:
        source = project / document["secrets"][secret]["file"]
        source.write_text(machine.key + "\n")
        source.chmod(0o600)
        mounts[f"/run/secrets/{secret}"] = (source, True)
    for volume in wanted["volumes"]:
        name, _, target = volume.partition(":")
        assert name in document["volumes"]
        source = project / f"volume-{name}"
        source.mkdir()
        mounts[target] = (source, False)
    assert "$" not in "".join(wanted["command"]), "Compose would put variables there"

    def up():
        return machine.run(wanted["command"], {"HOME": machine.fresh_home(), **wanted.get("environment", {})}, mounts, cwd="/")

    up.project = project
    return up


def test_it_proves_the_key_and_solves(machine, service):
    result = service()
    assert result.status == 0 and result.err == "", result
    verified, answer = result.out.splitlines()
    assert "file:/run/secrets/captchaai_key" in verified and answer.startswith("sandbox-answer-")
    assert len(machine.box.ledger()) == 1


def test_a_refused_key_is_not_tried_again_by_a_container_that_restarts(machine, service):
    (service.project / "captchaai_key").write_text(machine.new_key() + "\n")
    for _ in range(3):
        result = service()
        assert result.status == 3 and result.out == "" and result.err.count("keyplate: ") == 1, result
    assert len(machine.tries_of_unknown_keys()) == 1 and machine.box.ledger() == []


def test_a_new_secret_is_used_by_the_next_container(machine, service):
    assert service().status == 0
    fresh = machine.new_key()
    machine.service_knows(fresh)
    (service.project / "captchaai_key").write_text(fresh + "\n")
    result = service()
    assert result.status == 0 and f"***{fresh[-4:]}" in result.out, result
    assert machine.tries_of_unknown_keys() == []
