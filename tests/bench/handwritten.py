"""The yardstick: the same work as trialweave's full run, as one hand-written DuckDB script.

What belongs here: reading the sites' CSV in batches, running handwritten/*.sql, writing one Parquet a set and site.
What does not: orchestration, lineage, landing, releases, a mapping language: all that trialweave adds and is measured by.

    python -m tests.bench.handwritten CONFIG_DIR EXPORTS OUT

It is written for this one trial, as a person would who knows the files: every shortcut that is right for any content of
these files is taken. Nothing sent is lost: each row is kept, or has a finding that says why not, and the counts are checked.
"""

from __future__ import annotations

import argparse
import json
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import duckdb
import pyarrow as pa

from tests.bench import handwritten_ref as ref
from tests.bench import setup

SQL = Path(__file__).with_name("handwritten")
BATCH_FILES = sorted(p for p in SQL.glob("*.sql") if "10" <= p.name[:2] <= "80")
SETS = ("adsl", "adex", "adsess", "adsuds", "adqs", "aditem", "adcm", "adae", "addv")
#: Kept rows of each file: the table they end in, and the finding's table name. Medications are counted before coding.
KEPT = {
    "subjects": ("subject", "subject"),
    "sessions": ("session", "session"),
    "doses": ("dose_timing", "dose"),
    "suds": ("rating", "rating"),
    "medications": ("medication_kept", "medication"),
    "lsas": ("form_all", "form"),
    "spds": ("item_all", "item"),
    "adverse_events": ("event", "adverse_event"),
    "withdrawals": ("(select * from withdrawal_typed where is_known and not is_conflict and copy_no = 1)", "withdrawal"),
}
FINDING = """create table finding (rule varchar, severity varchar, site_no utinyint, table_name varchar, record_key varchar,
    field varchar, raw_value varchar, source_file sha_t, source_row bigint)"""
BATCH_BYTES = 12_000_000
PERFORMANCE = (1, 2, 3, 4, 6, 8, 9, 13, 14, 16, 17, 20, 21)
Counts = dict[str, dict[str, int]]
Times = dict[str, float]


class Options(NamedTuple):
    """Sites a batch, batches at a time, threads and memory of each: measured best on two cores."""

    size: int = 25
    workers: int = 2
    threads: int = 1
    memory: str = "600MB"


OPTIONS = Options()


def _statements(path: Path, values: dict[str, str]) -> list[str]:
    """The statements of one file, its {names} filled in."""
    return [s for s in path.read_text(encoding="utf-8").format(**values).split(";\n") if s.strip()]


def _values() -> dict[str, str]:
    """What the SQL files leave open: names of this trial and sums over runs of items."""
    values = {
        "study": setup.STUDY,
        "items": ", ".join(setup.ITEMS),
        "item_codes": repr(list(setup.ITEMS)),
        "paramcds": repr(list(setup.PARAMS)[:7]),
        "params": repr([setup.PARAMS[code] for code in list(setup.PARAMS)[:7]]),
    }
    for half, letter in (("fear", "F"), ("avoid", "A")):
        for part in ("performance", "social"):
            codes = [f"LS{letter}{n:02d}" for n in range(1, 25) if (n in PERFORMANCE) == (part == "performance")]
            values[f"sum_{half}_{part}"] = " + ".join(f"coalesce({c}, 0)" for c in codes)
            values[f"n_{half}_{part}"] = " + ".join(f"({c} is not null)::utinyint" for c in codes)
    return values


VALUES = _values()


def _read(con: duckdb.DuckDBPyConnection, batch: list[ref.SentSite]) -> None:
    """Every file of the batch into raw tables of text; the wide questionnaire straight into numbers."""
    con.execute("create table sent_file (table_name varchar, file_index ubigint, site_no utinyint, timezone varchar, source_file sha_t)")
    con.execute("create table untidy_cell (source_file sha_t, source_row bigint, sent varchar)")
    rows = [(t, i, s.no, s.timezone, s.hashes[t]) for t in ref.HEADERS for i, s in enumerate(batch)]
    con.execute(f"insert into sent_file values {', '.join(map(repr, rows))}")
    for table, columns in ref.HEADERS.items():
        source = (
            f"read_csv({[str(s.files[table]) for s in batch]!r}, columns={dict.fromkeys(columns, 'VARCHAR')!r}, "
            "auto_detect=false, header=true, delim=',', quote='\"', escape='\"')"
        )
        untidy = any(table in s.untidy for s in batch)
        cells = {c: f"""nullif(trim("{c}"), '')""" for c in columns}
        if table == "lsas" and not untidy:
            con.execute(_read_items(source, cells))
            continue
        quoted = ", ".join(f'"{c}"' for c in columns)
        con.execute(f"create table raw_{table} as select file_index, {quoted} from {source}")
        first = f"""(select s.file_index, s.site_no, s.timezone, s.source_file, min(r.rowid) as first_row
            from raw_{table} as r join sent_file as s on s.file_index = r.file_index and s.table_name = '{table}' group by all)"""
        if untidy:
            cells = {c: _tidy(c) for c in columns}
            changed = ", ".join(f'case when {cells[c]} <> trim("{c}", {PLAIN}) then {cells[c]} end' for c in columns)
            con.execute(
                f"""insert into untidy_cell select source_file, source_row, sent from (
                select f.source_file, r.rowid - f.first_row + 1 as source_row, unnest([{changed}]) as sent
                from raw_{table} as r join {first} as f using (file_index)) where sent is not null"""
            )
        shown = ", ".join(f'{x} as "{c}"' for c, x in cells.items())
        if table == "lsas":
            con.execute(_read_items(f"(select file_index, {shown} from raw_{table})", {}))
            continue
        con.execute(
            f"""create view sent_{table} as
            select f.site_no, f.timezone, f.source_file, r.rowid - f.first_row + 1 as source_row, {shown}
            from raw_{table} as r join {first} as f using (file_index)"""
        )


#: Blanks that are no plain ones, as HTML entities and spreadsheets leave them; what has no width; free text keeps its inner ones.
PLAIN = r"' ' || chr(9) || chr(13) || chr(10) || chr(11) || chr(12)"
SPACES = "\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000\u2028\u2029\u0085"
NO_WIDTH = "\ufeff\u200b\u200c\u200d\u2060\u00ad\u180e\u200e\u200f"
FREE_TEXT = ("drug", "term", "reason", "related")


def _tidy(column: str) -> str:
    """A cell without blanks around it, and without odd ones inside where it is no free text."""
    if column in FREE_TEXT:
        return f"""nullif(trim("{column}", {PLAIN} || '{SPACES}{NO_WIDTH}'), '')"""
    return f"""nullif(trim(translate("{column}", '{SPACES}{NO_WIDTH}', '{" " * len(SPACES)}'), {PLAIN}), '')"""


def _read_items(source: str, cells: dict[str, str]) -> str:
    """Items as numbers in range; where a cell cannot be used, all cells of that row are kept as sent in `bad`."""
    ok = "between 0 and 3 and {x} = floor({x})"
    number = {c: f"case when {x} {ok.format(x=x)} then {x} end" for c in setup.ITEMS if (x := f"try_cast({c} as float)")}
    faulty = " or ".join(
        f"({c} is not null and not coalesce({x} {ok.format(x=x)}, false))" for c in setup.ITEMS if (x := f"try_cast({c} as float)")
    )
    sent = ", ".join(f"{{'item': '{c}', 'sent': {c}}}" for c in setup.ITEMS)
    keys = ", ".join(f"{cells.get(c, c)} as {c}" for c in ("subject", "visit", "date", "total"))
    return (
        f"create table form_typed as select file_index, {keys}, {', '.join(f'{x} as {c}' for c, x in number.items())}, "
        f"case when {faulty} then [{sent}] end as bad from {source}"
    )


def _write(con: duckdb.DuckDBPyConnection, batch: list[ref.SentSite], sets: tuple[str, ...], out: Path, threads: int) -> None:
    """One Parquet a set and site, as many at a time as the database has threads."""

    def one(job: tuple[str, ref.SentSite]) -> None:
        name, site = job
        target = out / name / setup.STUDY / f"{site.site}.parquet"
        order = "order by all" if name == "finding" else ""
        con.cursor().execute(
            f"copy (select * exclude (site_no) from {name} where site_no = {site.no} {order}) "
            f"to '{target}' (format parquet, compression zstd, compression_level 1)"
        )

    for name in sets:
        (out / name / setup.STUDY).mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(one, [(name, site) for name in sets for site in batch]))


def _account(con: duckdb.DuckDBPyConnection) -> Counts:
    """Received = kept + rejected + dropped copies, table by table; raises ValueError where it is not."""
    counts: Counts = {}
    for table, (kept, name) in KEPT.items():
        received = "form_sent" if table == "lsas" else f"raw_{table}"
        rows = con.execute(
            f"""select (select count(*) from {received}), (select count(*) from {kept}),
            (select count(*) from finding where table_name = '{name}' and severity in ('reject', 'drop'))"""
        ).fetchall()
        counts[table] = dict(zip(("received", "kept", "rejected"), rows[0], strict=True))
        if rows[0][0] != rows[0][1] + rows[0][2]:
            raise ValueError(f"{table}: rows kept and rejected are not the rows received: {counts[table]}")
    return counts


def _connect(memory: str, threads: int, given: ref.Tables) -> duckdb.DuckDBPyConnection:
    """A database of its own for one batch, with the small tables and the macros."""
    con = duckdb.connect(config={"threads": threads, "memory_limit": memory})
    con.execute("set TimeZone = 'UTC'")
    ref.load(con, given)
    for statement in _statements(SQL / "00_macros.sql", {}):
        con.execute(statement)
    return con


def _batch(sites: list[ref.SentSite], given: ref.Tables, out: Path, options: Options, times: Times) -> tuple[pa.Table, Counts]:
    """One batch from files to files; returns what the pooled sets need, and the counts."""
    clock = time.perf_counter()
    with _connect(options.memory, options.threads, given) as con:
        con.execute(FINDING)
        clock = _lap(times, "start", clock)
        _read(con, sites)
        clock = _lap(times, "read", clock)
        for path in BATCH_FILES:
            for statement in _statements(path, VALUES):
                con.execute(statement)
            clock = _lap(times, path.stem, clock)
        counts = _account(con)
        base = con.execute("select * from ipd_part").to_arrow_table()
        clock = _lap(times, "account", clock)
        _write(con, sites, (*SETS, "finding"), out, options.threads)
        _lap(times, "write", clock)
    return base, counts


def _pooled(base: pa.Table, sites: list[ref.SentSite], given: ref.Tables, out: Path, options: Options) -> None:
    """The two sets that need the whole trial."""
    with _connect(options.memory, 2, given) as con:
        con.register("ipd_base", base)
        for statement in _statements(SQL / "90_pooled.sql", VALUES):
            con.execute(statement)
        (out / "adref").mkdir(parents=True, exist_ok=True)
        con.execute(f"copy adref to '{out / 'adref' / (setup.STUDY + '.parquet')}' (format parquet)")
        _write(con, sites, ("adipd",), out, 2)


def _batches(sites: list[ref.SentSite], size: int) -> list[list[ref.SentSite]]:
    """Runs of at most `size` sites and BATCH_BYTES."""
    out: list[list[ref.SentSite]] = []
    n_bytes = BATCH_BYTES
    for site in sites:
        if n_bytes + site.n_bytes > BATCH_BYTES or len(out[-1]) == size:
            out.append([])
            n_bytes = 0
        out[-1].append(site)
        n_bytes += site.n_bytes
    return out


def run(config: Path, exports: Path, out: Path, options: Options = OPTIONS) -> Counts:
    """Harmonize every site; return received, kept and rejected rows of each table."""
    times: Times = {}
    clock = time.perf_counter()
    sites = ref.sites(config, exports)
    given = ref.tables(sites)
    _lap(times, "list", clock)
    batches = _batches(sites, options.size)
    with ThreadPoolExecutor(options.workers) as pool:
        done = list(pool.map(lambda batch: _batch(batch, given, out, options, times), batches))
    clock = time.perf_counter()
    _pooled(pa.concat_tables(base for base, _ in done), sites, given, out, options)
    _lap(times, "pooled", clock)
    (out / "times.json").write_text(json.dumps({k: round(v, 3) for k, v in times.items()}, indent=1), encoding="utf-8")
    return {t: {k: sum(c[t][k] for _, c in done) for k in ("received", "kept", "rejected")} for t in KEPT}


def _lap(times: Times, name: str, since: float) -> float:
    now = time.perf_counter()
    times[name] = times.get(name, 0) + now - since
    return now


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description="Harmonize the benchmark's exports with hand-written SQL.")
    parser.add_argument("config", type=Path)
    parser.add_argument("exports", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--batch", type=int, default=OPTIONS.size, help="sites a batch")
    parser.add_argument("--workers", type=int, default=OPTIONS.workers, help="batches at a time")
    parser.add_argument("--threads", type=int, default=OPTIONS.threads, help="threads of each batch")
    parser.add_argument("--memory", default=OPTIONS.memory, help="memory limit of each batch")
    given = parser.parse_args()
    options = Options(given.batch, given.workers, given.threads, given.memory)
    print(json.dumps(run(given.config, given.exports, given.out, options)))


if __name__ == "__main__":
    main()
