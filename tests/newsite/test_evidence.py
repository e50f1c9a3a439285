"""What cells and names prove: orders of dates, numbers, identifiers, columns side by side, words."""

from __future__ import annotations

import pyarrow as pa
import pytest

from flows.newsite import families, identity, lexicon
from flows.newsite.column import Column
from flows.newsite.dateshape import look
from flows.newsite.naming import likeness, spellings, tokens
from flows.newsite.opening import Sheet
from flows.readers import About


def column(*texts: str | None, **about: object) -> Column:
    """A column with these cells; `3 x no` is three cells."""
    cells: list[str | None] = []
    for text in texts:
        n, times, rest = (text or "").partition(" x ")
        cells += [rest] * int(n) if times else [text]
    return Column.of("c", 0, pa.chunked_array([pa.array(cells, pa.string())]), About(**about), typed=False)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("cells", "formats"),
    [
        (["31/01/2024", "02/03/2024"], ("%d/%m/%Y",)),
        (["1/8/2025", "12/22/2024"], ("%m/%d/%Y",)),
        (["2024-11-03T09:30", "2024-11-03"], ("%Y-%m-%d", "%Y-%m-%dT%H:%M")),
        (["12.31.2024"], ("%m.%d.%Y",)),
        (["01.02.2024"], ("%d.%m.%Y",)),
        (["7/2023", "12/25/2022", "12/26/2022"], ("%m/%d/%Y", "%m/%Y")),
        (["15 Oct 2024", "3 Mar 2025"], ("%d %b %Y",)),
        (["20240131"], ("%Y%m%d",)),
        (["03/02/2024 14h05", "31/01/2024 9h30"], ("%d/%m/%Y %Hh%M",)),
        (["2024-10-17T13:34:00-0500"], ("%Y-%m-%dT%H:%M:%S%z",)),
        (["31.02.2024"], ()),
        (["84.2", "7"], ()),
        (["S3"], ()),
    ],
)
def test_formats_that_read_the_cells_are_found(cells, formats):
    found = look([(c, 1) for c in cells])
    assert found.formats == formats
    assert found.open_order is None


@pytest.mark.parametrize(
    ("cells", "asks"),
    [
        ([("01/02/2024", 3), ("03/04/2024", 2)], '"%d/%m/%Y" (5 cells) or "%m/%d/%Y" (5 cells); no cell tells them apart'),
        ([("13/01/2024", 1), ("01/14/2024", 2), ("05/05/2024", 4)],
         '"%d/%m/%Y" (1 cells) or "%m/%d/%Y" (2 cells); only it reads 1 and 2'),
        ([("01-02-2024", 1)], '"%d-%m-%Y" (1 cells) or "%m-%d-%Y" (1 cells); no cell tells them apart'),
        ([("08/12/24", 1)], '"%d/%m/%y" (1 cells) or "%m/%d/%y" (1 cells); no cell tells them apart'),
    ],
)  # fmt: skip
def test_an_order_that_no_cell_or_cells_on_both_sides_tell_is_open(cells, asks):
    order = look(cells).open_order
    assert order is not None
    assert order.asks == asks


def test_clock_times_are_found_alone():
    assert look([("1405", 2), ("0930", 1)], clocks=True).formats == ("%H%M",)
    assert look([("14.05", 1)], clocks=True).formats == ("%H.%M",)
    assert look([("12:16 PM", 1)], clocks=True).formats == ("%I:%M %p",)
    assert look([("25:00", 1)], clocks=True).formats == ()


@pytest.mark.parametrize(
    ("name", "term", "score"),
    [
        ("ConsentDate", "consent date", 1.0), ("date_of_consent", "consent", 0.95), ("Weight (lb)", "weight", 0.95),
        ("Praeparat", "Präparat", 1.0), ("subject_initials", "subject", 0.65), ("time", "timepoint", 0.0),
        ("medication", "medications", 0.81), ("dose", "exposure", 0.0),
    ],
)  # fmt: skip
def test_names_are_alike_by_their_words_and_what_is_added_counts_against(name, term, score):
    found = max(likeness(tokens(name), t, lexicon.fillers()) for t in spellings(term))
    assert found == pytest.approx(score, abs=0.01)


def test_numbers_with_points_and_commas_are_told_apart():
    assert column("57,7", "75,2", "3").numbers.decimal == ","
    assert column("57.7", "75,2").numbers.decimal is None
    assert column("57", "75").numbers.decimal is None
    assert column("x", "57.7").numbers.share == 0.5


def test_words_for_missing_values_are_no_values():
    found = column("57,7", "k.A.", "n/a", "nicht da")
    assert (found.missing_words, found.n_given) == ({"k.A.": 1, "n/a": 1}, 2)


@pytest.mark.parametrize(
    ("cells", "codes"),
    [
        (["9 x ja", "3 x nein"], [("ja", 9), ("nein", 3)]),
        (["Ann Smith", "Bo Jones", "Cy Young", "Di Hall", "Ed King"], []),
        (["9 x " + "a long text that nobody uses as a code"], []),
        ([*(f"2 x {n}" for n in range(13))], []),
    ],
)  # fmt: skip
def test_only_few_short_and_repeated_texts_are_codes(cells, codes):
    assert column(*cells).codes() == codes


def test_an_identifier_or_free_text_has_no_codes_whatever_its_cells():
    assert column("9 x ja", is_identifier=True).codes() == []
    assert column("9 x ja", is_free_text=True).codes() == []


@pytest.mark.parametrize(
    ("ids", "pattern", "pad"),
    [
        ([("PT-0001", 3), ("PT-0020", 2)], r"PT-(?P<id>\d{4})", None),
        ([("PT-0001", 9), ("PT-0020", 9), ("PT-20", 1)], r"PT-(?P<id>\d{1,4})", 4),
        ([("001", 5), ("012", 5), ("2", 1)], None, 3),
        ([("101", 5), ("99", 5)], None, None),
        ([("A-1", 5), ("B-2", 5)], None, None),
        ([("S9", 5), ("S10", 5)], r"S(?P<id>\d+)", None),
    ],
)
def test_what_identifiers_have_in_common_becomes_a_pattern_and_lost_zeros_a_padding(ids, pattern, pad):
    how = identity.written(ids)
    assert (how.pattern, how.pad) == (pattern, pad)


@pytest.mark.parametrize(
    ("names", "pattern", "variants"),
    [
        ([f"lsas_{h}{i:02d}" for h in "fa" for i in (1, 2, 3)], r"lsas_(?P<column>f|a)(?P<n>\d+)", ["f", "a"]),
        ([f"{i}{h}" for i in (1, 2, 3) for h in "ab"], r"(?P<n>\d+)(?P<column>a|b)", ["a", "b"]),
        ([f"Q{i}F" for i in (1, 2)], r"Q(?P<n>\d+)F", ["Q"]),
        (["s1_came", "s1_start", "s2_came", "s2_start"], r"s(?P<n>\d+)_(?P<column>came|start)", ["came", "start"]),
    ],
)
def test_names_that_differ_in_numbers_are_columns_side_by_side(names, pattern, variants):
    (found,) = families.find(names)
    assert found.pattern(["n"], "column", variants) == pattern
    assert list(found.variants) == variants


@pytest.mark.parametrize(
    ("names", "pattern"),
    [
        (["phq9_1", "phq9_2", "phq9_3", "phq9 total"], r"phq9_(?P<item>\d+)"),
        (["CAPS05Q01_v1", "CAPS05Q02_v1"], r"CAPS05Q(?P<item>\d+)_v1"),
        (["lsas24_f1", "lsas24_f2", "lsas24_a1", "lsas24_a2"], r"lsas24_(?P<half>f|a)(?P<item>\d+)"),
        (["s1_e1", "s1_e2", "s2_e1", "s2_e2"], r"s(?P<item>\d+)_e(?P<more>\d+)"),
    ],
)
def test_a_number_that_is_the_same_in_all_names_is_of_the_name_where_that_is_asked_for(names, pattern):
    (found,) = families.find(names, fixed_is_text=True)
    assert found.pattern(["item", "more"][: found.slots], "half", list(found.variants)) == pattern


def test_boxes_of_a_checkbox_are_no_columns_side_by_side():
    assert families.find(["gym___1", "gym___2", "gym___3"]) == []


def test_no_word_of_the_lexicon_has_two_meanings_in_one_list():
    assert lexicon.words("sex")["vrouw"] == "F"
    assert "h" not in {t for t, v in lexicon.words("sex").items() if v == "F"}
    for name in ("boolean", "sex", "severity", "time_point"):
        assert len(set(lexicon.words(name).values())) > 1


def test_every_field_of_every_table_has_words():
    from flows.engine.mapping.shapes import FIELDS

    known = lexicon.fields()
    lacking = [f"{t}.{f}" for t, of in FIELDS.items() for f in of if f != "subject_id" and not known.get((t, f))]
    assert lacking == []
    languages = {"en", "de", "fr", "es", "it", "pt", "nl", "sv", "da", "nb", "fi", "pl"}
    assert {t.language for t in known[("session", "started_at")]} == {*languages, "cdash"}


def test_a_column_that_is_one_for_all_is_not_the_participant():
    """Clinical views of Rave: studyid stands before Subject, and is called like an identifier, too."""
    cells = {"studyid": ["22", "22", "22"], "Subject": ["SAD-08-001", "SAD-08-002", "SAD-08-003"], "AGE": ["31", "44", "52"]}
    table = pa.table(cells)
    columns = {n: Column.of(n, at, table[n], About(), typed=False) for at, n in enumerate(cells)}
    found = identity.id_column(Sheet(("DM.csv",), "DM.csv", {}, "DM", table, columns))
    assert found is not None
    assert found[0].name == "Subject"
