"""`trialweave analyze`: the worked analysis of a release's unblinded trials.

What belongs here: options and what is printed. What does not: models (flows/analysis).
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from flows.cli.asked import release_named
from flows.cli.common import Data, Json, as_path, print_json, print_table, say, told_errors
from schemas.findings import Exit

Studies = Annotated[list[str], typer.Option("--study", help="Only this trial; may be given several times. None may be blinded.")]


def analyze(
    release: Annotated[str, typer.Argument(help="Release id; default: the latest.")] = "latest",
    data: Data = Path("data"),
    study: Studies = [],  # noqa: B006
    out: Annotated[Path | None, typer.Option(help="Folder to write into.", show_default="DATA/analysis/RELEASE")] = None,
    config: Annotated[Path | None, typer.Option(help="Configuration to read it by.", show_default="kept with the release")] = None,
    json: Json = False,
) -> None:
    """Mixed models of the field's questions: group x time, fear in the session, doses, timing, antidepressants; by trial and pooled.

    JSON: {release, files, effects}; effects: the lines of effects.csv, names in lower case

    Example: trialweave analyze --data data --study acro01
    """
    with told_errors():
        if find_spec("statsmodels") is None:
            say("analyze needs statsmodels, which is not installed\n  fix   -> make setup")
            raise typer.Exit(int(Exit.USAGE))
        found = release_named(data, release)
        from flows.analysis import fitting, pooling, reading, writing
        from flows.report.writing import configuration

        wanted = reading.studies(found, study)
        with configuration(data, found, config) as programme:
            rows = reading.read(found, programme, wanted)
        effects = fitting.effects(rows, wanted)
        effects += pooling.pooled(effects)
        folder = out or data / "analysis" / found.release_id
        paths = writing.write(folder, found.release_id, effects, rows.visits)
        if json:
            told = [dict(zip([n.lower() for n, _ in writing.COLUMNS], writing.cells(found.release_id, f), strict=True)) for f in effects]
            print_json({"release": found.release_id, "files": [str(p) for p in paths], "effects": told})
            return
        heads = ["trial", "effect", "unit", "n", "rows", "estimate (95 % interval)", "p", "note"]
        lines = [
            [f.study, f.question.title, f.question.unit, f.people, f.rows, writing.interval(f), "" if f.p is None else f"{f.p:.3g}", f.note]
            for f in effects
        ]
        print_table("Effects on 0-100, below zero favours D-cycloserine", heads, lines, right=("n", "rows", "p"))
        typer.echo("an example to start from, not a trial's statistical analysis plan; method and sources are on the page")
        typer.echo(as_path(folder / "analysis.html"))
