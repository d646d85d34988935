"""test_kubernetes.py: kubernetes.yaml, with what a kubelet makes of it: the secret mounted behind ..data, which a rename swaps
while the container runs."""

import os
import re
import signal

import pytest

from conftest import EXAMPLES, Result, until
from yaml_subset import read

FILE = EXAMPLES / "kubernetes.yaml"


class Secret:
    """A mounted secret with one item, whose name the command at the head of the example gives."""

    def __init__(self, folder, mode):
        self.folder, self.mode, self.generation = folder, mode, 0
        self.item = re.search(r"--from-file=([\w.-]+)=FILE", FILE.read_text()).group(1)
        folder.mkdir()

    def put(self, text):
        self.generation += 1
        fresh, old = self.folder / f"..{self.generation}", self.folder / f"..{self.generation - 1}"
        fresh.mkdir()
        (fresh / self.item).write_text(text)
        (fresh / self.item).chmod(self.mode)
        os.symlink(fresh.name, self.folder / "..data_tmp")
        os.rename(self.folder / "..data_tmp", self.folder / "..data")
        if not (self.folder / self.item).is_symlink():
            os.symlink(f"..data/{self.item}", self.folder / self.item)
        if old.is_dir():
            (old / self.item).unlink()
            old.rmdir()


class Pod:
    def __init__(self, machine):
        self.machine = machine
        pod = read(FILE)["spec"]["template"]["spec"]
        (self.container,) = pod["containers"]
        self.env = {entry["name"]: entry["value"] for entry in self.container["env"]}
        volumes, self.secret = {}, None
        for volume in pod["volumes"]:
            volumes[volume["name"]] = machine.folder / f"volume-{volume['name']}"
            if "secret" in volume:
                assert volume["secret"]["secretName"] in FILE.read_text().split("apiVersion")[0]
                self.secret = Secret(volumes[volume["name"]], int(volume["secret"]["defaultMode"], 8))
                self.secret.put(machine.key)
            else:
                assert volume["emptyDir"] == {}
                volumes[volume["name"]].mkdir()
        self.mounts = {}
        for mount in self.container["volumeMounts"]:
            source = volumes[mount["name"]]
            if "subPath" in mount:  # the file that is there when the container begins
                source = (source / mount["subPath"]).resolve()
            self.mounts[mount["mountPath"]] = (source, mount.get("readOnly") == "true")
        self.out = machine.folder / "out"

    def start(self):
        with open(self.out, "wb") as out:
            env = {"HOME": self.machine.fresh_home(), **self.env}
            return self.machine.start(self.container["command"], env, self.mounts, stdout=out, stderr=out, cwd="/")

    def shown(self):
        return self.out.read_text().splitlines()


@pytest.fixture
def pod(machine, mounting):
    return Pod(machine)


def test_a_secret_is_swapped_while_the_pod_runs(machine, pod):
    process = pod.start()

    def go_on(what):
        """Three more calls, and those that the service saw since."""
        seen, lines = len(machine.fingerprints("balance")), len(pod.shown())
        until(lambda: len(pod.shown()) >= lines + 3 or process.poll() is not None, what)
        assert process.poll() is None, pod.shown()
        return machine.fingerprints("balance")[seen:]

    (old,) = set(go_on("balances with the first key"))
    fresh = machine.new_key()
    machine.service_knows(machine.key, fresh)
    pod.secret.put(fresh)
    until(lambda: set(machine.fingerprints("balance")[-1:]) - {old} or process.poll() is not None, "the new key")
    machine.service_knows(fresh)
    assert old not in go_on("balances with the new key alone")
    os.killpg(process.pid, signal.SIGTERM)
    process.wait()
    assert machine.tries_of_unknown_keys() == []
    machine.judge(Result(0, pod.out.read_text(), ""))
    assert all(re.fullmatch(r"\d+(\.\d+)?", line) for line in pod.shown()), pod.shown()


def test_a_pod_with_a_wrong_key_ends_and_does_not_hammer(machine, pod):
    pod.secret.put(machine.new_key())
    for code in ("ERROR_KEY_DOES_NOT_EXIST", "key_cooling", "key_cooling"):
        assert pod.start().wait() == 3
        assert len(pod.shown()) == 1 and code in pod.shown()[0]
    machine.judge(Result(3, pod.out.read_text(), ""))
    assert len(machine.tries_of_unknown_keys()) == 1
