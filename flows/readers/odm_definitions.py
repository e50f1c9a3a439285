"""The definitions of an ODM document: which items a form or item group has, their labels, code lists and units.

What belongs here: Study, BasicDefinitions, MetaDataVersion, AdminData of ODM 1.2 to 2.0. What does not: clinical data (odm.py).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from flows.readers.cells import About
from flows.readers.xml_stream import Tag

_LEVELS = ("FormDef", "ItemGroupDef")


@dataclass
class Item:
    """One ItemDef; `units`: version of the metadata (study, version) -> the units it may be given in."""

    name: str = ""
    label: str = ""
    code_list: str = ""
    units: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    is_identifier: bool = False
    is_free_text: bool = False


@dataclass
class Definitions:
    """Everything by OID. `inside`: form or group -> what it refers to, in order. `versions`: those that clinical data refer to."""

    names: dict[str, str] = field(default_factory=dict)
    inside: dict[str, list[str]] = field(default_factory=dict)
    items: dict[str, Item] = field(default_factory=dict)
    lists: dict[str, dict[str, str]] = field(default_factory=dict)
    units: dict[str, str] = field(default_factory=dict)
    locations: dict[str, str] = field(default_factory=dict)
    versions: set[tuple[str, str]] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)
    _said: dict[tuple[str, str, str], str] = field(default_factory=dict)
    _open: list[tuple[str, str]] = field(default_factory=list)

    def start(self, tag: Tag, attributes: dict[str, str]) -> None:
        """An element of the metadata begins. Attributes by name, those of a vendor with their prefix."""
        oid, kind = attributes.get("OID", ""), tag.local
        if kind in _LEVELS:
            self.names[oid] = attributes.get("Name", "")
            self.inside.setdefault(oid, [])
        elif kind == "ItemDef":
            vendor = {key.rpartition(":")[2]: value for key, value in attributes.items() if ":" in key}
            item = self.items.setdefault(oid, Item())
            item.name = attributes.get("Name", "")
            item.units.setdefault(self._version(), set())
            item.is_identifier = vendor.get("Identifier") == "y"
            item.is_free_text = vendor.get("FieldType") in ("textarea", "notes")
        elif kind == "CodeList":
            self.lists.setdefault(oid, {})
        elif kind in ("ItemGroupRef", "ItemRef") and self._inside(_LEVELS):
            self.inside[self._inside(_LEVELS)].append(attributes.get("ItemGroupOID" if kind == "ItemGroupRef" else "ItemOID", ""))
        elif kind == "CodeListRef" and self._inside(("ItemDef",)):
            self.items[self._inside(("ItemDef",))].code_list = attributes.get("CodeListOID", "")
        elif kind == "MeasurementUnitRef" and self._inside(("ItemDef",)):
            self.items[self._inside(("ItemDef",))].units[self._version()].add(attributes.get("MeasurementUnitOID", ""))
        elif kind == "MeasurementUnit":
            self.units[oid] = attributes.get("Name", "")
        elif kind in ("Location", "SiteDef"):
            self.locations[oid] = attributes.get("Name", "")
        oid = attributes.get("CodedValue", "") if kind in ("CodeListItem", "EnumeratedItem") else oid
        oid = attributes.get("xml:lang", "") if kind == "TranslatedText" else oid
        self._open.append((kind, oid))

    def end(self, tag: Tag, text: str) -> None:
        """An element of the metadata ends."""
        _, language = self._open.pop()
        if tag.local != "TranslatedText":
            return
        words = " ".join(text.split())
        above = {kind for kind, _ in self._open}
        item = self._inside(("ItemDef",))
        if "Decode" in above:
            name, code = self._inside(("CodeList",)), self._inside(("CodeListItem",))
            self.lists.setdefault(name, {}).setdefault(code, words)
            if self._said.setdefault((name, code, language), words) != words:
                self.notes.append(f"code list {name} gives one code two labels, so a label may be wrong; the first is taken")
        elif "Question" in above and item in self.items:
            self.items[item].label = self.items[item].label or words

    def _version(self) -> tuple[str, str]:
        return self._inside(("Study",)), self._inside(("MetaDataVersion",))

    def _inside(self, kinds: tuple[str, ...]) -> str:
        return next((oid for kind, oid in reversed(self._open) if kind in kinds), "")

    def items_of(self, oid: str, seen: tuple[str, ...] = ()) -> list[str]:
        """Items of a form or group and of the groups in it, in the order they are defined, each once."""
        out: dict[str, None] = {}
        for inner in self.inside.get(oid, ()):
            if inner in self.inside and inner not in seen:
                out |= dict.fromkeys(self.items_of(inner, (*seen, oid)))
            elif inner not in self.inside:
                out[inner] = None
        return [*out]

    def _units(self, item: Item) -> dict[tuple[str, str], frozenset[str]]:
        """Version -> names of an item's units, in the versions that clinical data refer to (where none of them defines it: in all)."""
        named = {version: frozenset(self.units.get(unit) or unit for unit in units) for version, units in item.units.items()}
        return {version: units for version, units in named.items() if version in self.versions} or named

    def other_units(self) -> list[str]:
        """What is to be told of items whose unit differs from one version of the metadata to another."""
        told = []
        for oid, item in self.items.items():
            several = {units for units in self._units(item).values() if units}
            if len(several) > 1:
                names = ", ".join(sorted({name for units in several for name in units}))
                told.append(f"versions of the metadata give item {oid} other units ({names}), so values may be wrong")
        return told

    def about(self, oid: str) -> About:
        """What the document says of an item."""
        item = self.items.get(oid, Item())
        said = {name for units in self._units(item).values() for name in units}
        unit = next(iter(said)) if len(said) == 1 else ""
        return About(
            label=item.label or item.name,
            labels=dict(self.lists.get(item.code_list, {})),
            unit=unit,
            is_identifier=item.is_identifier,
            is_free_text=item.is_free_text,
        )
