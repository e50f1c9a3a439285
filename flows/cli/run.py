"""`trialweave run`: one night.

What belongs here: the fast answer that nothing changed, starting the flow, showing how it went. What does not: the flow.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from flows.cli.bar import bar
from flows.cli.common import (
    DEMO,
    Config,
    Dask,
    Data,
    Json,
    Log,
    LogForm,
    Sites,
    Wait,
    as_path,
    log_as,
    nights_errors,
    print_json,
    print_table,
)
from schemas.findings import Exit

if TYPE_CHECKING:
    from flows.engine.assemble import Outcome

COUNTS = ("received", "kept", "quarantined", "findings open", "new")


def run(
    asked_by: typer.Context,
    config: Config = DEMO,
    data: Data = Path("data"),
    site: Sites = [],  # noqa: B006
    dask: Dask = "",
    wait: Wait = 0,
    log: Log = LogForm.TEXT,
    json: Json = False,
) -> None:
    """One night: pull, check, harmonize, publish. Ends 0 ok, 1 degraded, 2 usage or configuration, 3 failed.

    JSON: {release, folder, published, latest, degraded, recomputed, reused, sites}; sites: [study, site, status, age_days, delivered_on,
    reason, tables, received, kept, quarantined ...]

    Example: trialweave run --config config/demo --data data --site sad01/07
    """
    started = time.time()
    quiet = log_as(log)
    with nights_errors(asked_by, data), _failure_told(config, data, started):
        if (code := _unchanged(config, data, frozenset(site), started, json, quiet, 60 * wait)) is not None:
            raise typer.Exit(code)
        from flows import embedded

        with embedded.server(data) as server, bar("starting Prefect", quiet=json or quiet):
            from flows import nightly

            asked = nightly.NightlyRequest(config=config, data=data, sites=site, dask=dask, wait_minutes=wait, started=started)
            outcome = nightly.run(asked, server.ready)
        if not quiet:
            _show(outcome, json)
        raise typer.Exit(int(Exit.DEGRADED if outcome.degraded else Exit.OK))


def _unchanged(config: Path, data: Path, only: frozenset[str], started: float, json: bool, quiet: bool, wait_s: float) -> int | None:
    """Answer at once when nothing changed; the exit code then, else None."""
    from flows.engine import landed, lock, seen, state
    from flows.engine.config import load
    from flows.engine.units import units_of

    if not (data / state.NAME).is_file():
        return None
    with lock.writing(data, wait_s) as leftover:
        if leftover:
            return None  # what a killed run left is put right by a whole run
        programme = load(config, on=dt.datetime.now(dt.UTC).date())
        standing = state.stands(data, state.look(config, programme, units_of(programme, only)))
        if standing is None or landed.lost(data):
            return None  # what was lost of landing is put back by a whole run, or told
        outcome = "degraded" if standing.degraded else "ok"
        state.write_last_run(data, started, None, standing.release_id, outcome, [], len(programme.units))
        seen.nothing_changed(programme.alerts, data, standing.release_id, outcome, started, len(programme.units))
    if quiet:
        pass
    elif json:
        from flows.engine import releases
        from flows.engine.session import sites_as_json

        release = releases.load(data, standing.release_id)
        print_json({"release": standing.release_id, "folder": str(data / "releases" / standing.release_id),
                    "published": False, "latest": True,
                    "degraded": standing.degraded, "recomputed": [], "reused": len(programme.units),
                    "sites": sites_as_json(release) if release is not None else []})  # fmt: skip
    else:
        typer.echo(f"nothing changed: release {standing.release_id} stands")
        if standing.degraded:
            typer.echo(f"  it is degraded; look -> trialweave status --data {data}")
    return int(Exit.DEGRADED if standing.degraded else Exit.OK)


@contextmanager
def _failure_told(config: Path, data: Path, started: float) -> Iterator[None]:
    """Tell also of what fails before a night is opened."""
    from flows.engine import seen

    with seen.failure_told(config, data, "", started, (typer.Exit,)):
        yield


def _show(outcome: Outcome, json: bool) -> None:
    """The table of sites and where the release is."""
    from flows.engine.decisions import newest_aside
    from flows.engine.session import as_json
    from flows.engine.summary import left, site_lines, standings

    if json:
        print_json(as_json(outcome))
        return
    lines = site_lines(outcome.release.manifest)
    rows = [[s.key, s.status, s.received, s.kept, s.quarantined, s.open, s.new] for s in lines]
    print_table(f"release {outcome.release.release_id}", ["site", "status", *COUNTS], rows, right=COUNTS)
    for told in [*standings(lines, outcome.release.as_of.date()), *left(outcome.release)]:
        typer.echo(told)
    for told in newest_aside(outcome.release.folder.parents[1]):
        typer.echo(told)
    worked = f"{len(outcome.recomputed)} recomputed, {outcome.reused} reused"
    if not outcome.published:
        typer.echo(f"nothing changed: release {outcome.release.release_id} stands ({worked})")
    else:
        typer.echo(f"{'degraded' if outcome.degraded else 'ok'}: {worked}")
    typer.echo(as_path(outcome.release.folder))
