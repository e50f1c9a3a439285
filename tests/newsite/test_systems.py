"""Drafts of exports as study systems write them: their own columns are keys, not fields; a date in a name is a star."""

from __future__ import annotations

import pytest

from schemas.findings import ReadError
from tests.newsite.maker import said

RAVE_HEAD = "userid,subjectId,Subject,siteid,InstanceName,DataPageName,recordposition,RecordActive"
RAVE_PEOPLE = f"""{RAVE_HEAD},AGE,AGE_RAW,SEX,SEX_STD,WEIGHT,WEIGHT_RAW,WEIGHT_UN
"4","311","01-001","9","Screening","Demographics","0","1","40.0","40","Male","M","70.0","70","kg"
"4","312","01-002","9","Screening","Demographics","0","1","41.0","41","Female","F","150.0","150","lb"
"4","313","01-003","9","Screening","Demographics","0","1","42.0","42","Female","F","61.0","61","kg"
EOF
"""
RAVE_DOSES = f"""{RAVE_HEAD},EXOCCUR,EXOCCUR_STD,EXDOSE,EXDOSE_RAW,EXDOSE_UN,EXDAT,EXDAT_RAW,EXDAT_INT,EXDAT_YYYY,EXDAT_MM,EXDAT_DD,EXTIM
"4","311","01-001","9","Session 1","Dose","0","1","Yes","1","50.0","50","mg","2024-02-03T00:00:00","3 FEB","","2024","2","3","14:05"
"4","312","01-002","9","Session 1","Dose","0","1","Yes","1","50.0","50","mg","2024-02-04T00:00:00","4 FEB","","2024","2","4","15:05"
"4","313","01-003","9","Session 2","Dose","0","1","No","0","","","","","","","","","",""
EOF
"""


def test_a_clinical_view_of_rave_is_read_by_its_subject_session_codes_and_units(export):
    export.trial()
    export.bytes("DM.csv", RAVE_PEOPLE.encode())
    export.bytes("EX.csv", RAVE_DOSES.encode())
    draft = export.draft()
    assert said(draft, "subject_id") == {"from": "Subject", "pattern": r"01-(?P<id>\d{3})"}
    assert said(draft, "tables.subject.fields") == {
        "age_years": "AGE",
        "sex": "SEX_STD",
        "weight_kg": {"from": "WEIGHT", "unit": {"from": "WEIGHT_UN"}},
    }
    assert said(draft, "tables.dose.fields") == {
        "session_no": {"from": "InstanceName", "pattern": r"Session (?P<value>\d+)"},
        "taken": "EXOCCUR_STD",
        "dose": {"from": "EXDOSE", "unit": {"from": "EXDOSE_UN"}},
        "dosed_at": {"from": ["EXDAT", "EXTIM"], "format": "%Y-%m-%d %H:%M"},
        "time_point": {"const": "PRE"},
    }
    assert draft.unread_columns == {} and draft.unread_files == {}


def test_a_date_and_a_clock_time_in_a_file_s_name_are_one_star(export):
    export.trial()
    export.csv("SAD_20250729_133232_people.csv", "Subject | Age\nS01 | 41\nS02 | 42")
    assert said(export.draft(), "tables.subject.file") == "SAD_*_people.csv"


def test_what_all_files_begin_with_says_nothing_of_what_they_are(export):
    export.trial()
    export.csv("V_SAD_DM.csv", "Subject | Age\nS01 | 41\nS02 | 42")
    export.csv("V_SAD_SPDS.csv", "Subject | Visit | Severe\nS01 | BASELINE | 4\nS02 | BASELINE | 5\nS02 | POST | 3")
    export.csv("V_SAD_AE.csv", "Subject | Term | Onset\nS01 | Headache | 2024-02-03\nS02 | Nausea | 2024-02-04")
    draft = export.draft()
    assert said(draft, "tables.assessment.fields.instrument") == {"const": "SPD-S"}
    assert said(draft, "tables.assessment.fields.value") == "Severe"


def test_an_export_of_one_value_a_row_says_what_reads_it(export):
    export.trial()
    export.csv("batch.csv", "Subject Label | Question Code | Question Value\nS01 | AGE | 41\nS01 | SEX | M\nS02 | AGE | 42")
    with pytest.raises(ReadError, match=r"write site.yaml by hand: docs/mapping.md; `long` reads one value a row"):
        export.draft()


def test_a_survey_s_number_of_the_response_is_not_the_participant(export):
    export.trial()
    export.csv("people.csv", "subject | Age\nS01 | 41\nS02 | 42\nS03 | 43")
    answers = "\n".join(f"{n} | 2024-02-0{n} | S0{n} | POST | 4" for n in (1, 2, 3))
    export.csv("survey.csv", f"id | submitdate | subject | visit | spds\n{answers}")
    draft = export.draft()
    assert said(draft, "subject_id") == {"from": "subject", "pattern": r"S(?P<id>\d{2})"}
    assert said(draft, "tables.assessment.fields.subject_id") is None


def test_events_of_a_study_system_are_the_visits_they_are_called_after(export):
    export.trial()
    rows = "\n".join(f"S{n:02d} | SE_{visit} | 4" for n in range(1, 4) for visit in ("BASELINE", "WEEK4", "POST"))
    export.csv("people.csv", "subject | Age\nS01 | 41\nS02 | 42\nS03 | 43")
    export.csv("spds.csv", f"subject | Event | spds\n{rows}")
    codes = {"SE_BASELINE": "BASELINE", "SE_WEEK4": "WEEK 4", "SE_POST": "POST"}
    assert said(export.draft(), "tables.assessment.fields.visit.map") == codes


def test_sdtm_rows_of_what_did_not_occur_or_was_only_planned_are_left_out_and_named(export):
    export.trial()
    export.csv("dm.csv", "DOMAIN | USUBJID | AGE | SEX\nDM | S01 | 41 | F\nDM | S02 | 42 | M")
    export.csv("cm.csv", "DOMAIN | USUBJID | CMSEQ | CMTRT | CMOCCUR | CMSTDTC\nCM | S01 | 1 | Sertraline | Y | 2024-01-03\n"
                         "CM | S02 | 1 | Lithium | N | ")  # fmt: skip
    export.csv("ec.csv", "DOMAIN | USUBJID | ECSEQ | ECMOOD | VISITNUM | VISIT | ECOCCUR | ECDOSE | ECDOSU | ECSTDTC\n"
                         "EC | S01 | 1 | SCHEDULED | 1 | SESSION 1 | | 50 | mg | \n"
                         "EC | S01 | 2 | PERFORMED | 1 | SESSION 1 | Y | 50 | mg | 2024-02-03T10:00")  # fmt: skip
    export.csv("sv.csv", "DOMAIN | USUBJID | VISITNUM | VISIT | SVOCCUR | SVSTDTC\nSV | S01 | 1 | SESSION 1 | Y | 2024-02-03T11:00\n"
                         "SV | S01 | 2 | SESSION 2 | N | ")  # fmt: skip
    draft = export.draft()
    assert said(draft, "tables.medication.where") == {"CMOCCUR": {"none_of": ["N"]}}
    assert said(draft, "tables.dose.where") == {"ECMOOD": {"none_of": ["SCHEDULED"]}}
    assert said(draft, "tables.session.fields.attended") == "SVOCCUR"
    assert said(draft, "ignore_rows") == [{"where": {"ECMOOD": ["SCHEDULED"]}}, {"where": {"CMOCCUR": ["N"]}}]
