"""Whole drafts of small exports: what is proven is written, what is not is left open, and no participant shows."""

from __future__ import annotations

import pytest

from flows.engine.yamlfile import DECIDE
from tests.newsite.maker import asked, said, text

GERMAN = """
    Patient | Geburtsjahr | Geschlecht | Einwilligung | Name
    PT-001  | 1980        | H          | 03/04/2024   | Anna Schmidt
    PT-002  | 1975        | M          | 05/06/2024   | Bert Meier
    PT-003  | 1990        | M          | 07/08/2024   | Carl Huber
    PT-004  | 1991        | H          | 09/08/2024   | Dora Lang
"""
INTAKE = """
    Patient | Sitzung | Datum      | Uhrzeit | Dosis | Einheit
    PT-001  | 1       | 24.04.2024 | 09:30   | 50,0  | mg
    PT-002  | 1       | 25.04.2024 | 10:30   | 50,0  | mg
"""


@pytest.fixture
def german(export):
    export.trial()
    export.csv("patienten.csv", GERMAN, delimiter=";", encoding="latin-1")
    export.csv("einnahme.csv", INTAKE, delimiter=";")
    return export


def test_a_german_export_is_read_with_its_pattern_comma_and_day_beside_the_clock(german):
    draft = german.draft()
    assert said(draft, "subject_id") == {"from": "Patient", "pattern": r"PT-(?P<id>\d{3})"}
    assert said(draft, "defaults.delimiter") == ";"
    assert said(draft, "tables.dose.fields.session_no") == "Sitzung"
    assert said(draft, "tables.dose.fields.dose") == {"from": "Dosis", "unit": {"from": "Einheit"}}
    assert said(draft, "defaults.decimal") == ","
    assert said(draft, "tables.dose.fields.dosed_at") == {"from": ["Datum", "Uhrzeit"], "format": "%d.%m.%Y %H:%M"}


def test_an_order_of_day_and_month_that_no_cell_tells_stays_open(german):
    assert said(german.draft(), "tables.subject.fields.consented_on.format") == DECIDE
    assert asked(german.draft())["tables.subject.fields.consented_on.format"] == (
        '"%d/%m/%Y" (4 cells) or "%m/%d/%Y" (4 cells); no cell tells them apart'
    )


def test_a_letter_that_is_man_in_one_language_and_woman_in_another_stays_open(german):
    assert said(german.draft(), "tables.subject.fields.sex.map") == {"H": DECIDE, "M": DECIDE}


def test_the_zone_and_the_meaning_of_clocks_are_asked(german):
    assert {"timezone", "defaults.clock"} <= asked(german.draft(timezone="", clock="")).keys()
    assert not {"timezone", "defaults.clock"} & asked(german.draft()).keys()


def test_no_name_identifier_or_date_of_a_participant_is_in_the_draft(german):
    written = text(german.draft())
    for cell in ("Anna", "Meier", "PT-001", "1980", "03/04/2024", "24.04.2024"):
        assert cell not in written


def test_a_column_that_no_field_takes_is_listed(german):
    assert german.draft().unread_columns == {"patienten.csv": ["Geburtsjahr", "Name"]}


def test_two_drafts_of_one_export_are_the_same_and_read_back_as_they_were_meant(german):
    from flows.engine.yamlfile import YamlFile
    from flows.newsite.asking import plain

    draft = german.draft()
    path = german.config / "site.yaml"
    path.write_text(text(draft), encoding="utf-8")
    errors: list[str] = []
    body = YamlFile.read(path, errors)
    assert errors == []
    assert body is not None
    assert body.data == plain(draft.site)
    assert text(german.draft()) == text(draft)


def test_a_dose_without_a_unit_asks_for_it(export):
    export.trial()
    export.csv("dose.csv", """
        subject_id | session | dose | dosed_at
        S01        | 1       | 50   | 2024-04-24 09:30
        S02        | 1       | 50   | 2024-04-25 10:30
    """)  # fmt: skip
    assert "tables.dose.fields.dose.unit" in asked(export.draft())


def test_arms_are_asked_in_an_open_trial_and_not_looked_at_in_a_blinded_one(export):
    from tests.newsite.maker import TRIAL

    export.csv("randomization.csv", """
        subject_id | arm | randomized_on
        S01        | 1   | 2024-04-24
        S02        | 2   | 2024-04-25
        S03        | 1   | 2024-04-26
        S04        | 2   | 2024-04-27
    """)  # fmt: skip
    export.trial(TRIAL.replace("{status: blinded}", "{status: unblinded}"))
    export.csv("subjects.csv", """
        subject_id | sex
        S01        | female
        S02        | male
    """)  # fmt: skip
    opened = asked(export.draft())
    assert {p for p in opened if ".map." in p} == {f"tables.randomization.fields.arm.map.{n}" for n in (1, 2)}
    export.trial()
    assert not [p for p in asked(export.draft()) if ".map." in p]


def test_american_dates_that_only_one_order_reads_are_proven(export):
    export.csv("subjects.csv", """
        subject_id | consent_date
        S01        | 04/24/2024
        S02        | 05/03/2024
    """)  # fmt: skip
    assert said(export.draft(), "tables.subject.fields.consented_on") == {"from": "consent_date", "format": "%m/%d/%Y"}


def test_many_numbered_columns_are_not_taken_for_the_one_rating_of_a_one_item_scale(export):
    export.trial()
    heads = ["subject_id", "visit", "visit_date", *(f"spds_{n}" for n in range(1, 11))]
    rows = [[s, "BASELINE", "2024-04-13", *"0123401234"] for s in ("S01", "S02", "S03")]
    export.csv("spd.csv", "\n".join(" | ".join(r) for r in [heads, *rows]))
    assert "SPD-S" not in text(export.draft())


def test_labels_of_an_spss_file_explain_its_codes(export):
    pyreadstat = pytest.importorskip("pyreadstat")
    import pandas as pd

    frame = pd.DataFrame({"subject_id": ["S01", "S02", "S03"], "sex": [1.0, 2.0, 1.0]})
    pyreadstat.write_sav(frame, export.folder / "subjects.sav", variable_value_labels={"sex": {1: "Frau", 2: "Mann"}})
    assert sorted(said(export.draft(), "tables.subject.fields.sex.map").values()) == ["F", "M"]


def test_a_workbook_with_a_title_above_its_heads_is_read_below_it(export):
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for row in (["Export of the centre"], [], ["subject_id", "consent_date"], ["S01", "2024-04-24"], ["S02", "2024-05-03"]):
        book.active.append(row)
    book.active.title = "people"
    book.save(export.folder / "subjects.xlsx")
    written = text(export.draft())
    assert "consented_on" in written
    assert "S01" not in written
