"""The words of a listing that a site coordinator reads: headings, what a record is called, what is done with it meanwhile.

What belongs here: words. What does not: which findings are asked about (queries.py), how the workbook looks (query_book.py).
"""

from __future__ import annotations

import re

from schemas.findings import Impact, Severity

#: Column of a listing -> its heading in the workbook; the csv has the plain names.
HEADINGS = {
    "query_id": "Query", "rank": "No.", "about": "About", "subject": "Participant", "record_key": "Record", "field": "Field",
    "value_as_sent": "Value as sent", "file": "File", "row": "Row", "n_rows": "Records", "question": "What we found",
    "request": "What we ask you to do", "suggestion": "Hint", "state": "Until it is settled", "touches": "It can change",
    "first_seen": "Open since", "answer": "Answer", "comment": "Comment", "answered_by": "Answered by", "answered_on": "Answered on",
    "valid_until": "Valid until",
}  # fmt: skip
#: What the headings mean, where that is not plain.
MEANINGS = {
    "query_id": "Our number of the question. Please leave it as it is.",
    "record_key": "What tells the record apart: participant, session, time point, date, separated by |.",
    "value_as_sent": "The text exactly as it stands in your export.",
    "row": "The row of the file, counted without its heading: row 1 is the first record.",
    "n_rows": "How many records the question is about. More than one: they are listed in the sheet Records.",
    "state": "What we do with the record while the question is open.",
    "touches": "Which result the answer can change. These questions are the most urgent.",
    "answer": "Choose one of the list: corrected, or confirmed correct.",
    "comment": "Why the value is right (needed for `confirmed correct`). Please write no names of participants.",
    "answered_by": "Your name.",
    "answered_on": "The day of the answer, such as 2026-03-31.",
    "valid_until": "Only if the answer holds for a time: the last day, such as 2026-12-31.",
}
ANSWERS = {
    "corrected": "The record was wrong or not complete. You have put it right in your system, and your next export will bring it.",
    "confirmed correct": "You have compared the record with the source document, and it is right as it was sent. Say why in the comment.",
}
_STATES = {
    str(Severity.REJECT): "the record is not used", str(Severity.WITHHOLD): "the value is not used, the record is",
    str(Severity.QUERY): "it is used as sent",
}  # fmt: skip
_TOUCHES = {
    str(Impact.BOTH): "time of a dose and main outcome", str(Impact.PRIMARY): "main outcome", str(Impact.TIMING): "time of a dose",
    str(Impact.AMOUNT): "amount of a dose", str(Impact.NONE): "",
}  # fmt: skip
_RECORDS = {
    "subject": "participant", "session": "session", "dose": "dose", "rating": "fear rating", "medication": "medication",
    "form": "questionnaire", "item": "questionnaire", "item_fault": "questionnaire", "assessment": "questionnaire",
    "adverse_event": "adverse event", "disposition": "withdrawal", "randomization": "randomization", "planned_dose": "dose",
    "total_check": "questionnaire", "score_jump": "questionnaire", "scale_jump": "questionnaire",
    "form_place": "questionnaire", "suds_code": "fear rating",
    "exposure_delay": "session", "exposure_gap": "session", "session_length": "session", "dose_lag": "dose", "dose_amount": "dose",
    "subject_run": "participant", "consent_gap": "participant", "course_gap": "course of a participant",
    "event_spelling": "adverse event", "wide_file": "file", "file_column": "column of a file",
    "file_note": "file", "loose_row": "row of a file", "hidden_cell": "cell of a file", "repeated_cell": "cell of a file",
    "row_mark": "row of a file", "column_order": "column of a file", "": "export",
}  # fmt: skip
_FIELDS = {
    "dose_mg": "amount of the dose", "dosed_at": "date and time of the dose", "taken": "capsule taken", "time_point": "before or after",
    "session_no": "session number", "started_at": "start", "ended_at": "end", "exposure_started_at": "start of the exposure",
    "attended": "attended", "age_years": "age", "weight_kg": "weight", "consented_on": "date of consent", "sex": "sex",
    "randomized_on": "date of randomization", "subject_id": "participant", "verbatim": "name or term", "started_on": "start date",
    "ended_on": "end date", "begin_suds": "fear at the begin", "peak_suds": "highest fear", "end_suds": "fear at the end", "item": "item",
    "assessed_on": "date",
    "withdrawn_on": "date of withdrawal", "exercise_no": "number of the exercise", "ongoing": "still taken",
}  # fmt: skip
#: A hint that speaks of our files or commands is for us, not for the site.
_OURS = re.compile(r"\.ya?ml|\.csv\b|trialweave|mapping|\bmap of\b|`")


def about(table: str) -> str:
    """What kind of record a finding is about."""
    if table in _RECORDS:
        return _RECORDS[table]
    first = table.partition("_")[0]
    return {"site": "the whole site", "delivery": "export"}.get(first) or _RECORDS.get(first, table.replace("_", " "))


def field(name: str) -> str:
    """A field in words; items of questionnaires keep their code."""
    return _FIELDS.get(name, name.replace("_", " ") if name.islower() else name)


def state(severity: str) -> str:
    """What is done with a record meanwhile."""
    return _STATES.get(severity, "")


def touches(impact: str | None) -> str:
    """What an answer can change."""
    return _TOUCHES.get(impact or "", "")


def hint(suggestion: str | None) -> str:
    """A suggestion, where it is the site's to use."""
    return "" if not suggestion or _OURS.search(suggestion) else suggestion
