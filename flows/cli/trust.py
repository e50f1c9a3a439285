"""`trialweave unblind`, `leak-test`, `purge`: who may see whose data.

What belongs here: the commands. What does not: what they do (flows/engine/unblinding.py, leaktest.py, purge.py).
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from flows.cli.common import DEMO, Config, Data, Json, print_json, print_table, told_errors
from schemas.findings import Exit

Who = Annotated[str, typer.Option(help="Who decided it.")]
Reason = Annotated[str, typer.Option(help="Why; kept in the ledger.")]


def unblind(
    study: Annotated[str, typer.Argument(help="The trial, as its file is called.")],
    who: Who,
    reason: Reason,
    config: Config = DEMO,
    data: Data = Path("data"),
    json: Json = False,
) -> None:
    """Record that a trial whose file says `unblinded` was unblinded, by whom and why; the next run opens the list of arms.

    JSON: {study, unblinded_on, who, reason}

    Example: trialweave unblind sad01 --who "A. Manager" --reason "database lock" --config config/demo --data data
    """
    with told_errors():
        from flows.engine import unblinding
        from flows.engine.config import load

        day = unblinding.record(load(config), data, study, who, reason)
        if json:
            print_json({"study": study, "unblinded_on": day, "who": who, "reason": reason})
            return
        typer.echo(f"{study}: unblinded on {day}, recorded; releases made before stay blinded")
        typer.echo(f"  next -> trialweave run --config {config} --data {data}")


def leak_test(
    study: Annotated[str, typer.Argument(help="The trial, as its file is called.")],
    list_: Annotated[Path, typer.Option("--list", help="CSV with the columns subject, arm, and site where subject is no USUBJID.")],
    config: Config = DEMO,
    data: Data = Path("data"),
    every: Annotated[bool, typer.Option("--all", help="Show the columns that tell nothing, too.")] = False,
    json: Json = False,
) -> None:
    """For a trusted person who holds the list of arms: does any column of the latest release tell them apart? Ends 1 when one does.

    JSON: [dataset, column, way, n, guess, p, verdict]

    Example: trialweave leak-test sad01 --list arms.csv --data data
    """
    with told_errors():
        from flows.engine import leaktest, releases
        from flows.engine.config import load
        from flows.engine.deidentify import maskers
        from schemas.findings import ConfigurationError

        programme, release = load(config), releases.latest(data)
        if release is None or study not in programme.trials:
            raise ConfigurationError(f"no release in {data}, or no trial {study}; there are {sorted(programme.trials)}")
        masker = maskers([programme.trials[study]]).get(study)
        found = leaktest.test(release, study, leaktest.read_list(list_, study, masker), programme.evidence)
        shown = [t for t in found if every or t.verdict]
        if json:
            print_json([vars(t) for t in shown])
        else:
            rows = [[f"{t.dataset}.{t.column}", t.way, t.n, f"{t.guess:.0%}", f"{t.p:.2g}", t.verdict] for t in shown]
            print_table(
                f"{study}: {len(found)} tests", ["column", "looked at", "n", "guessed", "p (corrected)", "verdict"], rows, right=("n",)
            )
            leaks = sum(t.verdict == "LEAK" for t in found)
            typer.echo(f"{leaks} leaks, {sum(t.verdict == 'WATCH' for t in found)} to watch, {len(found)} tests")
        raise typer.Exit(int(Exit.DEGRADED if any(t.verdict == "LEAK" for t in found) else Exit.OK))


def purge(
    site: Annotated[str, typer.Argument(metavar="STUDY/SITE", help="The site.")],
    subject: Annotated[str, typer.Argument(help="SUBJID as adsl shows it; in a de-identified trial the site's own identifier.")],
    who: Who,
    reason: Reason,
    config: Config = DEMO,
    data: Data = Path("data"),
    drop_deliveries: Annotated[
        bool, typer.Option("--drop-deliveries", help="Remove whole deliveries that rows cannot be taken out of.")
    ] = False,
    json: Json = False,
) -> None:
    """Take a participant out of landing, staged output, findings, changes and releases; the same command again finishes or proves it.

    JSON: {tombstone, done, left, look, files}; done: how many of what

    Example: trialweave purge sad01/07 PT-0001 --who "A. Manager" --reason "consent withdrawn with removal" --config config/demo --data data
    """
    with told_errors():
        from flows.engine import purge as purging
        from flows.engine.config import load

        programme = load(config)
        report = purging.purge(programme, data, site, subject, who, reason, drop_deliveries=drop_deliveries)
        if json:
            print_json(vars(report))
            return
        typer.echo(f"{site}: purged, tombstone {report.tombstone}")
        for line in purging.told(report):
            typer.echo(f"  {line}")
        typer.echo(f"  next -> trialweave run --config {config} --data {data}; take the participant out of the export and of {config} too")
