"""A configuration that was edited: what the deliveries of tonight would have given under the one before, and where the edit stands.

What belongs here: opening the configuration that a site's published data were made with, and working with it. What does not: what a
difference means (edit_effect.py), which configuration a replay is made with (config_then.py).

Nothing is opened or worked while the mapping of a site is as it was. When it was edited and its delivery did not change, what was staged
then is the answer already; when both changed, the new delivery is worked a second time, as it would have been before the edit.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from typing import Any

from flows.engine import batch, snapshots
from flows.engine import night as nights
from flows.engine.batch import Staged
from flows.engine.config import NOT_COMPUTED, Unit
from flows.engine.config_then import hides_as_much
from flows.engine.fingerprint import fingerprint, shared_sha256
from flows.engine.night import Attempt, Night
from schemas.findings import TrialweaveError

Entry = dict[str, Any]
#: Parts of what an output is made of that are no configuration.
_INPUTS = ("delivery", "code")
_SHOWN = 5


@dataclass(frozen=True)
class Edit:
    """A mapping that is not as it was. `before`: what the same deliveries give without the edit; `where`: files and lines;
    `is_site`: the site's own mapping (or its profile) was edited; `is_wide`: its trial, an instrument, a code list or a threshold was, and
    not only decisions on drug names; `is_shared`: nothing but code lists or thresholds, which all trials share; `same_delivery`: the data
    that stand were made from the same delivery."""

    before: Staged
    where: str
    is_site: bool
    same_delivery: bool
    is_wide: bool = False
    is_shared: bool = False


@dataclass(frozen=True)
class Then:
    """An attempt under the configuration of an earlier release."""

    night: Night
    attempt: Attempt


def config_of(entry: Entry, manifest: Mapping[str, Any]) -> str:
    """The sha256 of the configuration that a site of a release was made with."""
    return str(entry.get("config") or manifest.get("config_snapshot") or "")


class Edits:
    """The edits of one night. No dataclass, as Night."""

    def __init__(self, night: Night) -> None:
        self._night = night
        self._nights: dict[str, Night | None] = {}
        self._made: dict[str, Staged | None] = {}
        self._lines: dict[tuple[str, str], str] = {}

    def of(self, entry: Entry | None, attempt: Attempt, staged: Staged) -> Edit | None:
        """The edit behind a staged unit. None: the mapping is as it was, or what it would have given before cannot be told."""
        then = self._then(entry, attempt, staged)
        if entry is None or then is None:
            return None
        self.work([then])
        made = self._made.get(then.attempt.mark)
        if made is None:
            return None
        sha256 = config_of(entry, self._manifest)
        was, now, old = entry["made_of"], staged.receipt["made_of"], then.attempt.unit
        is_shared = was["mapping"] == now["mapping"]
        return Edit(
            made, self._where(sha256, attempt.unit), _mapping(old) != _mapping(attempt.unit), was.get("delivery") == now["delivery"],
            is_shared or was.get("shared") != now["shared"] or _protocol(old) != _protocol(attempt.unit), is_shared,
        )  # fmt: skip

    def by_older(self, entry: Entry, attempt: Attempt, before: Staged, after: Staged) -> Edit:
        """The edit as the last good delivery shows it: `before`: as it is published, `after`: as today's configuration works it."""
        night = self._opened(config_of(entry, self._manifest))
        old = night.programme.units.get(attempt.unit.key) if night is not None else None
        where, now, was = self.where(entry, attempt), after.receipt["made_of"], before.receipt.get("made_of", {})
        if old is None:
            return Edit(before, where, is_site=True, same_delivery=True)
        is_shared = was.get("mapping") == now["mapping"]
        is_wide = is_shared or was.get("shared") != now["shared"] or _protocol(old) != _protocol(attempt.unit)
        return Edit(before, where, _mapping(old) != _mapping(attempt.unit), same_delivery=True, is_wide=is_wide, is_shared=is_shared)

    def differ(self, entry: Entry | None, staged: Staged) -> bool:
        """Whether the configuration of a site was edited since its data were published."""
        return _differ((entry or {}).get("made_of") or {}, staged.receipt.get("made_of", {}))

    def night_of(self, entry: Entry | None, attempt: Attempt, staged: Staged) -> Night | None:
        """The night under the configuration of before an edit, where the newest delivery can be worked with it."""
        then = self._then(entry, attempt, staged)
        return then.night if then is not None and self._made.get(then.attempt.mark) is not None else None

    def is_unread(self, entry: Entry | None, attempt: Attempt, staged: Staged) -> bool:
        """Whether the newest delivery cannot be worked with the configuration of before an edit."""
        then = self._then(entry, attempt, staged)
        return then is not None and self._made.get(then.attempt.mark) is None

    def made(self, then: Then) -> Staged | None:
        """What `work` made of an attempt; None where it cannot be worked."""
        return self._made.get(then.attempt.mark)

    def is_unknown(self, entry: Entry | None, attempt: Attempt, staged: Staged) -> bool:
        """The mapping was edited, and what the deliveries would have given before cannot be told: the configuration of then is gone, cannot
        be read by today's code, or would show what is hidden now. A delivery that the mapping of then cannot read is no such case: it is
        why the mapping was edited."""
        was, now = (entry or {}).get("made_of") or {}, staged.receipt.get("made_of", {})
        if not _differ(was, now):
            return False
        return self._opened(config_of(entry or {}, self._manifest)) is None

    def prepare(self, wanted: Iterable[tuple[Entry | None, Attempt, Staged]]) -> None:
        """Work at once, in batches, what `of` will be asked for."""
        found = [then for one in wanted if (then := self._then(*one)) is not None]
        self.work(list({then.attempt.mark: then for then in found}.values()))

    def where(self, entry: Entry, attempt: Attempt) -> str:
        """Which files and lines were edited since a site's data were published; empty when its mapping is as it was."""
        was, sha256 = entry.get("made_of", {}).get("mapping"), config_of(entry, self._manifest)
        if not was or not sha256 or was == replace(attempt.unit, corrections=()).sha256:
            return ""
        try:
            return self._where(sha256, attempt.unit)
        except TrialweaveError:
            return ""

    @property
    def _manifest(self) -> Mapping[str, Any]:
        return self._night.base.manifest if self._night.base else {}

    def _then(self, entry: Entry | None, attempt: Attempt, staged: Staged) -> Then | None:
        """The attempt as it would have been; what stands already is entered as made."""
        was, now = (entry or {}).get("made_of") or {}, staged.receipt.get("made_of", {})
        if entry is None or not _differ(was, now):
            return None
        night = self._opened(config_of(entry, self._manifest))
        if night is None or attempt.unit.key not in night.programme.units:
            return None
        key, deliveries = attempt.unit.key, attempt.deliveries
        unit, units = night.unit(key, deliveries), night.units(key, deliveries)
        shared = shared_sha256(night.programme)
        if replace(unit, corrections=()).sha256 == now["mapping"] and shared == now["shared"]:
            return None  # another mapping was in force for the delivery before: a dated one, not an edit
        mark = fingerprint(night.programme, unit, deliveries, units)
        if mark not in self._made and all(was.get(p) == now[p] for p in _INPUTS) and was.get("shared") == shared:
            folder = batch.staged_folder(self._night.data, unit.site.study, unit.site.site_id, entry["fingerprint"])
            if (found := batch.load_staged(folder, key, entry["fingerprint"])) is not None:
                self._made[mark] = found
        return Then(night, Attempt(unit, deliveries, mark, 0, units))

    def _opened(self, sha256: str) -> Night | None:
        """A kept configuration; None when it is gone, cannot be read today, or would show what is hidden today."""
        if sha256 not in self._nights:
            self._nights[sha256] = None
            try:
                programme = snapshots.kept(self._night.data, sha256, self._night.as_of.date())
                hides_as_much(programme, self._night.programme, self._night.as_of.date())
                self._nights[sha256] = Night(programme, self._night.data, self._night.as_of)
            except TrialweaveError:
                pass
        return self._nights[sha256]

    def work(self, wanted: Iterable[Then]) -> None:
        """Work attempts that are compared and not published, in batches; what is made already is not made again, what its configuration
        cannot read gives nothing."""
        missing = [then for then in wanted if then.attempt.mark not in self._made]
        for then in missing:
            unit = then.attempt.unit
            folder = batch.staged_folder(self._night.data, unit.site.study, unit.site.site_id, then.attempt.mark)
            self._made[then.attempt.mark] = batch.load_staged(folder, unit.key, then.attempt.mark)
        left = [then for then in missing if self._made[then.attempt.mark] is None]
        for night in {id(then.night): then.night for then in left}.values():
            for attempts in nights.batches(then.attempt for then in left if then.night is night):
                try:
                    results = nights.work(night, attempts)
                except TrialweaveError:
                    continue
                self._made |= {one.fingerprint: one for one in results if isinstance(one, Staged)}

    def _where(self, sha256: str, unit: Unit) -> str:
        """Which files of the configuration a unit reads were edited, and in which lines."""
        asked = (sha256, unit.key)
        if asked not in self._lines:
            then = snapshots.read(self._night.data, sha256)
            now = self._night.config_files or snapshots.take(self._night.programme.root)
            told = [_told(name, then.get(name), now.get(name)) for name in sorted({*then, *now}) if _reads(unit, name)]
            self._lines[asked] = ", ".join(t for t in told if t)
        return self._lines[asked]


def _differ(was: Mapping[str, Any], now: Mapping[str, Any]) -> bool:
    """Whether a site's mapping is not as it was, or code lists and thresholds are not under the same code: new code brings its own."""
    if not was or not now:
        return False
    is_shared = was.get("code") == now["code"] and was.get("shared") != now["shared"]
    return bool(was.get("mapping") != now["mapping"]) or is_shared


def _protocol(unit: Unit) -> str:
    return "\n".join([unit.trial.model_dump_json(exclude=NOT_COMPUTED), *(i.model_dump_json() for i in unit.instruments)])


def _mapping(unit: Unit) -> str:
    return unit.site.model_dump_json(by_alias=True, exclude={"checks", "source"})


def _reads(unit: Unit, name: str) -> bool:
    """Whether a file of a kept configuration decides about a unit's mapping."""
    inner = name.partition("/")[2]
    own = (f"sites/{unit.folder.name}/", f"profiles/{unit.profile}.yaml", f"trials/{unit.site.study}.", "instruments/", "codelists/",
           "evidence.yaml")  # fmt: skip
    return inner.startswith(own) and not inner.endswith("/corrections.yaml")


def _told(name: str, then: bytes | None, now: bytes | None) -> str:
    """A file and the lines that are not as they were; empty when it is the same."""
    if then == now:
        return ""
    shown = name.partition("/")[2]
    if then is None or now is None:
        return f"{shown} ({'new' if then is None else 'removed'})"
    old, new = (text.decode("utf-8", "replace").splitlines() for text in (then, now))
    lines = [
        str(min(n + 1, max(len(new), 1)))
        for tag, _, _, first, end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes() if tag != "equal"
        for n in range(first, max(end, first + 1))
    ]  # fmt: skip
    more = f" and {len(lines) - _SHOWN} more" if len(lines) > _SHOWN else ""
    return f"{shown} line{'s' if len(lines) > 1 else ''} {', '.join(lines[:_SHOWN])}{more}"
