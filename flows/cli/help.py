"""How help looks: every command with what it does in a sentence and an example to copy.

What belongs here: laying out what the commands' docstrings say. What does not: the words (each command's own module).

A docstring ends with `Example: trialweave ...` on a line of its own; `--help` of the command prints it unbroken, that of the whole
program below the command's name, and docs/cli.md as a block. Before it, from `JSON:` on, stands what --json prints: an object's fields in
{}, a list's in [].
"""

from __future__ import annotations

import re
import textwrap
from typing import Any

import click
from typer.core import TyperCommand, TyperGroup

_EXAMPLE = re.compile(r"^\s*Examples?: (trialweave .*)$", re.M)
_JSON = re.compile(r"^\s*JSON: (.*?)(?=^\s*$|\Z)", re.M | re.S)


def split(told: str | None) -> tuple[str, str, str]:
    """What a docstring says, its example, and what --json prints; these two are empty where it has none."""
    text = told or ""
    example = _EXAMPLE.search(text)
    text = _EXAMPLE.sub("", text)
    json = _JSON.search(text)
    return _JSON.sub("", text).strip(), example[1].strip() if example else "", " ".join(json[1].split()) if json else ""


def first_sentence(text: str) -> str:
    """The first sentence on one line."""
    return re.split(r"(?<=[a-z)`])\. |\.$", " ".join(text.split()))[0].rstrip(".") + "."


def _write_help(told: str | None, formatter: click.HelpFormatter) -> None:
    """The text, wrapped; then the example as one line that can be copied."""
    text, example, json = split(told)
    formatter.write_paragraph()
    with formatter.indentation():
        formatter.write_text(" ".join(text.split()))
        if json:
            formatter.write_paragraph()
            formatter.write_text(f"--json prints {json}")
    if example:
        formatter.write(f"\nExample:\n  {example}\n")


class Command(TyperCommand):
    """A command whose example stands by itself under its text."""

    @property
    def told(self) -> tuple[str, str, str]:
        """Text, example, what --json prints."""
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
        text, example, _ = split(command.help)
        said = textwrap.wrap(first_sentence(text), max(formatter.width - 17, 40))
        formatter.write("".join(f"  {name if n == 0 else '':<14} {line}\n" for n, line in enumerate(said)))
        if example:
            formatter.write(f"{'':<17}$ {example}\n")
