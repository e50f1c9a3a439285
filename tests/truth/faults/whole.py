"""Faults of a whole export: scale, columns, cut files, clock, encoding."""

from __future__ import annotations

import datetime as dt

from tests.truth.faults.base import kind
from tests.truth.records import Record, Site
from tests.truth.styles.base import Sheet


def every(site: Site, table: str) -> list[Record]:
    """Every record of a table."""
    return [r for s in site.subjects for r in s.records[table]]


@kind("site", lambda s: s.scale in ("0-100", "1-100"), whole_site=True)
def site_rates_on_ten(site: Site) -> None:
    for r in every(site, "rating"):
        r.sent |= {k: max(1, round(r.true[k] / 10)) for k in ("begin", "peak", "end") if r.true[k] is not None}


@kind("site", whole_site=True)
def site_codes_items_one_too_high(site: Site) -> None:
    for r in every(site, "assessment"):
        if r.true["instrument"] in ("LSAS", "CY-BOCS", "AQ-ACRO"):
            r.sent["items"] = {c: None if v is None else v + 1 for c, v in r.true["items"].items()}
            if r.true["total"] is not None:
                r.sent["total"] = sum(r.sent["items"].values())


@kind("site", lambda s: s.clock == "site" and not s.split, whole_site=True)
def site_writes_doses_in_utc(site: Site) -> None:
    for r in every(site, "dose"):
        if r.true["dosed_at"]:
            r.sent["dosed_at"] = r.true["dosed_at"].astimezone(dt.UTC)


@kind("site", lambda s: not s.typed and s.dose_kind == "fixed", whole_site=True)
def site_writes_doses_in_grams(site: Site) -> None:
    for r in every(site, "dose"):
        if r.true["taken"]:
            r.sent["amount"] = r.true["dose_mg"] / 1000


@kind("site", whole_site=True)
def column_renamed(site: Site) -> None:
    def rename(sheets: dict[str, Sheet]) -> None:
        sheet = next(s for n, s in sheets.items() if _is(n, site, "suds"))
        sheet.columns[-1] = "renamed"

    site.reshape.append(rename)


@kind("site", lambda s: s.delimited, whole_site=True, told=True)
def column_added(site: Site) -> None:
    def add(sheets: dict[str, Sheet]) -> None:
        sheet = next(s for n, s in sheets.items() if _is(n, site, "suds"))
        sheet.columns.append("new column")
        for row in sheet.rows:
            row.append("x")

    site.reshape.append(add)


@kind("site", lambda s: s.delimited, whole_site=True)
def columns_swapped_under_their_names(site: Site) -> None:
    """The header of begin and end exchanged with the cells: nothing is wrong, the order of columns means nothing."""

    def swap(sheets: dict[str, Sheet]) -> None:
        sheet = next(iter(sheets.values()))
        a, b = len(sheet.columns) - 1, len(sheet.columns) - 2
        for row in [sheet.columns, *sheet.rows]:
            row[a], row[b] = row[b], row[a]

    site.reshape.append(swap)


@kind("site", lambda s: s.delimited and s.encoding != "utf-16", whole_site=True)
def file_cut_in_a_row(site: Site) -> None:
    def cut(files: dict[str, bytes]) -> None:
        name = next(n for n in files if _is(n, site, "dose"))
        whole = files[name].rstrip()
        at = whole.rindex(b"\n")
        files[name] = whole[: at - 7]

    site.rewrite.append(cut)


@kind("site", lambda s: not s.delimited, whole_site=True)
def file_damaged(site: Site) -> None:
    def damage(files: dict[str, bytes]) -> None:
        name = next(n for n in files if _is(n, site, "dose"))
        files[name] = files[name][: len(files[name]) * 2 // 3]

    site.rewrite.append(damage)


@kind("site", lambda s: not s.wide and not s.one_file, whole_site=True)
def file_not_delivered(site: Site) -> None:
    def lose(files: dict[str, bytes]) -> None:
        files.pop(next(n for n in files if _is(n, site, "dose")))

    site.rewrite.append(lose)


@kind("site", lambda s: not s.wide and not s.one_file, whole_site=True)
def file_not_delivered_of_medications(site: Site) -> None:
    def lose(files: dict[str, bytes]) -> None:
        files.pop(next(n for n in files if _is(n, site, "medication")))

    site.rewrite.append(lose)


@kind("site", lambda s: s.delimited and s.encoding == "utf-8", whole_site=True)
def file_with_byte_order_mark(site: Site) -> None:
    def mark(files: dict[str, bytes]) -> None:
        for name in files:
            files[name] = b"\xef\xbb\xbf" + files[name]

    site.rewrite.append(mark)


@kind("site", lambda s: s.delimited and s.encoding != "utf-16", whole_site=True)
def header_repeated_amid_the_rows(site: Site) -> None:
    def repeat(files: dict[str, bytes]) -> None:
        name = next(n for n in files if _is(n, site, "dose"))
        lines = files[name].split(b"\n")
        files[name] = b"\n".join([*lines[:5], lines[0].removeprefix(b"\xef\xbb\xbf"), *lines[5:]])

    site.rewrite.append(repeat)


@kind("site", lambda s: s.delimited and s.encoding != "utf-16", whole_site=True)
def quote_never_closed(site: Site) -> None:
    def open_quote(files: dict[str, bytes]) -> None:
        name = next(n for n in files if _is(n, site, "medication"))
        delimiter = site.style.delimiter.encode()
        lines = files[name].split(b"\n")
        at = min(3, len(lines) - 2)
        if site.style.one_file:
            at = next(n for n, line in enumerate(lines) if b",conmed," in line)
            name_at = lines[at].split(delimiter).index(b"1 tablet") - 1
        else:
            name_at = 2 if site.style.name == "edc_long" or site.style.name == "edc_utc" else 1
        cells = lines[at].split(delimiter)
        cells[name_at] = b'"' + cells[name_at]
        lines[at] = delimiter.join(cells)
        files[name] = b"\n".join(lines)

    site.rewrite.append(open_quote)


@kind("site", lambda s: s.delimited and s.encoding == "utf-16", whole_site=True)
def file_in_another_encoding(site: Site) -> None:
    def encode(files: dict[str, bytes]) -> None:
        for name, data in files.items():
            files[name] = data.decode("utf-16").encode("utf-8")

    site.rewrite.append(encode)


#: Style -> which file or sheet holds a table, where the name alone does not say.
FILES = {
    "suds": ("suds", "SUDS", "usas", "qs.xpt", "OCD01_DATA", "ocd01_export.xlsx#SUDS", "export.xml#IG.SUDS", "aq.csv"),
    "dose": (
        "dosing", "medikation", "doses", "ec.xpt", "OCD01_DATA", "dosis", "capsules", "pills", "deelnemers", "ocd01_export", "export.xml",
    ),
    "medication": (
        "conmeds", "begleitmedikation", "medications", "cm.xpt", "OCD01_DATA", "medicacion", "meds", "medicatie", "Läkemedel", "export.xml",
    ),
}


def _is(name: str, site: Site, what: str) -> bool:
    if "#" in name and what == "suds":
        return name.endswith(("#SUDS", "#IG.SUDS"))
    return any(name.startswith(stem) for stem in FILES[what])
