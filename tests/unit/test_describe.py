"""What explains a release's variables: dictionary.csv, dictionary.html, define.xml say the same, and it is complete and valid."""

from __future__ import annotations

import csv
import io
from html.parser import HTMLParser

import pytest
import xmlschema
from lxml import etree
from odmlib import schema_manager
from odmlib.define_loader import XMLDefineLoader
from odmlib.loader import ODMLoader

from flows.engine.describe import derivation, documents, facts
from schemas.codes import code_list, code_lists
from schemas.columns import RESTRICTED, TITLES, columns
from schemas.harmonization import COLUMNS

NS = {"o": "http://www.cdisc.org/ns/odm/v1.3", "d": "http://www.cdisc.org/ns/def/v2.1"}


@pytest.fixture(scope="module")
def made() -> dict[str, bytes]:
    return {p.path: p.content for p in documents.documents(["sad01", "ocd01"], "2026-03-01T04:15:00+00:00", "0011aabb")}


@pytest.fixture(scope="module")
def define(made):
    return etree.fromstring(made["define.xml"])


def found(define, path):
    return define.xpath(f".//o:MetaDataVersion/{path}", namespaces=NS)


def test_the_documents_of_the_same_release_have_the_same_bytes(made):
    again = documents.documents(["ocd01", "sad01", "ocd01"], "2026-03-01T04:15:00+00:00", "0011aabb")
    assert {p.path: p.content for p in again} == made
    assert sorted(made) == ["define.xml", "dictionary.csv", "dictionary.html"]


def test_define_xml_is_valid_against_the_schema_of_define_xml_2_1(made):
    schema = xmlschema.XMLSchema(schema_manager.get_schema_path("define", "2.1"))
    assert [e.reason for e in schema.iter_errors(io.BytesIO(made["define.xml"]))] == []


def test_define_xml_is_read_by_an_independent_library(made, tmp_path):
    (tmp_path / "define.xml").write_bytes(made["define.xml"])
    loader = ODMLoader(XMLDefineLoader(model_package="define_2_1", ns_uri=NS["d"]))
    loader.open_odm_document(str(tmp_path / "define.xml"))
    version = loader.MetaDataVersion()
    names = {item.OID: item.Name for item in version.ItemDef}
    assert {g.Name: [names[r.ItemOID] for r in g.ItemRef] for g in version.ItemGroupDef} == {
        dataset.upper(): [c.name for c in of] for dataset, of in columns().items() if dataset not in RESTRICTED
    }


def test_every_reference_in_define_xml_leads_somewhere_and_nothing_is_defined_for_nothing(define):
    for kind, attribute in (("ItemDef", "ItemOID"), ("CodeList", "CodeListOID"), ("MethodDef", "MethodOID")):
        defined = {e.get("OID") for e in found(define, f"o:{kind}")}
        used = {e.get(attribute) for e in define.iter() if e.get(attribute)}
        assert used == defined, kind


def test_a_derived_variable_has_its_method_and_a_coded_one_its_list(define):
    method = found(define, "o:MethodDef[@OID='MT.ADEX.LAGSTRT']/o:Description/o:TranslatedText")[0].text
    assert method == (
        "Positive: dose before start; exact seconds / 60. Computed by sql/3_analysis/adex.sql from core.dose_timing."
    )
    codes = found(define, "o:CodeList[@OID='CL.YNU']/o:CodeListItem/@CodedValue")
    assert (codes, found(define, "o:CodeList[@OID='CL.YNU']/o:Alias/@Name")) == (["Y", "N", "U"], ["C66742"])


def test_the_page_names_the_file_that_computes_a_variable(made):
    page = made["dictionary.html"].decode()
    row = page[page.index('<tr id="adex.TIMCAT">') :].split("</tr>")[0]
    assert "<code>sql/2_core/dose_timing.sql</code>" in row.replace("<wbr>", "")
    assert "<td>Derived.</td>" in row and 'href="#CL.TIMCAT"' in row
    assert "Made by <code>sql/3_analysis/adex.sql</code>" in page


def test_the_dictionary_says_from_which_fields_of_the_site_a_variable_comes():
    told = {(d, f.column.name): (f.origin, f.fields) for d, of in facts().items() for f in of}
    assert told["adsl", "SEX"] == ("Collected", ("subject.sex",))
    assert told["adex", "LAGEXPO"] == ("Derived", ("dose.dosed_at", "session.exposure_started_at"))
    assert told["adex", "DOSEMGKG"] == ("Derived", ("dose.dose_mg", "dose.taken", "subject.weight_kg"))
    assert told["adsl", "DISORDER"] == ("Assigned", ())
    assert told["adsl", "NDV"][0] == "Derived"  # a count of rows


def test_the_three_documents_name_the_same_variables(made, define):
    listed = {(r["dataset"], r["name"]) for r in csv.DictReader(io.StringIO(made["dictionary.csv"].decode()))}
    defined = {tuple(e.get("OID").split(".")[1:]) for e in found(define, "o:ItemDef")}
    page = Page(made["dictionary.html"])
    matrix = {("harmonization", name) for name in COLUMNS}
    assert listed == {(d, c.name) for d, of in columns().items() for c in of} | matrix
    assert {(d.upper(), n) for d, n in listed - matrix if d not in RESTRICTED} == defined
    assert {f"{d}.{n}" for d, n in listed} <= page.ids


class Page(HTMLParser):
    """Anchors, links and addresses of a page; heads of tables without a scope."""

    def __init__(self, content: bytes) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.targets: set[str] = set()
        self.outside: list[str] = []
        self.bare_heads = 0
        self.lang = ""
        self.feed(content.decode())

    def handle_starttag(self, tag, attrs):
        told = dict(attrs)
        self.lang = self.lang or told.get("lang", "") if tag == "html" else self.lang
        self.ids |= {told["id"]} if told.get("id") else set()
        self.bare_heads += tag == "th" and "scope" not in told
        address = told.get("href") or told.get("src") or ""
        if address.startswith("#"):
            self.targets.add(address[1:])
        elif address:
            self.outside.append(address)


def test_the_page_needs_nothing_from_elsewhere_and_its_links_lead_somewhere(made):
    page = Page(made["dictionary.html"])
    assert (page.outside, page.targets - page.ids, page.bare_heads, page.lang) == ([], set(), 0, "en")
    assert b"http" not in made["dictionary.html"]


def test_every_code_of_a_variable_has_a_meaning_and_no_list_is_unused():
    used = {code_list(c.codes).name for of in columns().values() for c in of if c.codes}
    assert used == set(code_lists())
    assert all(label.strip() for codes in code_lists().values() for label in codes.terms.values())
    with pytest.raises(KeyError, match="Y MAYBE"):
        code_list(("Y", "MAYBE"))


def test_every_set_has_a_title_that_every_format_can_hold():
    assert set(TITLES) == set(columns())
    assert max(map(len, TITLES.values())) <= 40


def test_a_derivation_is_a_sentence():
    texts = [derivation(f) for of in facts().values() for f in of]
    assert [t for t in texts if not t.endswith(".") or (t[0].islower() and "." not in t.split()[0][:-1])] == []
