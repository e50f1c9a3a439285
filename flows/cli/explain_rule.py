"""`trialweave explain-rule`: what a rule, a SQL model, a topic or a threshold says, does and rests on.

What belongs here: printing. What does not: finding the facts (flows/docs/explain.py).
"""

from __future__ import annotations

from typing import Annotated, Any

import typer

from flows.cli.common import DEMO, Config, Json, print_json, print_table, say, told_errors
from schemas.findings import Exit


def explain_rule(
    name: Annotated[str, typer.Argument(help="A rule, a SQL model, a topic or a threshold, such as dose_timing.")] = "",
    list_all: Annotated[bool, typer.Option("--list", help="List every name there is.")] = False,
    study: Annotated[str, typer.Option(help="Show this trial's own numbers beside those of the literature.")] = "",
    config: Config = DEMO,
    json: Json = False,
) -> None:
    """What a check or a computation says, does and rests on, with a worked example.

    JSON: {kind, name, text, why, file, page, grain, reads, read_by, values, thresholds, trial, rules, examples}; with --list [name, kind,
    about]

    Example: trialweave explain-rule dose_timing --study sad01
    """
    with told_errors():
        from flows.docs import explain

        if list_all or not name:
            if not list_all:
                say("which one?\n  fix -> trialweave explain-rule dose_timing, or --list for every name")
                raise typer.Exit(int(Exit.USAGE))
            _list(explain.names(), json)
            return
        evidence, trial = _told(config, study)
        found = explain.explain(name, evidence, trial)
        if found is None:
            like = explain.near(name)
            say(f"nothing is called {name}" + (f"; near: {', '.join(like)}" if like else "") + "\n  fix -> trialweave explain-rule --list")
            raise typer.Exit(int(Exit.USAGE))
        if json:
            print_json(found)
        else:
            _print(found)


def _told(config: Any, study: str) -> tuple[Any, Any]:
    """The evidence that holds, and the trial asked for. Raises ConfigurationError for a study that is not there."""
    if not study:
        from flows.docs.build import project_evidence

        return project_evidence(), None
    from flows.engine.config import load
    from schemas.findings import ConfigurationError

    programme = load(config)
    if study not in programme.trials:
        raise ConfigurationError(f"no study {study}; there are {', '.join(sorted(programme.trials))}")
    return programme.evidence, programme.trials[study]


def _list(names: list[tuple[str, str, str]], json: bool) -> None:
    if json:
        print_json([{"name": n, "kind": k, "about": a} for n, k, a in names])
    else:
        print_table(f"{len(names)} names", ["name", "kind", "about"], [list(n) for n in names])


def _print(found: dict[str, Any]) -> None:
    typer.echo(f"{found['kind']} {found['name']}\n")
    if found["text"]:
        typer.echo(found["text"] + "\n")
    for key in ("tables", "field", "severity", "category", "can_touch", "what_happens", "message", "grain", "reads", "read_by", "why",
                "used_in", "file", "page"):  # fmt: skip
        value = found.get(key)
        if value:
            typer.echo(f"{key.replace('_', ' ') + ':':<14}{', '.join(value) if isinstance(value, list) else value}")
    typer.echo("")
    if values := found.get("values"):
        rows = [[v["column"], v["value"], v["when"], v["threshold"]] for v in values]
        print_table("decided in this order", ["column", "value", "when", "threshold"], rows)
    if thresholds := found["thresholds"]:
        rows = [[t["name"], f"{t['value']:g} {t['unit']}", t["source"]] for t in thresholds]
        print_table("thresholds", ["threshold", "value", "source"], rows)
    if trial := found.get("trial"):
        rows = [[k, ", ".join(map(str, v)) if isinstance(v, list) else v] for k, v in trial["keys"].items()]
        print_table(f"the trial's own: {trial['study']}", ["key", "value"], rows)
    if own := found.get("models"):
        print_table("computed in", ["table", "what", "file"], [[m["name"], m["title"], m["file"]] for m in own])
    if rules := found.get("rules"):
        print_table("rules on it", ["rule", "severity", "message"], [[r["rule"], r["severity"], r["message"]] for r in rules])
    for example in found["examples"]:
        _print_example(example)


def _print_example(example: dict[str, Any]) -> None:
    typer.echo(f"Example: {example['sentence']}  ({example['file']})\n")
    for line in example["setup"]:
        typer.echo(f"the trial is changed: {line}")
    for given in example["given"]:
        print_table(f"given {given['name']}".strip(), given["columns"], given["rows"])
    if example["with"]:
        typer.echo(f"(filled in from the case {example['with']})")
    for cases in example["cases"]:
        print_table("cases", cases["columns"], cases["rows"])
    for expected in example["expected"]:
        if expected["columns"]:
            print_table(f"{expected['code']} gives", expected["columns"], expected["rows"])
        else:
            typer.echo(f"holds: {expected['code']}")
