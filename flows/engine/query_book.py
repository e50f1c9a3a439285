"""The workbook a site gets: how to answer, the questions, and the records behind a question about many.

What belongs here: sheets, columns, the list of answers. What does not: which questions (queries.py), their words (query_words.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from flows.engine.query_words import ANSWERS, HEADINGS, MEANINGS

SHEET = "Queries"
_WIDTHS = {"query_id": 18, "rank": 6, "subject": 14, "record_key": 26, "value_as_sent": 22, "file": 22, "question": 46, "request": 40,
           "suggestion": 32, "state": 24, "touches": 20, "answer": 19, "comment": 36}  # fmt: skip
_HOW = (
    "Each row of the sheet Queries is one question about records that your site sent. The most urgent ones come first.",
    "1. Look the record up in the source document.",
    "2. If it is wrong, put it right in your own system. Please do not write new values into this file.",
    "3. Choose an answer from the list in the yellow column Answer, write your name and the day, and a comment where it is needed.",
    "4. Leave the answer empty where you have none yet. Change no other column, and add no names of participants.",
    "5. Send the file back as it is. What is answered will not be asked again unless the value changes.",
    "A question may be about many records at once (column Records); they are in the sheet Records, and the answer counts for all of them. "
    "If it would not be the same for all, put right what can be put right and leave the answer empty: we ask again about the rest.",
)


def write(path: Path, title: str, columns: Sequence[str], filled_in: Sequence[str], rows: Sequence[Sequence[str]],
          records: Iterable[Sequence[str]]) -> None:  # fmt: skip
    """Write a site's workbook. `rows`: texts in the order of `columns`; `records`: query, participant, record, value, file, row."""
    from openpyxl import Workbook
    from openpyxl.styles import Alignment, Font, PatternFill, Protection
    from openpyxl.worksheet.datavalidation import DataValidation

    book = Workbook()
    _instructions(book.active, title, columns)
    sheet: Any = book.create_sheet(SHEET)
    sheet.freeze_panes = "C2"
    yellow = PatternFill("solid", fgColor="FFF2CC")
    for number, row in enumerate([[HEADINGS[c] for c in columns], *rows], start=1):
        for at, (name, text) in enumerate(zip(columns, row, strict=True), start=1):
            cell = _plain(sheet, number, at, text)
            cell.font = Font(bold=number == 1)
            cell.alignment = Alignment(wrap_text=True, vertical="top")
            if name in filled_in:
                cell.fill = yellow
                cell.protection = Protection(locked=number == 1)
    for at, name in enumerate(columns, start=1):
        sheet.column_dimensions[_letter(at)].width = _WIDTHS.get(name, 13)
    last = len(rows) + 1
    answer, day = (_letter(list(columns).index(name) + 1) for name in ("answer", "answered_on"))
    allowed = DataValidation(type="list", formula1=f'"{",".join(ANSWERS)}"', allow_blank=True, showErrorMessage=True)
    allowed.errorTitle, allowed.error = "Answer", f"Please choose one of: {', '.join(ANSWERS)}"
    dated = DataValidation(type="textLength", operator="between", formula1="8", formula2="10", allow_blank=True, showInputMessage=True)
    dated.promptTitle, dated.prompt = "Day", "Such as 2026-03-31"
    for validation, column in ((allowed, answer), (dated, day)):
        sheet.add_data_validation(validation)
        validation.add(f"{column}2:{column}{max(last, 2)}")
    sheet.auto_filter.ref = f"A1:{_letter(len(columns))}{last}"
    sheet.protection.sheet = True  # no password: a guard against slips, not a lock
    sheet.protection.formatColumns = sheet.protection.formatRows = sheet.protection.autoFilter = sheet.protection.sort = False
    _records(book, records)
    book.save(path)


def _instructions(sheet: Any, title: str, columns: Sequence[str]) -> None:
    from openpyxl.styles import Alignment, Font

    sheet.title = "How to answer"
    lines = [(title, ""), ("", ""), *((line, "") for line in _HOW), ("", ""), ("Answer", "What it says"), *ANSWERS.items(), ("", ""),
             ("Column", "What it holds"), *((HEADINGS[c], MEANINGS[c]) for c in columns if c in MEANINGS)]  # fmt: skip
    for number, (left, right) in enumerate(lines, start=1):
        for at, text in ((1, left), (2, right)):
            cell = _plain(sheet, number, at, text)
            cell.alignment = Alignment(wrap_text=bool(right), vertical="top")
            cell.font = Font(bold=number == 1 or left in ("Answer", "Column") or (at == 1 and bool(right)))
        if not right and left:
            sheet.merge_cells(start_row=number, start_column=1, end_row=number, end_column=2)
            sheet.cell(number, 1).alignment = Alignment(wrap_text=True, vertical="top")
            sheet.row_dimensions[number].height = 15 * (1 + len(left) // 110)
    sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = 22, 96


def _records(book: Any, records: Iterable[Sequence[str]]) -> None:
    from openpyxl.styles import Font

    found = list(records)
    if not found:
        return
    sheet = book.create_sheet("Records")
    sheet.freeze_panes = "A2"
    names = [HEADINGS[c] for c in ("query_id", "subject", "record_key", "value_as_sent", "file", "row")]
    for number, row in enumerate([names, *found], start=1):
        for at, text in enumerate(row, start=1):
            _plain(sheet, number, at, text).font = Font(bold=number == 1)
    for at in range(1, len(names) + 1):
        sheet.column_dimensions[_letter(at)].width = 24


def _plain(sheet: Any, row: int, column: int, text: str) -> Any:
    """A cell that is text to every spreadsheet, whatever it holds."""
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    cell = sheet.cell(row, column)
    if text:
        cell.value = ILLEGAL_CHARACTERS_RE.sub(" ", text)
        cell.data_type = "s"
    cell.number_format = "@"
    return cell


def _letter(number: int) -> str:
    from openpyxl.utils import get_column_letter

    return str(get_column_letter(number))
