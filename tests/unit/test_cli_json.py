"""`--json`: every command that reports something has it, says which fields it prints, and prints just these."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from flows.cli.help import split
from tests.nights import Nights, call
from tests.nights import two_sites as two_sites
from tests.unit.test_cli import COMMANDS

#: Commands that report nothing for a script: `demo` is for a person's first look, `serve` runs until it is stopped.
SILENT = {("demo",), ("serve",)}


def documented(name: tuple[str, ...]) -> set[str]:
    """The fields of the outermost object, or of each object of the outermost list, that a command's help names."""
    told = split(COMMANDS[name].help)[2]
    inner = re.match(r"[{\[]([^}\]]*)[}\]]", told)
    return {re.sub(r" \(.*", "", field).strip() for field in re.split(r",(?![^(]*\))", inner[1])} if inner else set()


@pytest.mark.parametrize("name", [n for n in COMMANDS if n not in SILENT], ids=" ".join)
def test_a_command_that_reports_something_has_json_and_names_its_fields(name: tuple[str, ...]):
    command = COMMANDS[name]

    assert "--json" in {o for p in command.params for o in p.opts}
    assert split(command.help)[2].startswith(("{", "[", "a list", "an object"))


def test_the_fields_printed_are_those_documented(two_sites: Nights, tmp_path):
    two_sites.send("01", "S1 odd\nS2 bad\nS3 50\nS4 50\nS5 50\nS6 50\n")
    two_sites.run()
    two_sites.send("02", "S7 bad\nS8 bad\nS9 50\n")
    two_sites.run()
    data, who = ["--data", two_sites.data], ["--who", "A. Manager", "--reason", "as told"]
    finding = json.loads(call("findings", *data, "--json")[1])[0]["finding_id"]
    delivery = json.loads(call("status", *data, "--json")[1])["sites"][0]["delivery"]
    (held,) = re.findall(r"release-hold t01/02 --delivery (\w+)", call("status", *data)[1])

    wrong = []
    for words in (
        ("status", *data), ("findings", *data), ("checks", *data), ("verify", *data), ("diff", "latest", *data),
        ("waive", finding, *who, *data), ("queries", *data, "--out", tmp_path / "out"),
        ("answers", tmp_path / "out" / "t01_01_queries.csv", *data),
        ("check-config", "--config", two_sites.config), ("release-hold", "t01/02", "--delivery", held, *who, *data),
        ("set-aside", "t01/01", "--delivery", delivery, *who, *data),
        ("prune", "--keep", 1, *data), ("doctor", *data, "--config", two_sites.config, "--offline"), ("explain-rule", "dose_timing"),
        ("new-trial", "t02", "--config", tmp_path / "new"),
    ):  # fmt: skip
        code, text = call(*words, "--json")
        told: Any = json.loads(text)
        assert code in (0, 1, 2 * (words[0] == "doctor")), text
        fields = set(told if isinstance(told, dict) else told[0])
        if documented((str(words[0]),)) != fields:
            wrong.append((words[0], documented((str(words[0]),)) ^ fields))
    assert wrong == []


def test_a_command_with_json_that_fails_prints_nothing_on_standard_output(two_sites: Nights):
    from typer.testing import CliRunner

    from flows.__main__ import app

    two_sites.run()
    ended = CliRunner().invoke(app, ["waive", "beef", "--who", "A", "--reason", "b", "--data", str(two_sites.data), "--json"])
    assert (ended.exit_code, ended.stdout) == (2, "")
    assert "no finding has this id" in ended.stderr
