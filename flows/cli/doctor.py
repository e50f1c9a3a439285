"""`trialweave doctor`: is this machine fit for the nights?

What belongs here: the command. What does not: the looks (flows/doctor).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from flows.cli.common import DEMO, Config, Data, Json, print_json, told_errors
from schemas.findings import Exit

COLOURS = {"ok": typer.colors.GREEN, "look": typer.colors.YELLOW, "bad": typer.colors.RED}


def doctor(
    config: Config = DEMO,
    data: Data = Path("data"),
    offline: Annotated[bool, typer.Option("--offline", help="Do not enter the sites' sources.")] = False,
    json: Json = False,
) -> None:
    """Look at versions, data folder, permissions, disk, clock, configuration and each site's source; nothing is changed or fetched.

    Ends 1 when something should be looked at, 2 when a night would fail.

    JSON: {state, looks}; looks: [what, state, told, fix]

    Example: trialweave doctor --config config/demo --data data
    """
    with told_errors():
        from flows.doctor import State, looks

        worst, told = State.OK, []
        for look in looks(config, data, dt.datetime.now(dt.UTC), sources=not offline):
            told.append(asdict(look))
            worst = max(worst, look.state, key=list(State).index)
            if not json:
                mark = typer.style(f"{look.state:4}", fg=COLOURS[look.state], bold=look.state is not State.OK)
                typer.echo(f"{mark}  {look.what}: {look.told}")
                if look.fix and look.state is not State.OK:
                    typer.echo(f"      fix -> {look.fix}")
        if json:
            print_json({"state": worst, "looks": told})
        raise typer.Exit(int({State.OK: Exit.OK, State.WARN: Exit.DEGRADED, State.BAD: Exit.USAGE}[worst]))
