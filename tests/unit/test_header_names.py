"""Names of a header that may be shown, and a first line that is no header."""

from __future__ import annotations

import pytest

from flows.engine.header_names import is_data, shown

CELLS = {"w", "m", "depression", "pt-0002"}


def held(text: str) -> bool:
    return text.casefold() in CELLS


@pytest.mark.parametrize(
    ("header", "told"),
    [
        (["PatNr", "Alter", "Geschlecht"], False),
        (["PatNr", "Alter (Jahre)", "lsas_f01"], False),
        (["Nummer", "Alder", "Kjønn"], False),  # all of them renamed, all of them names
        (["PT-0001", "36", "w"], True),  # `w` stands in the data
        (["PT-0001", "16.12.2024", "57,7"], True),  # most of them are no names
        (["PatNr", "Alter", "1", "2", "3"], False),  # numbered columns beside known ones
        (["PatNr", "Depression"], False),  # a column of that name beside a known one
        (["Nr", "Depression"], True),
    ],
)
def test_a_first_line_without_a_known_name_is_data_where_one_of_its_texts_is_or_most_are_no_names(header, told):
    assert is_data(header, {"PatNr", "Alter", "Geschlecht"}, held) is told


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("Alter", "'Alter'"),
        ("Start (neu)", "'Start (neu)'"),
        ("#4", "column 2"),
        ("16.12.2024", "column 2"),
        ("57,7", "column 2"),
        ("lives at the harbour and has been ill since", "column 2"),
        ("a=1+1", "column 2"),
    ],
)
def test_a_name_the_mapping_does_not_know_is_shown_where_it_looks_like_one_else_its_place(name, told):
    assert shown(name, ["PatNr", name], {"PatNr"}) == told


def test_a_name_the_mapping_knows_is_shown_whatever_it_looks_like():
    assert shown("1. Datum/Zeit; Beginn", ["1. Datum/Zeit; Beginn"], {"1. Datum/Zeit; Beginn"}) == "'1. Datum/Zeit; Beginn'"
