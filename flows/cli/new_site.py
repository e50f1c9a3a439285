"""`trialweave new-site` and `new-trial`: drafts of a site's and a trial's configuration.

What belongs here: the commands. What does not: looking at an export (flows/newsite).
No participant's value is printed: names of columns, codes of short code lists, counts.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flows.cli.common import Json, as_path, print_json, print_table, say, told_errors
from schemas.findings import ConfigurationError

if TYPE_CHECKING:
    from flows.newsite.draft import Draft
    from flows.newsite.tables import TableDraft

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
Folder = Annotated[Path, typer.Option("--config", help="Your configuration folder; made where it is not there.")]
Decide = Annotated[
    list[str], typer.Option("--decide", metavar="PATH=VALUE", help="Answer an open question; the end of its path is enough: scale=0-100.")
]


def new_site(
    study: Annotated[str, typer.Argument(help="The trial, as trials/STUDY.yaml names it.")],
    site: Annotated[str, typer.Argument(help="The site's name.")],
    files: Annotated[list[Path], typer.Argument(metavar="FILES...", help="The files of one export, or the folder that holds them.")],
    config: Folder,
    timezone: Annotated[str, typer.Option(help="IANA zone of the site's clocks, such as Europe/Lisbon; left open without it.")] = "",
    clock: Annotated[str, typer.Option(help="site: clock times are of the site's wall clocks; utc: in UTC; left open without it.")] = "",
    delivery: Annotated[str, typer.Option(help="snapshot: each export is whole; delta: later ones only add; left open without it.")] = "",
    decide: Decide = [],  # noqa: B006
    leave_out: Annotated[bool, typer.Option("--leave-out-undecided", help="Leave out what is open, so that the rest runs.")] = False,
    replace: Annotated[bool, typer.Option("--replace", help="Overwrite a site.yaml that is there.")] = False,
    show: Annotated[bool, typer.Option("--print", help="Print the draft, write nothing.")] = False,
    json: Json = False,
) -> None:
    """Look at an export and draft sites/STUDY_SITE/site.yaml: each line with how sure it is and why, what is unproven as DECIDE.

    JSON: {file, undecided, left_out, unread_columns, unread_files, notes}; undecided: [path, ask]

    Example: trialweave new-site sad01 07 exports/lisbon/*.csv --config my-config --timezone Europe/Lisbon --clock site --delivery snapshot
    """
    with told_errors():
        from flows.newsite import deciding, draft, knowledge, writing
        from flows.newsite.asking import questions

        _check(study, site, timezone)
        if clock not in ("", "site", "utc"):
            raise ConfigurationError(f"--clock {clock}: say site or utc")
        if delivery not in ("", "snapshot", "delta"):
            raise ConfigurationError(f"--delivery {delivery}: say snapshot or delta")
        found = _files(files)
        made = draft.make(study, site, found, config, knowledge.read(config, study), draft.Told(timezone, clock, delivery))
        deciding.decide(made.site, decide)
        gone = deciding.leave_out(made.site) if leave_out else []
        text = writing.text(made, gone)
        path = writing.place(config, study, site)
        if show:
            typer.echo(text, nl=False)
            return
        for name in ("trials", "sites"):
            (config / name).mkdir(parents=True, exist_ok=True)
        writing.write(path, text, replace=replace)
        asked = questions(made.site)
        if json:
            print_json({"file": str(path), "undecided": [{"path": p, "ask": a} for p, a in asked], "left_out": [p for p, _ in gone],
                        "unread_columns": made.unread_columns, "unread_files": made.unread_files, "notes": made.notes})  # fmt: skip
            return
        _show(made, path, asked, gone)
        if not (config / "trials" / f"{study}.yaml").is_file():
            typer.echo(f"next -> trialweave new-trial {study} --config {as_path(config)}")
            typer.echo("next -> this command again with --replace, which maps visits and arms to those of the trial file")
        typer.echo(f"next -> trialweave check-config --config {as_path(config)} --site {study}/{site}")


def _check(study: str, site: str, timezone: str) -> None:
    for word in (study, site):
        if not _NAME.fullmatch(word):
            raise ConfigurationError(f"{word!r} is no name of a trial or site: letters, digits, . _ - only, at most 64")
    if timezone:
        from zoneinfo import available_timezones

        if timezone not in available_timezones():
            raise ConfigurationError(f"{timezone} is not an IANA time zone, such as Europe/Lisbon")


def _files(given: list[Path]) -> list[Path]:
    """Files as named; a folder stands for all in it."""
    out: list[Path] = []
    for path in given:
        if path.is_dir():
            out += sorted(p for p in path.rglob("*") if p.is_file() and not p.name.startswith((".", "~$")))
        elif path.is_file():
            out.append(path)
        else:
            raise ConfigurationError(f"there is no file {path}")
    if not out:
        raise ConfigurationError("there is no file to look at")
    return out


def _show(made: Draft, path: Path, asked: list[tuple[str, str]], gone: list[tuple[str, str]]) -> None:
    rows = [
        [d.table, d.sheet.name, len(d.fields), 0 if gone else _n_open(d), without, f"{d.sure} %"]
        for d, without in zip(made.tables, _without(made, [path for path, _ in gone]), strict=True)
    ]
    columns = ["table", "read from", "fields", "open", "left out", "sure"]
    print_table(f"{len(made.tables)} tables", columns, rows, right=("fields", "open"))
    for told, several in (("undecided", asked), ("left out, because undecided", gone)):
        if several:
            typer.echo(f"{len(several)} {told}:")
            for one, ask in several:
                typer.echo(f"  {one}: {' '.join(ask.split())}")
    n = sum(map(len, made.unread_columns.values()))
    typer.echo(f"{n} columns and {len(made.unread_files)} files or sheets are read by nothing; the draft lists them")
    for note in made.notes:
        say(note)
    typer.echo(as_path(path))


def _n_open(one: TableDraft) -> int:
    """Fields and other keys of a table that are left to a person."""
    from flows.newsite.asking import is_open

    return sum(is_open(value) for value in (*one.fields.values(), *one.extras.values()))


def _without(made: Draft, gone: list[str]) -> list[str]:
    """What was left out of each table, because it is undecided: how many lines of it, or the whole of it."""
    seen: dict[str, int] = {}
    out = []
    for one in made.tables:
        number = seen[one.table] = seen.get(one.table, -1) + 1
        several = sum(d.table == one.table for d in made.tables) > 1
        at = f"tables.{one.table}.{number}" if several else f"tables.{one.table}"
        mine = [path for path in gone if path == at or path.startswith(f"{at}.")]
        whole = any(not path.startswith(f"{at}.fields.") for path in mine)
        out.append("the whole table" if whole else f"{len(mine)} lines" if mine else "")
    return out


def new_trial(
    study: Annotated[str, typer.Argument(help="The trial's name.")],
    config: Folder,
    instrument: Annotated[list[str], typer.Option(help="An instrument of the trial; default: those its sites' drafts name.")] = [],  # noqa: B006
    decide: Decide = [],  # noqa: B006
    replace: Annotated[bool, typer.Option("--replace", help="Overwrite a trial file that is there.")] = False,
    show: Annotated[bool, typer.Option("--print", help="Print the draft, write nothing.")] = False,
    json: Json = False,
) -> None:
    """Draft trials/STUDY.yaml: what only the protocol says is DECIDE, what a trial may say besides is a comment.

    JSON: {file, undecided}; undecided: [path, ask]

    Example: trialweave new-trial sad02 --config my-config --instrument LSAS --decide primary=LSASTOT --decide sessions.number=12
    """
    with told_errors():
        from flows.newsite import deciding, knowledge, trial, writing
        from flows.newsite.asking import questions

        _check(study, study, "")
        body = trial.make(study, config, knowledge.read(config, study), instrument)
        deciding.decide(body, decide)
        if show:
            typer.echo(trial.text(body), nl=False)
            return
        for name in ("trials", "sites"):
            (config / name).mkdir(parents=True, exist_ok=True)
        path = config / "trials" / f"{study}.yaml"
        writing.write(path, trial.text(body), replace=replace)
        asked = questions(body)
        if json:
            print_json({"file": str(path), "undecided": [{"path": p, "ask": a} for p, a in asked]})
            return
        typer.echo(f"{as_path(path)}: {len(asked)} lines to decide")
        for one, ask in asked:
            typer.echo(f"  {one}: {ask}")
        typer.echo(f"next -> trialweave check-config --config {as_path(config)}")
