"""What a person is told of a run, when, and to whom: each thing once, again while it stands, and until it has got out.

What belongs here: choosing and wording alerts, remembering them. What does not: the channels' model (schemas/alerts.py), sending (send.py).

    data/alerts.json    what was told when over which channel, what still waits for a channel that did not work

Keys, counts and reasons only; an adverse event is told by its site and number, never in its words.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from flows.engine import state
from flows.engine.seen import log, send
from flows.engine.summary import site_lines
from schemas.alerts import AlertKind, AlertRule, Alerts

NAME = "alerts.json"
_WAITING = 200


@dataclass(frozen=True)
class Alert:
    """One thing to tell. `key`: what it is about, told once; `study`: empty when it is about the run as a whole."""

    kind: AlertKind
    key: str
    study: str
    text: str


def standing(manifest: Mapping[str, Any], today: dt.date, stale_days: int) -> list[Alert]:
    """Sites that are not there with their newest data, and sites whose newest data are old."""
    out = []
    for line in site_lines(manifest):
        study = line.key.partition("/")[0]
        if line.status in ("carried", "held", "missing"):
            about = hashlib.sha256(line.reason.encode()).hexdigest()[:12]
            told = "\n".join(line.standing(today).splitlines()[:2])  # what follows may name columns of a file that has none
            out.append(Alert(AlertKind.DEGRADED, f"degraded {line.key} {line.delivery} {about}", study, told))
        if (age := line.age_on(today)) is not None and age > stale_days:
            told = f"{line.key}: its newest data are of {line.delivered_on}, {age} days old"
            out.append(Alert(AlertKind.STALE, f"stale {line.key} {line.delivered_on}", study, told))
    return out


def missed(data: Path, began: float, hours: float) -> list[Alert]:
    """That no run ended for longer than `hours` before this one began (seconds since 1970): a machine that is off cannot tell it itself."""
    last = _read(data)["ran"]
    if last is None or began - last <= 3600 * hours:
        return []
    before, now = (dt.datetime.fromtimestamp(at, dt.UTC) for at in (last, began))
    text = (
        f"no run from {before:%Y-%m-%d %H:%M} to {now:%Y-%m-%d %H:%M} UTC ({(began - last) / 3600:.0f} hours)\n"
        f"  why  -> was the machine or the scheduler off? what sites sent meanwhile is in tonight's run\n"
        f"  fix  -> for releases of the days between: trialweave backfill --from {before:%Y-%m-%d} --to {now:%Y-%m-%d} --dry-run"
    )
    return [Alert(AlertKind.MISSED, f"missed {before:%Y-%m-%dT%H:%M}", "", text)]


def special_interest(new: Mapping[str, int], release_id: str) -> list[Alert]:
    """Adverse events that speak of psychosis or convulsion, found for the first time. `new`: study/site -> how many."""
    return [
        Alert(
            AlertKind.SPECIAL_INTEREST, f"special {site} {release_id}", site.partition("/")[0],
            f"{site}: {n} new adverse event(s) of special interest\n"
            f"  look -> trialweave findings --site {site} --rule adverse_event_special_interest",
        )
        for site, n in sorted(new.items()) if n
    ]  # fmt: skip


def tell(
    chosen: Alerts, data: Path, alerts: Sequence[Alert], outcome: str, today: dt.date, facts: Mapping[str, Any],
    ended: float,
) -> None:  # fmt: skip
    """Tell what is due over every channel, one message a channel; what does not get out waits for the next run.

    `ended`: when the run ended, seconds since 1970.
    """
    known = _read(data)
    if outcome == "ok" and known["was"] in ("degraded", "failed"):
        alerts = [*alerts, Alert(AlertKind.RECOVERED, f"recovered {facts['run']}", "", "every site is there with its newest data again")]
    waiting = known["waiting"]
    for name, channel in chosen.channels.items():
        mine = _due(chosen, name, alerts, known["told"], today)
        late = [Alert(AlertKind(w["kind"]), w["key"], w["study"], w["text"]) for w in waiting if w["channel"] == name]
        every = list({a.key: a for a in [*late, *mine]}.values())
        if not every:
            continue
        try:
            told = {**facts, "outcome": outcome, "alerts": [_fact(a) for a in every]}
            send.send(channel, _subject(outcome, every), _text(every, facts), told)
        except send.SendError as error:
            log.tell("alert_not_sent", level=30, channel=name, error=str(error), alerts=len(every))
            waiting = [w for w in waiting if w["channel"] != name] + [{"channel": name, **asdict(a)} for a in every]
            continue
        log.tell("alert_sent", channel=name, alerts=len(every))
        waiting = [w for w in waiting if w["channel"] != name]
        known["told"] |= {f"{name} {a.key}": today.isoformat() for a in every}
    old = (today - dt.timedelta(days=2 * chosen.again_days)).isoformat()
    told = {key: on for key, on in known["told"].items() if on >= old}
    state.write_json(data / NAME, {"was": outcome, "told": told, "waiting": waiting[-_WAITING:], "ran": ended})


def _due(chosen: Alerts, channel: str, alerts: Iterable[Alert], told: Mapping[str, str], today: dt.date) -> list[Alert]:
    """Alerts that some rule sends over a channel and that it was not told lately."""
    since = (today - dt.timedelta(days=chosen.again_days)).isoformat()
    return [
        a for a in alerts
        if any(channel in rule.to and _concerns(rule, a) for rule in chosen.alerts) and told.get(f"{channel} {a.key}", "") <= since
    ]  # fmt: skip


def _concerns(rule: AlertRule, alert: Alert) -> bool:
    return alert.kind in rule.kinds and (not rule.studies or not alert.study or alert.study in rule.studies)


def _subject(outcome: str, alerts: Sequence[Alert]) -> str:
    kinds = {kind: sum(a.kind == kind for a in alerts) for kind in AlertKind}
    told = ", ".join(f"{n} {kind.value.replace('_', ' ')}" for kind, n in kinds.items() if n)
    return f"trialweave: {outcome} ({told})"


def _text(alerts: Sequence[Alert], facts: Mapping[str, Any]) -> str:
    lines = [f"{kind}: {value}" for kind, value in facts.items() if value]
    return "\n\n".join([*(a.text for a in alerts), "\n".join(lines)]) + "\n"


def _fact(alert: Alert) -> dict[str, str]:
    return {"kind": alert.kind.value, "study": alert.study, "text": alert.text}


def _read(data: Path) -> dict[str, Any]:
    try:
        told = json.loads((data / NAME).read_text(encoding="utf-8"))
        return {"was": str(told["was"]), "told": dict(told["told"]), "waiting": list(told["waiting"]), "ran": told.get("ran")}
    except (OSError, ValueError, KeyError, TypeError):
        return {"was": "", "told": {}, "waiting": [], "ran": None}
