"""ODM-XML documents (CDISC ODM 1.2 to 1.3.2 and 2.0), snapshots and transactions -> text cells of one form or item group.

What belongs here: clinical data, its keys, transactions replayed in their order (odm_replay.py keeps the rows).
What does not: definitions (odm_definitions.py), safe XML (xml_stream.py).

`sheet` names the form or item group, by OID or Name, or `form/group`. A row is one instance of it, with the items of all groups in it.
Columns: the keys of the instance, then an item each, named by its OID; `<item>.unit` where a value names its own unit. Elements and
annotations of vendors are not read but listed; their attributes on subjects, events, forms and groups are columns (OpenClinica keeps
the subject's own number there). Sources: CDISC ODM 1.3.2 sections 2.4 to 2.6 and 3.1.4, ODM 2.0.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path

import pyarrow as pa

from flows.readers.cells import ROW, Cells, ReadOptions, unreadable
from flows.readers.odm_definitions import Definitions
from flows.readers.odm_replay import Key, Replay, Row, is_removed
from flows.readers.xml_stream import Tag, parse

_ODM = "http://www.cdisc.org/ns/odm/"
#: Element -> attribute of its own OID or key, attribute of its repeat key.
_LEVELS = {
    "ClinicalData": ("StudyOID", ""),
    "SubjectData": ("SubjectKey", ""),
    "StudyEventData": ("StudyEventOID", "StudyEventRepeatKey"),
    "FormData": ("FormOID", "FormRepeatKey"),
    "ItemGroupData": ("ItemGroupOID", "ItemGroupRepeatKey"),
}
_GROUPS = ("FormData", "ItemGroupData")
_DEFINED = ("Study", "AdminData")
#: Words of TransactionType, and of IsNull that mean yes (ODM says Yes; XML's own boolean is met too).
_TRANSACTIONS = {word.lower(): word for word in ("Insert", "Update", "Remove", "Upsert", "Context")}
_YES = ("yes", "true", "1")
_PASSED_OVER = ("AuditRecord", "Signature", "Annotation", "Annotations", "AuditRecords", "Signatures", "ReferenceData", "Association")


@dataclass
class _Level:
    """One open element of clinical data."""

    kind: str
    key: tuple[str, str, str]
    columns: dict[str, str]
    transaction: str
    said: bool


@dataclass
class _Item:
    oid: str
    transaction: str
    said: bool
    null: bool
    value: str | None
    more: list[str] = field(default_factory=list)
    unit: str | None = None


@dataclass
class _Document:
    """The handler: what is open now, definitions, rows."""

    path: Path
    wanted: str | None
    replay: Replay = field(default_factory=Replay)
    definitions: Definitions = field(default_factory=Definitions)
    levels: list[_Level] = field(default_factory=list)
    groups: dict[str, None] = field(default_factory=dict)
    vendor: Counter[str] = field(default_factory=Counter)
    sites: dict[tuple[str, str], str] = field(default_factory=dict)
    transactional: bool = False
    skipping: int = 0
    defining: int = 0
    depth: int = 0
    target: int | None = None
    row: Row | None = None
    inner: set[tuple[tuple[str, str, str], ...]] = field(default_factory=set)
    item: _Item | None = None

    def start(self, tag: Tag, plain: dict[str, str], line: int) -> None:
        self.depth += 1
        if self.depth == 1 and tag.local != "ODM":
            raise unreadable(self.path, f"it is no ODM document: its outermost element is {tag.local}", "export it as CDISC ODM-XML")
        if self.skipping:
            return
        own = not tag.uri or tag.uri.startswith(_ODM)
        if not own or tag.local in _PASSED_OVER:
            if not self.defining:
                self.vendor[str(tag) if not own else tag.local] += 1
            self.skipping = self.depth
            return
        if self.defining or tag.local in _DEFINED:
            self.defining = self.defining or self.depth
            self.definitions.start(tag, plain)
        elif tag.local == "ODM":
            self.transactional = plain.get("FileType", "").lower() == "transactional"
        elif tag.local in _LEVELS:
            self._open(tag.local, plain, line)
        elif tag.local == "SiteRef" and self.levels and self.levels[-1].kind == "SubjectData":
            self.sites[self._subject()] = plain.get("LocationOID", "")
        elif tag.local.startswith("ItemData") and self.row is not None:
            said = "TransactionType" in plain
            null = plain.get("IsNull", "").lower() in _YES
            value = plain.get("Value") or None
            self.item = _Item(plain.get("ItemOID", ""), self._transaction(plain, self.levels[-1].transaction), said, null, value)
        elif tag.local == "MeasurementUnitRef" and self.item is not None:
            self.item.unit = plain.get("MeasurementUnitOID")

    def end(self, tag: Tag, text: str) -> None:
        depth, self.depth = self.depth, self.depth - 1
        if self.skipping:
            self.skipping = 0 if self.skipping == depth else self.skipping
            return
        if self.defining:
            self.definitions.end(tag, text)
            self.defining = 0 if self.defining == depth else self.defining
        elif tag.local == "Value" and self.item is not None:
            self.item.more.append(text)
        elif tag.local.startswith("ItemData") and self.item is not None and self.row is not None:
            item, self.item = self.item, None
            loose = text.strip() and item.value is None and not item.more
            texts = item.more or ([text] if loose and tag.local != "ItemData" else [])
            self.replay.loose += bool(loose and tag.local == "ItemData")
            unit = None if item.unit is None else self.definitions.units.get(item.unit) or item.unit
            inner = tuple(level.key for level in self.levels[(self.target or 0) + 1 :])
            value = item.value if item.value is not None else ";".join(texts) or None
            self.replay.both += item.null and value is not None
            self.row.take(inner, item.oid, value, unit, item.transaction, item.said)
        elif tag.local in _LEVELS:
            self._close()

    def _transaction(self, plain: dict[str, str], inherited: str) -> str:
        """What is done with an element; a word that ODM has not is told, and read as what stands above."""
        sent = plain.get("TransactionType")
        known = inherited if sent is None else _TRANSACTIONS.get(sent.strip().lower())
        if known is None:
            self.definitions.notes.append(f"TransactionType {sent!r} is none of ODM, so what is read of its elements may be wrong")
        return inherited if known is None else known

    def _subject(self) -> tuple[str, str]:
        return (self.levels[0].key[1], self.levels[1].key[1])

    def _open(self, kind: str, plain: dict[str, str], line: int) -> None:
        above = self.levels[-1] if self.levels else None
        name, repeat = _LEVELS[kind]
        default = above.transaction if above else "Upsert" if self.transactional else ""
        transaction = self._transaction(plain, default)
        if not plain.get(name):
            raise unreadable(self.path, f"a {kind} without its {name} stands in line {line}", "export it again")
        if kind == "ClinicalData":
            self.definitions.versions.add((plain[name], plain.get("MetaDataVersionOID", "")))
        columns = {key: value for key, value in plain.items() if key in (name, repeat) or (":" in key and not key.startswith("xsi:"))}
        self.replay.columns |= dict.fromkeys(columns)
        self.levels.append(
            _Level(kind, (kind, plain.get(name, ""), plain.get(repeat, "")), columns, transaction, "TransactionType" in plain)
        )
        if kind in _GROUPS and self.target is None:
            self.groups.setdefault(self._address())
        path = tuple(level.key for level in self.levels)
        if self.target is not None:
            self._inside(path, transaction)
        elif kind in _GROUPS and self._is_wanted():
            self.target = len(self.levels) - 1
            self.row = Row(self._columns(), path, line, transaction)
            self.replay.removed += any(is_removed(key, value) for key, value in self.row.columns.items())
            self.inner = set()
        if transaction == "Remove" and self.target in (None, len(self.levels) - 1):
            self.replay.remove(path, inherited=above is not None and above.transaction == "Remove")
        elif transaction:
            self.replay.seen.add(path)

    def _inside(self, path: Key, transaction: str) -> None:
        """A group within the instance that is being read."""
        if self.row is None or self.target is None:
            return
        inner = path[self.target + 1 :]
        again = inner in self.inner and not transaction
        if again or any(seen != inner and seen[:-1] == inner[:-1] and seen[-1][1] == inner[-1][1] for seen in self.inner):
            raise unreadable(
                self.path,
                f"item group {inner[-1][1]} repeats within {path[self.target][1]}, so one row cannot hold it",
                f"set `sheet` to the item group: {inner[-1][1]}",
            )
        self.inner.add(inner)
        if transaction == "Remove":
            self.row.gone.append(inner)

    def _close(self) -> None:
        level = self.levels.pop()
        if self.target != len(self.levels):
            return
        if self.row is not None and level.transaction != "Remove":
            self.replay.apply(self.row)
        self.target, self.row = None, None

    def _address(self) -> str:
        return "/".join(level.key[1] for level in self.levels if level.kind in _GROUPS)

    def _is_wanted(self) -> bool:
        """Does `sheet` mean this form or group: by OID or name, alone or behind those it stands in? None: the first innermost one met."""
        if self.wanted is None:
            return False
        oids = [level.key[1] for level in self.levels if level.kind in _GROUPS]
        names = [self.definitions.names.get(oid) or oid for oid in oids]
        return self.wanted in (oids[-1], names[-1], "/".join(oids), "/".join(names))

    def _columns(self) -> dict[str, str]:
        """Keys and vendors' attributes of everything that is open; nested groups of ODM 2.0 are forms to the groups in them."""
        out: dict[str, str] = {}
        groups = [level for level in self.levels if level.kind == "ItemGroupData"]
        for level in self.levels:
            for key, value in level.columns.items():
                outer = level.kind == "ItemGroupData" and level is not groups[-1]
                name = key.replace("ItemGroup", "Form") if outer else key
                if is_removed(name, out.get(name, "")):
                    continue
                out[name] = f"{out[name]}/{value}" if outer and name in out else value
        return out


def read(path: Path, options: ReadOptions) -> Cells:
    """The instances of one form or item group as text cells.

    Raises ReadError: no ODM document, damaged, a DOCTYPE, no such form or group, a group that repeats within the form asked for.
    """
    wanted = None if options.sheet is None else str(options.sheet)
    document = _scan(path, wanted, options)
    if wanted is None:
        document = _scan(path, _only(path, document), options)
    elif not document.replay.met and not _defined(document, wanted):
        if document.groups and not document.definitions.inside:
            note = f"no instance of form or item group {wanted!r} stands in it, and it defines none, so `sheet` may be wrong"
            nothing = pa.table({ROW: pa.array([], pa.int64())})
            return Cells(nothing, notes=[*_notes(document), note], parts=tuple(document.groups), part=wanted)
        raise unreadable(path, f"there is no form or item group {wanted!r}; there are {_listed(document)}", "correct `sheet`")
    cells = document.replay.cells(options, document.definitions, _oid(document, wanted), document.sites, _notes(document))
    return replace(cells, parts=tuple(document.groups), part=wanted or "")


def groups(path: Path) -> list[str]:
    """Every form and item group that holds data, as `form/group`, in the order met; a form alone where it has no groups."""
    found = [*_scan(path, None, ReadOptions()).groups]
    return [g for g in found if not any(other.startswith(f"{g}/") for other in found)]


def _scan(path: Path, wanted: str | None, options: ReadOptions) -> _Document:
    document = _Document(path, wanted)
    with path.open("rb") as file:
        parse(path, file, document, options.encoding)
    return document


def _only(path: Path, document: _Document) -> str:
    """The one form or item group of a document where `sheet` names none."""
    inner = [a for a in document.groups if not any(other.startswith(f"{a}/") for other in document.groups)]
    outer = [a for a in document.groups if "/" not in a]
    if len(outer) == 1 or len(inner) == 1:
        return outer[0] if len(outer) == 1 else inner[0]
    what = f"it holds several forms and item groups: {_listed(document)}" if inner else "it holds no clinical data"
    raise unreadable(path, what, "set `sheet` to the one that this table reads" if inner else "export it with its data")


def _listed(document: _Document) -> str:
    names = {*document.groups, *(oid for oid in document.definitions.inside if not any(g.endswith(oid) for g in document.groups))}
    few = sorted(names)[:30]
    return ", ".join(few) + (" ..." if len(names) > len(few) else "")


def _defined(document: _Document, wanted: str) -> bool:
    return _oid(document, wanted) in document.definitions.inside


def _oid(document: _Document, wanted: str | None) -> str:
    """OID of the form or group that `sheet` means."""
    last = (wanted or "").rpartition("/")[2]
    known = document.definitions.names
    for name in (wanted or "", last):
        if name in known:
            return name
        for oid, called in known.items():
            if called == name:
                return oid
    return last


def _notes(document: _Document) -> list[str]:
    known = document.definitions
    notes = list(dict.fromkeys([*known.notes, *known.other_units()]))
    used = {oid for address in document.groups for oid in address.split("/")}
    used |= {item for row in document.replay.rows.values() for _, item in row.items}
    foreign = sorted(oid for oid in used if oid not in known.inside and oid not in known.items)
    if known.inside and foreign:
        few = ", ".join(foreign[:5]) + (" ..." if len(foreign) > 5 else "")
        notes.append(f"the data use {len(foreign)} form(s), group(s) or item(s) that are not defined, so they may be wrong: {few}")
    if document.vendor:
        several = ", ".join(f"{name} ({count})" for name, count in sorted(document.vendor.items()))
        notes.append(f"elements that are not read: {several}")
    return notes
