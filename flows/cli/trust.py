"""`trialweave unblind`, `leak-test`, `purge`: who may see whose data.

What belongs here: the commands. What does not: what they do (flows/engine/unblinding.py, leaktest.py, purge.py).
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from flows.cli.common import DEMO, Config, Data, told_errors

Who = Annotated[str, typer.Option(help="Who decided it.")]
Reason = Annotated[str, typer.Option(help="Why; kept in the ledger.")]


def unblind(
    study: Annotated[str, typer.Argument(help="The trial, as its file is called.")],
    who: Who,
    reason: Reason,
    config: Config = DEMO,
    data: Data = Path("data"),
) -> None:
    """Record that a trial whose file says `unblinded` was unblinded, by whom and why; the next run opens the list of arms."""
    with told_errors():
        from flows.engine import unblinding
        from flows.engine.config import load

        day = unblinding.record(load(config), data, study, who, reason)
        typer.echo(f"{study}: unblinded on {day}, recorded; releases made before stay blinded\n  next -> trialweave run")
