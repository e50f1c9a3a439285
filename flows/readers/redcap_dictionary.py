"""REDCap's data dictionary: fields, forms, choices.

What belongs here: the CSV of the dictionary (16 to 18 columns, from the web pages or the API). What does not: data (redcap.py).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from flows.readers import delimited
from flows.readers.cells import About, ReadOptions, unreadable

#: What we read of the dictionary: name in the API's metadata -> start of its name on the web pages.
_COLUMNS = {
    "field_name": "Variable / Field Name",
    "form_name": "Form Name",
    "field_type": "Field Type",
    "field_label": "Field Label",
    "select_choices_or_calculations": "Choices",
    "text_validation_type_or_show_slider_number": "Text Validation Type",
    "identifier": "Identifier?",
    "branching_logic": "Branching Logic",
    "field_annotation": "Field Annotation",
}
_NEEDED = ("field_name", "form_name", "field_type")
_CHOSEN = ("radio", "dropdown", "checkbox", "sql")
_FIXED = {"yesno": {"1": "Yes", "0": "No"}, "truefalse": {"1": "True", "0": "False"}}
_CHECKED = {"1": "Checked", "0": "Unchecked"}
_COMPUTING = ("@CALCTEXT", "@CALCDATE")
_TAG = re.compile(r"<[^>]+>")


@dataclass(frozen=True)
class Field:
    """One field."""

    name: str
    form: str
    kind: str
    label: str
    choices: dict[str, str]
    validation: str
    is_identifier: bool
    shown_if: str
    is_computed: bool = False


@dataclass(frozen=True)
class Dictionary:
    """All fields in order."""

    fields: dict[str, Field] = field(default_factory=dict)

    @property
    def forms(self) -> list[str]:
        """Forms in order."""
        return list(dict.fromkeys(f.form for f in self.fields.values()))

    @property
    def record_id(self) -> str:
        """The first field is the record's identifier."""
        return next(iter(self.fields))

    def title(self, form: str) -> str:
        """A form's name as a label export writes it, as far as the dictionary tells."""
        return form.replace("_", " ").title()

    def columns(self) -> dict[str, str]:
        """Column of the export -> its name in a label export."""
        out: dict[str, str] = {}
        for one in self.fields.values():
            if one.kind == "checkbox":
                out |= {box(one.name, code): f"{one.label} (choice={label})" for code, label in one.choices.items()}
            elif one.kind != "descriptive":
                out[one.name] = one.label
        return out | {f"{form}_complete": "Complete?" for form in self.forms}

    @cached_property
    def _owner(self) -> dict[str, Field]:
        """Column of the export -> its field."""
        out: dict[str, Field] = {}
        for one in self.fields.values():
            out |= dict.fromkeys([box(one.name, code) for code in one.choices] if one.kind == "checkbox" else [one.name], one)
        return out

    def is_checkbox(self, column: str) -> bool:
        """Is it one box of a checkbox field?"""
        return column in self._owner and self._owner[column].kind == "checkbox"

    def form_of(self, column: str) -> str | None:
        """The form a column of the export belongs to."""
        if column in self._owner:
            return self._owner[column].form
        form = re.sub(r"_(?:complete|timestamp)$", "", column)
        return form if form != column and form in self.forms else None

    def about(self) -> dict[str, About]:
        """What is known of each column."""
        out: dict[str, About] = {}
        for one in self.fields.values():
            free = one.kind in ("notes", "textarea") or (one.kind == "text" and not one.validation and one.name != self.record_id)
            if one.kind == "checkbox":
                for code, label in one.choices.items():
                    words = f"{one.label} (choice={label})"
                    out[box(one.name, code)] = About(words, labels=_CHECKED, is_identifier=one.is_identifier, shown_if=one.shown_if)
            elif one.kind != "descriptive":
                labels = _FIXED.get(one.kind, one.choices if one.kind in _CHOSEN else {})
                out[one.name] = About(
                    one.label, labels=labels, is_identifier=one.is_identifier, is_free_text=free, shown_if=one.shown_if
                )
        return out


def load(path: Path) -> Dictionary:
    """Read a dictionary. Raises ReadError: not there, no dictionary, a field twice."""
    if not path.is_file():
        raise unreadable(path, "the data dictionary is not in the delivery", "correct `companion`, or ask for the dictionary")
    table = delimited.read(path, ReadOptions()).table
    places = {
        key: next((n for n in table.column_names if n == key or n.startswith(start)), None) for key, start in _COLUMNS.items()
    }
    if any(places[key] is None for key in _NEEDED):
        raise unreadable(path, "it is no REDCap data dictionary: its columns are others", "export the dictionary from REDCap again")
    fields: dict[str, Field] = {}
    for row in table.to_pylist():
        cell = {key: str(row[place] or "").strip() if place else "" for key, place in places.items()}
        if cell["field_name"] in fields:
            raise unreadable(path, "it defines a field twice", "export the dictionary from REDCap again")
        fields[cell["field_name"]] = Field(
            cell["field_name"],
            cell["form_name"],
            cell["field_type"].lower(),
            " ".join(_TAG.sub("", cell["field_label"]).split()),
            choices(cell["select_choices_or_calculations"]) if cell["field_type"].lower() in _CHOSEN else {},
            cell["text_validation_type_or_show_slider_number"],
            cell["identifier"].lower() == "y",
            cell["branching_logic"],
            any(tag in cell["field_annotation"].upper() for tag in _COMPUTING),
        )
    if not fields:
        raise unreadable(path, "the data dictionary has no fields", "export the dictionary from REDCap again")
    return Dictionary(fields)


def choices(text: str) -> dict[str, str]:
    """`0, None | 1, Mild, or so` -> code -> label; a label may hold commas."""
    out: dict[str, str] = {}
    for choice in text.split("|"):
        code, comma, label = choice.partition(",")
        if comma:
            out[code.strip()] = _TAG.sub("", label).strip()
    return out


def box(name: str, code: str) -> str:
    """The column of one box: REDCap writes the code in lower case and its minus sign as an underscore."""
    return f"{name}___{code.lower().replace('-', '_')}"
