"""How far a run has come, on a terminal.

What belongs here: drawing. What does not: the progress itself (flows/engine/progress.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def bar(first: str, *, quiet: bool) -> Iterator[None]:
    """A progress bar on a terminal; nothing elsewhere."""
    from rich.console import Console

    console = Console(stderr=True)
    if quiet or not console.is_terminal:
        yield
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    from flows.engine import progress

    with Progress(
        SpinnerColumn(), TextColumn("{task.description:<20}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
        TimeRemainingColumn(), console=console, transient=True,
    ) as shown:  # fmt: skip
        task = shown.add_task(first, total=None)

        def listener(step: str, done: int, total: int) -> None:
            shown.update(task, description=step, completed=done, total=total or None)

        progress.listen(listener)
        try:
            yield
        finally:
            progress.stop(listener)
