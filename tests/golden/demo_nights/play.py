"""One night after another with the command line alone, and what its commands say afterwards.

What belongs here: landing the copied exports on the night's day, calling `trialweave` as a person would, turning its JSON into
lines and lives. What does not: comparing them with what is documented (report.py).

Each night is `trialweave backfill --from DAY --to DAY`, the command that has a date: deliveries arrive at noon of that day.
"""

from __future__ import annotations

import csv
import datetime as dt
import json
import shlex
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from flows.__main__ import app
from flows.engine import landing, query_words
from flows.engine.config import load
from tests.golden.demo_nights.plant import Act, do

DAYS = (dt.date(2026, 3, 2), dt.date(2026, 3, 3), dt.date(2026, 3, 4))
#: Acts of a person with a command; every other act is a file that changed.
BY_COMMAND = ("release-hold", "answer", "waive")
Key = tuple[str, str, str, str]


@dataclass(frozen=True)
class Life:
    """How one finding stands after a night: status, first and last seen, since when resolved, why."""

    status: str
    first_seen: str
    last_seen: str
    resolved_on: str
    why: str


@dataclass
class Seen:
    """What the commands said after a night: lines by command and site, and findings by site, rule, record and field."""

    day: dt.date
    lines: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    lives: dict[Key, Life] = field(default_factory=dict)

    def add(self, command: str, site: str, line: str) -> None:
        """One line of a command about a site."""
        self.lines.setdefault((command, site), []).append(line)


class Player:
    """A copied configuration, a data folder, and the commands called so far."""

    def __init__(self, config: Path, data: Path) -> None:
        self.config, self.data, self.called = config, data, list[str]()
        self._runner = CliRunner()

    def call(self, *words: str) -> str:
        """Run `trialweave WORDS`; its output. Raises RuntimeError when it ends neither ok nor degraded."""
        self.called.append("trialweave " + shlex.join(words))
        ended = self._runner.invoke(app, [*words])
        if ended.exit_code not in (0, 1):
            raise RuntimeError(f"{self.called[-1]} ended {ended.exit_code}\n{ended.output}")
        return ended.stdout

    def ask(self, *words: str) -> Any:
        """The same with --json, read."""
        return json.loads(self.call(*words, "--data", str(self.data), "--json"))

    def night(self, number: int, planted: list[Act]) -> Seen:
        """Acts of this night, the deliveries of its day, the run; what is to be seen then."""
        seen = Seen(DAYS[number - 1])
        tonight = [a for a in planted if a.night == number]
        for act in tonight:
            if act.act not in BY_COMMAND:
                do(self.config, act)
        self._decide([a for a in tonight if a.act in BY_COMMAND], seen)
        noon = dt.datetime.combine(seen.day, dt.time(12), tzinfo=dt.UTC)
        for unit in load(self.config).units.values():
            landing.receive(self.data, unit, self.config, noon)
        day = seen.day.isoformat()
        self.call("backfill", "--from", day, "--to", day, "--config", str(self.config), "--data", str(self.data))
        self._look(seen)
        return seen

    def _decide(self, acts: list[Act], seen: Seen) -> None:
        """Release holds, waive, and send the filled-in listings back."""
        listings = self.data.parent / "queries"
        if answered := sorted({a.site for a in acts if a.act == "answer"}):
            self.call("queries", "--data", str(self.data), "--out", str(listings))
        for act in acts:
            if act.act == "release-hold":
                held = next(s for s in self.ask("status")["sites"] if s["site"] == act.site)["reason"]
                delivery = held.partition("--delivery ")[2].split()[0]
                self.call("release-hold", act.site, "--delivery", delivery, "--who", "data manager", "--reason", act.text,
                          "--data", str(self.data))  # fmt: skip
            elif act.act == "waive":
                found = self.ask("findings", "--site", act.site, "--rule", act.column)
                finding = next(f["finding_id"] for f in found if f["record_key"] == act.row)
                self.call("waive", finding, "--who", "data manager", "--reason", act.text, "--data", str(self.data))
        for site in answered:
            path = listings / f"{site.replace('/', '_')}_queries.csv"
            told = _fill_in(path, [a for a in acts if a.act == "answer" and a.site == site], seen.day)
            counts = json.loads(self.call("answers", str(told), "--data", str(self.data), "--json"))
            seen.add("answers", site, ", ".join(f"{n} {kind}" for kind, n in counts.items()))

    def _look(self, seen: Seen) -> None:
        status = self.ask("status")
        for s in status["sites"]:
            seen.add("status", s["site"], f"{s['status']}, data of {s['delivered_on']} {s['reason'] or ''}".strip())
        for c in self.ask("changes", "--show-values"):
            if c["release_id"] == status["release"]:
                value = f" {c['field']} {c['old_value']} -> {c['new_value']}" if c["field"] else ""
                seen.add("changes", f"{c['study']}/{c['site']}", f"{c['kind']} {c['table']} {c['record_key']}{value}")
        for site, found in json.loads(self.call("propose", "--config", str(self.config), "--data", str(self.data), "--json")).items():
            for one in found:
                seen.add("propose", site, " ".join(f"{one['what']} {one['proposal']}".split()))
        for f in self.ask("findings", "--held"):
            seen.add("held", f"{f['study']}/{f['site']}", f["rule"])
        for f in [*self.ask("findings", "--status", "RESOLVED"), *self.ask("findings")]:
            key = (f"{f['study']}/{f['site']}", f["rule"], f["record_key"], f["field"] or "")
            dates = (f[c] or "" for c in ("first_seen", "last_seen", "resolved_on"))
            seen.lives[key] = Life(f["status"], *dates, f.get("why") or "")
            seen.add("findings", key[0], f"{f['rule']} {f['record_key']} {f['field'] or ''} {f['status']}")


def _fill_in(path: Path, acts: list[Act], day: dt.date) -> Path:
    """A site's listing with its answers, as a spreadsheet would save it; `column` names the question's rule by its record."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    for act in acts:
        (asked,) = (r for r in rows if r["record_key"] == act.row and r["field"] == query_words.field(act.column))
        asked |= {"answer": act.file, "comment": act.text, "answered_by": "site nurse", "answered_on": day.isoformat()}
    sent_back = path.with_name(path.name.replace("queries", "answers"))
    with sent_back.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return sent_back
