"""How help looks: every command with what it does in a sentence and an example to copy.

What belongs here: laying out what the commands' docstrings say. What does not: the words (each command's own module).

A docstring ends with `Example: trialweave ...` on a line of its own; `--help` of the command prints it unbroken, that of the whole
program below the command's name, and docs/cli.md as a block.
"""

from __future__ import annotations

import re
import textwrap
from typing import Any

import click
from typer.core import TyperCommand, TyperGroup

_EXAMPLE = re.compile(r"^\s*Examples?: (trialweave .*)$", re.M)


def split(told: str | None) -> tuple[str, str]:
    """What a docstring says, and its example; the example is empty where it has none."""
    text = told or ""
    found = _EXAMPLE.search(text)
    return (_EXAMPLE.sub("", text).strip(), found[1].strip()) if found else (text.strip(), "")


def first_sentence(text: str) -> str:
    """The first sentence on one line."""
    return re.split(r"(?<=[a-z)`])\. |\.$", " ".join(text.split()))[0].rstrip(".") + "."


def _write_help(told: str | None, formatter: click.HelpFormatter) -> None:
    """The text, wrapped; then the example as one line that can be copied."""
    text, example = split(told)
    formatter.write_paragraph()
    with formatter.indentation():
        formatter.write_text(" ".join(text.split()))
    if example:
        formatter.write(f"\nExample:\n  {example}\n")


class Command(TyperCommand):
    """A command whose example stands by itself under its text."""

    @property
    def told(self) -> tuple[str, str]:
        """Text and example."""
        return split(self.help)

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """As written, the example apart."""
        _write_help(self.help, formatter)


class Group(TyperGroup):
    """Commands in the order they were given, each with its first sentence and its example."""

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """As written, the example apart."""
        _write_help(self.help, formatter)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order of the program."""
        return list(self.commands)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Two or three lines a command."""
        formatter.write("\nCommands:\n")
        for name in self.list_commands(ctx):
            self._write(formatter, name, self.commands[name])

    def _write(self, formatter: click.HelpFormatter, name: str, command: Any) -> None:
        text, example = split(command.help)
        said = textwrap.wrap(first_sentence(text), max(formatter.width - 17, 40))
        formatter.write("".join(f"  {name if n == 0 else '':<14} {line}\n" for n, line in enumerate(said)))
        if example:
            formatter.write(f"{'':<17}$ {example}\n")
