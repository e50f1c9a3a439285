"""A mapping that is edited on the real engine: rows it would lose or move, values it changes, and how a person lets it pass."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest

from flows.engine import batch, changes, findings_store, landing, prune, rebuild, releases
from flows.engine.config import load
from schemas.findings import EditedError
from tests.golden.test_hold import PEOPLE, SITE, VISITS, Export
from tests.nights import call

#: Sessions of the second half of the course would not be read any more: 10 of each site's 20.
FILTER = SITE.replace("    file: sessions.csv\n", '    file: sessions.csv\n    where: {no: "1"}\n')
HELD = "t01/01: the mapping was edited, and of the same delivery 10 instead of 20 session records are kept; the site stays"


def edit(export: Export, text: str) -> None:
    (export.config / "sites" / "t01_all" / "site.yaml").write_text(text)


def standing(export: Export, on: str) -> dict[str, tuple[str, int]]:
    """The night after an edit, no new delivery: site -> status, sessions kept."""
    export.ended = export.run(as_of=on)
    return {e["site"]: (e["status"], e["tables"]["session"]["kept"]) for e in export.ended.release.manifest["sites"] if e["site"] != "all"}


def told(export: Export, site: str, rule: str = "mapping_changes_values") -> list[tuple[str, str, str]]:
    """Findings about edits: table, status, suggestion."""
    known = findings_store.history(export.data, [("t01", site)], rule=rule).sort("table")
    return known.select("table", "status", "suggestion").rows()


def test_an_edit_that_loses_rows_of_the_same_delivery_holds_the_site_and_names_the_line(export: Export):
    edit(export, FILTER)

    assert standing(export, "2026-03-02") == {"01": ("carried", 20), "02": ("carried", 20)}
    reason = export.ended.release.manifest["sites"][0]["reason"]
    assert reason.startswith(HELD)
    assert "where -> sites/t01_all/site.yaml line 13\n" in reason and "release-hold t01/01 --edit" in reason
    assert "mapping_loses_records" in export.rules("01") and "delivery_shrunk" not in export.rules("01")

    # what is published under the mapping of before is made again by it, and keeps it from being pruned
    release = releases.latest(export.data)
    assert release is not None
    assert prune.prune(export.data, keep=1).config == [] and rebuild.rebuild(export.data, release).identical

    code, said = call("release-hold", "t01/01", "t01/02", "--edit", "--who", "A. Manager", "--reason", "one each", "--data", export.data)
    assert code == 0 and "t01/02: the edit of its mapping" in said
    # also with a delivery that comes the same night: it is not blamed for what the edit leaves out
    people = ["id,center,age,sex,consent", *PEOPLE, "P22,01,31,m,2026-01-05"]
    (export.config / "exports" / "people.csv").write_text("\n".join(people) + "\n")
    at = dt.datetime.fromisoformat("2026-03-04T12:00:00+00:00")
    landing.receive(export.data, load(export.config).units["t01/all"], export.config, at)
    assert standing(export, "2026-03-04") == {"01": ("fresh", 10), "02": ("fresh", 10)}


def test_an_edit_is_told_from_a_cut_delivery_that_comes_the_same_night(export: Export):
    edit(export, FILTER)

    export.night("2026-03-03", visits=[*VISITS, "P02,01,2,1,2026-02-01 10:00"])
    first = export.ended.release.manifest["sites"][0]["reason"]
    assert "of the newest delivery 10 instead of 19 session" in first and "no longer sent" not in first

    export.night("2026-03-04", visits=VISITS[:20])
    both = export.ended.release.manifest["sites"][0]["reason"]
    assert "the mapping was edited" in both and "10 of 20 session records of the delivery of 2026-03-01 are no longer sent" in both


def test_the_carried_data_of_a_held_site_are_not_lost_by_an_edit(export: Export):
    export.night("2026-03-02", visits=VISITS[:20])
    edit(export, FILTER)

    assert standing(export, "2026-03-03") == {"01": ("carried", 20), "02": ("carried", 20)}
    assert HELD.replace("the same", "the newest").split(" 10 ")[0] in export.ended.release.manifest["sites"][0]["reason"]


def test_an_edit_that_changes_values_is_told_with_counts_until_it_is_taken_back_or_waived(export: Export):
    edit(export, SITE.replace('{"1": true, "0": false}', '{"1": false, "0": true}'))

    assert standing(export, "2026-03-02") == {"01": ("fresh", 20), "02": ("fresh", 20)}
    session, subject = told(export, "01")
    where = "since the edit of sites/t01_all/site.yaml line 15: "
    assert session == ("session", "OPEN", f"{where}adsess rows have another ATTFL in 20 of 20")
    assert subject == ("subject", "OPEN", f"{where}adsl rows have another NSESS in 10 of 10, NDV in 10 of 10")

    edit(export, SITE.replace('{"1": true, "0": false}', '{"1": false, "0": true}') + "# nothing else\n")
    standing(export, "2026-03-03")
    assert [s for _, s, _ in told(export, "01")] == ["OPEN", "OPEN"]

    edit(export, FILTER)  # another edit that holds the site does not make one forget the first
    standing(export, "2026-03-03")
    assert [s for _, s, _ in told(export, "01")] == ["OPEN", "OPEN"]

    edit(export, SITE)
    standing(export, "2026-03-04")
    assert [s for _, s, _ in told(export, "01")] == ["RESOLVED", "RESOLVED"]


def test_an_edit_that_reads_another_column_is_kept_among_the_changes_with_both_texts(export: Export):
    edit(export, SITE.replace("age_years: age", 'age_years: {from: consent, pattern: "(?P<value>[0-9]{2})26-.*"}'))
    standing(export, "2026-03-02")

    mine = changes.history(export.data).filter(pl.col("subject") == "P02").select("table", "kind", "field", "old_value", "new_value", "why")
    assert mine.rows() == [("subject", "changed", "age_years", "32", "2026-01-05", "mapping")]


def test_an_edit_that_only_adds_is_no_finding(export: Export):
    edit(export, SITE.replace("age_years: age", "age_years: age, weight_kg: {from: age, unit: kg}"))

    assert standing(export, "2026-03-02") == {"01": ("fresh", 20), "02": ("fresh", 20)}
    assert told(export, "01") == []


def test_an_edit_that_cannot_be_compared_is_told_until_it_is_waived_or_taken_back(export: Export):
    for kept in (export.data / "config").glob("*.zip"):
        kept.unlink()
    edit(export, SITE.replace('{"1": true, "0": false}', '{"1": false, "0": true}'))

    for day in ("2026-03-02", "2026-03-03"):
        standing(export, day)
        assert [s for _, s, _ in told(export, "01", "mapping_not_compared")] == ["OPEN"], day

    edit(export, SITE)
    standing(export, "2026-03-04")
    assert [s for _, s, _ in told(export, "01", "mapping_not_compared")] == ["RESOLVED"]


def test_rows_given_to_other_participants_by_an_edit_hold_the_site(export: Export):
    edit(export, SITE.replace("subject_id: id", 'subject_id: {from: id, pattern: "P(?P<id>\\\\d+)"}'))

    assert {s for s, _ in standing(export, "2026-03-02").values()} == {"carried"}
    assert "20 of 20 session records belong to another participant or session" in export.ended.release.manifest["sites"][0]["reason"]


def test_an_edit_after_which_the_delivery_cannot_be_read_is_named_in_the_reason(export: Export):
    edit(export, SITE.replace("from: came", "from: camr"))

    assert {s for s, _ in standing(export, "2026-03-02").values()} == {"carried"}
    reason = export.ended.release.manifest["sites"][0]["reason"]
    assert "has no column 'camr'" in reason
    assert "the mapping was edited since its data were published -> sites/t01_all/site.yaml line 15" in reason

    edit(export, SITE)
    assert standing(export, "2026-03-03") == {"01": ("unchanged", 20), "02": ("unchanged", 20)}
    assert not export.ended.degraded
    assert call("release-hold", "t01/01", "--edit", "--who", "x", "--reason", "y", "--data", export.data)[0] == 2


def test_an_edit_of_the_trial_that_changes_values_is_a_note_on_each_site_until_it_is_taken_back(export: Export):
    trial = export.config / "trials" / "t01.yaml"
    before = trial.read_text()
    trial.write_text(before.replace("dosing: {sessions: [1]}", "dosing: {sessions: [1, 2]}"))
    assert trial.read_text() != before
    line = 1 + before[: before.index("dosing:")].count("\n")

    assert standing(export, "2026-03-02") == {"01": ("fresh", 20), "02": ("fresh", 20)}
    for site in ("01", "02"):
        ((table, status, said),) = told(export, site, "configuration_changes_values")
        assert (table, status) == ("", "OPEN")
        assert said.startswith(f"since the edit of trials/t01.yaml line {line}: adsl rows have another N")
        assert told(export, site) == []

    trial.write_text(before)
    standing(export, "2026-03-03")
    assert [s for _, s, _ in told(export, "01", "configuration_changes_values")] == ["RESOLVED"]


def test_an_edit_of_a_code_list_that_changes_values_is_told_too_and_one_that_changes_none_is_not(export: Export):
    words = export.config / "codelists" / "units.csv"
    words.parent.mkdir()
    words.write_text("text,unit,quantity,factor\nspring,spring,age,1\n")
    edit(export, SITE.replace("age_years: age", "age_years: {from: age, unit: spring}"))
    standing(export, "2026-03-02")
    assert told(export, "01", "configuration_changes_values") == []

    words.write_text("text,unit,quantity,factor\nspring,spring,age,2\n")
    assert standing(export, "2026-03-03") == {"01": ("fresh", 20), "02": ("fresh", 20)}
    ((_, status, said),) = told(export, "01", "configuration_changes_values")
    assert (status, said) == ("OPEN", "since the edit of codelists/units.csv line 2: adsl rows have another AGE in 10 of 10")

    words.write_text("text,unit,quantity,factor\nspring,spring,age,1\n")
    standing(export, "2026-03-04")
    assert [s for _, s, _ in told(export, "01", "configuration_changes_values")] == ["RESOLVED"]


def test_a_code_list_edited_while_a_night_computes_gives_no_output_and_the_next_night_all_of_it(export: Export, monkeypatch):
    words = export.config / "codelists" / "units.csv"
    words.parent.mkdir()
    words.write_text("text,unit,quantity,factor\nspring,spring,age,1.5\n")
    edit(export, SITE.replace("age_years: age", "age_years: {from: age, unit: spring}"))
    before, read, waiting = releases.latest(export.data), batch.map_batch, ["text,unit,quantity,factor\nspring,spring,age,2\n"]

    def then_edited(*given):
        read(*given)
        if waiting:
            words.write_text(waiting.pop())

    monkeypatch.setattr(batch, "map_batch", then_edited)
    with pytest.raises(EditedError, match="code lists were edited while the night computed with them; nothing was published"):
        standing(export, "2026-03-02")
    assert releases.latest(export.data) == before

    standing(export, "2026-03-03")
    ages = pl.read_parquet(sorted((export.ended.release.folder / "adsl").rglob("*.parquet")), columns=["AGE"])["AGE"].to_list()
    assert sorted(ages) == sorted(2 * int(line.split(",")[2]) for line in PEOPLE)
