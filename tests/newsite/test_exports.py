"""Whole drafts of small exports: what is proven is written, what is not is left open, and no participant shows."""

from __future__ import annotations

import pytest

from flows.engine.yamlfile import DECIDE
from schemas.findings import ReadError
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


def test_a_questionnaire_whose_name_holds_a_number_is_found_by_the_number_that_varies(export):
    rows = "".join(f"S0{n} | {' | '.join(str((n + k) % 5) for k in range(20))}\n" for n in range(1, 6))
    export.csv("pcl5.csv", f"subject_id | {' | '.join(f'PCL5_{k}' for k in range(1, 21))}\n{rows}")
    draft = export.draft()
    assert said(draft, "tables.assessment.wide") == {"pattern": r"PCL5_(?P<item>\d+)", "item": "PCL01{item:02d}"}
    assert said(draft, "tables.assessment.fields.instrument") == {"const": "PCL-5"}


def test_numbered_answers_of_no_known_instrument_say_how_to_add_one(export):
    export.csv("people.csv", "subject_id | age\nS1 | 30\nS2 | 41\nS3 | 52\n")
    heads = " | ".join(f"CLQ{k}" for k in range(1, 8))
    export.csv("clq.csv", f"subject_id | {heads}\n" + "".join(f"S{n} | 0 | 1 | 2 | 3 | 4 | 0 | 1\n" for n in (1, 2, 3)))
    assert export.draft().unread_files["clq.csv"] == (
        "no intake table fits it (7 columns from CLQ1 on may be a questionnaire, but of no instrument of docs/instruments.md; "
        "a file in instruments/ adds one)"
    )


def test_an_open_order_of_days_does_not_hide_that_am_and_pm_may_be_lost(export):
    rows = "".join(f"S{n} | {s} | 0{s}/0{n}/2025 | {h} | Y\n" for n, h in ((1, "1:30"), (2, "4:00"), (3, "11:30")) for s in (1, 2))
    export.csv("sessions.csv", f"subject_id | session_no | date | start time | attended\n{rows}")
    (ask,) = (a for path, a in asked(export.draft()).items() if path.endswith("started_at.format"))
    assert ask.startswith('"%d/%m/%Y %H:%M" or "%m/%d/%Y %H:%M"')
    assert ask.endswith("and whether it is a 24-hour clock: no hour is above 12 and some are below 7, so AM and PM may be lost")


def test_ratings_in_sets_of_columns_are_not_also_taken_for_one_row_each(export):
    names = ["beg_1", "max_1", "end_1", "beg_2", "max_2", "end_2"]
    rows = "".join(f"S0{n} | {s} | {' | '.join(str(10 * ((n + s + k) % 9)) for k in range(6))}\n" for n in range(1, 6) for s in (1, 2))
    export.csv("suds.csv", f"subject_id | session_no | {' | '.join(f'suds{n}' for n in names)}\n{rows}")
    draft = export.draft()
    assert [d.table for d in draft.tables if d.table == "rating"] == ["rating"]
    assert said(draft, "tables.rating.wide") == {"pattern": r"(?P<column>sudsbeg|sudsmax|sudsend)_(?P<exercise>\d+)"}


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


def test_a_participant_is_found_by_what_the_sheets_have_in_common_where_no_word_tells(export):
    export.csv("personas.csv", "Clave | Edad\nM1 | 30\nM2 | 41\nM3 | 52\nM4 | 19\n")
    export.csv("sesiones.csv", "Clave | Nº sesión | Asistió\nM1 | 1 | Sí\nM1 | 2 | No\nM2 | 1 | Sí\nM3 | 1 | Sí\n")
    draft = export.draft()
    assert said(draft, "subject_id") == {"from": "Clave", "pattern": r"M(?P<id>\d{1})"}
    assert said(draft, "tables.session.fields.session_no") == "Nº sesión"


def test_an_export_in_which_nothing_names_the_participant_says_what_to_do(export):
    export.csv("a.csv", "x | y\n1 | 2\n1 | 3\n")
    with pytest.raises(ReadError, match=r"no column of it is known to name the participant(.|\n)*a\.csv: x, y(.|\n)*subject_id"):
        export.draft()


def test_what_only_one_event_of_a_redcap_export_fills_is_a_table_of_its_own(export):
    export.csv(
        "DATA.csv",
        """
        record_id | redcap_event_name | redcap_repeat_instrument | age | consent_date | sess_no | sess_attended | sess_start
        1         | baseline_arm_1    | ''                       | 30  | 2025-01-03   | ''      | ''            | ''
        1         | week_4_arm_1      | ''                       | ''  | ''           | ''      | ''            | ''
        2         | baseline_arm_1    | ''                       | 41  | 2025-01-04   | ''      | ''            | ''
        2         | week_4_arm_1      | ''                       | ''  | ''           | ''      | ''            | ''
        1         | week_4_arm_1      | session_log              | ''  | ''           | 1       | 1             | 2025-02-03 10:00
        2         | week_4_arm_1      | session_log              | ''  | ''           | 1       | 0             | 2025-02-04 10:00
        """,
    )
    draft = export.draft()
    assert said(draft, "tables.subject.where") == {"redcap_repeat_instrument": "", "redcap_event_name": "baseline_arm_1"}
    assert said(draft, "tables.subject.fields.age_years") == "age"
    assert said(draft, "tables.session.where") == {"redcap_repeat_instrument": "session_log"}


def test_a_column_called_center_with_one_value_for_each_participant_names_the_sites(export):
    export.csv("people.csv", "Center | Subject | Age\nBoston | B1 | 30\nBoston | B2 | 41\nDallas | D1 | 52\n")
    export.csv("visits.csv", "Center | Subject | Session | Attended\nBoston | B1 | 1 | Yes\nBoston | B2 | 1 | No\nDallas | D1 | 1 | Yes\n")
    assert said(export.draft(), "sites") == {"from": "Center", "known": {"Boston": {}, "Dallas": {}}}


def test_a_column_called_center_that_changes_within_a_participant_names_no_sites(export):
    export.csv("people.csv", "Center | Subject | Age\nBoston | B1 | 30\nBoston | B2 | 41\nDallas | D1 | 52\n")
    sessions = "Dallas | B1 | 1 | Yes | 2025-02-03 10:00\nBoston | B2 | 1 | No | 2025-02-03 11:00\n"
    export.csv("visits.csv", "Center | Subject | Session | Attended | Start\n" + sessions)
    assert said(export.draft(), "sites") is None


def test_sites_whose_names_no_file_can_have_get_names_that_it_can(export):
    export.csv("people.csv", "Zentrum | Patient | Alter\nBad Aibling | B1 | 30\nMünchen | B2 | 41\n")
    assert said(export.draft(), "sites") == {
        "from": "Zentrum", "map": {"Bad Aibling": "Bad_Aibling", "München": "Munchen"}, "known": {"Bad_Aibling": {}, "Munchen": {}},
    }  # fmt: skip
