"""What a run read and wrote, as OpenLineage events (specification 2-0-2), for a catalogue such as Marquez or DataHub.

What belongs here: the events' form. What does not: sending as such (send.py). Nothing is told unless OPENLINEAGE_URL (with
OPENLINEAGE_ENDPOINT, default api/v1/lineage, and OPENLINEAGE_API_KEY) or OPENLINEAGE_FILE (one line an event) is set; the names are those
of the specification's own clients, OPENLINEAGE_FILE apart. A run is told as START and as COMPLETE or FAIL.

Inputs are the deliveries in landing, each with its hash as version; outputs are the sets of each trial with rows and variables.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import uuid
from pathlib import Path
from typing import Any

from flows.engine.seen import send
from flows.engine.seen.ended import Ended
from schemas.columns import columns

SPEC = "https://openlineage.io/spec"
PRODUCER = "urn:trialweave"
TIMEOUT_S = 5


def post(ended: Ended, data: Path) -> None:
    """Tell a run, when somewhere is set. Raises SendError, OSError."""
    url, file = os.environ.get("OPENLINEAGE_URL"), os.environ.get("OPENLINEAGE_FILE")
    if not url and not file:
        return
    told = events(ended, data)
    if file:
        with Path(file).open("a", encoding="utf-8") as lines:
            lines.writelines(json.dumps(event) + "\n" for event in told)
    if url:
        key = os.environ.get("OPENLINEAGE_API_KEY")
        whole = f"{url.rstrip('/')}/{os.environ.get('OPENLINEAGE_ENDPOINT', 'api/v1/lineage')}"
        for event in told:
            send.post(whole, event, {"Authorization": f"Bearer {key}"} if key else {}, TIMEOUT_S)


def events(ended: Ended, data: Path) -> list[dict[str, Any]]:
    """START and COMPLETE or FAIL of one run."""
    space = data.resolve().as_uri()
    run = {"runId": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{space} {ended.run}"))}
    job = {"namespace": "trialweave", "name": "backfill.night" if ended.replay else "nightly"}
    inputs, outputs = _inputs(ended, space), _outputs(ended, space)
    first = {"eventType": "START", "eventTime": _time(ended.started), "run": {**run, "facets": {}}, "inputs": inputs, "outputs": []}
    error = {} if ended.outcome != "failed" else {
        "errorMessage": {**_facet("1-0-1/ErrorMessageRunFacet"), "message": ended.error, "programmingLanguage": "python"}
    }  # fmt: skip
    last = {"eventType": "FAIL" if error else "COMPLETE", "eventTime": _time(ended.finished), "run": {**run, "facets": error},
            "inputs": inputs, "outputs": outputs}  # fmt: skip
    shared = {"producer": PRODUCER, "schemaURL": f"{SPEC}/2-0-2/OpenLineage.json#/$defs/RunEvent", "job": {**job, "facets": {}}}
    return [{**first, **shared}, {**last, **shared}]


def _inputs(ended: Ended, space: str) -> list[dict[str, Any]]:
    """Every site's delivery."""
    out: dict[str, dict[str, Any]] = {}
    for entry in ended.manifest.get("sites", ()):
        if entry["delivery_sha256"]:
            version = {**_facet("1-0-1/DatasetVersionDatasetFacet"), "datasetVersion": entry["delivery_sha256"]}
            out[entry["unit"]] = {"namespace": space, "name": f"landing/{entry['unit']}", "facets": {"version": version}}
    return list(out.values())


def _outputs(ended: Ended, space: str) -> list[dict[str, Any]]:
    """Every set of every trial, when a release was published."""
    if not ended.published:
        return []
    rows: dict[tuple[str, str], int] = {}
    for file in (f for f in ended.manifest["files"] if f["path"].count("/") > 1):
        key = (file["dataset"], file["path"].split("/")[1])
        rows[key] = rows.get(key, 0) + file["rows"]
    known = columns()
    version = {**_facet("1-0-1/DatasetVersionDatasetFacet"), "datasetVersion": ended.manifest["release_id"]}
    out = []
    for (dataset, study), n in sorted(rows.items()):
        fields = [{"name": c.name, "type": c.type, "description": c.label} for c in known.get(dataset, ())]
        facets = {"version": version, "schema": {**_facet("1-1-1/SchemaDatasetFacet"), "fields": fields}}
        counted = {"outputStatistics": {**_facet("1-0-2/OutputStatisticsOutputDatasetFacet"), "rowCount": n}}
        out.append({"namespace": space, "name": f"{dataset}/{study}", "facets": facets, "outputFacets": counted})
    return out


def _facet(name: str) -> dict[str, str]:
    version, _, kind = name.partition("/")
    return {"_producer": PRODUCER, "_schemaURL": f"{SPEC}/facets/{version}/{kind}.json#/$defs/{kind}"}


def _time(at: float) -> str:
    return dt.datetime.fromtimestamp(at, dt.UTC).isoformat(timespec="milliseconds")
