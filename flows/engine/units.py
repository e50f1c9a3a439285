"""Units by the names a person uses.

What belongs here: from names on the command line to units. What does not: reading the configuration (config.py).
"""

from __future__ import annotations

from flows.engine.config import Programme
from schemas.findings import ConfigurationError


def units_of(programme: Programme, names: frozenset[str]) -> frozenset[str]:
    """Units by their own name or that of a site in them. Raises ConfigurationError naming those that do not exist."""
    known: dict[str, str] = {}
    for key, unit in programme.units.items():
        for site in unit.site.sites.known if unit.site.sites else ():
            known[f"{unit.site.study}/{site}"] = key
    known |= {key: key for key in programme.units}
    wrong = sorted(names - known.keys())
    if wrong:
        raise ConfigurationError(f"no site {', '.join(wrong)}; there are {', '.join(sorted(known))}")
    return frozenset(known[name] for name in names)
