"""`trialweave harmonization`: which variable can be had from which site.

What belongs here: the command. What does not: making the matrix (flows/engine/harmonization.py).
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from flows.cli.asked import demand, release_named, sites_of
from flows.cli.common import Data, Json, print_json, print_table, told_errors
from schemas.harmonization import Kind, Potential

#: How a cell is shown.
SIGNS = {"FILLED": "x", "EMPTY": "empty", "NOT_MAPPED": "?", "NOT_COLLECTED": "-"}
#: More sites than this are counted instead of listed side by side.
MANY = 12


def harmonization(
    data: Data = Path("data"),
    study: Annotated[str, typer.Option(help="Only this trial.")] = "",
    site: Annotated[str, typer.Option("--site", metavar="STUDY/SITE", help="Only this site, with the reasons.")] = "",
    kind: Annotated[Kind | None, typer.Option(help="Only intake fields, variables of sets, or scores.")] = None,
    potential: Annotated[Potential | None, typer.Option(help="Only what is mapped, undetermined or impossible.")] = None,
    json: Json = False,
) -> None:
    """Variable by site: x filled, empty (mapped and never filled), ? not mapped, - declared not collected.

    JSON: [STUDYID, SITEID, KIND, DATASET, VARIABLE, LABEL, POTENT, STATUS, NROWS, NFILLED, REASON]

    Example: trialweave harmonization --kind INTAKE --study sad01
    """
    with told_errors():
        import polars as pl

        release = release_named(data)
        known = sites_of(release)
        demand("trial", study, [k for k in known if "/" not in k])
        demand("site", site, [k for k in known if "/" in k])
        found = pl.read_parquet(release.folder / "harmonization.parquet")
        name = pl.concat_str("STUDYID", "SITEID", separator="/")
        wanted = {"KIND": str(kind or ""), "POTENT": str(potential or ""), "STUDYID": study}
        found = found.filter(*(pl.col(c) == v for c, v in wanted.items() if v), *([name == site] if site else []))
        if json:
            print_json(found.to_dicts())
            return
        if site:
            columns = ["KIND", "DATASET", "VARIABLE", "STATUS", "NFILLED", "NROWS", "REASON"]
            rows = [list(r) for r in found.select(columns).iter_rows()]
            print_table(f"{site}: {found.height} variables", [c.lower() for c in columns], rows, right=("nfilled", "nrows"))
            return
        variables = found.select("KIND", "DATASET", "VARIABLE").unique(maintain_order=True)
        sites = found.select(name.alias("site")).unique().sort("site")["site"].to_list()
        if len(sites) <= MANY:
            shown = {(k, d, v, s): SIGNS[st] for k, d, v, s, st in found.select("KIND", "DATASET", "VARIABLE", name, "STATUS").iter_rows()}
            heads, lines = sites, [[*of, *(shown.get((*of, s), "") for s in sites)] for of in variables.iter_rows()]
        else:
            told = [pl.col("STATUS").eq(s).sum().alias(s) for s in SIGNS]
            counts = found.group_by("KIND", "DATASET", "VARIABLE", maintain_order=True).agg(told)
            heads, lines = [s.lower() for s in SIGNS], [list(r) for r in counts.iter_rows()]
        print_table(f"{variables.height} variables, {len(sites)} sites", ["kind", "dataset", "variable", *heads], lines)
        counts = found["POTENT"].value_counts().sort("POTENT")
        typer.echo(", ".join(f"{n} {k.lower()}" for k, n in counts.iter_rows()))
