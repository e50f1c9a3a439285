"""Faults of rows and cells: cut rows, extra cells, Excel errors, shifted cells, texts in number cells."""

from __future__ import annotations

from tests.truth.faults.base import Harm, Unfit, kind
from tests.truth.records import pick

TABLES = ("dose", "session", "rating", "medication")


@kind("row", lambda s: s.delimited and not s.wide)
def row_cut(h: Harm) -> None:
    r = h.record(pick(h.rng, TABLES))
    h.note(r, "", "whole", "cut")
    r.cut = 2


@kind("row", lambda s: s.delimited and not s.wide)
def row_with_an_extra_cell(h: Harm) -> None:
    r = h.record(pick(h.rng, TABLES))
    h.note(r, "", "whole", "an extra cell")
    r.extra = ["x"]


@kind("row", lambda s: not s.wide)
def text_in_a_number_cell(h: Harm) -> None:
    h.write(h.record("rating"), "peak", "see note")


@kind("row")
def excel_error_in_a_rating(h: Harm) -> None:
    h.write(h.record("rating"), "end", "#N/A")


@kind("row", lambda s: s.decimal == ".")
def decimal_comma_among_points(h: Harm) -> None:
    r = h.record("subject")
    h.write(r, "weight", f"{r.true['weight'] + 0.5:g}".replace(".", ","))


@kind("row", lambda s: s.decimal == ",")
def decimal_point_among_commas(h: Harm) -> None:
    r = h.record("subject")
    h.write(r, "weight", f"{r.true['weight'] + 0.5:g}")


@kind("row", lambda s: s.scale == "0-100" and not s.typed)
def rating_with_a_percent_sign(h: Harm) -> None:
    r = h.record("rating")
    h.write(r, "begin", f"{r.true['begin']}%")


@kind("row", lambda s: not s.typed)
def age_with_its_unit(h: Harm) -> None:
    r = h.record("subject")
    h.write(r, "age_years", f"{r.true['age_years']} yrs")


@kind("row", lambda s: s.members != ())
def site_of_a_row_unknown(h: Harm) -> None:
    r = h.taken()
    h.note(r, "site", h.site.member(h.subject.number), "unknown")
    r.sent["site"] = "orlando"


@kind("row", lambda s: s.members != ())
def site_of_a_row_blank(h: Harm) -> None:
    r = h.taken()
    h.write(r, "site", "")


@kind("row", lambda s: s.members != ())
def site_of_a_row_of_another(h: Harm) -> None:
    r = h.taken()
    other = next(m for m in h.style.members if m != h.site.member(h.subject.number))
    h.note(r, "site", h.site.member(h.subject.number), other)
    r.sent["site"] = other


@kind("row", lambda s: not s.wide and not s.typed)
def participant_shifted_to_lower_case(h: Harm) -> None:
    text = h.style.id_text(h.subject.number)
    if text.lower() == text:
        raise Unfit
    h.write(h.taken(), "subject_id", text.lower())
