"""`trialweave status`, `verify`, `propose`: looking without computing.

What belongs here: commands that read manifests, notes and configuration. What does not: reading rows (flows/cli/rows.py).
"""

from __future__ import annotations

import datetime as dt
import json as jsons
from pathlib import Path
from typing import Annotated, Any

import typer

from flows.cli.asked import release_named
from flows.cli.common import DEMO, Config, Data, Json, as_path, print_json, print_table, run_again, told_errors
from schemas.findings import Exit


def status(data: Data = Path("data"), json: Json = False) -> None:
    """The latest release, its sites and the age of their data, findings by severity, the last run. Ends 1 when degraded.

    JSON: {release, as_of, degraded, sites, set_aside, findings, last_run, unended}; sites: [site, status, age_days, delivered_on, delivery,
    received, kept, quarantined, open, new, reason]; set_aside: sentences; findings: open ones by severity; last_run: {started, finished,
    release, outcome, recomputed, reused}; unended: when a run began that has not ended, or null

    Example: trialweave status --data data
    """
    with told_errors():
        from flows.engine import decisions, ledger, state, summary

        release = release_named(data)
        note = data / state.LAST_RUN
        last: dict[str, Any] = jsons.loads(note.read_text(encoding="utf-8")) if note.is_file() else {}
        severities = summary.by_severity(release.manifest)
        lines = summary.site_lines(release.manifest)
        aside = decisions.newest_aside(data)
        if json:
            names = ("status", "age_days", "delivered_on", "delivery", "received", "kept", "quarantined", "open", "new", "reason")
            sites = [{"site": s.key} | {n: getattr(s, n) for n in names} for s in lines]
            print_json({"release": release.release_id, "as_of": release.manifest["as_of"], "degraded": release.degraded, "sites": sites,
                        "set_aside": aside, "findings": severities, "last_run": last, "unended": ledger.unended(data)})  # fmt: skip
        else:
            rows = [[s.key, s.status, s.delivered_on, s.age_days, s.received, s.kept, s.quarantined, s.open, s.new] for s in lines]
            columns = ["site", "status", "data of", "age days", "received", "kept", "quarantined", "findings open", "new"]
            print_table(f"release {release.release_id}", columns, rows, right=tuple(columns[3:]))
            for told in [*summary.standings(lines, dt.datetime.now(dt.UTC).date()), *summary.left(release)]:
                typer.echo(told)
            for told in aside:
                typer.echo(told)
            typer.echo("open findings: " + (", ".join(f"{n} {s}" for s, n in severities.items()) or "none"))
            if last:
                ended = dt.datetime.fromtimestamp(last["finished"], dt.UTC).isoformat(timespec="seconds")
                typer.echo(f"last run: {last['outcome']}, ended {ended}, took {last['finished'] - last['started']:.1f} s")
            if began := ledger.unended(data):
                typer.echo(f"a run began at {began[:19]}Z and has not ended: it is at work, or it was killed")
                typer.echo(f"  fix  -> where it is dead, run again; what it staged is used -> {run_again(data)}")
            typer.echo(as_path(release.folder))
        raise typer.Exit(int(Exit.DEGRADED if release.degraded else Exit.OK))


def verify(
    release: Annotated[str, typer.Argument(help="Release id; default: the latest.")] = "latest",
    data: Data = Path("data"),
    json: Json = False,
) -> None:
    """Hash a release again: its files, restricted files, the deliveries and configuration it was made from, the ledger's chain. Ends 3
    when something is not as it was.

    JSON: {release, files (how many), problems, purged}; both lists of sentences

    Example: trialweave verify --data data
    """
    with told_errors():
        from flows.engine import verify

        found = release_named(data, release)
        problems, notes = verify.everything(data, found), verify.purged(data, found)
        n_files = len(found.manifest["files"]) + len(found.manifest.get("documents", ()))
        if json:
            print_json({"release": found.release_id, "files": n_files, "problems": problems, "purged": notes})
        else:
            for problem in (*notes, *problems):
                typer.echo(problem)
            typer.echo(f"{found.release_id}: {n_files} files (sets, findings, documents), {len(problems)} problems")
        raise typer.Exit(int(Exit.FAILED if problems else Exit.OK))


def propose(
    site: Annotated[str, typer.Argument(metavar="STUDY/SITE", help="Only this site; default: every site.")] = "",
    config: Config = DEMO,
    data: Data = Path("data"),
    show_values: Annotated[
        bool, typer.Option(help="Show names that may be a participant's values: of a file without its header line, for example.")
    ] = False,
    json: Json = False,
) -> None:
    """Where the newest delivery does not fit its mapping (renamed, new or missing columns and files, unknown codes), and what to write.

    JSON: an object: site -> [what, proposal]

    Example: trialweave propose sad01/07 --config config/demo --data data
    """
    with told_errors():
        from flows.engine import drift, releases, tombstones
        from flows.engine.config import load
        from flows.engine.units import units_of

        programme = load(config)
        wanted = units_of(programme, frozenset([site] if site else []))
        release = releases.latest(data)
        entries, now = release.manifest["sites"] if release else [], tombstones.rewritten(data)
        out: dict[str, list[drift.Drift]] = {}
        for key, unit in sorted(programme.units.items()):
            if not wanted or key in wanted:
                published = {now.get(key, {}).get(e["delivery_sha256"], e["delivery_sha256"]) for e in entries if e["unit"] == key}
                out[key] = drift.of_unit(programme, data, unit, published, show_all=show_values)
        if json:
            print_json({key: [{"what": d.what, "proposal": d.proposal} for d in found] for key, found in out.items()})
            return
        for key, found in out.items():
            if found:
                typer.echo(f"{key}: sites/{programme.units[key].folder.name}/site.yaml\n{drift.text(found)}")
        typer.echo(f"{len(out)} exports looked at, {sum(map(bool, out.values()))} do not fit their mapping")
