"""define.xml: the release's sets as CDISC Define-XML 2.1.

What belongs here: elements and their order. What does not: the facts (the package's __init__).

Nothing in it is a clock time of the build: the moment it names is the night's `as_of`, so that a release made again has the same bytes.
Text without a code list has no Length: a Parquet file has none, and one made up would be wrong; exports tell theirs.
Source: CDISC Define-XML 2.1 specification and its schema.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lxml import etree

from flows.engine.describe import Fact, derivation, published
from schemas.codes import CodeList
from schemas.columns import TITLES

ODM, DEF, XLINK = "http://www.cdisc.org/ns/odm/v1.3", "http://www.cdisc.org/ns/def/v2.1", "http://www.w3.org/1999/xlink"
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"

_TYPES = {"Text": "text", "Integer": "integer", "Integer64": "integer", "Float": "float", "Date": "date", "Datetime": "datetime"}
_LENGTHS = {"Integer": 11, "Integer64": 20, "Float": 24}

#: Sets that are of a class of ADaM; every other is the project's own.
_CLASSES = {
    "adsl": "SUBJECT LEVEL ANALYSIS DATASET", "adqs": "BASIC DATA STRUCTURE", "adcm": "OCCURRENCE DATA STRUCTURE",
    "adae": "OCCURRENCE DATA STRUCTURE",
}  # fmt: skip
_OTHER = "ADAM OTHER"

#: Standards: OID -> name, type, publishing set, version.
_STANDARDS = {
    "STD.ADAM": ("ADaMIG", "IG", "", "1.3"),
    "STD.CT.SDTM": ("CDISC/NCI", "CT", "SDTM", "2026-03-27"),
    "STD.CT.ADAM": ("CDISC/NCI", "CT", "ADaM", "2026-03-27"),
}
#: CDISC code lists that ADaM publishes; the others are SDTM's.
_OF_ADAM = {"C81223", "C81224"}


def as_xml(studies: Sequence[str], as_of: str, content: str) -> bytes:
    """The document for the sets of a release. `content`: the 8 hex that tell what the release is made from."""
    root = etree.Element(_odm("ODM"), nsmap={None: ODM, "def": DEF, "xlink": XLINK})
    _set(root, FileOID=f"trialweave.{content}", FileType="Snapshot", ODMVersion="1.3.2", CreationDateTime=as_of, Originator="trialweave")
    root.set(_def("Context"), "Other")
    study = _add(root, "Study", OID="ST.TRIALWEAVE")
    about = _add(study, "GlobalVariables")
    named = ", ".join(studies)
    for name, text in (("StudyName", named), ("StudyDescription", f"Analysis sets of {named}"), ("ProtocolName", named)):
        _add(about, name).text = text
    version = _add(study, "MetaDataVersion", OID=f"MDV.{content}", Name=f"Release of {as_of[:10]}", Description="Published analysis sets")
    version.set(_def("DefineVersion"), "2.1.0")
    _standards(version)
    sets = published()
    for dataset, facts in sets.items():
        _group(version, dataset, facts)
    for dataset, facts in sets.items():
        for fact in facts:
            _item(version, dataset, fact)
    lists = {f.codes.name: f.codes for facts in sets.values() for f in facts if f.codes is not None}
    for name in sorted(lists):
        kinds = {f.column.type for facts in sets.values() for f in facts if f.codes == lists[name]}
        _codes(version, lists[name], _TYPES[min(kinds)])
    for dataset, facts in sets.items():
        for fact in facts:
            if fact.origin == "Derived":
                method = _add(version, "MethodDef", OID=_oid("MT", dataset, fact), Name=f"{dataset.upper()}.{fact.column.name}",
                              Type="Computation")  # fmt: skip
                _describe(method, derivation(fact))
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True))


def _standards(version: Any) -> None:
    home = etree.SubElement(version, _def("Standards"))
    for oid, (name, kind, published_in, number) in _STANDARDS.items():
        found = etree.SubElement(home, _def("Standard"))
        _set(found, OID=oid, Name=name, Type=kind)
        if published_in:
            _set(found, PublishingSet=published_in)
        _set(found, Version=number, Status="Final")


def _group(version: Any, dataset: str, facts: Sequence[Fact]) -> None:
    keys = [f.column.name for f in facts if f.column.is_key]
    reference = "USUBJID" not in keys
    group = _add(
        version, "ItemGroupDef", OID=f"IG.{dataset.upper()}", Name=dataset.upper(), Repeating="No" if dataset == "adsl" else "Yes",
        IsReferenceData="Yes" if reference else "No", SASDatasetName=dataset.upper(), Purpose="Analysis",
    )  # fmt: skip
    group.set(_def("Structure"), "One record per " + ", ".join(keys))
    group.set(_def("ArchiveLocationID"), f"LF.{dataset.upper()}")
    if dataset in _CLASSES:
        group.set(_def("StandardOID"), "STD.ADAM")
    else:
        group.set(_def("IsNonStandard"), "Yes")
    _describe(group, TITLES[dataset])
    for number, fact in enumerate(facts, start=1):
        is_key = fact.column.is_key
        ref = _add(group, "ItemRef", ItemOID=_oid("IT", dataset, fact), OrderNumber=str(number), Mandatory="Yes" if is_key else "No")
        if is_key:
            _set(ref, KeySequence=str(keys.index(fact.column.name) + 1))
        if fact.origin == "Derived":
            _set(ref, MethodOID=_oid("MT", dataset, fact))
    etree.SubElement(group, _def("Class")).set("Name", _CLASSES.get(dataset, _OTHER))
    leaf = etree.SubElement(group, _def("leaf"))
    leaf.set("ID", f"LF.{dataset.upper()}")
    leaf.set(f"{{{XLINK}}}href", f"{dataset}/")
    etree.SubElement(leaf, _def("title")).text = f"{dataset}/<study>/<site>-<hash>.parquet"


def _item(version: Any, dataset: str, fact: Fact) -> None:
    column = fact.column
    item = _add(version, "ItemDef", OID=_oid("IT", dataset, fact), Name=column.name, DataType=_TYPES[column.type])
    length = max(map(len, column.codes)) if column.codes else _LENGTHS.get(column.type)
    if length:
        _set(item, Length=str(length))
    if column.type == "Float":
        _set(item, SignificantDigits="15")
    _set(item, SASFieldName=column.name)
    _describe(item, column.label)
    if fact.codes is not None:
        _add(item, "CodeListRef", CodeListOID=f"CL.{fact.codes.name}")
    origin = etree.SubElement(item, _def("Origin"))
    _set(origin, Type=fact.origin, Source="Investigator" if fact.origin == "Collected" else "Sponsor")
    if fact.fields:
        _describe(origin, f"The site's {', '.join(fact.fields)}")
    elif fact.origin == "Assigned":
        _describe(origin, derivation(fact))


def _codes(version: Any, codes: CodeList, kind: str) -> None:
    found = _add(version, "CodeList", OID=f"CL.{codes.name}", Name=codes.title, DataType=kind)
    if codes.nci:
        found.set(_def("StandardOID"), "STD.CT.ADAM" if codes.nci in _OF_ADAM else "STD.CT.SDTM")
    else:
        found.set(_def("IsNonStandard"), "Yes")
    for code, label in codes.terms.items():
        item = _add(found, "CodeListItem", CodedValue=code)
        _text(_add(item, "Decode"), label)
    if codes.nci:
        _add(found, "Alias", Context="nci:ExtCodeID", Name=codes.nci)


def _oid(kind: str, dataset: str, fact: Fact) -> str:
    return f"{kind}.{dataset.upper()}.{fact.column.name}"


def _describe(element: Any, text: str) -> None:
    _text(_add(element, "Description"), text)


def _text(element: Any, text: str) -> None:
    inner = _add(element, "TranslatedText")
    inner.set(_LANG, "en")
    inner.text = text


def _add(parent: Any, tag: str, **attributes: str) -> Any:
    element = etree.SubElement(parent, _odm(tag))
    _set(element, **attributes)
    return element


def _set(element: Any, **attributes: str) -> None:
    for name, value in attributes.items():
        element.set(name, value)


def _odm(tag: str) -> str:
    return f"{{{ODM}}}{tag}"


def _def(tag: str) -> str:
    return f"{{{DEF}}}{tag}"
