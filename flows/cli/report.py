"""`trialweave report`: the report of a release.

What belongs here: options and what is printed. What does not: the report (flows/report).
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from flows.cli.asked import release_named
from flows.cli.common import Data, Json, as_path, print_json, say, told_errors
from schemas.findings import Exit


def report(
    release: Annotated[str, typer.Argument(help="Release id; default: the latest.")] = "latest",
    data: Data = Path("data"),
    out: Annotated[Path | None, typer.Option(help="Folder to write into.", show_default="the release's own")] = None,
    shareable: Annotated[
        bool, typer.Option("--shareable", help="Hide cells of fewer than five participants, their keys and reasons of holds; needs --out.")
    ] = False,
    config: Annotated[Path | None, typer.Option(help="Configuration to read it by.", show_default="kept with the release")] = None,
    json: Json = False,
) -> None:
    """Write report.html of a release again: events of special interest, sites, findings, timing, trends, sites beside each other.

    Every night writes it into its release.

    JSON: {release, report}

    Example: trialweave report --data data --out to-share --shareable
    """
    with told_errors():
        from flows.engine import lock
        from flows.report import writing

        if shareable and out is None:
            say("a shareable report does not take the place of the release's own\n  fix -> trialweave report --shareable --out FOLDER")
            raise typer.Exit(int(Exit.USAGE))
        found = release_named(data, release)
        with writing.configuration(data, found, config) as programme:
            if out is None:
                with lock.writing(data):
                    place = writing.into_release(data, found, programme)
            else:
                place = writing.to_folder(data, found, programme, out, shareable=shareable)
        if json:
            print_json({"release": found.release_id, "report": str(place)})
            return
        typer.echo(as_path(place.resolve()))
