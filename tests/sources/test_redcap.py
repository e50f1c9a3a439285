"""REDCap's API, from a stand-in written from its documented behaviour, with a small project of our own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from flows.readers import ReadOptions, read
from schemas.findings import PassingError, ReadError
from tests.sources import redcap_standin
from tests.sources.redcap_standin import TOKEN, Project, rows_of
from tests.sources.site import Remote, contents

DATA = """\
record_id,redcap_event_name,redcap_repeat_instrument,redcap_repeat_instance,redcap_data_access_group,sex,story,demo_complete,mg,dose_complete
S-1,start_arm_1,,,lisbon,1,"two
lines, ""quoted"", ä",2,,
S-1,dose_arm_1,dose,1,lisbon,,,,50,2
S-1,dose_arm_1,dose,2,lisbon,,,,25,2
S-2,start_arm_1,,,porto,2,,2,,
S-3,start_arm_1,,,porto,1,,0,,
S-3,dose_arm_1,dose,1,porto,,,,50,0
"""
DICTIONARY = """\
record_id,demo,,text,Record ID,,,,,,,,,,,,,
sex,demo,,radio,Sex,"1, Female | 2, Male",,,,,,,,,,,,
story,demo,,notes,Story,,,,,,,,,,,,,
mg,dose,,text,Dose in mg,,,number,,,,,,,,,,
"""
EVENTS = "event_name,arm_num,unique_event_name,custom_event_label,event_id\nStart,1,start_arm_1,,1\nDose,1,dose_arm_1,,2\n"
TABLES = {"dose": {"file": "data.csv", "companion": "dictionary.csv"}}


@pytest.fixture
def project() -> Project:
    data = rows_of(DATA)
    return Project(data[0], data[1:], rows_of(DICTIONARY), EVENTS)


@pytest.fixture
def pull(tmp_path: Path, project: Project, certificate, monkeypatch: pytest.MonkeyPatch) -> Iterator[object]:
    """Makes a site that pulls from the stand-in; `more` are keys of its source."""
    monkeypatch.setenv("LISBON_TOKEN", TOKEN)
    with redcap_standin.serving({TOKEN: project}, certificate[1]) as url:

        def made(tables: dict | None = None, **more: object) -> Remote:
            told = {"kind": "redcap", "url": url, "token_env": "LISBON_TOKEN", "ca_file": str(certificate[0]), "timeout_s": 5}
            return Remote(tmp_path, tables or TABLES, **(told | more))

        yield made


def asked(project: Project) -> list[str]:
    """What was asked for, in order; records with how many."""
    out = []
    for form in project.asked:
        records = sum(name.startswith("records[") for name in form)
        out.append(f"{records} records" if records else "identifiers" if form["content"] == "record" else form["content"])
    return out


def test_a_project_lands_as_the_files_its_pages_would_give(pull, project):
    made = pull()
    delivery = made.pull()
    landed = contents(delivery)
    assert landed["data.csv"].decode() == DATA
    assert landed["dictionary.csv"].decode().splitlines()[0].startswith("field_name,form_name,section_header,field_type")
    assert delivery.left_out == ()
    source = made.receipt()["source"]
    assert source["kind"] == "redcap" and source["versions"]["data.csv"] == "3 records"
    assert (source["redcap_version"], source["records"], source["requests"]) == ("14.7.3", 3, 6)
    assert asked(project) == ["version", "metadata", "identifiers", "3 records", "identifiers", "metadata"]
    assert made.waiting() == []


def test_what_lands_is_read_by_the_redcap_reader(pull):
    delivery = pull().pull()
    cells = read(delivery.folder / "data.csv", ReadOptions(format="redcap", companion="dictionary.csv", sheet="dose"))
    assert cells.table.select(["record_id", "redcap_repeat_instance", "redcap_data_access_group", "mg"]).to_pylist() == [
        {"record_id": "S-1", "redcap_repeat_instance": "1", "redcap_data_access_group": "lisbon", "mg": "50"},
        {"record_id": "S-1", "redcap_repeat_instance": "2", "redcap_data_access_group": "lisbon", "mg": "25"},
        {"record_id": "S-3", "redcap_repeat_instance": "1", "redcap_data_access_group": "porto", "mg": "50"},
    ]


def test_raw_codes_groups_and_unsaved_forms_are_asked_for(pull, project):
    pull().pull()
    form = next(f for f in project.asked if "records[0]" in f)
    wanted = {"rawOrLabel": "raw", "exportDataAccessGroups": "true", "exportBlankForGrayFormStatus": "true", "type": "flat"}
    assert wanted.items() <= form.items()


@pytest.mark.parametrize(("chunk", "told"), [(1, ["1 records"] * 3), (2, ["2 records", "1 records"]), (3, ["3 records"])])
def test_records_come_in_chunks_and_make_the_same_file(pull, project, chunk, told):
    assert contents(pull(chunk=chunk).pull())["data.csv"].decode() == DATA
    assert [a for a in asked(project) if a.endswith("records")] == told


def test_a_chunk_the_server_has_no_memory_for_is_asked_for_in_halves(pull, project):
    project.memory = 1
    assert contents(pull().pull())["data.csv"].decode() == DATA
    assert [a for a in asked(project) if a.endswith("records")] == ["3 records", "1 records", "2 records", "1 records", "1 records"]
    project.memory = 0
    with pytest.raises(ReadError, match="one record alone is too much"):
        pull().pull()


def test_the_same_is_nothing_new_and_a_change_or_a_deletion_is(pull, project):
    made = pull()
    first = made.pull()
    assert made.pull() == first
    project.rows[1][8] = "55"
    assert b",55,2" in contents(made.pull())["data.csv"]
    project.delete("S-2")
    assert b"S-2" not in contents(made.pull())["data.csv"]
    assert made.receipt()["source"]["records"] == 2
    assert len(made.known()) == 3


@pytest.mark.parametrize("chunk", [1, 3])
def test_a_record_that_does_not_come_back_is_final_and_told_as_a_count(pull, project, chunk):
    project.losing = {"S-2"}
    with pytest.raises(ReadError) as error:
        pull(chunk=chunk).pull()
    assert f"{chunk} records were asked for and {chunk - 1} came" in str(error.value)
    assert "S-2" not in str(error.value) and not isinstance(error.value, PassingError)


def test_a_record_nobody_asked_for_is_refused(pull, project):
    def add(form: dict[str, str]) -> None:
        if "records[0]" in form:
            form["records[9]"] = "S-3"

    project.before = add
    with pytest.raises(ReadError, match="returned 1 records nobody asked for"):
        pull(chunk=2).pull()


@pytest.mark.parametrize("what", ["deleted before its chunk", "deleted after its chunk", "made", "field"])
def test_a_project_that_changes_while_it_is_read_is_told_and_read_again(pull, project, what):
    done: list[str] = []

    def change(form: dict[str, str]) -> None:
        if done or "records[0]" not in form or form["records[0]"] != ("S-3" if what == "deleted after its chunk" else "S-2"):
            return
        done.append(what)
        if what.startswith("deleted"):
            project.delete("S-2")
        elif what == "made":
            project.rows.append(["S-4", *project.rows[-1][1:]])
        else:
            project.header.append("late")
            project.rows = [[*row, ""] for row in project.rows]

    project.before = change
    made = pull(chunk=1)
    with pytest.raises(PassingError, match=r"while (it|the project|the export) was read"):
        made.pull()
    assert made.known() == []
    made.pull()
    assert len(made.known()) == 1


def test_a_connection_that_is_cut_lands_nothing_and_the_next_try_is_whole(pull, project):
    made = pull()
    project.cut = True
    with pytest.raises(PassingError, match="hung up"):
        made.pull()
    assert made.known() == []
    assert contents(made.pull())["data.csv"].decode() == DATA


@pytest.mark.parametrize(
    ("body", "status", "may_pass", "told"),
    [
        ("ERROR: You do not have permissions to use the API", 403, False, "REDCap refuses the token"),
        ("ERROR: You do not have permissions to use the API", 200, False, "REDCap refuses the token"),
        ('{"error":"You do not have permissions to use the API"}', 403, False, "REDCap refuses the token"),
        ('<?xml version="1.0"?><hash><error>The token is not valid</error></hash>', 200, False, "REDCap refuses the token"),
        ('ERROR: The following values in the parameter "fields" are not valid: \'S-9\'', 400, False, "is not in the project"),
        ("ERROR: No record Frau Maier found", 400, False, "REDCap refuses the request (400)"),
        ("", 500, True, "busy or broken (500)"),
        ("ERROR: Too many requests", 429, True, "busy or broken (429)"),
        ("<html><body>REDCap is offline</body></html>", 200, True, "busy or broken"),
        ("<html><body>Sign in</body></html>", 200, True, "a web page came in place of data"),
        ("record_id,sex\nS-1,1,extra\n", 200, True, "cut or no record export"),
        ("\n", 200, False, "3 records were asked for and 0 came"),
    ],
)
def test_the_body_says_what_is_wrong_and_whether_it_may_pass(pull, project, body, status, may_pass, told):
    def fail(form: dict[str, str]) -> None:
        if "records[0]" in form:
            project.answers.append((status, body.encode()))

    project.before = fail
    made = pull()
    with pytest.raises(ReadError) as error:
        made.pull()
    assert told in str(error.value)
    assert isinstance(error.value, PassingError) is may_pass
    assert "S-9" not in str(error.value) and "Maier" not in str(error.value)
    project.before = lambda _: None
    assert contents(made.pull())["data.csv"].decode() == DATA


def test_events_and_repeats_come_where_the_mapping_names_them(pull, project):
    tables = TABLES | {"session": {"file": "events.csv"}, "subject": {"file": "repeating.csv"}, "rating": {"file": "form_events.csv"}}
    landed = contents(pull(tables).pull())
    assert landed["events.csv"].decode() == EVENTS
    assert landed["repeating.csv"].decode() == "event_name,form_name,custom_form_label\n,dose,\n"
    assert landed["form_events.csv"].decode().splitlines()[1:] == ["1,start_arm_1,demo", "1,dose_arm_1,dose"]


def test_that_a_classic_project_has_no_events_is_no_failure(pull, project):
    keep = [n for n, name in enumerate(project.header) if name not in redcap_standin.KEYS[:3]]
    project.header = [project.header[n] for n in keep]
    project.rows = [[row[n] for n in keep] for row in project.rows]
    tables = TABLES | {"session": {"file": "events.csv"}, "subject": {"file": "repeating.csv"}, "rating": {"file": "form_events.csv"}}
    landed = contents(pull(tables).pull())
    assert landed["events.csv"] == b"event_name,arm_num,unique_event_name,custom_event_label,event_id\n"
    assert landed["repeating.csv"] == b"event_name,form_name,custom_form_label\n"


def test_named_forms_fields_and_events_bring_the_identifier_too(pull, project):
    made = pull(forms=["dose"])
    header, *rows = rows_of(contents(made.pull())["data.csv"].decode())
    assert header == ["record_id", *redcap_standin.KEYS[:4], "mg", "dose_complete"]
    assert [row[0] for row in rows] == ["S-1", "S-1", "S-3"]
    assert made.receipt()["source"]["records_without_these_forms"] == 1
    header, *rows = rows_of(contents(pull(fields=["sex"], events=["start_arm_1"]).pull())["data.csv"].decode())
    assert header[-1] == "sex" and [row[0] for row in rows] == ["S-1", "S-2", "S-3"]
    with pytest.raises(ReadError, match="a form, field or event of the source is not in the project"):
        pull(fields=["redcap_event_name"]).pull()


def test_requests_keep_to_the_declared_pace(pull, project, monkeypatch):
    slept: list[float] = []
    clock = [0.0]
    monkeypatch.setattr("flows.sources.redcap_api.time.sleep", lambda s: (slept.append(s), clock.__setitem__(0, clock[0] + s)))
    monkeypatch.setattr("flows.sources.redcap_api.time.monotonic", lambda: clock[0])
    pull(chunk=1, per_minute=3).pull()
    assert len(project.asked) == 8
    assert slept == [60.0, 60.0]


def test_a_project_without_a_record_for_this_token_is_told(pull, project):
    project.rows = []
    with pytest.raises(ReadError, match="shows no record to this token"):
        pull().pull()


def test_a_token_may_come_from_a_block_and_a_wrong_one_is_not_told(pull, project, monkeypatch):
    made = pull(token_env=None, token_block="lisbon-redcap")
    assert contents(made.pull(blocks={"lisbon-redcap": f"{TOKEN}\n"}.__getitem__))["data.csv"].decode() == DATA
    assert not any(TOKEN in text for text in made.texts())
    monkeypatch.setenv("LISBON_TOKEN", "F" * 32)
    with pytest.raises(ReadError, match="REDCap refuses the token") as error:
        pull().pull()
    assert "F" * 32 not in str(error.value)
    monkeypatch.setenv("LISBON_TOKEN", "not a token")
    with pytest.raises(ReadError, match="is none of REDCap's") as error:
        pull().pull()
    assert "not a token" not in str(error.value)


def test_a_project_that_is_too_large_is_refused(pull, project):
    project.rows[0][6] = "x" * 1_100_000
    with pytest.raises(ReadError, match="larger than 1 MB"):
        pull(max_mb=1).pull()


def test_identifiers_that_look_like_formulas_paths_or_html_are_only_text(pull, project):
    for number, name in enumerate(("=1+1", "../../etc/passwd", "<b>1</b>", "a'b\"c,d;e\nf")):
        project.rows.append([name, *project.rows[3][1:]])
        assert number < 4
    made = pull(chunk=2)
    rows = rows_of(contents(made.pull())["data.csv"].decode())
    assert [row[0] for row in rows[-4:]] == ["=1+1", "../../etc/passwd", "<b>1</b>", "a'b\"c,d;e\nf"]
