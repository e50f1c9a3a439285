"""What every command shares: options, how errors end it, where it prints.

What belongs here: consoles, option types, exit codes. What does not: a command of its own. Imports nothing heavy.
"""

from __future__ import annotations

import errno
import json
import os
import shlex
import shutil
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from types import FrameType
from typing import Annotated, Any

import typer

from schemas.findings import ConfigurationError, Exit, TrialweaveError

PROJECT = Path(__file__).resolve().parents[2]
DEMO = PROJECT / "config" / "demo"

Config = Annotated[Path, typer.Option("--config", help="Configuration folder.", show_default="config/demo")]
Data = Annotated[Path, typer.Option("--data", help="Data folder.")]
Sites = Annotated[list[str], typer.Option("--site", metavar="STUDY/SITE", help="Only this site; may be given several times.")]
Dask = Annotated[
    str, typer.Option("--dask", envvar="TRIALWEAVE_DASK", metavar="ADDRESS", help="Work batches on a Dask cluster: tcp://host:8786."),
]
Wait = Annotated[float, typer.Option("--wait", min=0, metavar="MINUTES", help="Wait so long for a data folder that another run holds.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]


def run_again(data: Path) -> str:
    """The command that runs the next night on a data folder: with the configuration of its last one, which may not be the demo's."""
    last = _last_config(data)
    return f"trialweave run --config {'CONFIG' if last is None else shlex.quote(str(last))} --data {shlex.quote(str(data))}"


def _last_config(data: Path) -> Path | None:
    from flows.engine import ledger

    told = ledger.entries(data, "run_started")
    return Path(told[-1]["config"]) if told else None


class LogForm(StrEnum):
    """How a command says what it does."""

    TEXT = "text"
    JSON = "json"


Log = Annotated[LogForm, typer.Option("--log", help="json: print events as JSON lines instead of tables.")]

#: A word that every command takes: an unforeseen error is shown with its place, and its text may hold a participant's value.
DEBUG = "--debug"
#: Troubles of the machine and what a person does about them.
_MACHINE = (
    ((errno.ENOSPC, errno.EDQUOT, errno.EFBIG), "free space on the disk of the data folder, then run again"),
    ((errno.EACCES, errno.EPERM), "run it as the user who runs the nights; who only reads a release gives --out a folder of their own"),
    ((errno.EROFS,), "make the data folder writable for this user, then run again"),
    ((errno.EIO,), "check the disk of the data folder, then run again"),
)
#: What is said of a command that was stopped, and its exit code.
_STOPPED = ("stopped; the last release stands\n  fix   -> run the same command again: it goes on where it was", Exit.FAILED)
#: With so little space left a run cannot even write down why it failed.
_FULL = 8_000_000


@contextmanager
def told_errors(stopped: tuple[str, Exit] = _STOPPED) -> Iterator[None]:
    """End the command with the error's exit code and its sentence; anything unforeseen ends as failed, by its kind only. `stopped`: what
    is said of a command that was stopped, and its code.

    SIGTERM stops a command as Ctrl-C does: what was begun is written down, the lock is given back.
    """
    is_main = threading.current_thread() is threading.main_thread()
    asked: list[int] = []

    def interrupt(number: int, frame: FrameType | None) -> None:
        asked.append(number)
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt) if is_main else None
    try:
        yield
    except (typer.Exit, typer.Abort):
        raise
    except TrialweaveError as error:
        say(str(error))
        raise typer.Exit(int(error.exit_code)) from None
    except BrokenPipeError:  # whoever read the output has seen enough: trialweave ... | head
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(int(Exit.OK)) from None
    except KeyboardInterrupt:
        say(stopped[0])
        raise typer.Exit(int(stopped[1])) from None
    except Exception as error:
        if asked:  # a library that was in the middle of something calls the interrupt an error of its own
            say(stopped[0])
            raise typer.Exit(int(stopped[1])) from None
        if DEBUG in sys.argv:
            raise
        strerror, number = getattr(error, "strerror", None), getattr(error, "errno", None)
        todo = next((todo for numbers, todo in _MACHINE if number in numbers), f"the same command with {DEBUG} shows where it happened")
        where = f" ({error.filename})" if isinstance(error, PermissionError) and error.filename else ""
        say(f"failed: {type(error).__name__}{f': {strerror}' if strerror else ''}{where}; the last release stands\n  fix   -> {todo}")
        raise typer.Exit(int(Exit.FAILED)) from None
    finally:
        if before is not None:
            signal.signal(signal.SIGTERM, before)


@contextmanager
def nights_errors(asked: typer.Context, data: Path) -> Iterator[None]:
    """As told_errors, for a command that works nights: it also ends where it would work them with another configuration than their own,
    and says so where the disk is full, whatever stumbled over it first (Prefect's database does not say why)."""
    with told_errors():
        _demand_config(asked, data)
        try:
            yield
        except Exception as error:
            if isinstance(error, TrialweaveError | typer.Exit | typer.Abort) or DEBUG in sys.argv:
                raise
            free = shutil.disk_usage(next(p for p in (data, *data.resolve().parents) if p.exists())).free
            if free > _FULL:
                raise
            told = f"failed: {type(error).__name__}: {free / 1e6:.1f} MB are free on the disk of {data}; the last release stands"
            look = f"trialweave prune --keep 30 --data {data} --dry-run  (what old releases hold)"
            raise TrialweaveError(f"{told}\n  fix   -> {_MACHINE[0][1]}\n  look  -> {look}") from None


def _demand_config(asked: typer.Context, data: Path) -> None:
    """Raises ConfigurationError where no --config was given and the last run had another configuration than the demo's:
    the demo would take the place of its sites."""
    source = asked.get_parameter_source("config")
    last = _last_config(data)
    if (source is None or source.name == "DEFAULT") and last is not None and last.parts[-2:] != DEMO.parts[-2:]:
        told = f"{data} was last run with another configuration than the demo's; nothing was begun"
        raise ConfigurationError(f"{told}\n  fix   -> --config {last}, or another --data")


def log_as(form: LogForm) -> bool:
    """Have events printed as JSON lines, by this process and its children; whether nothing else is to be printed."""
    if form == LogForm.JSON:
        os.environ["TRIALWEAVE_LOG"] = "json"
    return os.environ.get("TRIALWEAVE_LOG") == "json"


def say(text: str) -> None:
    """A message for a person, on standard error."""
    typer.echo(text, err=True)


def as_path(path: Path) -> str:
    """A path as a person would type it: relative where it lies below the working folder."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)


def print_json(content: Any) -> None:
    """JSON on standard output."""
    typer.echo(json.dumps(content, indent=1, default=str))


def print_table(title: str, columns: list[str], rows: list[list[Any]], *, right: tuple[str, ...] = ()) -> None:
    """A table on standard output; wide enough for its content when the output is no terminal."""
    from rich.console import Console
    from rich.table import Table

    table = Table(title=title, title_justify="left", header_style="bold")
    for name in columns:
        table.add_column(name, justify="right" if name in right else "left", overflow="fold")
    for row in rows:
        table.add_row(*("" if cell is None else str(cell) for cell in row))
    console = Console(highlight=False, markup=False)
    if not console.is_terminal:
        console = Console(highlight=False, markup=False, width=160)
    console.print(table)
