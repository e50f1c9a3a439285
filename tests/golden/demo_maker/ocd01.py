"""The three exports of trial ocd01: a REDCap project of two sites, a workbook (Stockholm), UTF-16 text (Barcelona)."""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta
from pathlib import Path

from tests.golden.demo_maker.plans import PLANS
from tests.golden.demo_maker.programme import Person, doses, exercises, forms, people, sessions
from tests.golden.demo_maker.sheets import Book, Row, Sheet, csv_bytes, xlsx_bytes

PLAN = PLANS["ocd01"]
FORMS = {
    "": "age sex weight_lb consent_date rand_date",
    "session": "sess_no sess_attended sess_start exp_start sess_end",
    "dosing": "dose_sess dose_taken dose_mg dose_time",
    "exposure": "ex_sess ex_no ex_begin ex_peak ex_end",
    "cybocs": "cy_visit cy_date " + " ".join(f"cyb{n}" for n in range(1, 11)) + " cy_total",
    "cgi": "cgi_visit cgi_date cgi_s",
    "conmed": "cm_name cm_dose cm_reason cm_start cm_end cm_ongoing",
    "ae": "ae_term ae_start ae_severity ae_serious ae_related",
    "withdrawal": "wd_date wd_reason",
    "pill_count": "pill_returned",
}
RED_VISIT = {"BASELINE": "1", "WEEK 4": "2", "WEEK 7": "3", "POST": "4"}


def redcap(root: Path) -> Book:
    """One flat REDCap export, repeating instruments told apart by redcap_repeat_instrument, two data access groups."""
    rng = random.Random(201)
    book = Book("ocd01", "redcap")
    keys = "record_id redcap_repeat_instrument redcap_repeat_instance redcap_data_access_group"
    sheet = book.sheet("OCD01_DATA_2025-06-01.csv", f"{keys} {' '.join(FORMS.values())}")
    groups = {"tampa": people(PLAN, 11, date(2024, 9, 2), rng), "gainesville": people(PLAN, 9, date(2024, 9, 16), rng)}
    index: dict[tuple[str, str, int], list[Row]] = {}
    for start, (dag, group) in zip((100, 200), groups.items(), strict=True):
        for p in group:
            _record(sheet, dag, str(start + p.no), p)
    for row in sheet.rows:
        index.setdefault((row["redcap_data_access_group"], row["redcap_repeat_instrument"], 0), []).append(row)

    def rows(dag: str, form: str) -> list[Row]:
        return index[dag, form, 0]

    def plant(dag: str, row: Row, rule: str, expected: str, text: str, **more: str) -> None:
        # a row that reached no table belongs to the export, not to one of its sites
        site = "redcap" if rule in ("unclaimed_row", "unknown_site") else {"tampa": "01", "gainesville": "02"}[dag]
        book.plant(sheet_name, row, rule, expected, text, site=site, subject=row["record_id"], **more)

    sheet_name = next(iter(book.sheets))
    row = rows("tampa", "")[3]
    row["weight_lb"] = "1543"
    plant("tampa", row, "weight_out_of_range", "withhold", "weight of 700 kg", table="subject", field="weight_kg", column="weight_lb",
          also="dose_amount_not_of_arms")  # fmt: skip
    row = next(r for r in rows("tampa", "dosing") if r["dose_time"])
    row["dose_mg"] = 75
    plant("tampa", row, "dose_amount_not_of_arms", "query", "75 mg, an amount no weight band has", table="dose", field="dose_mg",
          column="dose_mg")  # fmt: skip
    row = next(r for r in rows("gainesville", "dosing") if r["dose_time"])
    row["dose_mg"] = 0
    plant("gainesville", row, "dose_amount_impossible", "withhold", "a taken dose of 0 mg", table="dose", field="dose_mg",
          column="dose_mg")  # fmt: skip
    row = rows("gainesville", "cybocs")[2]
    row["cyb4"] = "-77"
    plant("gainesville", row, "out_of_scale", "withhold", "an undeclared missing code -77 as an item", table="form",
          field="CYB04", column="cyb4")  # fmt: skip
    row = rows("gainesville", "cybocs")[6]
    row["cy_total"] = int(row["cy_total"]) - 4
    plant("gainesville", row, "total_differs", "query", "reported CY-BOCS total is 4 too low", table="item", field="value",
          column="cy_total")  # fmt: skip
    row = _add(sheet, "tampa", "105", "ae", 9, "Seizure, generalised", "2025-01-14", "3", "1", "2")
    plant("tampa", row, "adverse_event_special_interest", "query", "convulsion", table="adverse_event", field="verbatim",
          column="ae_term")  # fmt: skip
    row = _add(sheet, "tampa", "106", "pill_count", 1, "3")
    plant("tampa", row, "unclaimed_row", "reject", "a repeating instrument no table reads", column="redcap_repeat_instrument",
          also="unmapped_column")
    row = _add(sheet, "sarasota", "301", "", None, "12", "1", "90", "2024-11-04", "2024-11-18")
    plant("sarasota", row, "unknown_site", "reject", "a data access group that is not configured", table="subject",
          column="redcap_data_access_group")  # fmt: skip
    row = next(r for r in rows("gainesville", "session") if r["sess_no"] == 3)
    row["sess_no"] = ""
    plant("gainesville", row, "session_no_missing", "reject", "session without its number", table="session", field="session_no",
          column="sess_no", also="rating_without_session;dose_without_session")  # fmt: skip
    row = rows("tampa", "cgi")[5]
    row["cgi_visit"] = "9"
    plant("tampa", row, "unknown_code", "withhold", "visit code 9 is not declared", table="item", field="visit",
          column="cgi_visit")  # fmt: skip
    _save(root / "ocd01_redcap", {sheet_name: csv_bytes(sheet)})
    return book


def _add(sheet: Sheet, dag: str, record: str, form: str, instance: int | None, *cells: object) -> Row:
    row: Row = dict.fromkeys(sheet.columns)
    row |= {"record_id": record, "redcap_repeat_instrument": form, "redcap_repeat_instance": instance}
    row |= {"redcap_data_access_group": dag} | dict(zip(FORMS[form].split(), cells, strict=True))
    sheet.rows.append(row)
    return row


def _record(sheet: Sheet, dag: str, record: str, p: Person) -> None:
    """Every row of one participant: the plain one first, then each repeating instrument counted from 1."""
    stamp = "%Y-%m-%d %H:%M"
    _add(sheet, dag, record, "", None, p.age, {"M": 1, "F": 2}[p.sex], f"{p.weight / 0.45359237:.1f}", p.consented, p.randomized)
    made: dict[str, list[tuple[object, ...]]] = {
        "session": [
            (s.no, int(s.attended), *(t.strftime(stamp) if t else "" for t in (s.attended and s.start, s.exposure, s.end)))
            for s in p.sessions
        ],
        "dosing": [(s.no, int(d.taken), d.mg, d.at.strftime(stamp) if d.at else "") for _, s, d in doses([p])],
        "exposure": [(s.no, n, *e) for _, s, n, e in exercises([p])],
        "cybocs": [(RED_VISIT[f.visit], f.on, *f.items, f.total) for _, f in forms([p], "CY-BOCS")],
        "cgi": [(RED_VISIT[f.visit], f.on, *f.items) for _, f in forms([p], "CGI-S")],
        "conmed": [(m.name, m.dose, m.why, m.start, m.end, int(not m.end)) for m in p.meds],
        "ae": [(a.term, a.on, {"MILD": 1, "MODERATE": 2, "SEVERE": 3}[a.severity], 0, 2) for a in p.events],
        "withdrawal": [(p.withdrawn, "parents' decision")] if p.withdrawn else [],
    }
    for form, cells in made.items():
        for n, values in enumerate(cells, 1):
            _add(sheet, dag, record, form, n, *values)


def stockholm(root: Path) -> Book:
    """A workbook with typed dates, a title above two headers, a note below; weight in a sheet of its own."""
    rng = random.Random(203)
    group = people(PLAN, 10, date(2024, 10, 1), rng)
    book, name = Book("ocd01", "03"), "ocd01_export.xlsx"
    pid = {p.no: f"S{p.no:02d}" for p in group}
    visit = {"BASELINE": "Baslinje", "WEEK 4": "Vecka 4", "WEEK 7": "Vecka 7", "POST": "Avslut"}

    patients = book.sheet(f"{name}#Patienter", ["Patient", "Ålder", "Kön", "Samtycke", "Randomisering"])
    weights = book.sheet(f"{name}#Vikt", ["Patient", "Tillfälle", "Vikt kg"])
    for p in group:
        patients.add(pid[p.no], p.age, {"M": "Pojke", "F": "Flicka"}[p.sex], p.consented, p.randomized)
        weights.add(pid[p.no], "Baslinje", p.weight)
        weights.add(pid[p.no], "Avslut", round(p.weight + rng.uniform(0, 2), 1))
    held = book.sheet(f"{name}#Sessioner", ["Patient", "Session", "Närvaro", "Start", "Exponering", "Slut"])
    for p, s in sessions(group):
        held.add(pid[p.no], s.no, "Ja" if s.attended else "Nej", s.start if s.attended else None, s.exposure, s.end)
    capsules = book.sheet(f"{name}#Doser", ["Patient", "Session", "Tagen", "Dos", "Enhet", "Tidpunkt"])
    for p, s, d in doses(group):
        capsules.add(pid[p.no], s.no, "Ja" if d.taken else "Nej", d.mg, "mg", d.at)
    suds = book.sheet(f"{name}#SUDS", ["Patient", "Session", "Övning", "Start", "Max", "Slut"])
    for p, s, n, e in exercises(group):
        suds.add(pid[p.no], s.no, n, *e)
    cybocs = book.sheet(f"{name}#CY-BOCS", ["Patient", "Besök", "Datum", *(f"fråga {n}" for n in range(1, 11)), "Summa"])
    for p, f in forms(group, "CY-BOCS"):
        cybocs.add(pid[p.no], visit[f.visit], f.on, *f.items, f.total)
    cgi = book.sheet(f"{name}#CGI", ["Patient", "Besök", "Datum", "CGI-S"])
    for p, f in forms(group, "CGI-S"):
        cgi.add(pid[p.no], visit[f.visit], f.on, f.items[0])
    meds = book.sheet(f"{name}#Läkemedel", ["Patient", "Läkemedel", "Dos", "Orsak", "Insatt", "Utsatt"])
    for p in group:
        for m in p.meds:
            meds.add(pid[p.no], m.name, m.dose, m.why, m.start, m.end or None)
    events = book.sheet(f"{name}#Biverkningar", ["Patient", "Händelse", "Datum", "Grad", "Allvarlig"])
    for p in group:
        for a in p.events:
            events.add(pid[p.no], a.term, a.on, {"MILD": "lindrig", "MODERATE": "måttlig", "SEVERE": "svår"}[a.severity], "Nej")
    gone = book.sheet(f"{name}#Avbrott", ["Patient", "Datum", "Orsak"])
    for p in group:
        if p.withdrawn:
            gone.add(pid[p.no], p.withdrawn, "flyttade")

    patient = name + "#Patienter"
    weights.add(pid[4], "Baslinje", round(group[3].weight + 8.5, 1))
    book.plant(patient, patients.rows[3], "ambiguous_join", "withhold", "two different weights at baseline in the sheet Vikt",
               table="subject", field="weight_kg", column="Vikt kg", subject=pid[4])  # fmt: skip
    row = next(r for r in capsules.rows if r["Patient"] == pid[6] and r["Tidpunkt"])
    row["Enhet"] = "ml"
    book.plant(f"{name}#Doser", row, "unit_unknown", "withhold", "unit ml is no unit of mass", table="dose", field="dose_mg",
               column="Enhet", subject=pid[6])  # fmt: skip
    row = next(r for r in capsules.rows if r["Patient"] == pid[7] and r["Tidpunkt"])
    row["Tidpunkt"] = "ca kl 2"
    book.plant(f"{name}#Doser", row, "unreadable_value", "withhold", "text where the column holds dates", table="dose",
               field="dosed_at", column="Tidpunkt", subject=pid[7], also="dose_time_missing")  # fmt: skip
    row = cybocs.rows[9]
    row["Besök"] = "Vecka 40"
    book.plant(f"{name}#CY-BOCS", row, "visit_unknown", "query", "a visit label the trial does not know", table="form",
               field="visit", column="Besök", subject=row["Patient"], also="visit_unknown")  # fmt: skip
    row = next(r for r in suds.rows if r["Patient"] == pid[8])
    row["Max"] = "#N/A"
    book.plant(f"{name}#SUDS", row, "unreadable_value", "withhold", "the spreadsheet error #N/A", table="rating",
               field="peak_suds", column="Max", subject=pid[8])  # fmt: skip
    pages = {key.partition("#")[2]: sheet for key, sheet in book.sheets.items()}
    _save(root / "ocd01_03", {name: xlsx_bytes(
        pages, {"Patienter": "OCD01 Stockholm, export 2025-06-01", "CY-BOCS": "CY-BOCS, barnintervju"},
        {"Patienter": "Vikt: se fliken Vikt", "CY-BOCS": "Summa räknas av formuläret"})})  # fmt: skip
    return book


def barcelona(root: Path) -> Book:
    """UTF-16 tab separated, SUDS 0-8, dose as number of capsules times strength, two-digit years in one file."""
    rng = random.Random(204)
    group = people(PLAN, 9, date(2024, 9, 25), rng)
    book = Book("ocd01", "04")
    pid = {p.no: f"BCN{p.no:03d}" for p in group}
    dmy, stamp = "%d/%m/%Y", "%d/%m/%Y %H.%M"
    visit = {"BASELINE": "Basal", "WEEK 4": "Semana 4", "WEEK 7": "Semana 7", "POST": "Final"}

    patients = book.sheet("pacientes.txt", "paciente edad sexo peso_kg consentimiento aleatorizacion")
    for p in group:
        patients.add(pid[p.no], p.age, {"M": "varón", "F": "mujer"}[p.sex], f"{p.weight:.1f}".replace(".", ","),
                     p.consented.strftime(dmy), p.randomized.strftime(dmy))  # fmt: skip
    held = book.sheet("sesiones.txt", "paciente sesion asiste inicio exposicion fin")
    for p, s in sessions(group):
        held.add(pid[p.no], s.no, "sí" if s.attended else "no",
                 *(t.strftime(stamp) if t else "" for t in (s.attended and s.start, s.exposure, s.end)))  # fmt: skip
    capsules = book.sheet("dosis.txt", "paciente sesion tomada n_capsulas mg_capsula hora lote")
    for p, s, d in doses(group):
        capsules.add(pid[p.no], s.no, "sí" if d.taken else "no", int(d.mg // 25), 25, d.at.strftime(stamp) if d.at else "", "L77")
    suds = book.sheet("usas.txt", "paciente sesion ejercicio inicio maximo fin")
    for p, s, n, (begin, peak, end) in exercises(group):
        b, e = round(begin * 0.08), round(end * 0.08)
        suds.add(pid[p.no], s.no, n, b, max(b, round(peak * 0.08)), e)
    cybocs = book.sheet("cybocs.txt", ["paciente", "visita", "fecha", *(f"cy{n:02d}" for n in range(1, 11))])
    for p, f in forms(group, "CY-BOCS"):
        cybocs.add(pid[p.no], visit[f.visit], f.on.strftime(dmy), *f.items)
    cgi = book.sheet("cgi.txt", "paciente visita fecha gravedad")
    for p, f in forms(group, "CGI-S"):
        cgi.add(pid[p.no], visit[f.visit], f.on.strftime(dmy), f.items[0])
    meds = book.sheet("medicacion.txt", "paciente farmaco dosis motivo desde hasta")
    for p in group:
        for m in p.meds:
            meds.add(pid[p.no], m.name, m.dose, m.why, *("/".join(reversed(t.split("-"))) for t in (m.start, m.end)))
    events = book.sheet("acontecimientos.txt", "paciente acontecimiento fecha intensidad grave")
    for p in group:
        for a in p.events:
            events.add(pid[p.no], a.term, a.on.strftime(dmy), {"MILD": "leve", "MODERATE": "moderado"}[a.severity], "no")
    gone = book.sheet("abandonos.txt", "paciente fecha motivo")
    for p in group:
        if p.withdrawn:
            gone.add(pid[p.no], p.withdrawn.strftime(dmy), "mudanza")

    row = next(r for r in suds.rows if r["paciente"] == pid[2])
    row["inicio"] = 9
    book.plant("usas.txt", row, "out_of_scale", "withhold", "SUDS 9 on a 0-8 scale", table="rating", field="begin_suds",
               column="inicio", subject=pid[2])  # fmt: skip
    row = next(r for r in capsules.rows if r["paciente"] == pid[3] and r["hora"])
    row["n_capsulas"] = 200
    book.plant("dosis.txt", row, "dose_amount_impossible", "withhold", "200 capsules of 25 mg", table="dose", field="dose_mg",
               column="n_capsulas", subject=pid[3])  # fmt: skip
    row = meds.add(pid[5], "Rivotril", "0,5 mg", "ansiedad", "10/2024", "")
    book.plant("medicacion.txt", row, "medication_prohibited", "query", "benzodiazepine by its brand name", table="medication",
               field="verbatim", column="farmaco", subject=pid[5], also="medication_name_cleaned")  # fmt: skip
    row = events.add(pid[6], "Headache", (group[5].consented + timedelta(days=40)).strftime("%d/%m/%y"), "leve", "no")
    book.plant("acontecimientos.txt", row, "two_digit_year", "corrected", "year of two digits, declared pivot 50",
               table="adverse_event", field="started_on", column="fecha", subject=pid[6])  # fmt: skip
    row = next(r for r in capsules.rows if r["paciente"] == pid[7] and r["hora"])
    at = datetime.strptime(row["hora"], stamp) + timedelta(days=1)
    row["hora"] = at.strftime(stamp)
    book.plant("dosis.txt", row, "implausible_lag", "query", "capsule the day after its session", table="dose", field="dosed_at",
               column="hora", subject=pid[7])  # fmt: skip
    row = capsules.add(pid[8], 2, "sí", 1, 25, "", "L77")
    start = group[7].session(2).start
    row["hora"] = (start - timedelta(minutes=60)).strftime(stamp)
    book.plant("dosis.txt", row, "dose_unplanned", "query", "capsule at session 2, before the planned ones", table="dose",
               field="session_no", column="sesion", subject=pid[8], also="dose_amount_not_of_arms")  # fmt: skip
    _save(root / "ocd01_04", {name: csv_bytes(sheet, "utf-16", "\t", "\r\n") for name, sheet in book.sheets.items()})
    return book


def _save(folder: Path, files: dict[str, bytes]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)


def make(root: Path) -> list[Book]:
    """All three exports."""
    return [redcap(root), stockholm(root), barcelona(root)]
