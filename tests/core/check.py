"""Run CDISC's open rules engine on SDTM-shaped exports. For the engine's own Python, not the project's: `make core-check`.

    python check.py FOLDER... --out results.csv [--cache CACHE]

FOLDER holds the Dataset-JSON files of one trial (`trialweave export --sdtm`). Without --cache the checks of rules.yaml are run, because
the package on PyPI is the engine alone: CDISC's own rules are a download of its repository (resources/cache), and --cache names it.
Every file must be read by the engine with as many rows as it says, else the run fails: the engine takes a file that it cannot read for
an empty one. A check that could not run is reported as an error, never as passed.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import pickle
import sys
from collections import Counter
from pathlib import Path

import cdisc_rules_engine
import yaml
from cdisc_rules_engine.config import config
from cdisc_rules_engine.models.library_metadata_container import LibraryMetadataContainer
from cdisc_rules_engine.models.rule import Rule
from cdisc_rules_engine.rules_engine import RulesEngine
from cdisc_rules_engine.services import logger
from cdisc_rules_engine.services.cache import InMemoryCacheService
from cdisc_rules_engine.utilities import utils

STANDARD, VERSION = "sdtmig", "3-4"
#: Where the engine's own files lie; it looks for them below the working folder.
HOME = Path(cdisc_rules_engine.__file__).parents[1]


def own_rules(path: Path) -> list[dict]:
    """The checks of rules.yaml as the engine knows rules."""
    out = []
    for told in yaml.safe_load(path.read_text(encoding="utf-8")):
        meta = {
            "Core": {"Id": told["id"], "Status": "Published", "Version": "1"}, "Description": told["says"], "Authorities": [],
            "Executability": "Fully Executable", "Sensitivity": "Dataset" if told.get("once") else "Record", "Rule Type": "Record Data",
            "Scope": {"Classes": {"Include": ["ALL"]}, "Domains": {"Include": told["domains"]}},
            "Check": {"all": told["check"]}, "Outcome": {"Message": told["says"], "Output Variables": told["shows"]},
        }
        if "operations" in told:
            meta["Operations"] = told["operations"]
        out.append(Rule.from_cdisc_metadata(meta))
    return out


def engine(paths: list[Path], cache: InMemoryCacheService) -> RulesEngine:
    """The engine over one trial's files, with what CDISC's cache knows of the standard where there is one."""
    standard = cache.get(utils.get_standard_details_cache_key(STANDARD, VERSION, None)) or {}
    library = LibraryMetadataContainer(
        standard_metadata=standard,
        model_metadata=(cache.get(utils.get_model_details_cache_key_from_ig(standard)) or {}) if standard else {},
        variables_metadata=cache.get(utils.get_library_variables_metadata_cache_key(STANDARD, VERSION, None)) or {},
        variable_codelist_map=cache.get(utils.get_variable_codelist_map_cache_key(STANDARD, VERSION, None)) or {},
    )
    return RulesEngine(
        cache=cache, config_obj=config, standard=STANDARD, standard_version=VERSION, library_metadata=library,
        dataset_paths=[str(p) for p in paths], max_dataset_size=0,
    )  # fmt: skip


def load_cache(folder: Path | None) -> InMemoryCacheService:
    """CDISC's cache, or an empty one."""
    cache = InMemoryCacheService()
    for path in sorted(folder.glob("*.pkl")) if folder else ():
        cache.add_all(pickle.loads(path.read_bytes()))
    return cache


def as_the_file_says(run: RulesEngine, paths: list[Path]) -> list[str]:
    """Files whose rows the engine did not read whole."""
    wrong = []
    known = {d.name for d in run.data_service.get_datasets()}
    for path in paths:
        if path.stem.upper() not in known:
            wrong.append(f"{path}: the engine did not take it for a Dataset-JSON")
            continue
        told = json.loads(path.read_text(encoding="utf-8"))["records"]
        read = len(run.data_service.get_dataset(dataset_name=path.stem.upper()).data)
        if read != told:
            wrong.append(f"{path}: the engine read {read} of {told} rows")
    return wrong


def main() -> int:
    """Check every folder; returns 3 when something could not be run, else 0: what is reported is for a person to read."""
    words = argparse.ArgumentParser()
    words.add_argument("folders", nargs="+", type=Path)
    words.add_argument("--out", type=Path, required=True)
    words.add_argument("--cache", type=Path)
    asked = words.parse_args()
    folders, out = [f.resolve() for f in asked.folders], asked.out.resolve()
    own = Path(__file__).resolve().parent / "rules.yaml"
    cached = asked.cache.resolve() if asked.cache else None
    os.chdir(HOME)
    logger.setLevel("critical")  # its log quotes whole records
    rows, failed = [], []
    for folder in folders:
        paths = [p for p in sorted(folder.glob("*.json")) if p.stem != "export"]
        filled = [p for p in paths if json.loads(p.read_text(encoding="utf-8"))["records"]]
        if not filled:
            failed.append(f"{folder}: there is no Dataset-JSON with rows to check")
            continue
        cache = load_cache(cached)
        run = engine(filled, cache)
        failed += as_the_file_says(run, filled)
        if cached:
            keys = cache.get_all_by_prefix(utils.get_rules_cache_key(STANDARD, VERSION))
            keys = keys[0] if keys and isinstance(keys[0], list) else keys
            rules = [cache.get(k) if isinstance(k, str) else k for k in keys]
        else:
            rules = own_rules(own)
        for rule in rules:
            try:
                told = run.validate_single_rule(rule)
            except Exception as error:  # noqa: BLE001 - one rule that breaks must not stop the others, and is told
                rows.append([folder.name, "", rule["core_id"], "error", 0, type(error).__name__])
                continue
            for domain, results in sorted(told.items()):
                for result in results:
                    status, n = result["executionStatus"], len(result.get("errors") or [])
                    message = str(result.get("message") or "").splitlines()
                    rows.append([folder.name, domain, rule["core_id"], status, n, message[0] if message else ""])
    rows = [r for r in rows if r[3] != "skipped"]
    with out.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([("study", "domain", "rule", "status", "n", "message"), *rows])
    counts: Counter[tuple[str, str, str]] = Counter()
    for _, domain, rule, status, n, _ in rows:
        counts[(rule, domain, status)] += n
    for (rule, domain, status), n in sorted(counts.items()):
        if n or "error" in status:
            sys.stdout.write(f"{rule:12s} {domain:3s} {status:18s} {n}\n")
    broken = [r for r in rows if "error" in r[3] and r[3] != "issue reported"]
    sys.stdout.write(f"{len({r[2] for r in rows})} checks ran on {len(folders)} trials, {len(broken)} could not run\n")
    sys.stdout.writelines(f"{line}\n" for line in failed)
    return 3 if failed or broken else 0


if __name__ == "__main__":
    raise SystemExit(main())
