"""`trialweave demo`: the embedded demo through the whole route, and three queries to try on it.

What belongs here: showing a newcomer where things are. What does not: the run itself (run.py).
"""

from __future__ import annotations

from pathlib import Path

import typer

from flows.cli.common import DEMO, Data
from flows.cli.run import run

QUERIES = """
Three queries to try, as they stand here:

  DuckDB  .venv/bin/python -c "import duckdb; print(duckdb.sql(\\"select STUDYID, TIMCAT, count(*) as doses from '{release}/adex/**/*.parquet' group by all order by all\\"))"
  pandas  .venv/bin/python -c "import pandas; print(pandas.read_parquet('{release}/adsl').groupby('STUDYID')[['NDOSE', 'NWIN12', 'NGOOD']].mean())"
  R       Rscript -e 'dplyr::collect(dplyr::count(arrow::open_dataset("{release}/adsess"), STUDYID, SESSRES))'

What is wrong with the demo's data, and who must answer:  .venv/bin/trialweave findings --data {data}
"""


def demo(asked_by: typer.Context, data: Data = Path("data")) -> None:
    """Run the embedded four-trial demo into the data folder; say where the release is and how to read it.

    Example: trialweave demo --data data
    """
    try:
        run(asked_by, config=DEMO, data=data)
    except typer.Exit as ended:
        if ended.exit_code > 1:  # 1, a held site, is part of the demo, not its failure
            raise
    release = data / "releases" / "latest"
    if release.is_symlink():
        typer.echo(f"\nrelease: {release} -> {release.readlink()}")
        if (release / "report.html").is_file():
            typer.echo(f"report:  {release / 'report.html'}")
        typer.echo(QUERIES.format(release=release, data=data))
