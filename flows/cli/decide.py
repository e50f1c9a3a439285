"""`trialweave release-hold`, `queries`, `answers`, `waive`: asking sites, and decisions of a person, written into the ledger.

What belongs here: commands that record a decision. What does not: what a decision does (flows/engine).
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated

import typer

from flows.cli.common import Data, Json, as_path, print_json, run_again, told_errors


def release_hold(
    sites: Annotated[list[str], typer.Argument(metavar="STUDY/SITE...", help="The held site; with --edit several, as of one profile.")],
    who: Annotated[str, typer.Option(help="Who decides.")],
    reason: Annotated[str, typer.Option(help="Why the delivery or the edit is right although it was held.")],
    delivery: Annotated[str, typer.Option(help="The delivery to let pass: first characters of its sha256, as the hold names it.")] = "",
    edit: Annotated[bool, typer.Option("--edit", help="Let the edit of the mapping pass that holds these sites.")] = False,
    data: Data = Path("data"),
    json: Json = False,
) -> None:
    """Let pass what is held: a delivery whose missing records are truly gone, or an edit of the mapping that loses or moves some.

    JSON: [site, passed (delivery or edit), id, who, reason]

    Example: trialweave release-hold sad01/07 --delivery 1a2b3c4d5e6f --who "A. Manager" --reason "deleted at the site"
    """
    with told_errors():
        from flows.engine import decisions
        from schemas.findings import ConfigurationError

        if bool(delivery) == edit or (delivery and len(sites) > 1):
            raise ConfigurationError("say what is to pass: --delivery ID of one site, or --edit; the reason of the hold names it")
        told = []
        for site in sites:
            name = decisions.accept_edit(data, site, who, reason) if edit else decisions.release_hold(data, site, delivery, who, reason)
            told.append({"site": site, "passed": "edit" if edit else "delivery", "id": name, "who": who, "reason": reason})
            if not json:
                passed = f"the edit of its mapping ({name})" if edit else f"delivery {name}"
                typer.echo(f"{site}: {passed} will be taken by the next run -> {run_again(data)}")
        if json:
            print_json(told)


def set_aside(
    site: Annotated[str, typer.Argument(metavar="STUDY/SITE", help="The site; of an export of many the whole delivery goes.")],
    delivery: Annotated[str, typer.Option(help="The delivery: the first characters of its sha256.")],
    who: Annotated[str, typer.Option(help="Who decides.")],
    reason: Annotated[str, typer.Option(help="Why the delivery is not to count.")],
    take_back: Annotated[bool, typer.Option("--take-back", help="Let a delivery count again that was set aside.")] = False,
    data: Data = Path("data"),
    json: Json = False,
) -> None:
    """Treat a delivery as if it had never come (a wrong file); it stays in landing. The next run goes without it.

    JSON: {site, delivery, counts, who, reason}

    Example: trialweave set-aside sad01/07 --delivery 1a2b3c4d5e6f --who "A. Manager" --reason "export of another trial"
    """
    with told_errors():
        from flows.engine import decisions

        decided = (decisions.take_back if take_back else decisions.put_aside)(data, site, delivery, who, reason)
        if json:
            print_json({"site": site, "delivery": decided, "counts": take_back, "who": who, "reason": reason})
            return
        told = "counts again" if take_back else "does not count"
        typer.echo(f"{site}: delivery {decided} {told} from the next run on -> {run_again(data)}")


def queries(
    data: Data = Path("data"),
    out: Annotated[Path, typer.Option(help="Folder for the listings.")] = Path("queries"),
    site: Annotated[str, typer.Option("--site", metavar="STUDY/SITE", help="Only this site.")] = "",
    json: Json = False,
) -> None:
    """Write each site's open findings as a listing it can answer (csv and xlsx), gravest first; they hold the site's own texts. A listing
    that holds answers which were not read yet is not written over.

    JSON: [site, queries, findings, files]

    Example: trialweave queries --data data --out queries --site sad01/07
    """
    with told_errors():
        from flows.engine import queries as listings

        made = listings.issue(data, out, site)
        if json:
            print_json(made)
            return
        for one in made:
            of = f" about {one['findings']} findings" if one["findings"] != one["queries"] else ""
            typer.echo(f"{one['site']}: {one['queries']} queries{of}")
        if made:
            typer.echo(f"{len(made)} listings in {as_path(out)}; send back -> trialweave answers FILE --data {data}")
        else:
            typer.echo("no site is asked anything: no listing was written")
        for path in listings.left_over(out, made) if not site else ():
            typer.echo(f"{as_path(path)} is of before: its site is asked nothing now")


def answers(
    file: Annotated[Path, typer.Argument(help="A listing of trialweave queries that a site filled in, csv or xlsx.")],
    data: Data = Path("data"),
    json: Json = False,
) -> None:
    """Read a site's answers: `corrected` waits for new data, `confirmed correct` keeps a finding closed while the value is the same. New
    values in the listing are not taken: they come with the site's export.

    JSON: {file, corrected, confirmed, known (answers that were read before), unanswered (rows), not_taken (sentences)}

    Example: trialweave answers queries/sad01_07_queries.xlsx --data data
    """
    with told_errors():
        from flows.engine import answer_file

        taken = answer_file.take(data, file, dt.datetime.now(dt.UTC).date())
        if json:
            print_json({"file": str(file), **vars(taken)})
            return
        before = f", {taken.known} that were read before" if taken.known else ""
        new = f"{taken.corrected} corrected, {taken.confirmed} confirmed"
        typer.echo(f"{file.name}: {new}{before}; {taken.unanswered} rows without an answer")
        for line in taken.not_taken:
            typer.echo(f"look -> {line}")
        if taken.corrected or taken.confirmed:
            typer.echo(f"the next run applies them -> {run_again(data)}")


def waive(
    finding: Annotated[str, typer.Argument(help="finding_id or its beginning, as trialweave findings shows it.")],
    who: Annotated[str, typer.Option(help="Who decides.")],
    reason: Annotated[str, typer.Option(help="Why the value is right as it is.")],
    until: Annotated[dt.datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Last day the waiver holds.")] = None,
    data: Data = Path("data"),
    json: Json = False,
) -> None:
    """Close a finding whose value is right; it opens again when the value changes or the day has passed.

    JSON: {finding, site, rule, was (its status until now), until, who, reason}

    Example: trialweave waive 3f0c2a9b1d4e --who "A. Manager" --reason "seen on paper" --data data
    """
    with told_errors():
        from flows.engine import answers as store

        last = until.date() if until else None
        of = store.waive(data, finding, who, reason, last, dt.datetime.now(dt.UTC).date())
        place = f"{of['study']}/{of['site']}"
        if json:
            print_json({"finding": of["finding_id"], "site": place, "rule": of["rule"], "was": of["status"],
                        "until": last, "who": who, "reason": reason})  # fmt: skip
            return
        told = f"{of['finding_id']} ({of['rule']} of {place}, {of['status']} until now)"
        typer.echo(f"{told} is waived from the next run on -> {run_again(data)}")
