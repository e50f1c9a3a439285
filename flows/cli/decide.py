"""`trialweave release-hold`: decisions of a person, written into the ledger.

What belongs here: commands that record a decision. What does not: what a decision does (flows/engine).
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from flows.cli.common import Data, told_errors


def release_hold(
    site: Annotated[str, typer.Argument(metavar="STUDY/SITE", help="The held site.")],
    delivery: Annotated[str, typer.Option(help="The delivery to let pass: the first characters of its sha256, as the hold names it.")],
    who: Annotated[str, typer.Option(help="Who decides.")],
    reason: Annotated[str, typer.Option(help="Why the delivery is right although it was held.")],
    data: Data = Path("data"),
) -> None:
    """Let a held delivery pass: records that are no longer sent are truly gone. The next run takes it."""
    with told_errors():
        from flows.engine import decisions

        passed = decisions.release_hold(data, site, delivery, who, reason)
        typer.echo(f"{site}: delivery {passed} will be taken by the next run -> trialweave run --data {data}")
