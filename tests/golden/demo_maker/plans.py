"""The four protocols of the demo, as far as the draw needs them; config/demo/trials says the rest."""

from __future__ import annotations

from tests.golden.demo_maker.programme import Plan, Scale

LSAS = Scale("LSAS", 48, 0, 3, 85, 16)
SPDS = Scale("SPD-S", 1, 1, 7, 5.2, 0.6)
CYBOCS = Scale("CY-BOCS", 10, 0, 4, 26, 4)
CGIS = Scale("CGI-S", 1, 1, 7, 5.0, 0.6)
AQ_ANX = Scale("AQ-ANX", 20, 0, 6, 62, 14)
AQ_AVD = Scale("AQ-AVD", 20, 0, 2, 17, 5)

PLANS = {
    "sad01": Plan(
        "sad01", 12, (3, 4, 5, 6, 7), 90, 3,
        {"BASELINE": (-7, (LSAS, SPDS)), "WEEK 4": (36, (LSAS, SPDS)), "WEEK 8": (64, (LSAS, SPDS)),
         "POST": (92, (LSAS, SPDS)), "FU1M": (122, (LSAS, SPDS))},
        {"DCS": 50, "PLACEBO": 50}, 61, 9, (35, 88), (18, 62),
    ),
    "ocd01": Plan(
        "ocd01", 10, (4, 5, 6, 7, 8, 9, 10), 60, 4,
        {"BASELINE": (-7, (CYBOCS, CGIS)), "WEEK 4": (36, (CYBOCS, CGIS)), "WEEK 7": (57, (CYBOCS, CGIS)),
         "POST": (78, (CYBOCS, CGIS))},
        {"DCS": 50, "PLACEBO": 50}, 62, 8, (35, 88), (8, 17), by_weight=True,
    ),
    "acro01": Plan(
        "acro01", 2, (1, 2), 45, 1,
        {"BASELINE": (-7, (AQ_ANX, AQ_AVD)), "POST": (22, (AQ_ANX, AQ_AVD)), "FU3M": (105, (AQ_ANX, AQ_AVD))},
        {"DCS50": 50, "DCS500": 500, "PLACEBO": 50}, 165, 25, (125, 235), (18, 60), n_exercises=3,
    ),
    "tail01": Plan(
        "tail01", 5, (2, 3, 4, 5), 90, 2,
        {"BASELINE": (-7, (LSAS,)), "WEEK 1": (15, (LSAS,)), "WEEK 2": (22, (LSAS,)), "WEEK 3": (29, (LSAS,)),
         "WEEK 4": (36, (LSAS,)), "FU1W": (43, (LSAS,)), "FU3M": (126, (LSAS,))},
        {"PRE_DCS": 50, "TAILORED": 50, "PLACEBO": 50}, 61, 8, (35, 88), (18, 62), tailored=True,
    ),
}
