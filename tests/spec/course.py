"""A participant's course as text tables, for the spec tests of doses and sessions. Times are the site's wall clock (Lisbon)."""

from __future__ import annotations

from tests.harness import ModelBench

SUBJECT = """
    subject_id | age_years | sex | weight_kg | consented_on | randomized_on
    S1         | 30        | F   | 80        | 2024-01-01   | 2024-01-08
"""

#: One session of ninety minutes on a day without a clock change; Lisbon is on UTC.
SESSION = """
    subject_id | session_no | attended | started_at          | ended_at
    S1         | 3          | true     | 2024-03-05 14:00:00 | 2024-03-05 15:30:00
"""

_INSTANTS = {"session": ("started_at", "exposure_started_at", "ended_at"), "dose": ("dosed_at",)}


def course(bench: ModelBench, *, subject: str = SUBJECT, session: str = SESSION, dose: str = "", rating: str = "") -> ModelBench:
    """Give mapped tables. Instants are written `started_at`; a bare date in it is a day without a clock time."""
    bench.given("mapped.subject", subject)
    for name, text in (("session", session), ("dose", dose), ("rating", rating)):
        if text.strip():
            _give(bench, name, text)
    return bench


def _give(bench: ModelBench, name: str, text: str) -> None:
    lines = [line for line in text.strip().splitlines() if line.strip()]
    names = [cell.strip() for cell in lines[0].split("|")]
    out = [" | ".join(f"{n}_local | {n}_on | {n}_raw" if n in _INSTANTS.get(name, ()) else n for n in names)]
    for line in lines[1:]:
        cells = []
        for column, cell in zip(names, (c.strip() for c in line.split("|")), strict=True):
            if column in _INSTANTS.get(name, ()):
                cells += [cell if len(cell) > 10 else "", cell[:10], cell]
            else:
                cells.append(cell)
        out.append(" | ".join(cells))
    bench.given(f"mapped.{name}", "\n".join(out))
