"""The guide's Kubernetes files against the schemas of Kubernetes, and a job as Prefect's worker sends it: `make kubernetes-check`.

What belongs here: what needs prefect-kubernetes and kubernetes-validate, in an environment of their own. What does not: what the files
must agree on (test_deploy.py), running them: docs/guide/deploy/README.md tells how that was tried.
"""

from __future__ import annotations

import asyncio
import json
import sys
import uuid
from pathlib import Path
from typing import Any

import kubernetes_validate
import yaml
from prefect.client.schemas.objects import FlowRun
from prefect_kubernetes.worker import KubernetesWorkerJobConfiguration

DEPLOY = Path(__file__).parents[2] / "docs" / "guide" / "deploy"
#: The first version whose CronJob has a time zone, and the newest one there is a schema of.
VERSIONS = ("1.27", kubernetes_validate.latest_version())
COMMAND = ["prefect", "flow-run", "execute"]


async def sent() -> dict[str, Any]:
    """The job that Prefect's worker would send for one flow run of the work pool."""
    template = json.loads((DEPLOY / "kubernetes-work-pool.json").read_text(encoding="utf-8"))
    job = await KubernetesWorkerJobConfiguration.from_template_and_values(template, {"env": {"ZONE": "Europe/Berlin"}})
    job.prepare_for_flow_run(FlowRun(id=uuid.UUID(int=1), name="night", flow_id=uuid.UUID(int=2)))
    return job.job_manifest


def problems(told: dict[str, Any], version: str) -> list[str]:
    """What a version of Kubernetes finds wrong; a key that it does not know is wrong."""
    try:
        kubernetes_validate.validate(told, version, strict=True)
    except kubernetes_validate.ValidationError as error:
        return [f"{'.'.join(map(str, error.path))}: {error.message}"]
    return []


def unlike(job: dict[str, Any]) -> list[str]:
    """What of the work pool's job is not as a run needs it."""
    pod = job["spec"]["template"]["spec"]
    first = pod["containers"][0]
    asked = {
        "the image starts Prefect's command": (first["command"] + first["args"])[:2] + first["args"][-3:] == ["tini", "--", *COMMAND],
        "the run knows its number": {"name": "PREFECT__FLOW_RUN_ID", "value": str(uuid.UUID(int=1))} in first["env"],
        "an environment variable of the deployment arrives": {"name": "ZONE", "value": "Europe/Berlin"} in first["env"],
        "nothing is left to fill in": "{{" not in json.dumps(job),
    }
    return [f"not so: {what}" for what, is_so in asked.items() if not is_so]


def main() -> int:
    """Print a line a document and version; 1 when something is wrong."""
    job = asyncio.run(sent())
    wrong = unlike(job)
    # Prefect insists on these two keys at a place where Kubernetes does not know them, and drops them.
    del job["spec"]["template"]["spec"]["parallelism"], job["spec"]["template"]["spec"]["completions"]
    documents = [d for p in sorted(DEPLOY.glob("*.yaml")) for d in yaml.safe_load_all(p.read_text(encoding="utf-8"))]
    for told in [*documents, job]:
        for version in VERSIONS:
            found = problems(told, version)
            wrong += found
            print(f"{told['kind']:22} {told['metadata'].get('name', 'of the work pool'):20} {version:7} {'; '.join(found) or 'valid'}")
    for line in wrong:
        print(line)
    print(f"{len(documents)} documents and a job of the work pool: {len(wrong)} problems")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
