"""The rows one table mapping reads: fill-down, joins, site, filter, then wide or long made into plain rows.

What belongs here: which rows there are and which columns fields can use. What does not: what a field's text means (fields.py).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from flows.engine.mapping.files import Sheet
from flows.engine.mapping.shapes import Kind, Reading
from flows.engine.mapping.sqltext import Steps, clean, is_filled, lit, lits, plain
from flows.engine.mapping.text import Source, cell, raw_text
from flows.engine.mapping.wide import Slots
from schemas.findings import ConfigurationError, ReadError
from schemas.site import Condition, FieldSpec, Join, ManySites, Site, TableSpec

_SITE_NAME = "^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$"
_CARRIED = ("unit", "study", "site", "delivery_no", "source_file", "file_no", "source_row")


@dataclass(frozen=True)
class Joined:
    """A join and the sheets it reads, as (raw table, header, file numbers)."""

    join: Join
    reads: tuple[tuple[str, tuple[str, ...], tuple[int, ...]], ...]


class Rows:
    """Rows of one table mapping over one raw table. Ask for columns with `resolve`, then for `sql()`."""

    def __init__(
        self, label: str, spec: TableSpec, site: Site, sheets: Sequence[Sheet], joins: Sequence[Joined], is_whole: bool = False
    ) -> None:
        self.label, self.spec, self.site = label, spec, site
        self.raw, self.header, self.file_name = sheets[0].raw, sheets[0].header, sheets[0].name
        file_nos = ", ".join(str(s.file_no) for s in sorted(sheets, key=lambda s: s.file_no))
        self._files = "true" if is_whole else f"r.file_no in ({file_nos})"
        self.joins = joins
        self.used: set[str] = set()
        self.joined_used: dict[tuple[str, str], set[str]] = {}
        self._needed: dict[str, None] = {}
        self._taken = {new: (n, k) for n, j in enumerate(joins) for k, new in enumerate(j.join.take)}
        self._codes: dict[str, int] = {}
        clash = sorted(set(self._taken) & set(self.header))
        if clash:
            raise ConfigurationError(f"{label}: join takes {clash}, but {self.file_name} has columns of that name already")
        self.slots = Slots.of(label, self.header, spec.wide) if spec.wide and self.header else None
        if self.slots:
            self.used |= {self.header[i] for i in self.slots.places()}
        self._by = {name: self.base(name) for name in spec.long.by} if spec.long else {}
        self._filled = [self.base(name).sql for name in spec.fill_down]
        self._ons = [[self.base(here).sql for here in j.join.on] for j in joins]
        self._where = [condition(self.base(name).sql, test) for name, test in spec.where.items()]
        self._site_steps = self._site()

    def base(self, name: str) -> Source:
        """A column of the file or of a join, before any reshaping."""
        if name in self._taken:
            n, k = self._taken[name]
            return Source(f"j{n}_{k}", f"coalesce(j{n}_{k}_x, false)")
        if not self.header:  # a list without a record (JSON, ODM) does not say which columns its records have
            return Source("null::varchar")
        if name not in self.header:
            raise missing_column(self.label, self.file_name, name, self.header)
        self.used.add(name)
        column = f"c{self.header.index(name)}"
        self._needed[column] = None
        return Source(column)

    def has(self, name: str) -> bool:
        """Whether fields can use a column of this name."""
        return not self.header or name in self.header or name in self._taken or (self.slots is not None and self.slots.holds(name))

    def resolve(self, name: str) -> Source:
        """A column as fields see it. Raises ReadError naming the file and close matches when there is none."""
        if self.slots is not None and self.slots.holds(name):
            return Source(self.slots.column(name))
        if self.spec.long is None:
            return self.base(name)
        if name in self._by:
            return Source(f"b{list(self._by).index(name)}", self._by[name].ambiguous and f"b{list(self._by).index(name)}_x")
        if name in self.header:
            raise ConfigurationError(f"{self.label}: column {name!r} is not in long.by; only those and test codes are left to use")
        number = self._codes.setdefault(name, len(self._codes))
        return Source(f"t{number}", f"t{number}_x")

    def cell_column(self, place: int) -> str:
        """A column of the file by its place, for questionnaire items."""
        self._needed[f"c{place}"] = None
        return f"c{place}"

    def sql(self) -> str:
        """A SELECT of the standard columns, `melt`, and every column that was asked for."""
        source = f"select * from ({self._read()}) where {self._keep()} and site is not null"
        if self.spec.long is not None:
            return self._pivoted(source)
        if self.slots is not None and self.slots.melts:
            joined = [f"j{n}_{k}{x}" for n, k in self._taken.values() for x in ("", "_x")]
            return self.slots.sql(source, [*self._needed, *joined])
        return f"select *, 0 as melt from ({source})"

    def claimed(self) -> str:
        """The source rows this mapping reads, known site or not; for finding rows nobody reads."""
        tested = ""
        if self.spec.long is not None:
            tested = f" and {clean(self.base(self.spec.long.test).sql)} in ({lits(self._codes) or 'null'})"
        return f"select file_no, source_row, site from ({self._read()}) where {self._keep()}{tested}"

    @property
    def claims_all(self) -> bool:
        """Whether it reads every row of its files, whatever is in them."""
        return not self.spec.where and self.spec.long is None and self._site_steps is None

    @property
    def is_ordered(self) -> bool:
        """Whether sql() gives the rows in the files' order without being sorted."""
        return not (self.spec.long or self.spec.fill_down or self.joins)

    def _keep(self) -> str:
        return " and ".join(self._where) or "true"

    def _read(self) -> str:
        """Rows as sent, with filled-down, joined and site columns."""
        if self.spec.long is not None:
            self.base(self.spec.long.test), self.base(self.spec.long.value)
        needed = dict.fromkeys([*self._needed, *(f"c{p}" for p in (self.slots.places() if self.slots else ()))])
        columns = "".join(f", r.{c}" for c in needed)
        source = (
            f"select f.unit, f.study, f.home, f.delivery_no, f.source_file, r.file_no, r.source_row{columns}\n"
            f"from {self.raw} r join raw.file f on f.file_no = r.file_no\n"
            "anti join raw.ragged g on g.file_no = r.file_no and g.source_row = r.source_row\n"
            f"where {self._files}"
        )
        if self._filled:
            filled = ", ".join(
                f"last_value(case when {is_filled([c])} then {c} end ignore nulls) over (partition by file_no order by source_row"
                f" rows between unbounded preceding and current row) as {c}" for c in self._filled
            )  # fmt: skip
            source = f"select * replace ({filled}) from ({source})"
        for n, joined in enumerate(self.joins):
            source = self._with_join(source, n, joined)
        if self._site_steps is None:
            return f"select *, home as site from ({source})"
        return f"select * from ({self._site_steps.sql(source, ('site',))})"

    def _with_join(self, source: str, n: int, joined: Joined) -> str:
        """Take columns from another table: the value where all matches agree, a mark where they do not."""
        join = joined.join
        parts = []
        for raw, header, file_nos in joined.reads:
            names = [*join.on.values(), *join.take.values(), *join.where]
            for name in names:
                if header and name not in header:
                    raise missing_column(self.label, join.file, name, header)
            at = {name: f"r.c{header.index(name)}" if header else "null::varchar" for name in names}
            self.joined_used.setdefault((raw, join.file), set()).update(names)
            keys = ", ".join(f"{clean(at[there])} as k{i}" for i, there in enumerate(join.on.values()))
            taken = ", ".join(f"{plain(at[there])} as v{i}" for i, there in enumerate(join.take.values()))
            tests = "".join(f" and {condition(at[name], test)}" for name, test in join.where.items())
            parts.append(
                f"select f.unit, f.delivery_no, {keys}, {taken} from {raw} r join raw.file f on f.file_no = r.file_no"
                f" where r.file_no in ({', '.join(map(str, file_nos))}){tests}"
            )
        keys = ", ".join(f"k{i}" for i in range(len(join.on)))
        taken = ", ".join(
            f"case when count(distinct coalesce(v{i}, '')) = 1 then min(v{i}) end as j{n}_{i},"
            f" count(distinct coalesce(v{i}, '')) > 1 as j{n}_{i}_x" for i in range(len(join.take))
        )  # fmt: skip
        right = f"select unit as j_unit, delivery_no as j_delivery, {keys}, {taken} from ({' union all '.join(parts)}) group by all"
        on = " and ".join(f"j.k{i} = {clean(f'b.{here}')}" for i, here in enumerate(self._ons[n]))
        columns = ", ".join(f"j.j{n}_{i}, j.j{n}_{i}_x" for i in range(len(join.take)))
        return (
            f"select b.*, {columns} from ({source}) b left join ({right}) j on j.j_unit = b.unit and j.j_delivery = b.delivery_no and {on}"
        )

    def _site(self) -> Steps | None:
        """The step `site` of an export that holds many sites: null when the row's site is not known."""
        many = self.site.sites
        if many is None:
            if self.spec.site is not None:
                raise ConfigurationError(f"{self.label}: `site` is given, but the export is not declared to hold many sites (`sites`)")
            return None
        spec = self.spec.site or site_spec(many)
        steps = Steps()
        how = Reading(".", (), None, self.site.defaults.clock)
        raw = raw_text(steps, "site", spec, self.base)
        own = cell(steps, "site", Kind.CODE_TEXT, spec, how, self.base, raw)
        good = f"regexp_full_match({own.text}, {lit(_SITE_NAME)})"
        if many.known:
            good = f"{own.text} in ({lits(many.known)})"
        wrong = "".join(f" and not coalesce({test}, false)" for test, _ in own.faults)
        steps.add("site", f"case when {good}{wrong} then {own.text} end")
        return steps

    def repeated(self) -> str:
        """Of a long table: the source rows that say once more what an earlier row of the same cell says."""
        return (
            f"select unit, study, site, delivery_no, source_file, file_no, source_row, concat_ws('|', k, test) as cell from ("
            f"select *, row_number() over (partition by file_no, site, k, test, v order by source_row) as nth from ("
            f"select {', '.join(_CARRIED)}, test, v, {self._key_text()} as k from"
            f" ({self._tested(f'select * from ({self._read()}) where {self._keep()} and site is not null')})"
            f" where v is not null and test in ({lits(self._codes) or 'null'}))) where nth > 1"
        )

    def _key_text(self) -> str:
        keys = [f"coalesce(b{i}, '')" for i in range(len(self._by))]
        return f"concat_ws('|', {', '.join(keys)})" if keys else "''"

    def _tested(self, source: str) -> str:
        """One value a row, with its test code and its key."""
        long = self.spec.long
        if long is None:
            raise ConfigurationError(f"{self.label}: it is no long table")
        by = [(f"b{i}", s) for i, s in enumerate(self._by.values())]
        keys = "".join(f", {clean(s.sql)} as {b}" + (f", {s.ambiguous} as {b}_x" if s.ambiguous else "") for b, s in by)
        test, value = self.base(long.test).sql, self.base(long.value).sql
        return f"select {', '.join(_CARRIED)}, {clean(test)} as test, {plain(value)} as v{keys} from ({source})"

    def _pivoted(self, source: str) -> str:
        """One value a row -> one row: a column a test code; two different values for one cell are marked."""
        long = self.spec.long
        if long is None or not self._codes:
            raise ConfigurationError(f"{self.label}: no field uses a test code of column {long.test if long else ''!r}")
        by = [(f"b{i}", s) for i, s in enumerate(self._by.values())]
        cells = ", ".join(
            f"min(v) filter (test = {lit(code)}) as t{i},"
            f" coalesce(min(v) filter (test = {lit(code)}) <> max(v) filter (test = {lit(code)}), false) as t{i}_x"
            for code, i in self._codes.items()
        )
        names = "".join(f", {b}" + (f", {b}_x" if s.ambiguous else "") for b, s in by)
        inner = self._tested(source)
        blank = " or ".join(f"t{i} is not null" for i in self._codes.values())
        carried = ", ".join(c for c in _CARRIED if c != "source_row")
        return (
            f"select * from (select {carried}, min(source_row) as source_row, 0 as melt{names}, {cells} from ({inner})"
            f" where test in ({lits(self._codes)}) group by all) where {blank}"
        )


def site_spec(many: ManySites) -> FieldSpec:
    """How the site of a row is read when its table does not say."""
    return FieldSpec.model_validate({"from": many.from_, "pattern": many.pattern, "map": many.map})


def condition(column: str, test: Condition) -> str:
    """A `where` test as SQL that is never null."""
    text = clean(column)
    parts = []
    if test.any_of is not None:
        parts.append(f"coalesce({text}, '') in ({lits(test.any_of)})")
    if test.none_of is not None:
        parts.append(f"coalesce({text}, '') not in ({lits(test.none_of)})")
    if test.matches is not None:
        parts.append(f"coalesce(regexp_full_match({text}, {lit(test.matches)}), false)")
    if test.blank is not None:
        parts.append(f"{text} is {'' if test.blank else 'not '}null")
    return "(" + (" and ".join(parts) or "true") + ")"


def missing_column(label: str, file: str, name: str, header: Iterable[str]) -> ReadError:
    """The error for a column that a mapping names and a file has not."""
    # its names are told by drift.py, which knows whether they are names: the first line of a file may be a row of data
    names = list(header)
    told = f"{label}: {file} has no column {name!r} among its {len(names)}"
    fix = "correct the mapping (trialweave propose shows what may be meant), or ask the site what changed"
    mark = _divided_by(name, names)
    if mark:
        told, fix = f"{told}: its columns are divided by {mark!r}", f"say delimiter: {json.dumps(mark)}, or ask the site what changed"
    elif any(_mangled(name, encoding) in names for encoding in ("latin-1", "cp1252")):
        told, fix = f"{told}: it is UTF-8 read as another encoding", "say encoding: utf-8, or ask the site what changed"
    return ReadError(f"{told}\n  fix   -> {fix}")


def _divided_by(name: str, names: list[str]) -> str:
    """The delimiter by which a header that was read as one name holds the name looked for; empty if none does."""
    if len(names) != 1:
        return ""
    parts = {d: [part.strip().strip('"') for part in names[0].split(d)] for d in ",;\t|" if d in names[0]}
    return next((d for d, several in parts.items() if name in several), "")


def _mangled(name: str, encoding: str) -> str | None:
    """A name as it looks when its UTF-8 is read as another encoding; None where it looks the same or cannot be read."""
    try:
        other = name.encode().decode(encoding)
    except UnicodeDecodeError:
        return None
    return other if other != name else None
