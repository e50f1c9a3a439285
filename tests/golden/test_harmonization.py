"""The harmonization matrix: which variable can be had from which site, from what is mapped, declared and sent."""

from __future__ import annotations

import csv
from pathlib import Path

import duckdb
import polars as pl
import pytest
from typer.testing import CliRunner

from flows.__main__ import app
from flows.engine.mapping.shapes import FIELDS
from schemas.columns import PER_SITE, columns
from schemas.harmonization import COLUMNS, needs
from tests.conftest import ROOT, DemoRelease
from tests.privacy import DEIDENTIFIED, KEY, Tiny


@pytest.fixture(scope="module")
def tiny(tmp_path_factory) -> Tiny:
    """Site A has a list of arms and does not collect weights; site B declares that nobody takes anything else."""
    tiny = Tiny(tmp_path_factory.mktemp("matrix"))
    tiny.export("A", "arms.csv").write_text("id,arm\nS1,DCS\nS2,PBO\n")
    a, b = (tiny.config / "sites" / f"t01_{site}" / "site.yaml" for site in "AB")
    text = a.read_text() + "  randomization: {file: arms.csv, fields: {arm: arm}}\nnot_collected: {dose: [record_no], disposition: ['*']}\n"
    a.write_text(text)
    b.write_text(b.read_text() + "no_medication_table: none\nnot_collected: {session: [exposure_started_at]}\n")
    tiny.run()
    return tiny


def matrix(tiny: Tiny, site: str, *wanted: str) -> list[tuple]:
    """(dataset.variable, potential, status, rows, filled, reason) of a site, in the order asked for."""
    found = pl.read_parquet(tiny.latest / "harmonization.parquet").filter(pl.col("SITEID") == site)
    rows = {f"{r['DATASET']}.{r['VARIABLE']}": r for r in found.sort("KIND", descending=True).iter_rows(named=True)}
    return [(w, *(rows[w][c] for c in ("POTENT", "STATUS", "NROWS", "NFILLED", "REASON"))) for w in wanted]


def test_a_field_is_filled_empty_not_mapped_or_declared_not_collected(tiny: Tiny):
    assert matrix(tiny, "A", "dose.dose", "session.exposure_started_at", "medication.ended_on", "dose.time_point", "dose.record_no",
                  "disposition.withdrawn_on", "assessment.item", "assessment.value") == [
        ("dose.dose", "MAPPED", "FILLED", 3, 2, "read from mg"),
        ("session.exposure_started_at", "MAPPED", "FILLED", 4, 1, "read from exposure"),
        ("medication.ended_on", "UNDETERMINED", "EMPTY", 2, 0, "read from end; no kept row has a value"),
        ("dose.time_point", "UNDETERMINED", "NOT_MAPPED", 3, 0, "the mapping does not name it"),
        ("dose.record_no", "IMPOSSIBLE", "NOT_COLLECTED", 3, 0, "declared in not_collected"),
        ("disposition.withdrawn_on", "IMPOSSIBLE", "NOT_COLLECTED", 0, 0, "declared in not_collected"),
        ("assessment.item", "MAPPED", "FILLED", 4, 4, "read from constant SPDS"),
        ("assessment.value", "MAPPED", "FILLED", 4, 4, "read from score"),
    ]  # fmt: skip


def test_the_list_of_arms_of_a_blinded_trial_is_mapped_and_not_opened(tiny: Tiny):
    assert matrix(tiny, "A", "randomization.arm", "adsl.TRT01P") == [
        ("randomization.arm", "UNDETERMINED", "EMPTY", 0, 0, "not opened while the trial is blinded"),
        ("adsl.TRT01P", "UNDETERMINED", "EMPTY", 2, 0, "randomization.arm: not opened while the trial is blinded"),
    ]
    assert matrix(tiny, "B", "randomization.arm") == [
        ("randomization.arm", "UNDETERMINED", "NOT_MAPPED", 0, 0, "table randomization is not mapped")
    ]


def test_a_variable_stands_as_the_worst_of_what_it_cannot_do_without(tiny: Tiny):
    assert matrix(tiny, "B", "adex.LAGSTRT", "adex.LAGEXPO", "adae.AESEV", "adsl.WDFL", "adsuds.SUDSPEAK", "adex.TAILFL") == [
        ("adex.LAGSTRT", "MAPPED", "FILLED", 4, 2, ""),
        ("adex.LAGEXPO", "IMPOSSIBLE", "NOT_COLLECTED", 4, 0, "session.exposure_started_at: declared not collected"),
        ("adae.AESEV", "UNDETERMINED", "NOT_MAPPED", 0, 0, "adverse_event.verbatim, adverse_event.severity: not mapped"),
        ("adsl.WDFL", "UNDETERMINED", "NOT_MAPPED", 2, 2, "disposition.subject_id: not mapped"),
        ("adsuds.SUDSPEAK", "UNDETERMINED", "NOT_MAPPED", 2, 0, "rating.peak: not mapped"),
        ("adex.TAILFL", "UNDETERMINED", "EMPTY", 4, 0, "no row has a value"),
    ]


def test_where_no_medication_is_declared_its_flags_can_be_made_and_its_set_has_no_rows(tiny: Tiny):
    assert matrix(tiny, "B", "medication.verbatim", "adsl.ADBLFL", "adcm.CMDECOD") == [
        ("medication.verbatim", "IMPOSSIBLE", "NOT_COLLECTED", 0, 0, "none is taken, as no_medication_table says"),
        ("adsl.ADBLFL", "MAPPED", "FILLED", 2, 2, ""),
        ("adcm.CMDECOD", "IMPOSSIBLE", "NOT_COLLECTED", 0, 0, "medication.verbatim: declared not collected"),
    ]


def test_each_score_of_the_trial_has_a_line(tiny: Tiny):
    """Of B's four forms one holds an 8 on a scale of 1-7."""
    found = pl.read_parquet(tiny.latest / "harmonization.parquet").filter(pl.col("KIND") == "SCORE")
    assert found.select("SITEID", "VARIABLE", "STATUS", "NROWS", "NFILLED").rows() == [
        ("A", "SPDS", "FILLED", 4, 4), ("B", "SPDS", "FILLED", 3, 3)
    ]  # fmt: skip


def test_of_a_site_that_is_not_in_the_release_only_the_mapping_is_told(tmp_path: Path):
    tiny = Tiny(tmp_path)
    tiny.export("B", "suds.csv").unlink()
    tiny.run()

    assert matrix(tiny, "B", "dose.dose", "adex.EXDOSE") == [
        ("dose.dose", "UNDETERMINED", "EMPTY", 0, 0, "read from Dosis; nothing of the site is in the release"),
        ("adex.EXDOSE", "UNDETERMINED", "EMPTY", 0, 0, "nothing of the site is in the release"),
    ]


def test_in_a_de_identified_trial_text_is_counted_as_the_release_shows_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TINY_KEY", KEY)
    tiny = Tiny(tmp_path, DEIDENTIFIED)
    tiny.run()

    assert matrix(tiny, "A", "adcm.CMTRT", "adcm.CMDECOD") == [
        ("adcm.CMTRT", "UNDETERMINED", "EMPTY", 2, 0, "free text is left out: the trial is de-identified"),
        ("adcm.CMDECOD", "MAPPED", "FILLED", 2, 2, ""),
    ]


def test_the_counts_are_those_of_the_published_sets(demo_release: DemoRelease):
    con = duckdb.connect()
    for dataset in (*PER_SITE, "adipd"):
        con.execute(f"create view {dataset} as from read_parquet('{demo_release.release}/{dataset}/**/*.parquet')")
    told = pl.read_parquet(demo_release.release / "harmonization.parquet").filter(pl.col("KIND") == "SET")
    for dataset in (*PER_SITE, "adipd"):
        names = [c.name for c in columns()[dataset]]
        counts = ", ".join(f'count("{n}")' for n in names)
        true = {(st, si): (n, values) for st, si, n, *values in
                con.execute(f"select STUDYID, SITEID, count(*), {counts} from {dataset} group by all").fetchall()}  # fmt: skip
        of = told.filter(pl.col("DATASET") == dataset)
        for (study, site), mine in of.group_by("STUDYID", "SITEID"):
            rows, values = true.get((study, site), (0, [0] * len(names)))
            assert dict(mine.select("VARIABLE", "NFILLED").rows()) == dict(zip(names, values, strict=True)), (dataset, study, site)
            assert set(mine["NROWS"]) == {rows}


def test_the_table_and_the_csv_say_the_same_and_both_are_in_the_manifest_dictionary_and_catalog(demo_release: DemoRelease):
    import json

    frame = pl.read_parquet(demo_release.release / "harmonization.parquet")
    with (demo_release.release / "harmonization.csv").open(newline="") as lines:
        assert [tuple(r) for r in csv.reader(lines)] == [tuple(COLUMNS), *[tuple(map(str, r)) for r in frame.rows()]]
    files = {f["path"]: f["rows"] for f in json.loads((demo_release.release / "manifest.json").read_text())["files"]}
    assert (files["harmonization.parquet"], files["harmonization.csv"]) == (frame.height, frame.height)
    dictionary = pl.read_csv(demo_release.release / "dictionary.csv", infer_schema=False)
    assert dictionary.filter(pl.col("dataset") == "harmonization")["name"].to_list() == [*COLUMNS]
    ended = CliRunner().invoke(app, ["sql", "select count(*) as n from harmonization", "--data", str(demo_release.data), "--csv"])
    assert (ended.exit_code, ended.output.split()) == (0, ["n", str(frame.height)])


def test_the_command_shows_sites_side_by_side_and_one_site_with_reasons(demo_release: DemoRelease):
    def shown(*words: str) -> str:
        ended = CliRunner().invoke(app, ["harmonization", "--data", str(demo_release.data), *words])
        assert ended.exit_code == 0, ended.output
        return ended.output

    assert "53 variables, 4 sites" in shown("--study", "sad01", "--kind", "INTAKE")
    assert "randomization.arm: not mapped" in shown("--site", "sad01/07", "--potential", "UNDETERMINED")


def mapped(column: str) -> str:
    """A column of an intake contract as the mapping names its field."""
    table, _, name = column.partition(".")
    table = "assessment" if table in ("form", "item") else table
    name = {"item_values": "value", "dose_as_recorded": "dose"}.get(name, name)
    return f"{table}.{next((field for field, of in FIELDS[table].items() if of.column == name), name)}"


def test_what_a_variable_cannot_do_without_is_what_its_sql_reads():
    """Every need of needs.csv is among the site's fields that docs/lineage.csv finds behind the variable."""
    with (ROOT / "docs" / "lineage.csv").open(newline="") as lines:
        behind = {(r["dataset"], r["variable"]): {mapped(f) for f in r["fields"].split()} for r in csv.DictReader(lines)}
    # names are coded outside of SQL; the arm's label is found by a join
    elsewhere = {"medication.verbatim", "adverse_event.verbatim", "randomization.arm"}
    wrong = {}
    for (dataset, variable), wanted in needs().items():
        assert all(w.partition(".")[2] in FIELDS[w.partition(".")[0]] for w in wanted), (dataset, variable)
        if variable != "*" and (
            lacking := {w for w in wanted if not w.endswith(".subject_id")} - behind[(dataset, variable)] - elsewhere
        ):
            wrong[f"{dataset}.{variable}"] = lacking
    assert wrong == {}


def test_every_set_of_a_site_says_what_all_its_variables_need():
    assert {d for d, v in needs() if v == "*"} == {*PER_SITE, "adipd"} - {"addv"}


@pytest.mark.parametrize(
    ("declared", "told"),
    [
        ("{dose: [taken]}", "not_collected.dose: taken is mapped; take it out of one of the two"),
        ("{dose: ['*']}", "not_collected.dose: the table is mapped; take it out of one of the two"),
        ("{dose: [colour]}", "not_collected.dose: unknown field 'colour'; dose has subject_id, session_no"),
    ],
)
def test_what_is_declared_not_collected_must_be_a_field_that_nothing_reads(tmp_path: Path, declared: str, told: str):
    tiny = Tiny(tmp_path)
    site = tiny.config / "sites" / "t01_B" / "site.yaml"
    site.write_text(site.read_text() + f"not_collected: {declared}\n")

    assert told in CliRunner().invoke(app, ["check-config", "--config", str(tiny.config)]).output
