"""The examples of docs/guide/deploy agree with the command line and with each other; schemas of Kubernetes: kubernetes_check.py."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
import typer
import yaml

from flows.__main__ import app
from tests.conftest import ROOT

DEPLOY = ROOT / "docs" / "guide" / "deploy"
CONTAINER = (DEPLOY / "Containerfile").read_text(encoding="utf-8")
UNIT = (DEPLOY / "trialweave.service").read_text(encoding="utf-8")
POOL = json.loads((DEPLOY / "kubernetes-work-pool.json").read_text(encoding="utf-8"))
CRON = yaml.safe_load((DEPLOY / "kubernetes-job.yaml").read_text(encoding="utf-8"))
CRON_POD = CRON["spec"]["jobTemplate"]["spec"]["template"]["spec"]
POOL_POD = POOL["job_configuration"]["job_manifest"]["spec"]["template"]["spec"]


def words(name: str) -> list[str]:
    """What one of the examples starts, from `trialweave` on."""
    if name == "container":
        told = [json.loads(re.search(rf"^{key} (.*)$", CONTAINER, re.M)[1]) for key in ("ENTRYPOINT", "CMD")]
        started = told[0] + told[1]
    elif name == "unit":
        path, *rest = shlex.split(re.search(r"^ExecStart=(.*)$", UNIT, re.M)[1])
        started = [Path(path).name, *rest]
    else:
        started = CRON_POD["containers"][0]["command"] + CRON_POD["containers"][0]["args"]
    return started[started.index("trialweave") + 1 :]


@pytest.mark.parametrize("name", ["container", "unit", "cron job"])
def test_what_an_example_starts_is_a_command_with_options_that_it_takes(name):
    command, *rest = words(name)
    known = typer.main.get_command(app).commands[command]
    options = {option for parameter in known.params for option in parameter.opts}
    assert {w for w in rest if w.startswith("-")} <= options
    assert known.make_context(command, rest).params["data"] in (Path("/data"), Path("/var/lib/trialweave"))


def test_the_cron_job_takes_a_degraded_night_for_done():
    assert CRON_POD["containers"][0]["command"] == ["tini", "-e", "1", "--", "trialweave"]


def test_every_word_to_fill_in_of_the_work_pool_is_one_of_its_variables_and_the_other_way_round():
    placeholders = set(re.findall(r"\{\{ (\w+) \}\}", json.dumps(POOL["job_configuration"])))
    assert placeholders == set(POOL["variables"]["properties"])


@pytest.mark.parametrize("pod", [CRON_POD, POOL_POD], ids=["cron job", "work pool"])
def test_a_pod_works_as_the_user_of_the_image_and_writes_to_its_volumes_alone(pod):
    container, user = pod["containers"][0], int(re.search(r"^USER (\d+)$", CONTAINER, re.M)[1])
    assert user == 10001
    assert (pod["securityContext"]["runAsUser"], pod["securityContext"]["fsGroup"]) == (user, user)
    assert container["securityContext"]["readOnlyRootFilesystem"]
    assert [(m["mountPath"], m.get("readOnly", False)) for m in container["volumeMounts"]] == [
        ("/data", False), ("/config", True), ("/tmp", False),
    ]  # fmt: skip


def test_both_pods_mount_the_same_volumes_and_these_are_claimed():
    claimed = {d["metadata"]["name"] for d in yaml.safe_load_all((DEPLOY / "kubernetes-volumes.yaml").read_text(encoding="utf-8"))}
    assert CRON_POD["volumes"] == POOL_POD["volumes"]
    assert {v["persistentVolumeClaim"]["claimName"] for v in CRON_POD["volumes"] if "persistentVolumeClaim" in v} == claimed


def test_both_pods_start_the_same_image():
    assert CRON_POD["containers"][0]["image"] == POOL["variables"]["properties"]["image"]["default"]


def test_the_unit_writes_to_the_folder_that_systemd_makes_for_it():
    assert "StateDirectory=trialweave\n" in UNIT
    assert words("unit")[words("unit").index("--data") + 1] == "/var/lib/trialweave"


def test_systemd_finds_nothing_wrong_with_the_unit(tmp_path):
    if not shutil.which("systemd-analyze"):
        pytest.skip("systemd-analyze is not installed (Debian: systemd)")
    here = re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", UNIT, flags=re.M)
    (tmp_path / "trialweave.service").write_text(here, encoding="utf-8")
    told = subprocess.run(["systemd-analyze", "verify", str(tmp_path / "trialweave.service")], capture_output=True, text=True, timeout=60)
    assert (told.returncode, [line for line in told.stderr.splitlines() if "trialweave" in line]) == (0, [])
