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

app = typer.Typer(
    name="trialweave", no_args_is_help=True, add_completion=True, pretty_exceptions_enable=False, rich_markup_mode=None,
    help="Weaves the exports of many clinical-trial sites into one set of analysis-ready Parquet tables.",
    epilog=f"Exit codes: 0 ok, 1 degraded, 2 usage or configuration, 3 failed. {DEBUG} after any command shows where it failed.",
)  # fmt: skip
app.command()(run.run)
app.command()(demo.demo)
app.command()(backfill.backfill)
app.command()(doctor.doctor)
app.command()(look.status)
app.command()(rows.findings)
app.command()(rows.changes)
app.command()(rows.checks)
app.command()(harmonization.harmonization)
app.command()(rows.sql)
app.command("check-config")(check_config.check_config)
app.command("new-site")(new_site.new_site)
app.command("new-trial")(new_site.new_trial)
app.command()(look.propose)
app.command()(look.verify)
app.command()(releases.rebuild)
app.command()(releases.diff)
app.command()(releases.prune)
app.command("release-hold")(decide.release_hold)
app.command()(explain.explain)
app.command("explain-rule")(explain_rule.explain_rule)
app.command()(report.report)
app.command()(analyze.analyze)
app.command()(tables.tables)
app.command()(export.export)
app.command("set-aside")(decide.set_aside)
app.command()(decide.queries)
app.command()(decide.answers)
app.command()(decide.waive)
app.command()(serving.serve)
app.add_typer(coding.app, name="coding")
app.command()(trust.unblind)
app.command("leak-test")(trust.leak_test)
app.command()(trust.purge)


def main() -> None:
    """Entry point of `trialweave`; help says that name however it was started."""
    app([word for word in sys.argv[1:] if word != DEBUG], prog_name="trialweave")


if __name__ == "__main__":
    main()
