"""What the invented trial of the benchmark is: its protocol, its sites' one mapping, and the configuration folder.

What belongs here: visits, sessions, zones, and the texts of trials/, profiles/ and sites/.
What does not: the data (generate.py), the faults (planting.py).
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

STUDY = "bench01"
SESSIONS = 12
DOSED = (3, 4, 5, 6, 7)
ITEMS = tuple(f"LS{half}{n:02d}" for half in "FA" for n in range(1, 25))
ZONES = ("Europe/Lisbon", "Europe/Berlin", "America/New_York", "America/Los_Angeles")
#: A wall-clock time that the clock change of spring 2023 leaves out, zone by zone.
NONEXISTENT = {
    "Europe/Lisbon": "2023-03-26 01:30",
    "Europe/Berlin": "2023-03-26 02:30",
    "America/New_York": "2023-03-12 02:30",
    "America/Los_Angeles": "2023-03-12 02:30",
}


class Visit(NamedTuple):
    """One planned visit: study day and how many days either side still count."""

    name: str
    order: int
    target: int
    slack: int


VISITS = (
    Visit("BASELINE", 0, 1, 0),
    *(Visit(f"W{w}", w, 7 * w + 1, 3) for w in range(1, 13)),
    Visit("POST", 13, 95, 6),
    Visit("FU3M", 14, 182, 14),
)
#: Parameters scored: LSAS by items as config/instruments/ says, SPD-S as sent.
PARAMS = {
    "LSASTOT": "LSAS Total Score",
    "LSASFEAR": "LSAS Fear/Anxiety Subscale",
    "LSASAVD": "LSAS Avoidance Subscale",
    "LSASPFR": "LSAS Performance Fear Subscale",
    "LSASPAV": "LSAS Performance Avoidance Subscale",
    "LSASSFR": "LSAS Social Interaction Fear Subscale",
    "LSASSAV": "LSAS Social Interaction Avoidance Subscale",
    "SPDS": "Social Phobic Disorders Severity Form",
}
SPDS_VISITS = ("BASELINE", "W4", "W8", "POST")

TRIAL = """\
# An invented trial for measuring: 12 weekly sessions, a capsule before sessions 3 to 7.
study: {study}
title: Invented trial of the benchmark
disorder: SAD
population: adults
arms:
  - {{code: DCS, label: "D-cycloserine 50 mg", dose_mg: 50}}
  - {{code: PBO, label: Placebo, dose_mg: 50, placebo: true}}
dosing: {{sessions: [3, 4, 5, 6, 7], time_points: [PRE]}}
timing_window: {{pre: {{from_min: 60, to_min: 120}}}}
sessions: {{number: {sessions}, planned_length_min: 90}}
visits:
{visits}
primary: LSASTOT
instruments: [LSAS, SPD-S]
success: {{end_le: 40, reduction_ge_pct: 50, decisive: end_le}}
prohibited_classes: [BENZODIAZEPINE]
major_deviations: [DOSE_AMOUNT, PROHIBITED_MEDICATION]
blinding: {{status: blinded}}
"""

PROFILE = """\
# One EDC for all sites: comma CSV, ISO dates, the site's wall clock.
delivery: snapshot
subject_id: {from: subject}
defaults: {encoding: utf-8, delimiter: ","}
tables:
  subject:
    file: subjects.csv
    fields:
      age_years: age
      sex: {from: sex, map: {F: F, M: M}}
      weight_kg: {from: weight, unit: kg}
      consented_on: {from: consent, format: "%Y-%m-%d"}
      randomized_on: {from: randomized, format: "%Y-%m-%d"}
  session:
    file: sessions.csv
    fields:
      session_no: session
      attended: {from: attended, map: {"yes": true, "no": false}}
      started_at: {from: start, format: "%Y-%m-%d %H:%M"}
      exposure_started_at: {from: exposure_start, format: "%Y-%m-%d %H:%M"}
      ended_at: {from: end, format: "%Y-%m-%d %H:%M"}
  dose:
    file: doses.csv
    fields:
      session_no: session
      time_point: {const: PRE}
      taken: {from: taken, map: {"yes": true, "no": false}}
      dose: {from: dose, split_unit: true}
      dosed_at: {from: at, format: "%Y-%m-%d %H:%M"}
  rating:
    file: suds.csv
    fields:
      session_no: session
      exercise_no: exercise
      begin: {from: begin, scale: 0-100}
      peak: {from: peak, scale: 0-100}
      end: {from: end, scale: 0-100}
  medication:
    file: medications.csv
    fields:
      verbatim: drug
      started_on: {from: start, format: "%Y-%m-%d", partial: true}
      ended_on: {from: end, format: "%Y-%m-%d", partial: true}
      ongoing: {from: ongoing, map: {"yes": true, "no": false}}
  assessment:
    - file: lsas.csv
      wide: {pattern: "(?P<code>LS[FA][0-9][0-9])", item: "{code}"}
      fields:
        instrument: {const: LSAS}
        visit: visit
        assessed_on: {from: date, format: "%Y-%m-%d"}
      totals:
        LSASTOT: total
    - file: spds.csv
      fields:
        instrument: {const: SPD-S}
        visit: visit
        assessed_on: {from: date, format: "%Y-%m-%d"}
        item: {const: SPDS_ITEM}
        value: severity
  adverse_event:
    file: adverse_events.csv
    fields:
      verbatim: term
      started_on: {from: start, format: "%Y-%m-%d", partial: true}
      severity: {from: severity, map: {mild: MILD, moderate: MODERATE, severe: SEVERE}}
      serious: {from: serious, map: {"yes": true, "no": false}}
      related: related
  disposition:
    file: withdrawals.csv
    fields:
      withdrawn_on: {from: date, format: "%Y-%m-%d"}
      reason: reason
      scope: {const: stop}
"""

SITE = """\
# Site {site} of the benchmark; nothing odd, the profile says it all.
site_id: "{site}"
study: {study}
profile: edc
timezone: {zone}
source: {{kind: files, path: ../exports/{site}}}
"""

#: Item code of the one SPD-S item, as config/instruments/ declares it.
SPDS_ITEM = "SPDS"


def write_config(root: Path, n_sites: int) -> list[str]:
    """Write the configuration folder; return the site ids in order. Site i keeps the clock of ZONES[i % 4]."""
    for name in ("trials", "profiles", "sites"):
        (root / name).mkdir(parents=True, exist_ok=True)
    visits = "\n".join(
        f"  - {{name: {v.name}, order: {v.order}, target_day: {v.target}, from_day: {v.target - v.slack}, "
        f"to_day: {v.target + v.slack}}}"
        if v.order
        else f"  - {{name: {v.name}, order: 0, target_day: 1, from_day: -14, to_day: 1, baseline: true}}"
        for v in VISITS
    )
    trial = TRIAL.format(study=STUDY, sessions=SESSIONS, visits=visits)
    (root / "trials" / f"{STUDY}.yaml").write_text(trial, encoding="utf-8")
    (root / "profiles" / "edc.yaml").write_text(PROFILE.replace("SPDS_ITEM", SPDS_ITEM), encoding="utf-8")
    names = [f"{i + 1:03d}" for i in range(n_sites)]
    for i, name in enumerate(names):
        folder = root / "sites" / f"{STUDY}_{name}"
        folder.mkdir(exist_ok=True)
        text = SITE.format(site=name, study=STUDY, zone=ZONES[i % len(ZONES)])
        (folder / "site.yaml").write_text(text, encoding="utf-8")
    return names
