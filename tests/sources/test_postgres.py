"""PostgreSQL, from a real server."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pyarrow.parquet as pq
import pytest

from flows.readers import read
from schemas.findings import PassingError, ReadError
from tests.sources import servers
from tests.sources.site import Remote

PASSWORD = "k7#pQ/w:e@3 z%"
EVERY_TYPE = """
create table every (
    id text, n smallint, big bigint, exact numeric, single real, double double precision, yes boolean, day date, at timestamptz,
    local timestamp, clock time, span interval, kind text check (kind <> ''), more jsonb, list int[], bytes bytea, who uuid
)"""
ROW = """
insert into every values
('007', 3, 9007199254740993, 0.10000000000000000000001, 0.1, 0.1, true, '2024-02-29', '2024-03-05 14:00:00.25+01', '2024-03-05 14:00',
 '13:05', '1 day 02:00', 'Lösung, "50 mg"', '{"a": [1, null]}', '{1,2}', '\\x00ff', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'),
('008', null, null, 'NaN', 'NaN', '-Infinity', null, 'infinity', '-infinity', 'infinity', null, null, null, null, null, null, null)
"""


@pytest.fixture(scope="module")
def server(certificate: tuple[Path, Path]) -> Iterator[int]:
    if servers.postgres_binaries() is None:
        pytest.skip("PostgreSQL's server is not here: make sources-packages")
    with servers.postgres(PASSWORD, certificate[1]) as port:
        yield port


@pytest.fixture
def database(server: int, request: pytest.FixtureRequest) -> Iterator[psycopg.Connection]:
    """A database of the test's own, with two tables."""
    name = f"d{abs(hash(request.node.nodeid)) % 10**12}"
    with psycopg.connect(host="127.0.0.1", port=server, user="site", password=PASSWORD, dbname="postgres", autocommit=True) as first:
        first.execute(f"create database {name}")
    with psycopg.connect(host="127.0.0.1", port=server, user="site", password=PASSWORD, dbname=name, autocommit=True) as made:
        made.execute("create table dose (id text, day date, mg numeric)")
        made.execute("insert into dose values ('2', '2024-03-05', 50), ('1', '2024-03-04', 25.50), ('1', '2024-03-04', null)")
        made.execute("create table subject (id text)")
        made.execute("insert into subject values ('1'), ('2')")
        yield made


QUERIES = {"dose": "select * from dose", "subject": "select id from subject -- all of them"}


def site(root: Path, database: psycopg.Connection, monkeypatch: pytest.MonkeyPatch, port: int = 0, **source: object) -> Remote:
    monkeypatch.setenv("LISBON_PASSWORD", PASSWORD)
    told = {"kind": "postgres", "url": f"postgresql://127.0.0.1:{port or database.info.port}/{database.info.dbname}", "queries": QUERIES}
    told |= {"username": "site", "password_env": "LISBON_PASSWORD", "timeout_s": 5}
    return Remote(root, {"dose": {"file": "*.parquet"}}, **(told | source))


def rows(made: Remote, name: str) -> list[tuple[str | None, ...]]:
    table = pq.read_table(made.known()[-1].folder / f"{name}.parquet")
    return [tuple(row.values()) for row in table.to_pylist()]


def test_each_query_is_a_file_of_text_sorted_by_its_cells(tmp_path, database, monkeypatch):
    made = site(tmp_path, database, monkeypatch)
    made.pull()
    assert rows(made, "dose") == [("1", "2024-03-04", "25.50"), ("1", "2024-03-04", None), ("2", "2024-03-05", "50")]
    assert rows(made, "subject") == [("1",), ("2",)]
    source = made.receipt()["source"]
    assert (source["kind"], source["path"]) == ("postgres", made.unit.site.source.url)
    assert source["versions"] == {"dose.parquet": "3 rows", "subject.parquet": "2 rows"}
    assert source["server"].split(".")[0].isdigit() and ":" in source["snapshot"]
    assert made.waiting() == []


def test_no_type_loses_anything(tmp_path, database, monkeypatch):
    database.execute(EVERY_TYPE)
    database.execute(ROW)
    made = site(tmp_path, database, monkeypatch, queries={"every": "select * from every"})
    made.pull()
    first, second = rows(made, "every")
    assert first == (
        "007", "3", "9007199254740993", "0.10000000000000000000001", "0.1", "0.1", "true", "2024-02-29", "2024-03-05T13:00:00.25+00:00",
        "2024-03-05T14:00:00", "13:05:00", "P1DT2H", 'Lösung, "50 mg"', '{"a": [1, null]}', "{1,2}", "\\x00ff",
        "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
    )  # fmt: skip
    assert second == (
        "008", None, None, "NaN", "NaN", "-Infinity", None, "infinity", "-infinity", "infinity", None, None, None, None, None, None, None
    )  # fmt: skip


def test_what_lands_is_what_the_parquet_reader_reads(tmp_path, database, monkeypatch):
    made = site(tmp_path, database, monkeypatch)
    cells = read(made.pull().folder / "dose.parquet")
    assert cells.typed
    days, amounts = ["2024-03-04", "2024-03-04", "2024-03-05"], ["25.50", None, "50"]
    assert cells.table.to_pydict() == {"id": ["1", "1", "2"], "day": days, "mg": amounts, "_row": [1, 2, 3]}


def test_the_same_rows_in_another_order_are_nothing_new_and_a_changed_or_deleted_one_is(tmp_path, database, monkeypatch):
    made = site(tmp_path, database, monkeypatch)
    first = made.pull()
    database.execute("create table again as select * from dose order by id desc, mg; drop table dose; alter table again rename to dose")
    assert made.pull() == first
    database.execute("update dose set mg = 30 where id = '2'")
    assert made.pull() != first
    database.execute("delete from dose where id = '2'")
    made.pull()
    assert [row[0] for row in rows(made, "dose")] == ["1", "1"]
    assert len(made.known()) == 3


def test_all_queries_see_one_state_of_the_database(tmp_path, database, monkeypatch):
    from flows.sources.postgres import Postgres

    fetch = Postgres.fetch

    def and_change(self, there, part, known):
        came = fetch(self, there, part, known)
        database.execute("insert into subject values ('3'); insert into dose values ('3', '2024-03-06', 50)")
        return came

    monkeypatch.setattr(Postgres, "fetch", and_change)
    made = site(tmp_path, database, monkeypatch)
    made.pull()
    assert len(rows(made, "dose")) == 3 and len(rows(made, "subject")) == 2


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("select spoil()", "would change the database"),
        ("delete from dose returning id", "does not understand it"),
        ("select id from dose; drop table dose", "does not understand it"),
        ("select id from dose); commit; drop table dose; --", "does not understand it"),
        ("select secret from dose", 'column "secret" does not exist'),
        ("select id, id from dose", "two columns have the same name"),
        ("select (id || 'geheim')::int from dose", "the server stopped it, as for a value it cannot convert"),
    ],
)
def test_a_query_can_only_read_and_what_is_wrong_with_it_is_told_without_values(tmp_path, database, monkeypatch, query, told):
    database.execute("create function spoil() returns int language sql as $$ delete from dose; select 1 $$")
    made = site(tmp_path, database, monkeypatch, queries={"dose": query})
    with pytest.raises(ReadError) as error:
        made.pull()
    assert told in str(error.value) and "geheim" not in str(error.value).replace(query, "")
    assert not isinstance(error.value, PassingError)
    assert database.execute("select count(*) from dose").fetchone() == (3,)


def test_a_wrong_password_is_final_and_not_told(tmp_path, database, monkeypatch):
    made = site(tmp_path, database, monkeypatch)
    monkeypatch.setenv("LISBON_PASSWORD", "falsch/32")
    with pytest.raises(ReadError, match="refuses the user name or password") as error:
        made.pull()
    assert not isinstance(error.value, PassingError)
    assert "falsch" not in str(error.value)


def test_no_database_no_server_and_no_right_are_told_apart(tmp_path, database, monkeypatch):
    gone = site(tmp_path, database, monkeypatch, url=f"postgresql://127.0.0.1:{database.info.port}/none")
    with pytest.raises(ReadError, match="no such database") as final:
        gone.pull()
    assert not isinstance(final.value, PassingError)
    with pytest.raises(PassingError, match="cannot be reached"):
        site(tmp_path, database, monkeypatch, url="postgresql://127.0.0.1:1/none").pull()
    database.execute("drop role if exists guest; create role guest login password 'guest'")
    monkeypatch.setenv("GUEST_PASSWORD", "guest")
    with pytest.raises(ReadError, match="may not read"):
        site(tmp_path, database, monkeypatch, username="guest", password_env="GUEST_PASSWORD").pull()
    database.execute("drop role guest")


def test_a_connection_that_is_cut_lands_nothing_and_the_next_try_is_whole(tmp_path, database, monkeypatch):
    database.execute("insert into dose select n::text, '2024-03-05', 50 from generate_series(3, 100000) as s(n)")
    wire = servers.Proxy(database.info.port)
    made = site(tmp_path, database, monkeypatch, wire.port)
    wire.cut(800_000)
    with pytest.raises(PassingError, match="hung up"):
        made.pull()
    assert made.known() == []
    made.pull()
    assert len(rows(made, "dose")) == 100_001
    wire.close()


def test_a_result_that_is_too_large_is_refused(tmp_path, database, monkeypatch):
    much = {"dose": "select repeat('x', 1000) as x from generate_series(1, 100000)"}
    made = site(tmp_path, database, monkeypatch, max_mb=1, queries=much)
    with pytest.raises(ReadError, match="larger than 1 MB"):
        made.pull()
    assert made.waiting() == []


def test_a_query_that_never_ends_is_stopped_by_the_server(tmp_path, database, monkeypatch):
    monkeypatch.setattr("flows.sources.postgres._MINUTE_MS", 1000)
    made = site(tmp_path, database, monkeypatch, max_minutes=1, queries={"dose": "select pg_sleep(30)::text as x"})
    began = dt.datetime.now(dt.UTC)
    with pytest.raises(PassingError, match="gave up"):
        made.pull()
    assert (dt.datetime.now(dt.UTC) - began).total_seconds() < 20


def test_odd_names_of_columns_are_kept(tmp_path, database, monkeypatch):
    odd = """select id as "Teil ""nehmer"" ä", mg as "MG" from dose where id = '2'"""
    made = site(tmp_path, database, monkeypatch, queries={"dose": odd})
    made.pull()
    table = pq.read_table(made.known()[-1].folder / "dose.parquet")
    assert table.column_names == ['Teil "nehmer" ä', "MG"] and table.num_rows == 1


def test_a_server_is_known_by_its_certificate_where_one_is_named(tmp_path, database, certificate, monkeypatch):
    other, _ = servers.certificate(tmp_path / "tls", "other")
    url = f"postgresql://localhost:{database.info.port}/{database.info.dbname}"
    made = site(tmp_path, database, monkeypatch, url=url, ca_file=str(certificate[0]))
    made.pull()
    assert len(rows(made, "dose")) == 3
    with pytest.raises(ReadError, match="certificate is not trusted") as error:
        site(tmp_path, database, monkeypatch, url=url, ca_file=str(other)).pull()
    assert not isinstance(error.value, PassingError)
