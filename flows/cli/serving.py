"""`trialweave serve`: the scheduler on this machine.

What belongs here: options of the command. What does not: server and deployments (flows/serve.py).
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from flows.cli.common import DEMO, Config, Dask, Data, told_errors
from schemas.findings import Exit


def serve(
    config: Config = DEMO,
    data: Data = Path("data"),
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1.")] = 4200,
    cron: Annotated[str, typer.Option(help="When the nightly run starts.")] = "15 4 * * *",
    dask: Dask = "",
    timezone: Annotated[str, typer.Option(help="IANA zone of --cron; between 02:00 and 03:00 clock changes misfire.")] = "Europe/Berlin",
) -> None:
    """Run Prefect's server and a worker on loopback with the deployments `nightly` and `backfill`; Ctrl-C or SIGTERM ends both.

    Example: trialweave serve --config config/demo --data data --cron "15 4 * * *" --timezone Europe/Berlin
    """
    with told_errors(("stopping", Exit.OK)):
        from flows import prefect_home

        prefect_home.settle(data, log_level="WARNING", port=port)
        from flows import serve as serving

        raise typer.Exit(serving.serve(config.resolve(), data.resolve(), port, cron, timezone, dask))
