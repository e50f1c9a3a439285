"""Analysis contracts: what is promised to readers of each published set."""

from __future__ import annotations

from schemas import lean  # noqa: F401 - before any contract imports Pandera
from schemas.analysis import adae, adcm, addv, adex, adipd, aditem, adqs, adref, adsess, adsl, adsuds, adtrt

#: Set -> Pandera schema.
CONTRACTS = {
    "adsl": adsl.CONTRACT,
    "adex": adex.CONTRACT,
    "adsess": adsess.CONTRACT,
    "adsuds": adsuds.CONTRACT,
    "adqs": adqs.CONTRACT,
    "aditem": aditem.CONTRACT,
    "adcm": adcm.CONTRACT,
    "adae": adae.CONTRACT,
    "addv": addv.CONTRACT,
    "adref": adref.CONTRACT,
    "adipd": adipd.CONTRACT,
    "adtrt": adtrt.CONTRACT,
}
