"""The command line: `trialweave` or `python -m flows`.

What belongs here: which commands there are. What does not: what they do (flows/cli).
Exit codes: 0 ok, 1 degraded (a site is held, missing or carried; the others went on), 2 usage or configuration, 3 failed.
"""

from __future__ import annotations

import sys

import typer

from flows.cli import (
    analyze,
    backfill,
    check_config,
    coding,
    decide,
    demo,
    doctor,
    explain,
    explain_rule,
    export,
    harmonization,
    look,
    new_site,
    releases,
    report,
    rows,
    run,
    serving,
    tables,
    trust,
)
from flows.cli.common import DEBUG
from flows.cli.help import Command, Group
from schemas.hiding import Hiding

app = typer.Typer(
    name="trialweave", cls=Group, no_args_is_help=True, add_completion=True, pretty_exceptions_enable=False, rich_markup_mode=None,
    help="Weaves the exports of many clinical-trial sites into one set of analysis-ready Parquet tables.",
    epilog=f"Exit codes: 0 ok, 1 degraded, 2 usage or configuration, 3 failed. {DEBUG} after any command shows where it failed.",
)  # fmt: skip
#: Name -> what it does, in the order that help shows.
COMMANDS = {
    "run": run.run,
    "demo": demo.demo,
    "backfill": backfill.backfill,
    "doctor": doctor.doctor,
    "status": look.status,
    "findings": rows.findings,
    "changes": rows.changes,
    "checks": rows.checks,
    "harmonization": harmonization.harmonization,
    "sql": rows.sql,
    "check-config": check_config.check_config,
    "new-site": new_site.new_site,
    "new-trial": new_site.new_trial,
    "propose": look.propose,
    "verify": look.verify,
    "rebuild": releases.rebuild,
    "diff": releases.diff,
    "prune": releases.prune,
    "release-hold": decide.release_hold,
    "explain": explain.explain,
    "explain-rule": explain_rule.explain_rule,
    "report": report.report,
    "analyze": analyze.analyze,
    "tables": tables.tables,
    "export": export.export,
    "set-aside": decide.set_aside,
    "queries": decide.queries,
    "answers": decide.answers,
    "waive": decide.waive,
    "serve": serving.serve,
    "unblind": trust.unblind,
    "leak-test": trust.leak_test,
    "purge": trust.purge,
}
for _name, _function in COMMANDS.items():
    app.command(_name, cls=Command)(_function)
app.add_typer(coding.app, name="coding")


def main() -> None:
    """Entry point of `trialweave`; help says that name however it was started.

    DuckDB imports pandas, where it is installed, at the first parameter it is given: 0.3 s and 60 MB in a process that has no use for it.
    """
    if sys.argv[1:2] != ["analyze"]:
        Hiding("pandas").begin()
    app([word for word in sys.argv[1:] if word != DEBUG], prog_name="trialweave")


if __name__ == "__main__":
    main()
