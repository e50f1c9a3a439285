"""ODM-XML 1.3.2: a set as definitions and data in one document.

What belongs here: the elements and their order. What does not: Define-XML (flows/engine/describe), reading (flows/readers/odm.py).

Decided: a row is one ItemGroupData under its participant, its number the repeat key; a set without participants is ReferenceData. A
missing value has no ItemData, an empty text an empty Value. Instants are in UTC and end in Z. Control characters that no XML document
may hold are refused.
Source: CDISC ODM 1.3.2 specification and its schema.
"""

from __future__ import annotations

from pathlib import Path
from typing import TextIO
from xml.sax.saxutils import escape, quoteattr

from flows.engine.enums import quoted as literal
from flows.exports.delimited import shown
from flows.exports.source import ExportError, Source, Variable, quoted

NAMESPACE = "http://www.cdisc.org/ns/odm/v1.3"
_TYPES = {"Text": "text", "Integer": "integer", "Integer64": "integer", "Float": "double", "Date": "date", "Datetime": "datetime"}
_STUDY, _EVENT, _FORM = "ST.TRIALWEAVE", "SE.RELEASE", "FO"


def write(source: Source, path: Path) -> None:
    """Write one document. Raises ExportError for text that XML cannot hold."""
    for v in source.variables:
        if n := source.measure(v.name).n_control:
            raise ExportError(f"{source.name}.{v.name}: {n} texts hold control characters, which XML cannot\n  fix   -> another format")
    version = f"MDV.{source.release_id.rpartition('-')[2]}"
    with path.open("w", encoding="utf-8", newline="\n") as out:
        out.write(
            f'<?xml version="1.0" encoding="UTF-8"?>\n<ODM xmlns="{NAMESPACE}" FileType="Snapshot" ODMVersion="1.3.2" '
            f"FileOID={quoteattr(f'trialweave.{source.release_id}.{source.name}')} CreationDateTime={quoteattr(source.as_of)} "
            'Originator="trialweave">\n'
        )
        _definitions(out, source, version)
        _data(out, source, version)
        out.write("</ODM>\n")


def _definitions(out: TextIO, source: Source, version: str) -> None:
    group, has_people = _group(source), _has_people(source)
    named = escape(", ".join(source.studies))
    out.write(
        f'<Study OID="{_STUDY}">\n<GlobalVariables><StudyName>{named}</StudyName><StudyDescription>{escape(source.title)}'
        f"</StudyDescription><ProtocolName>{named}</ProtocolName></GlobalVariables>\n"
        f'<MetaDataVersion OID="{version}" Name="Published analysis sets">\n'
    )
    if has_people:
        form = f"{_FORM}.{source.name.upper()}"
        out.write(
            f'<Protocol><StudyEventRef StudyEventOID="{_EVENT}" OrderNumber="1" Mandatory="Yes"/></Protocol>\n'
            f'<StudyEventDef OID="{_EVENT}" Name="Release" Repeating="No" Type="Common">'
            f'<FormRef FormOID="{form}" OrderNumber="1" Mandatory="No"/></StudyEventDef>\n'
            f'<FormDef OID="{form}" Name="{source.name.upper()}" Repeating="No">'
            f'<ItemGroupRef ItemGroupOID="{group}" OrderNumber="1" Mandatory="No"/></FormDef>\n'
        )
    reference = "No" if has_people else "Yes"
    out.write(
        f'<ItemGroupDef OID="{group}" Name="{source.name.upper()}" Repeating="Yes" IsReferenceData="{reference}" '
        f'SASDatasetName="{source.name.upper()}" Purpose="Analysis"><Description><TranslatedText xml:lang="en">{escape(source.title)}'
        "</TranslatedText></Description>\n"
    )
    for number, v in enumerate(source.variables, start=1):
        out.write(f'<ItemRef ItemOID="{_item(source, v)}" OrderNumber="{number}" Mandatory="{"Yes" if v.is_key else "No"}"/>\n')
    out.write("</ItemGroupDef>\n")
    for v in source.variables:
        length = f' Length="{max(source.measure(v.name).max_bytes, 1)}"' if v.type == "Text" else ""
        coded = f'<CodeListRef CodeListOID="CL.{v.codes.name}"/>' if v.codes else ""
        out.write(
            f'<ItemDef OID="{_item(source, v)}" Name="{v.name}" DataType="{_TYPES[v.type]}"{length} SASFieldName="{v.name}">'
            f'<Description><TranslatedText xml:lang="en">{escape(v.label)}</TranslatedText></Description>{coded}</ItemDef>\n'
        )
    for codes in {v.codes.name: v.codes for v in source.variables if v.codes}.values():
        out.write(f'<CodeList OID="CL.{codes.name}" Name={quoteattr(codes.title)} DataType="text">\n')
        for code, label in codes.terms.items():
            text = f'<TranslatedText xml:lang="en">{escape(label)}</TranslatedText>'
            out.write(f"<CodeListItem CodedValue={quoteattr(code)}><Decode>{text}</Decode></CodeListItem>\n")
        out.write("</CodeList>\n")
    out.write("</MetaDataVersion>\n</Study>\n")


def _data(out: TextIO, source: Source, version: str) -> None:
    """The rows, in XML text that the database makes. Raises ExportError when the rows of a participant do not lie together."""
    has_people = _has_people(source)
    items = " || ".join(
        f"coalesce('<ItemData ItemOID=\"{_item(source, v)}\" Value=\"' || {_escaped(v)} || '\"/>', '')" for v in source.variables
    )
    kind = "ClinicalData" if has_people else "ReferenceData"
    opened = f'<ItemGroupData ItemGroupOID="{_group(source)}" ItemGroupRepeatKey="'
    close = "</FormData></StudyEventData></SubjectData>\n"
    out.write(f'<{kind} StudyOID="{_STUDY}" MetaDataVersionOID="{version}">\n')
    seen: set[str] = set()
    subject, number = "", 0
    for batch in source.batches(["USUBJID" if has_people else "''", items]):
        for person, text in zip(batch.column(0).to_pylist(), batch.column(1).to_pylist(), strict=True):
            number += 1
            if has_people and person != subject:
                if person in seen:
                    raise ExportError(f"{source.name}: the rows of a participant do not lie together; ODM-XML needs them together")
                out.write(close if seen else "")
                seen.add(person)
                subject, number = person, 1
                out.write(
                    f'<SubjectData SubjectKey={quoteattr(person)}><StudyEventData StudyEventOID="{_EVENT}">'
                    f'<FormData FormOID="{_FORM}.{source.name.upper()}">\n'
                )
            out.write(f'{opened}{number}">{text}</ItemGroupData>\n')
    out.write((close if seen else "") + f"</{kind}>\n")


def _escaped(v: Variable) -> str:
    """SQL that gives a value as the text of an XML attribute."""
    if v.type != "Text":
        return f"{shown(v)}::varchar"
    text = quoted(v.name)
    for character, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;")):
        text = f"replace({text}, {literal(character)}, {literal(entity)})"
    for character, entity in ((9, "&#9;"), (10, "&#10;"), (13, "&#13;")):
        text = f"replace({text}, chr({character}), {literal(entity)})"
    return text


def _has_people(source: Source) -> bool:
    return any(v.name == "USUBJID" for v in source.variables)


def _group(source: Source) -> str:
    return f"IG.{source.name.upper()}"


def _item(source: Source, v: Variable) -> str:
    return f"IT.{source.name.upper()}.{v.name}"
