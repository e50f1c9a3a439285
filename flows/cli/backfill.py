"""`trialweave backfill`: nights again, or only what that would change.

What belongs here: options, the fast answer that every night stands, what is printed. What does not: the flow.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

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
    log_as,
    nights_errors,
    print_json,
    print_table,
    say,
)
from flows.cli.releases import print_values
from schemas.findings import Exit

if TYPE_CHECKING:
    from flows.engine.assemble import Outcome
    from flows.engine.preview import Impact


def backfill(
    asked_by: typer.Context,
    first: Annotated[dt.datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="First night.")],
    last: Annotated[dt.datetime, typer.Option("--to", formats=["%Y-%m-%d"], help="Last night, included.")],
    config: Config = DEMO,
    data: Data = Path("data"),
    site: Sites = [],  # noqa: B006
    reason: Annotated[str, typer.Option(help="Why, for the manifest and the ledger.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell what would change; nothing is published.")] = False,
    config_as_of: Annotated[
        dt.datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Use the configuration kept with the release of this day; default: today's."),
    ] = None,
    values: Annotated[bool, typer.Option(help="With --dry-run: show old and new values; they may identify a participant.")] = False,
    limit: Annotated[int, typer.Option(help="Show at most so many values a night; 0: all.")] = 50,
    dask: Dask = "",
    wait: Wait = 0,
    log: Log = LogForm.TEXT,
    json: Json = False,
    debug: bool = False,
) -> None:
    """Replay nights with the deliveries known then and today's mapping, newest last; unchanged nights cost nothing. Stopped in the
    middle, the same command goes on where it was.

    JSON: a list, one a night, as of run; with --dry-run [night, stands, changes, latest, recomputed, sites, diff ...]

    Example: trialweave backfill --from 2026-03-01 --to 2026-03-07 --site sad01/07 --reason "mapping of the dose corrected" --dry-run
    """
    with nights_errors(asked_by, data):
        if last < first:
            say(f"--to {last.date()} is before --from {first.date()}")
            raise typer.Exit(int(Exit.USAGE))
        quiet = log_as(log)
        kept_on = config_as_of.date() if config_as_of else None
        told = [] if _all_stand(config, data, site, first.date(), last.date(), kept_on, 60 * wait) else None
        if told is None:
            from flows import embedded

            with embedded.server(data) as server, bar("starting Prefect", quiet=json or quiet):
                from flows import backfill as flow

                server.ready()
                told = flow.run(flow.BackfillRequest(
                    first=first.date(), last=last.date(), config=config, data=data, sites=site, reason=reason, dry_run=dry_run,
                    config_as_of=kept_on, dask=dask, wait_minutes=wait,
                ))  # fmt: skip
        nights = max((min(last.date(), dt.datetime.now(dt.UTC).date()) - first.date()).days + 1, 0)
        left_out = _left_out(data, first.date(), last.date())
        if quiet and not dry_run:
            pass
        elif dry_run:
            _rehearsed(told, nights, left_out, json=json, values=values, limit=limit)
        else:
            _done(told, nights, left_out, json=json)
        raise typer.Exit(int(Exit.DEGRADED if any(getattr(t, "degraded", False) for t in told) else Exit.OK))


def _all_stand(config: Path, data: Path, sites: list[str], first: dt.date, last: dt.date, kept_on: dt.date | None, wait_s: float) -> bool:
    """Whether every night asked for holds already what a replay would give. Raises ConfigurationError for a site that is not there."""
    from flows.engine import lock
    from flows.engine.config import load
    from flows.engine.replay import Replay, nights
    from flows.engine.units import units_of

    units_of(load(config), frozenset(sites))
    with lock.writing(data, wait_s) as leftover:
        if leftover:
            return False  # what a killed run left is put right by a whole run
        known = Replay(config, data, frozenset(sites), kept_on)
        return all(known.stands(as_of) for as_of in nights(first, last))


def _left_out(data: Path, first: dt.date, last: dt.date) -> list[str]:
    """Said of nights that cannot be replayed: still to come, or before the first delivery, when nothing was known."""
    from flows.engine import landed

    told, today = [], dt.datetime.now(dt.UTC).date()
    if last > today:
        n = (last - max(first - dt.timedelta(days=1), today)).days
        which = "all of these nights are" if first > today else f"{n} of these nights {'is' if n == 1 else 'are'}"
        told.append(f"{which} still to come (today is {today} in UTC): there is nothing to replay for them")
    homes = sorted(p.parent for p in (data / "landing").glob(f"*/*/{landed.LOG}"))
    days = [a.delivered_at.date() for p in homes for a in landed.arrivals(data, p.parent.name, p.name)]
    if not days:
        told.append(f"no delivery has been landed in {data} yet: there is nothing to replay\n  fix -> trialweave run --data {data}")
    elif first < min(days):
        n = (min(last, min(days) - dt.timedelta(days=1)) - first).days + 1
        which = "all of these nights are" if last < min(days) else f"{n} of these nights {'is' if n == 1 else 'are'}"
        told.append(f"{which} before the first delivery, which came on {min(days)}: there is nothing to replay for them")
    return told


def _done(outcomes: list[Outcome], nights: int, left_out: list[str], *, json: bool) -> None:
    if json:
        from flows.engine.session import as_json

        print_json([as_json(o) for o in outcomes])
        return
    for o in outcomes:
        how = f"{'latest' if o.is_latest else 'latest stays'}{'  degraded' if o.degraded else ''}"
        typer.echo(f"{o.release.as_of:%Y-%m-%d}  {o.release.release_id}  {how}  {len(o.recomputed)} recomputed, {o.reused} reused")
    for line in left_out:
        typer.echo(line)
    typer.echo(f"{len(outcomes)} of {nights} nights changed")


def _rehearsed(impacts: list[Impact], nights: int, left_out: list[str], *, json: bool, values: bool, limit: int) -> None:
    """A line a night; participants and values only where asked for."""
    if json:
        from flows.engine import preview

        print_json([preview.as_json(i, with_values=values) for i in impacts])
        return
    for line in left_out:
        typer.echo(line)
    if impacts:
        rows = [[i.night, i.stands or "none", *i.counts.values(), len(i.recomputed), "yes" if i.leads else "no"] for i in impacts]
        counts = [name.replace("_", " ") for name in impacts[0].counts]
        counts = [{"primaries": "primary outcomes", "timings": "dose timings"}.get(name, name) for name in counts]
        heads = ["night", "compared with", *counts, "sites recomputed", "becomes latest"]
        print_table("what would change", heads, rows, right=tuple(heads[2:-1]))
    for impact in impacts:
        for site, (before, after) in impact.sites.items():
            typer.echo(f"{impact.night}  {site}: {before} -> {after}")
        if values and impact.difference is not None:
            print_values(f"{impact.night}", impact.difference, limit)
    typer.echo(f"{len(impacts)} of {nights} nights would change; nothing was published")
