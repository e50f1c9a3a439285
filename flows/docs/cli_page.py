"""`cli.md`: every command with its options, from the command line itself.

What belongs here: the page. What does not: a command's own words (flows/cli).
"""

from __future__ import annotations

import re
from typing import Any

import typer

from flows.docs.markdown import code, page, table


def cli() -> str:
    """The page. Commands are asked as `--help` would ask them."""
    from flows.__main__ import app

    root: Any = typer.main.get_command(app)
    blocks: list[list[str]] = [[
        "`.venv/bin/trialweave COMMAND --help` says the same. Exit codes: 0 ok, 1 degraded or something to look at, 2 usage or",
        "configuration, 3 failed. `--debug` after any command shows where an unforeseen error happened. Colours are off where the output",
        "is no terminal.",
    ], [
        "A command that has `--json` prints JSON on standard output and says everything else on standard error, also why it failed",
        "(then nothing is on standard output); the exit code is the same with and without it. Below, `{}` holds the fields of an",
        "object, `[]` those of each object of a list.",
    ]]  # fmt: skip
    for name, command in _commands(root, ""):
        text, example, json = command.told
        blocks += [[f"## trialweave {name}"], [_plain(text)]]
        if example:
            blocks.append(["```", example, "```"])
        rows = [_row(p) for p in command.params if p.name not in ("help", "install_completion", "show_completion")]
        if json:
            blocks.append([f"`--json` prints {_fields(json)}"])
        if rows:
            blocks.append(table(["argument or option", "default", "what"], rows))
    return page("Command line", *blocks)


def _commands(group: Any, before: str) -> list[tuple[str, Any]]:
    out = []
    for name, command in sorted(group.commands.items()):
        full = f"{before}{name}"
        out += _commands(command, f"{full} ") if hasattr(command, "commands") else [(full, command)]
    return out


def _row(parameter: Any) -> tuple[str, str, str]:
    is_option = parameter.param_type_name == "option"
    name = ", ".join(parameter.opts) if is_option else (parameter.metavar or parameter.name.upper())
    shown = getattr(parameter, "show_default", None)
    default = shown if isinstance(shown, str) else "" if parameter.default in (None, False, [], ()) else str(parameter.default)
    needed = "needed" if parameter.required else default
    return code(name), needed.replace(str(typer), ""), _plain(getattr(parameter, "help", "") or "")


def _fields(told: str) -> str:
    """Names of fields as code, words as words."""
    return re.sub(r"[{\[][^}\]]*[}\]]", lambda m: code(m[0]), told)


def _plain(text: str) -> str:
    return re.sub(r"\s+", " ", text)
