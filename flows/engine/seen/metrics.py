"""A run in numbers for a monitoring system: OpenTelemetry metrics, sent as OTLP over HTTP in its JSON form.

What belongs here: which numbers, and their form. What does not: sending as such (send.py). Nothing is sent unless the standard variable
OTEL_EXPORTER_OTLP_METRICS_ENDPOINT (whole address) or OTEL_EXPORTER_OTLP_ENDPOINT (to which /v1/metrics is added) is set;
OTEL_EXPORTER_OTLP_HEADERS holds headers (name=value,...). The exporter's own package would bring a dozen others.
"""

from __future__ import annotations

import os
import urllib.parse
from collections.abc import Iterator, Mapping
from typing import Any

from flows.engine.seen import send
from flows.engine.seen.ended import Ended

TIMEOUT_S = 5
Point = tuple[str, str, float, Mapping[str, str]]


def address() -> str | None:
    """Where metrics go; None: nowhere."""
    whole, base = os.environ.get("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT"), os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT")
    return whole or (f"{base.rstrip('/')}/v1/metrics" if base else None)


def post(ended: Ended) -> None:
    """Send the numbers of a run, when an address is set. Raises SendError, OSError."""
    if (url := address()) is not None:
        send.post(url, body(ended), _headers(), TIMEOUT_S)


def points(ended: Ended) -> Iterator[Point]:
    """Name, unit, value, attributes."""
    yield "trialweave.run.duration", "s", ended.finished - ended.started, {"outcome": ended.outcome}
    yield "trialweave.run.ok", "1", float(ended.outcome == "ok"), {}
    yield "trialweave.exports.recomputed", "{export}", len(ended.recomputed), {}
    yield "trialweave.exports.reused", "{export}", ended.reused, {}
    for line in ended.lines:
        where = {"study": line.key.partition("/")[0], "site": line.key.partition("/")[2]}
        yield "trialweave.site.ok", "1", float(line.status in ("fresh", "unchanged")), {**where, "status": line.status}
        for name in ("received", "kept", "quarantined"):
            yield f"trialweave.site.rows.{name}", "{row}", getattr(line, name), where
        yield "trialweave.site.findings", "{finding}", line.open, where
        if (age := line.age_on(ended.day)) is not None:
            yield "trialweave.site.data_age", "d", age, where


def body(ended: Ended) -> dict[str, Any]:
    """An ExportMetricsServiceRequest: every number a gauge of the moment the run ended."""
    at = str(int(ended.finished * 1e9))
    named: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for name, unit, value, attributes in points(ended):
        point = {"timeUnixNano": at, "asDouble": float(value), "attributes": [_attribute(k, v) for k, v in attributes.items()]}
        named.setdefault((name, unit), []).append(point)
    metrics = [{"name": name, "unit": unit, "gauge": {"dataPoints": found}} for (name, unit), found in named.items()]
    resource = {"attributes": [_attribute("service.name", "trialweave")]}
    return {"resourceMetrics": [{"resource": resource, "scopeMetrics": [{"scope": {"name": "trialweave"}, "metrics": metrics}]}]}


def _attribute(key: str, value: str) -> dict[str, Any]:
    return {"key": key, "value": {"stringValue": value}}


def _headers() -> dict[str, str]:
    pairs = (pair.partition("=") for pair in os.environ.get("OTEL_EXPORTER_OTLP_HEADERS", "").split(",") if "=" in pair)
    return {name.strip(): urllib.parse.unquote(value.strip()) for name, _, value in pairs}
