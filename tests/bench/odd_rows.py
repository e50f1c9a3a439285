"""Odd rows in the exports of a small trial: at least one case for nearly every rule that can be asked of a first delivery.

What belongs here: what a slip, a gap or a site's habit looks like in the CSV. What does not: the bench's own faults (planting.py),
what is asked about them (test_yardstick.py compares; nothing here says how often).

Sites 001 and 002 get slips, each in a participant of its own; 003 to 006 get what shows only over a whole site.
"""

from __future__ import annotations

import csv
import datetime as dt
import itertools
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

from tests.bench import setup

Row = dict[str, str]
TABLES = ("subjects", "sessions", "doses", "suds", "medications", "lsas", "spds", "adverse_events", "withdrawals")
CLOCK = "%Y-%m-%d %H:%M"


class Site:
    """The files of one site as rows; `save` writes them again."""

    def __init__(self, folder: Path, zone: str) -> None:
        self.folder, self.zone = folder, ZoneInfo(zone)
        self.rng = random.Random(folder.name)
        self.tables: dict[str, list[Row]] = {}
        for name in TABLES:
            with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as lines:
                self.tables[name] = list(csv.DictReader(lines))
        self._fresh = iter(self._steady())
        people = [r["subject"] for r in self.tables["subjects"]]
        self._any = itertools.cycle([who for who in reversed(people) if people.count(who) == 1])

    def save(self) -> None:
        """Write every table, its header as it was."""
        for name, rows in self.tables.items():
            with (self.folder / f"{name}.csv").open(encoding="utf-8") as lines:
                header = lines.readline().strip().split(",")
            with (self.folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as lines:
                writer = csv.DictWriter(lines, header, lineterminator="\n")
                writer.writeheader()
                writer.writerows(rows)

    def of(self, table: str, subject: str, **where: str) -> list[Row]:
        """The participant's rows that have these cells."""
        return [r for r in self.tables[table] if r["subject"] == subject and all(r[k] == v for k, v in where.items())]

    def fresh(self) -> str:
        """A participant of whom nothing has been changed yet."""
        return next(self._fresh)

    def dose_before(self, who: str, session: str, minutes: float) -> Row:
        """The participant's dose of a session, taken so many minutes before its start."""
        row = self.of("doses", who, session=session)[0]
        row["at"] = moved(self.of("sessions", who, session=session)[0]["start"], minutes=-minutes)
        return row

    def anybody(self) -> str:
        """Participants in turn, the last row first: several slips may meet."""
        return next(self._any)

    def _steady(self) -> Iterator[str]:
        """Participants who stay and have one row of everything, a date of randomization and a first drug row."""
        gone = {r["subject"] for r in self.tables["withdrawals"]}
        for row in self.tables["subjects"]:
            who = row["subject"]
            numbers = [r["session"] for r in self.of("sessions", who) if r["start"] and r["attended"] == "yes"]
            whole = len(self.of("lsas", who)) == len(setup.VISITS) and len(numbers) == len(set(numbers)) >= 9
            if who not in gone and whole and {"3", "4", "5", "6", "7"} <= set(numbers) and len(self.of("subjects", who)) == 1:
                yield who


def moved(clock: str, **by: float) -> str:
    """A clock time moved; what is none stays."""
    try:
        return (dt.datetime.strptime(clock, CLOCK) + dt.timedelta(**by)).strftime(CLOCK)
    except ValueError:
        return clock


def day(text: str, by: int) -> str:
    """A date moved by days."""
    return (dt.date.fromisoformat(text) + dt.timedelta(by)).isoformat()


def _cells(text: str) -> Row:
    """`session=5; end=` as cells; `items=3` is every answer of the form."""
    pairs = [pair.split("=", 1) for pair in text.split("; ") if pair]
    return {name: value for key, value in pairs for name in (setup.ITEMS if key == "items" else (key,))}


def slips(sites: list[Site]) -> None:
    """Every line of slips.csv, the sites in turn; who has no such row of a drug or an event gets one."""
    with Path(__file__).with_name("slips.csv").open(encoding="utf-8", newline="") as lines:
        told = list(csv.DictReader(line for line in lines if not line.startswith("#")))
    for number, slip in enumerate(told):
        site, table, where = sites[number % len(sites)], slip["table"], _cells(slip["row"])
        many = table in ("medications", "adverse_events")
        who = next(w for w in iter(site.anybody, "") if many or site.of(table, w, **where))
        if not site.of(table, who, **where):
            site.tables[table].append(dict(next(r for r in site.tables[table] if r["start"]), subject=who, start="2023-02-03"))
        site.of(table, who, **where)[0].update(_cells(slip["cells"]))


def courses(site: Site) -> None:
    """What shows only beside a participant's other sessions, doses or ratings."""
    of, fresh = site.of, site.fresh
    for session, by in (("9", {"days": 40}), ("6", {"days": 130}), ("12", {"days": 45}), ("12", {"days": 200})):
        for row in of("sessions", fresh()):
            if int(row["session"]) >= int(session):
                row.update({k: moved(row[k], **by) for k in ("start", "exposure_start", "end")})
    for by in ({"hours": -10}, {"hours": -3}, {"minutes": 45}):
        row = of("sessions", fresh(), session="8")[0] if of("sessions", fresh(), session="8") else {}
        row.update({k: moved(v, **by) for k, v in row.items() if k in ("start", "exposure_start")})
    who = fresh()
    a, b = of("sessions", who, session="4")[0], of("sessions", who, session="5")[0]
    a.update({k: b[k] for k in ("start", "exposure_start", "end")})
    site.dose_before(who, "4", 75)["session"] = ""
    who = fresh()
    a, b = of("sessions", who, session="6")[0], of("sessions", who, session="7")[0]
    a.update({k: moved(b[k], days=-1) for k in ("start", "exposure_start", "end")})
    who = fresh()
    for row in of("sessions", who) + of("doses", who):
        row.update({k: moved(row[k], hours=12) for k in ("start", "exposure_start", "end", "at") if k in row})
    row = of("sessions", fresh(), session="7")[0]
    row["end"] = moved(row["start"], minutes=-20)
    row = of("sessions", fresh(), session="7")[0]
    row["end"] = moved(row["start"], minutes=5)
    row = of("sessions", fresh(), session="7")[0]
    row["exposure_start"] = moved(row["start"], minutes=-20)
    a, b = (of("sessions", row["subject"], session=n)[0] for n in ("6", "5"))
    a["exposure_start"], b["exposure_start"] = a["start"], ""
    row = of("sessions", fresh(), session="7")[0]
    row["end"] = moved(row["start"], minutes=285)
    for hours in (-12, -1, 1, 12, 14):
        site.dose_before(fresh(), "6", 75 - 60 * hours)
    for row in of("doses", fresh()):
        row["at"] = moved(row["at"], minutes=-100)
    row = of("doses", who := fresh(), session="6")[0]
    site.tables["doses"].append(dict(row, at=moved(row["at"], minutes=7)))
    of("sessions", who, session="7")[0]["attended"] = "no"
    of("subjects", fresh())[0]["randomized"] = "2023-12-30"
    who = fresh()
    for name in ("sertraline", "Zoloft"):
        site.tables["medications"].append({"subject": who, "drug": name, "start": "2021-05-06", "end": "2021-08-01", "ongoing": "no"})
    who = fresh()
    site.tables["doses"] = [r for r in site.tables["doses"] if r["subject"] != who]
    of("subjects", who)[0]["randomized"] = ""
    who = fresh()
    site.tables["suds"] = [r for r in site.tables["suds"] if r["subject"] != who]
    first = site.tables["withdrawals"]
    first[0]["date"], first[1]["date"] = "", "2025-12-30"
    site.tables["withdrawals"].append({"subject": fresh(), "date": "2021-02-03", "reason": "gone"})


def fears(site: Site) -> None:
    """Ratings of single participants that nothing else of theirs is like."""

    def rate(who: str, how: Callable[[int, Row], tuple[object, object, object]]) -> None:
        for n, row in enumerate(site.of("suds", who)):
            row.update(zip(("begin", "peak", "end"), map(str, how(n, row)), strict=True))

    rate(site.fresh(), lambda n, r: (50, 50, 50))
    rate(site.fresh(), lambda n, r: (3 + n % 4, 7 + n % 3, 2 + n % 3))
    rate(site.fresh(), lambda n, r: (30 + n, 95, 60 + n))
    rate(site.fresh(), lambda n, r: (60 + 5 * (n % 3), 80, 30) if n != 5 else (60, 80, 2))
    rate(site.fresh(), lambda n, r: (60 + 5 * (n % 3), 80, 30) if n != 5 else (99, 80, 30))
    rate(site.fresh(), lambda n, r: (60 + n, 80 + n, 31 + n) if n != 5 else (66, 99, 60))
    rate(site.fresh(), lambda n, r: (60 + n, 80, 50) if n not in (8, 9) else (6, 8, 3 + n % 2))
    rate(site.fresh(), lambda n, r: (60, 80, 50) if n != 8 else (5, 10, 5))
    rate(site.fresh(), lambda n, r: (80 + n % 2, 95, 35) if n // 2 != 4 else (35, 95, 80 + n % 2))
    rate(site.fresh(), lambda n, r: (70 + n, 85 + n % 7, 55) if n % 6 != 3 else (6, 9, 7))
    rate(site.fresh(), lambda n, r: (60 + n % 9, 80, 50) if r["session"] not in ("4", "7") else (0, 0, 0))
    who = site.fresh()
    for row in site.of("suds", who, session="6"):
        row.update({k: site.of("suds", who, session="5", exercise=row["exercise"])[0][k] for k in ("begin", "peak", "end")})
    site.of("suds", who, session="7")[0]["end"] = ""
    for session in ("5", "6"):
        rows = site.of("suds", who, session=session)
        more = [{"exercise": str(3 + i), "begin": str(61 + i), "peak": str(77 + i), "end": str(33 + i)} for i in range(len(rows))]
        site.tables["suds"] += [{**r, **m} for r, m in zip(rows, more, strict=True)]


def answers(site: Site) -> None:
    """Forms of single participants: a jump, halves alike, a copy, one off, one twice."""
    of, fresh = site.of, site.fresh
    half = setup.ITEMS[:24]
    who = fresh()
    of("lsas", who, visit="W6")[0].update(dict.fromkeys((*setup.ITEMS, "total"), "0"), LSF02="1")
    for visit, last in (("W2", "2"), ("W3", "0")):
        steady = {c: "2" if i % 3 else "1" for i, c in enumerate(setup.ITEMS)} | dict.fromkeys(setup.ITEMS[-6:], last)
        of("lsas", who, visit=visit)[0].update(steady, total="")
    row = of("lsas", fresh(), visit="W6")[0]
    row.update({f"LSA{c[3:]}": row[c] for c in half}, total="")
    who, other = fresh(), fresh()
    of("lsas", who, visit="W7")[0].update({c: of("lsas", who, visit="W6")[0][c] for c in (*setup.ITEMS, "total")})
    of("lsas", other, visit="W2")[0].update({c: of("lsas", who, visit="W2")[0][c] for c in (*setup.ITEMS, "total")})
    row = of("lsas", fresh(), visit="W6")[0]
    row.update({c: "2" for c in setup.ITEMS}, LSF01="4", LSF02="4", LSF03="1", total="")
    row = of("lsas", fresh(), visit="W6")[0]
    site.tables["lsas"].append({**row, "date": day(row["date"], 2)})
    row = of("lsas", fresh(), visit="W6")[0]
    site.tables["lsas"].append({**row, "visit": "other", "LSF01": ""})
    site.tables["lsas"].append({**row, "visit": "one more"})
    who = fresh()
    for table in ("subjects", "lsas"):
        for row in of(table, who):
            row["subject"] = f"{int(who)}.0" if table == "lsas" and len(who) < 2 else f"{who}.0"


def pages(site: Site) -> None:
    """A page of zeros, a form that is dated apart from the other one of its visit."""
    site.of("lsas", site.fresh(), visit="W2")[0].update({c: "0" if n < 24 else str(1 + n % 2) for n, c in enumerate(setup.ITEMS)}, total="")
    row = site.of("spds", site.fresh(), visit="POST")[0]
    row["date"] = day(row["date"], 4)


def runs(site: Site) -> None:
    """Columns dragged down, a participant twice, a year off, months between consent and randomization, a course that ends."""
    rows = site.tables["subjects"]
    for i in range(8):
        rows[10 + i]["age"] = str(30 + i)
        rows[20 + i]["weight"] = "71.5"
        site.tables["suds"][80 + i]["end"] = str(31 + i)
    rows[31].update({k: rows[30][k] for k in ("age", "sex", "weight", "consent", "randomized")})
    first = min((r for r in rows if r["randomized"]), key=lambda r: r["randomized"])
    first.update(consent=day(first["consent"], -365), randomized=day(first["randomized"], -365))
    who = site.fresh()
    row = site.of("subjects", who)[0]
    row["consent"] = day(row["consent"], -200)
    who = site.fresh()
    site.tables["sessions"] = [r for r in site.tables["sessions"] if r["subject"] != who or int(r["session"]) < 4]
    who = site.fresh()
    site.tables["sessions"] = [r for r in site.tables["sessions"] if r["subject"] != who or r["session"] not in ("6", "9")]
    who = site.fresh()
    site.tables["lsas"] = [r for r in site.tables["lsas"] if r["subject"] != who or r["visit"] not in ("W5", "BASELINE")]
    for row in rows[:3]:
        row["weight"] = "99"
    row = site.of("subjects", site.fresh())[0]
    row["consent"] = day(row["consent"], -100)


def clocks(site: Site) -> None:
    """Sessions in winter time all year, three hours long, doses noted as planned, exposures by the clock; yes and no exchanged; pounds."""
    starts = {}
    for row in site.tables["sessions"]:
        if moved(row["start"]) == "" or row["start"] == "soon":
            continue
        at = dt.datetime.strptime(row["start"][:10] + " 10:00", CLOCK)
        at -= at.replace(tzinfo=site.zone).dst() or dt.timedelta()
        row.update(start=at.strftime(CLOCK), exposure_start=moved(at.strftime(CLOCK), minutes=15), end=moved(at.strftime(CLOCK), hours=3))
        starts[row["subject"], row["session"]] = row["start"]
    for row in site.tables["doses"]:
        if row["at"] and (row["subject"], row["session"]) in starts:
            row["at"] = moved(starts[row["subject"], row["session"]], minutes=-75)
    row = site.of("sessions", site.fresh(), session="7")[0]
    row["exposure_start"] = moved(row["start"], minutes=75)
    persons(site)
    for row in site.tables["adverse_events"]:
        row.update(serious="yes", term=f"{row['term']} in the evening"[:13])
    for row in site.tables["subjects"]:
        if row["weight"].replace(".", "").isdigit():
            row["weight"] = str(round(float(row["weight"]) * 2.2, 1))
    for row in site.tables["suds"]:
        row.update({k: str(min(10, int(row[k]) // 10)) for k in ("begin", "peak", "end") if row[k].isdigit()})


def persons(site: Site) -> None:
    """Answers that are each participant's own, never 0, and get better, one half turned round, one form of two participants exchanged,
    moved by a row from the middle of the file on; a severity that gets worse, once far away."""
    visits = [v.name for v in setup.VISITS]
    own: dict[str, list[int]] = {}
    rows = [r for r in site.tables["lsas"] if r["visit"] in visits]
    for row in rows:
        half = [site.rng.randint(1, 3) for _ in range(24)]
        base = own.setdefault(row["subject"], half + [4 - v for v in half])
        better = visits.index(row["visit"])
        row.update({c: str(max(1, v - (i < better))) for i, (c, v) in enumerate(zip(setup.ITEMS, base, strict=True))}, total="")
    one, other = (next(r for r in rows if r["subject"] == who and r["visit"] == "W5") for who in list(own)[:2])
    for c in setup.ITEMS:
        one[c], other[c] = other[c], one[c]
    sent = [{c: r[c] for c in setup.ITEMS} for r in rows]
    for n in range(len(rows) // 2, len(rows)):
        rows[n].update(sent[n - 1])
    for row in site.tables["spds"]:
        row["severity"] = str(2 + setup.SPDS_VISITS.index(row["visit"])) if row["visit"] in setup.SPDS_VISITS else row["severity"]
    site.of("spds", site.fresh(), visit=setup.SPDS_VISITS[1])[0]["severity"] = "7"


def places(site: Site) -> None:
    """Two participants whose answers keep their level, one form of each under the other."""
    low, high = site.fresh(), site.fresh()
    visits = [v.name for v in setup.VISITS]
    for who, level in ((low, 0), (high, 2)):
        for row in site.of("lsas", who):
            at = visits.index(row["visit"])
            level_here = 2 - level if row["visit"] == "W5" else level
            row.update({c: str(level_here + (i + at) // 2 % 2) for i, c in enumerate(setup.ITEMS)}, total="")


def exchanged(site: Site) -> None:
    """Begin and end in each other's column, doses in another clock, answers with a common profile of which some are turned or moved."""
    for row in site.tables["suds"]:
        row["begin"], row["end"] = row["end"], row["begin"]
    for n, row in enumerate(site.tables["doses"]):
        for met in site.of("sessions", row["subject"], session=row["session"])[:1]:
            row["at"] = moved(met["start"], minutes=-375 - n % 20) if row["at"] else ""
    profile = [site.rng.uniform(-1.4, 1.4) for _ in range(24)]
    order = {r["subject"]: n for n, r in enumerate(site.tables["subjects"])}
    for row in site.tables["lsas"]:
        number = order.get(row["subject"], 0)
        half = [min(3, max(0, round(1.5 + p + site.rng.gauss(0, 0.4)))) for p in profile * 2]
        if number % 4 == 3 and row["visit"] in ("BASELINE", "W1", "W2"):
            half = [3 - v for v in half]
        if number == 2 and row["visit"] == "W5":
            half = [half[0], *half[:23], half[24], *half[24:47]]
        row.update(zip(setup.ITEMS, map(str, half), strict=True), total="")


def zeros(site: Site) -> None:
    """Zero for not rated, peaks moved by a row, doses here and there on the hour, one half of the answers copied, scores that rise, at
    once after baseline."""
    rows = site.tables["suds"]
    peaks = [r["peak"] for r in rows]
    for n, row in enumerate(rows):
        row.update(peak=peaks[n - 1], end="0" if n % 3 else "40")
    for n, row in enumerate(site.tables["doses"]):
        at = moved(row["at"], minutes=(-130, 65, -75)[n % 3])
        row["at"] = f"{at[:14]}00" if at else ""
    visits = [v.name for v in setup.VISITS]
    for row in site.tables["lsas"]:
        if row["visit"] in visits:
            level = visits.index(row["visit"]) / 6 + (0.5 if visits.index(row["visit"]) else 0)
            half = [str(min(3, max(0, round(level + site.rng.gauss(0, 0.6))))) for _ in range(24)]
            row.update(zip(setup.ITEMS, half * 2, strict=True), total="")


def means(site: Site) -> None:
    """Totals without items that are means; the few forms with items coded one off. Doses earlier from the fifth session
    on, one an hour off alone. Begins are peaks, ends blank here and there. A session on a Sunday. No amount of a dose not taken but one.
    Every third seriousness in another code."""
    for row in site.tables["adverse_events"][::3]:
        row["serious"] = "2"
    for n, row in enumerate(site.tables["suds"]):
        row.update(begin=row["peak"], end=row["end"] if n % 10 else "")
    timed = [r for r in site.tables["sessions"] if moved(r["start"], days=1) != r["start"]]
    for row in timed:
        if dt.datetime.strptime(row["start"], CLOCK).isoweekday() == 7:
            row.update({k: moved(row[k], days=1) for k in ("start", "exposure_start", "end")})
    lone = next(r for r in timed if dt.datetime.strptime(r["start"], CLOCK).isoweekday() == 6 and r["attended"] == timed[0]["attended"])
    lone.update({k: moved(lone[k], days=1) for k in ("start", "exposure_start", "end")})
    for n, row in enumerate(site.tables["doses"]):
        for met in site.of("sessions", row["subject"], session=row["session"])[:1]:
            lag = 62 + n % 6 if int(row["session"]) < 5 else 105 + n % 14
            row["at"] = moved(met["start"], minutes=-lag) if row["at"] else ""
    for row in (r for r in site.tables["doses"] if r["taken"] == "no"):
        row["dose"] = ""
    row = site.of("doses", site.fresh(), session="6")[0]
    row.update(taken="no", at="")
    site.dose_before(site.fresh(), "5", 170)
    for n, row in enumerate(site.tables["lsas"]):
        if n < 4:
            row.update({c: str(1 + (n + i) % 4) for i, c in enumerate(setup.ITEMS)}, total="")
        else:
            row.update(dict.fromkeys(setup.ITEMS, ""), total=str(round(1 + n % 17 / 10, 1)))


def columns(site: Site, other: Site) -> None:
    """A column sorted by itself or cut, a day dragged down, a series of days, events a row too low and without words, in files in order."""
    for name in ("spds", "adverse_events", "medications"):
        site.tables[name].sort(key=lambda r: r["subject"])
    for row, value in zip(site.tables["spds"], sorted(r["severity"] for r in site.tables["spds"]), strict=True):
        row["severity"] = value
    rows = other.tables["suds"]
    rows.sort(key=lambda r: r["subject"])
    rated = [r for r in rows if r["end"]]
    for row, value in zip(rated, sorted((r["end"] for r in rated), key=float), strict=True):
        row["end"] = value
    for row in site.tables["adverse_events"][4:14]:
        row["start"] = "2022-08-09"
    for n, row in enumerate(site.tables["medications"][4:14]):
        row["start"] = (dt.date(2022, 8, 9) + dt.timedelta(days=n)).isoformat()
    site.tables["medications"] = site.tables["medications"][: len(site.tables["medications"]) // 2]
    rows = other.tables["adverse_events"]
    people = [r["subject"] for r in rows]
    for n, row in enumerate(rows):
        row.update(subject=people[n - 1], term=("related", "not related")[n % 2])


def plant(exports: Path) -> None:
    """All of it, in the exports of six sites."""
    sites = [Site(exports / f"{n + 1:03d}", setup.ZONES[n % len(setup.ZONES)]) for n in range(6)]
    answers(sites[0])
    places(sites[1])
    fears(sites[1])
    courses(sites[0])
    runs(sites[1])
    pages(sites[1])
    slips(sites[:2])
    for site, change in zip(sites[2:], (clocks, exchanged, zeros, means), strict=True):
        change(site)
    columns(sites[4], sites[5])
    for site in sites:
        site.save()
