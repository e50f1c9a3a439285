"""`trialweave rebuild`, `diff` and `prune`: releases made again, compared, and removed.

What belongs here: options and what is printed. What does not: doing it (flows/engine: rebuild.py, diff.py, prune.py).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flows.cli.asked import release_named
from flows.cli.common import Data, Json, print_json, print_table, say, told_errors
from schemas.findings import Exit

if TYPE_CHECKING:
    from flows.engine.diff import Difference


def rebuild(
    release: Annotated[str, typer.Argument(help="Release id; default: the latest.")] = "latest",
    data: Data = Path("data"),
    json: Json = False,
) -> None:
    """Make a release again from landing with the configuration it was made with, in a temporary place, and compare byte for byte.

    Prints "identical", or which files came out otherwise and what changed since. Ends 3 when something differs, 1 when a purge since then
    leaves part of it without proof.

    JSON: {release, identical, compared, changed, differs, purged}

    Example: trialweave rebuild latest --data data
    """
    with told_errors():
        from flows.engine import rebuild as again

        report = again.rebuild(data, release_named(data, release))
        if json:
            print_json({"release": report.release_id, "identical": report.identical, "changed": report.changed,
                        "compared": report.compared, "differs": report.differs, "purged": report.purged})  # fmt: skip
        else:
            for line in (*report.changed, *report.differs, *report.purged):
                typer.echo(line)
            told = f"{len(report.differs)} differ" if report.differs else "identical" + (", but for the purge" if report.purged else "")
            typer.echo(f"{report.release_id}: {report.compared} files (sets, findings, documents) made again, {told}")
        raise typer.Exit(int(Exit.FAILED if report.differs else Exit.DEGRADED if report.purged else Exit.OK))


def diff(
    one: Annotated[str, typer.Argument(metavar="A", help="Release id, the older one.")],
    two: Annotated[str, typer.Argument(metavar="B", help="Release id; default: the latest.")] = "latest",
    data: Data = Path("data"),
    values: Annotated[bool, typer.Option(help="Show old and new values; they may identify a participant.")] = False,
    limit: Annotated[int, typer.Option(help="Show at most so many values and participants; 0: all.")] = 50,
    json: Json = False,
) -> None:
    """What differs between two releases: subjects, rows and values by set, and whose dose timing or primary outcome is touched.

    JSON: {from, to, sets, timings, primaries, files_same, files_compared}; sets: [dataset, counts of subjects, rows and columns ...]

    Example: trialweave diff 20260301T041500Z latest --data data --values
    """
    with told_errors():
        from flows.engine import diff as differences

        first, second = release_named(data, one), release_named(data, two)
        found = differences.compare(first, second)
        if json:
            print_json(differences.as_json(found, first.release_id, second.release_id, with_values=values))
            return
        if not any(s.differs or s.rows_moved for s in found.sets):
            typer.echo(f"{first.release_id} and {second.release_id} hold the same rows")
            return
        counts = ["subjects_added", "subjects_removed", "rows_added", "rows_removed", "rows_changed", "rows_moved"]
        rows = [[s.dataset, *(getattr(s, c) for c in counts), sum(s.columns.values()), ", ".join(s.columns)] for s in found.sets]
        heads = ["set", *(c.replace("_", " ") for c in counts), "values changed", "columns"]
        print_table(f"{first.release_id} -> {second.release_id}", heads, rows, right=tuple(heads[1:-1]))
        for name, touched in (("dose timing", found.timings), ("primary outcome", found.primaries)):
            some = ", ".join(sorted(touched)[: limit or len(touched)])
            more = " ..." if 0 < limit < len(touched) else ""
            typer.echo(f"{name} touched: {len(touched)} participants" + (f": {some}{more}" if some else ""))
        if values:
            print_values("values", found, limit)


def print_values(title: str, found: Difference, limit: int) -> None:
    """Old and new values, and rows that are new or gone."""
    told = [[s.dataset, *v] for s in found.sets for v in s.values]
    told += [[s.dataset, k, "", "no row", "row"] for s in found.sets for k in s.added]
    told += [[s.dataset, k, "", "row", "no row"] for s in found.sets for k in s.removed]
    print_table(title, ["set", "key", "column", "old", "new"], told[: limit or len(told)])
    if 0 < limit < len(told):
        typer.echo(f"{len(told) - limit} more; --limit 0 lists all")


def prune(
    data: Data = Path("data"),
    keep: Annotated[int, typer.Option(min=0, help="Keep so many releases, the newest.")] = 0,
    keep_days: Annotated[int, typer.Option(min=0, help="Keep releases made in the last so many days.")] = 0,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be removed.")] = False,
    json: Json = False,
) -> None:
    """Remove old releases and the staged folders and configurations that no kept release and not the next run needs; never landing.

    The latest release is always kept. With --keep and --keep-days a release is kept by either.

    JSON: {dry_run, kept, releases, staged, config, bytes}

    Example: trialweave prune --keep 30 --data data --dry-run
    """
    with told_errors():
        from flows.engine import prune as pruning

        if not keep and not keep_days:
            say("say how much to keep: --keep N, --keep-days D\n  fix -> trialweave prune --keep 30 --dry-run")
            raise typer.Exit(int(Exit.USAGE))
        plan = pruning.prune(data, keep=keep, keep_days=keep_days, dry_run=dry_run)
        if json:
            print_json({"dry_run": dry_run, "kept": plan.kept, "releases": plan.releases, "staged": plan.staged, "config": plan.config,
                        "bytes": plan.size})  # fmt: skip
            return
        for name in plan.releases:
            typer.echo(f"release {name}")
        told = "would be removed" if dry_run else "removed"
        counts = f"{len(plan.releases)} releases, {len(plan.staged)} staged folders, {len(plan.config)} configurations"
        typer.echo(f"{counts} {told} ({plan.size / 1e6:.1f} MB); {len(plan.kept)} releases kept")
