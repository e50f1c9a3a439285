"""A stand-in for REDCap's API, written from its documented behaviour: projects as their web pages export them, served by token.

What belongs here: content = version, metadata, record, event, formEventMapping, repeatingFormsEvents as CSV; errors told by the body; what
can go wrong on demand. What does not: what trialweave does with it (the tests).
Sources: the parameters and messages that REDCapR and PyCap send and test for (DOMAIN E1); the record identifier is in an answer only when
asked for beside forms or fields; a project without events or repeats says that it is a classic one.
"""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import parse_qsl

from tests.sources import servers

TOKEN = "0123456789ABCDEF0123456789ABCDEF"
KEYS = ("redcap_event_name", "redcap_repeat_instrument", "redcap_repeat_instance", "redcap_data_access_group", "redcap_survey_identifier")
METADATA = (
    "field_name", "form_name", "section_header", "field_type", "field_label", "select_choices_or_calculations", "field_note",
    "text_validation_type_or_show_slider_number", "text_validation_min", "text_validation_max", "identifier", "branching_logic",
    "required_field", "custom_alignment", "question_number", "matrix_group_name", "matrix_ranking", "field_annotation",
)  # fmt: skip
CLASSIC = "ERROR: You cannot export {} for classic projects"
NO_REPEATS = (
    "ERROR: You cannot export repeating instruments and events because the project does not contain any repeating instruments and events"
)
MEMORY = "ERROR: REDCap ran out of server memory. The request cannot be processed. Please try importing/exporting a smaller amount of data."
RIGHTS = "ERROR: You do not have permissions to use the API"

Answer = tuple[int, bytes]


@dataclass
class Project:
    """A project: its data and dictionary, and what its server does wrong."""

    header: list[str]
    rows: list[list[str]]
    dictionary: list[list[str]]
    events: str = ""
    answers: list[Answer] = field(default_factory=list)
    asked: list[dict[str, str]] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    memory: int = 10**9
    losing: set[str] = field(default_factory=set)
    before: Callable[[dict[str, str]], None] = lambda _: None
    cut: bool = False

    @classmethod
    def load(cls, folder: Path) -> Project:
        """A project as its web pages export it: data.csv, dictionary.csv, event.csv where there are events."""
        data = rows_of((folder / "data.csv").read_text(encoding="utf-8-sig"))
        dictionary = rows_of(next(folder.glob("dict*.csv")).read_text(encoding="utf-8-sig"))
        events = (folder / "event.csv").read_text(encoding="utf-8") if (folder / "event.csv").is_file() else ""
        return cls(data[0], data[1:], [[*row, *[""] * 18][:18] for row in dictionary[1:]], events)

    @property
    def id(self) -> str:
        return self.dictionary[0][0]

    @property
    def ids(self) -> list[str]:
        return list(dict.fromkeys(row[self.header.index(self.id)] for row in self.rows))

    def delete(self, record: str) -> None:
        at = self.header.index(self.id)
        self.rows = [row for row in self.rows if row[at] != record]

    def form_of(self, column: str) -> str:
        base, forms = column.partition("___")[0], {row[0]: row[1] for row in self.dictionary}
        return forms.get(base) or column.removesuffix("_complete").removesuffix("_timestamp")


def rows_of(text: str) -> list[list[str]]:
    return [row for row in csv.reader(io.StringIO(text, newline="")) if row]


def text_of(rows: list[list[str]]) -> str:
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue()


def answer(project: Project | None, form: dict[str, str]) -> Answer:
    """What the API says to a request."""
    if project is None:
        return 403, RIGHTS.encode()
    project.asked.append(form)
    project.times.append(time.monotonic())
    project.before(form)
    if project.answers:
        return project.answers.pop(0)
    content = form["content"]
    longitudinal = "redcap_event_name" in project.header
    if content == "version":
        return 200, b"14.7.3"
    if content == "metadata":
        return 200, text_of([list(METADATA), *project.dictionary]).encode()
    if content in ("event", "formEventMapping") and not longitudinal:
        return 400, CLASSIC.format("events" if content == "event" else "form/event mappings").encode()
    if content == "event":
        return 200, project.events.encode()
    if content == "formEventMapping":
        return 200, _mapping(project).encode()
    if content == "repeatingFormsEvents":
        if "redcap_repeat_instrument" not in project.header:
            return 400, NO_REPEATS.encode()
        at = project.header.index("redcap_repeat_instrument")
        names = dict.fromkeys(row[at] for row in project.rows if row[at])
        return 200, text_of([["event_name", "form_name", "custom_form_label"], *(["", n, ""] for n in names)]).encode()
    if content == "record":
        return _records(project, form, longitudinal)
    return 400, b"ERROR: The value of the parameter \"content\" is not valid"


def _mapping(project: Project) -> str:
    at, pairs = project.header.index("redcap_event_name"), {}
    for row in project.rows:
        for name, cell in zip(project.header, row, strict=True):
            if cell and name not in (*KEYS, project.id):
                pairs[row[at], project.form_of(name)] = None
    return text_of([["arm_num", "unique_event_name", "form"], *([event.rpartition("_")[2], event, form] for event, form in pairs)])


def _listed(form: dict[str, str], name: str) -> list[str]:
    return [value for key, value in form.items() if key.startswith(f"{name}[")]


def _records(project: Project, form: dict[str, str], longitudinal: bool) -> Answer:
    fields, forms, events, records = (_listed(form, name) for name in ("fields", "forms", "events", "records"))
    known = {row[0] for row in project.dictionary}
    if wrong := [f for f in fields if f not in known]:
        return 400, f'ERROR: The following values in the parameter "fields" are not valid: \'{wrong[0]}\''.encode()
    if wrong := [f for f in forms if f not in {row[1] for row in project.dictionary}]:
        return 400, f'ERROR: The following values in the parameter "forms" are not valid: \'{wrong[0]}\''.encode()
    if len(records) > project.memory:
        return 200, MEMORY.encode()
    groups = form.get("exportDataAccessGroups") == "true"
    columns = []
    for number, name in enumerate(project.header):
        is_key = name in KEYS and (name != "redcap_data_access_group" or groups)
        is_asked = name.partition("___")[0] in fields or (name != project.id and project.form_of(name) in forms)
        if is_key or (name not in KEYS and (is_asked or not (fields or forms))):
            columns.append(number)
    at = project.header.index(project.id)
    event = project.header.index("redcap_event_name") if longitudinal else -1
    out = [[project.header[n] for n in columns]]
    for row in project.rows:
        if (records and row[at] not in records) or (records and row[at] in project.losing) or (events and row[event] not in events):
            continue
        if forms and not any(row[n] for n in columns if project.header[n] not in (*KEYS, project.id)):
            continue
        out.append([row[n] for n in columns])
    return 200, (text_of(out) if len(out) > 1 else "\n").encode()


@contextmanager
def serving(projects: dict[str, Project], pem: Path) -> Iterator[str]:
    """The API over https; gives its address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            pass

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            form = dict(parse_qsl(body, keep_blank_values=True))
            project = projects.get(form.get("token", ""))
            status, content = answer(project, form)
            self.send_response(status)
            self.send_header("content-type", "text/csv; charset=utf-8")
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            if project is not None and project.cut and form["content"] == "record" and "records[0]" in form:
                project.cut, self.close_connection = False, True
                self.wfile.write(content[: len(content) // 2])
                return
            self.wfile.write(content)

    with servers.web(Handler, pem) as port:
        yield f"https://localhost:{port}/api/"
