"""A PostgreSQL database: named queries, each landed as a Parquet file of text.

All queries are read in one transaction that is read only and sees one state of the database (repeatable read); a server that grants less
is not read. Values are made text by the database itself, so that no number is rounded and no date bent: a NULL stays one, moments are
ISO 8601 in UTC, `infinity` stays a word. Rows are sorted by their cells, so that the same rows are the same file. Each query must be one
statement. Of an error only its code is told, because its text may hold a value; of a query that the server does not understand, its words.

What belongs here: the connection, the transaction, types to text. What does not: what is wanted (flows/engine/incoming.py).
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

import adbc_driver_manager
import adbc_driver_postgresql.dbapi as dbapi
import certifi
import pyarrow as pa
import pyarrow.parquet as pq

from flows.sources.place import Access, Part, There
from schemas.findings import TrialweaveError

_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_MINUTE_MS = 60_000
_LINE = {"application_name": "trialweave", "keepalives_idle": "30", "keepalives_interval": "10", "keepalives_count": "3"}
_DATES = (pa.types.is_date, pa.types.is_timestamp)
_SETTINGS = ("timezone = 'UTC'", "datestyle = 'ISO, YMD'", "intervalstyle = 'iso_8601'", "extra_float_digits = 1", "bytea_output = 'hex'")


def connect(access: Access) -> Postgres:
    """Open the transaction. Raises ReadError: password, database, a server that grants no snapshot. PassingError: it is away."""
    return Postgres(access)


class Postgres:
    """One state of a database."""

    def __init__(self, access: Access) -> None:
        self._access, source = access, access.source
        parts = urlsplit(source.url)
        user, password, trusted = access.username(), access.secret("password"), access.file("ca_file")
        who = quote(user, safe="") + (f":{quote(password, safe='')}" if password is not None else "")
        options = {"connect_timeout": str(source.timeout_s), "tcp_user_timeout": str(source.timeout_s * 1000), **_LINE}
        if trusted is not None or parts.hostname not in _LOOPBACK:
            usual = ssl.get_default_verify_paths().cafile or certifi.where()
            options |= {"sslmode": "verify-full", "sslrootcert": str(trusted or usual)}
        query = "&".join(f"{name}={quote(value, safe='')}" for name, value in options.items())
        address = urlunsplit(("postgresql", f"{who}@{parts.netloc}", parts.path, query, ""))
        self._connection: Any = None
        self._connection = self._ask(dbapi.connect, address, autocommit=True)
        try:
            self._begin()
        except BaseException:
            self.close()
            raise

    def files(self) -> Sequence[There]:
        """A file a query."""
        return [There(f"{name}.parquet", ref=name) for name in self._access.source.queries]

    def fetch(self, there: There, part: Part, known: str) -> There | None:
        """Run a query and write its rows as text."""
        query = self._access.source.queries[there.ref].strip().rstrip(";")
        with self._connection.cursor() as cursor:
            schema = self._ask(cursor.adbc_execute_schema, query, of=there.ref)
            if len(set(schema.names)) < len(schema.names):
                raise self._access.final(f"query {there.ref}: two columns have the same name", "name them apart with `as`")
            columns = ", ".join(_as_text(field) for field in schema)
            self._ask(cursor.execute, f"select {columns} from ({query}\n) as rows", of=there.ref)
            table = self._read(cursor, there.ref)
        table = table.sort_by([(name, "ascending") for name in table.column_names]) if table.num_columns else table
        part.begin("")
        _write(table, part)
        return There(there.name, f"{table.num_rows} rows", ref=there.ref)

    def changed(self, came: Sequence[There]) -> list[str]:
        """Nothing changes within the transaction."""
        return []

    def about(self) -> dict[str, Any]:
        """The server's version, and what the snapshot is called there."""
        return {"server": self._setting("server_version"), "snapshot": self._one("select pg_current_snapshot()::text")}

    def close(self) -> None:
        """Leave; the transaction ends unwritten."""
        self._connection.close()

    def _begin(self) -> None:
        self._do("begin transaction isolation level repeatable read read only")
        for setting in _SETTINGS:
            self._do(f"set local {setting}")
        self._do(f"set local statement_timeout = {self._access.source.max_minutes * _MINUTE_MS}")
        granted = (self._setting("transaction_isolation"), self._setting("transaction_read_only"))
        if granted != ("repeatable read", "on"):
            raise self._access.final("the server grants no read-only snapshot", "connect to the database itself, not through a pool")

    def _read(self, cursor: Any, name: str) -> pa.Table:
        batches = []
        reader = self._ask(cursor.fetch_record_batch, of=name)
        while (batch := self._ask(_next, reader, of=name)) is not None:
            self._access.bound.foresee(sum(b.nbytes for b in batches) + batch.nbytes)
            batches.append(batch)
        return pa.Table.from_batches(batches, reader.schema).cast(pa.schema([(n, pa.string()) for n in reader.schema.names]))

    def _one(self, query: str) -> str:
        with self._connection.cursor() as cursor:
            self._ask(cursor.execute, query)
            row = self._ask(cursor.fetchone)
        return str(row[0]) if row else ""

    def _setting(self, name: str) -> str:
        return self._one(f"select current_setting('{name}')")

    def _do(self, statement: str) -> None:
        with self._connection.cursor() as cursor:
            self._ask(cursor.execute, statement)

    def _ask(self, do: Any, *what: Any, of: str = "", **more: Any) -> Any:
        """The driver's errors as those of this project; their texts may hold values and stay here."""
        self._access.bound.seconds()
        try:
            return do(*what, **more)
        except (adbc_driver_manager.Error, pa.ArrowException, OSError) as error:
            raise self._told(error, of) from None

    def _told(self, error: Exception, of: str) -> TrialweaveError:
        access, code = self._access, str(getattr(error, "sqlstate", None) or "")
        text = str(error)
        name = f"query {of}: " if of else ""
        if code.startswith("28") or "authentication failed" in text or "no password supplied" in text:
            return access.final("the server refuses the user name or password", "look at the secrets the source names")
        if "certificate" in text or "signature failure" in text:
            return access.final("the server's certificate is not trusted; nothing was sent to it", "name its authority's as source.ca_file")
        if code.startswith("3D") or ('database "' in text and "does not exist" in text):
            return access.final("there is no such database", "correct source.url")
        if code == "25006" or "read-only transaction" in text:
            return access.final(f"{name}it would change the database; nothing was changed", "a query may only read")
        if code == "42501":
            return access.final(f"{name}this user may not read what it asks for", "ask who runs the server for the right to select")
        if code.startswith(("42", "0A")):
            said = re.search(r"ERROR:\s*([^\n]*)", text)
            why = f"({code}: {said[1]})" if said else f"({code})"
            return access.final(f"{name}the server does not understand it {why}", "correct source.queries; try it in psql")
        if code.startswith(("08", "40", "53", "55", "57")) or "statement timeout" in text or not (code or self._stopped()):
            return access.passing(f"{name}the server cannot be reached, hung up or gave up{f' ({code})' if code else ''}")
        why = f" ({code})" if code else ""
        return access.final(f"{name}the server stopped it{why}, as for a value it cannot convert", "try it in psql")

    def _stopped(self) -> bool:
        """Whether the server ended the transaction, and is still there: while it sends rows, the driver tells no code."""
        if self._connection is None:
            return False
        try:
            with self._connection.cursor() as cursor:
                cursor.execute("select 1")
        except adbc_driver_manager.Error as error:
            return str(error.sqlstate or "") == "25P02"
        return False


def _as_text(field: pa.Field) -> str:
    """One column as the database itself writes it; dates and moments as ISO 8601 with a T."""
    name = '"' + field.name.replace('"', '""') + '"'
    is_date = any(test(field.type) for test in _DATES)
    return f"to_json(rows.{name}) #>> '{{}}' as {name}" if is_date else f"rows.{name}::text as {name}"


def _next(reader: pa.RecordBatchReader) -> pa.RecordBatch | None:
    try:
        return reader.read_next_batch()
    except StopIteration:
        return None


def _write(table: pa.Table, part: Part) -> None:
    """The same rows give the same bytes."""
    target = Path(f"{part.path}.new")
    pq.write_table(table, target, compression="zstd", write_statistics=False)
    try:
        part.write(target.read_bytes())
    finally:
        target.unlink()
    part.complete(None)
