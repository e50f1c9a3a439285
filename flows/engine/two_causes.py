"""A delivery that comes when something else changed, too: an edit of the mapping, new code, a code list, a correction.

What belongs here: which two outputs tell what the delivery alone changed, and working the one that is missing. What does not: the output
of the newest delivery as it would have been before an edit (edited.py), what a difference means (holding.py, edit_effect.py).

The last good delivery and the newest one are compared as they are worked alike: under the configuration of before, which a night after an
edit works the newest delivery with anyway; else, the last good delivery is worked once more, by today's configuration and code. Only sites
of which the delivery and something else changed pay for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from flows.engine import batch, changes, decisions, landed, last_good, tombstones
from flows.engine.batch import Staged
from flows.engine.edited import Edit, Edits, Then
from flows.engine.fingerprint import fingerprint
from flows.engine.landed import Delivery
from flows.engine.last_good import Before
from flows.engine.night import Attempt, Night

Entry = dict[str, Any]
_SAID = {
    "mapping": "the mapping was edited", "code": "trialweave was updated", "shared": "a code list or threshold was edited",
    "corrections": "corrections were edited",
}  # fmt: skip


@dataclass(frozen=True)
class Apart:
    """`base`: the last good delivery, and `after`: the newest one, worked alike. `is_alone`: what else changed is judged by itself, so that
    only what these two differ in holds the delivery; `doubt`: what else may be the cause of a difference, where it cannot be told apart."""

    base: Before
    after: Staged
    is_alone: bool = True
    doubt: str = ""

    @property
    def both(self) -> tuple[Staged, Before]:
        """The newest delivery and the last good one."""
        return self.after, self.base


class TwoCauses:
    """The sites of one night of which the delivery changed and something else. No dataclass, as Night."""

    def __init__(self, night: Night, edits: Edits) -> None:
        self._night, self._edits = night, edits

    @cached_property
    def _rewritten(self) -> dict[str, dict[str, str]]:
        return tombstones.rewritten(self._night.data)

    @cached_property
    def _aside(self) -> set[tuple[str, str]]:
        return decisions.set_aside(self._night.data)

    def prepare(self, wanted: Iterable[tuple[Entry | None, Attempt, Staged]]) -> None:
        """Work at once, in batches, what `of` will be asked for."""
        found = [then for one in wanted if (then := self._wanted(*one)) is not None]
        self._edits.work(list({then.attempt.mark: then for then in found}.values()))

    def of(self, entry: Entry | None, attempt: Attempt, staged: Staged, edit: Edit | None, last: Before | None) -> Apart | None:
        """What tells the delivery's changes apart; None: there is no last good delivery, or nothing else changed."""
        if entry is None or last is None or last.is_empty or not _others(entry, staged):
            return None
        made = self._made(entry, attempt, staged)
        site = entry["site"]
        if edit is not None:
            if "code" not in _others(entry, staged):  # what is published is what its configuration gives
                return Apart(last, edit.before)
            if made is not None and site in made.receipt["sites"]:
                return Apart(self._before(entry, made), edit.before)
            return Apart(last, edit.before, doubt=_doubt({"code": ""}))
        if made is None or site not in made.receipt["sites"]:
            return Apart(last, staged, is_alone=False, doubt=_doubt(_others(entry, staged)))
        return Apart(self._before(entry, made), staged, is_alone=not self._is_edited(entry, made))

    def edit(self, entry: Entry, attempt: Attempt, staged: Staged) -> tuple[Edit, Staged] | None:
        """An edit that could not be told by the newest delivery, by the last good one: the edit, and the output after it."""
        if not self._edits.differ(entry, staged):
            return None
        made = self._made(entry, attempt, staged)
        if made is None or not self._is_edited(entry, made):
            return None
        site = attempt.unit.site
        folder = batch.staged_folder(self._night.data, site.study, site.site_id, entry["fingerprint"])
        before = batch.load_staged(folder, attempt.unit.key, entry["fingerprint"])
        return (self._edits.by_older(entry, attempt, before, made), made) if before is not None else None

    def is_unknown(self, entry: Entry | None, attempt: Attempt, staged: Staged) -> bool:
        """An edit that was made can be told neither by the newest delivery nor by the last good one: the configuration of then cannot be
        used (Edits.is_unknown), or the newest delivery cannot be read with it, and the files of the last good one are gone."""
        if entry is None or self._made(entry, attempt, staged) is not None:
            return False
        if self._edits.is_unknown(entry, attempt, staged):
            return True
        return bool(_others(entry, staged)) and self._edits.is_unread(entry, attempt, staged) and self._is_gone(entry, attempt)

    def _is_gone(self, entry: Entry, attempt: Attempt) -> bool:
        found = self._deliveries(entry, attempt)
        return not found or any(not landed.file_path(d, f.name).is_file() for d in found for f in d.files)

    def _made(self, entry: Entry, attempt: Attempt, staged: Staged) -> Staged | None:
        """The last good delivery as it is worked once more."""
        then = self._wanted(entry, attempt, staged)
        if then is None:
            return None
        self._edits.work([then])
        return self._edits.made(then)

    def _is_edited(self, entry: Entry, made: Staged) -> bool:
        """Whether another configuration is in force for the last good delivery than it was worked with; not so with dated mappings."""
        was, now = entry["made_of"], made.receipt["made_of"]
        return any(was.get(p) != now[p] for p in ("mapping", "shared"))

    def _before(self, entry: Entry, made: Staged) -> Before:
        told = {**entry, **made.receipt["sites"][entry["site"]], "made_of": made.receipt["made_of"]}
        return last_good.before(told, made.folder)

    def _wanted(self, entry: Entry | None, attempt: Attempt, staged: Staged) -> Then | None:
        """The last good delivery, to be worked by today's code: as before an edit where the newest one is worked so, too, else as today."""
        others = _others(entry, staged)
        if entry is None or not others or not entry["fingerprint"]:
            return None
        night = self._edits.night_of(entry, attempt, staged)
        if night is not None and "code" not in others:
            return None
        key, deliveries = attempt.unit.key, self._deliveries(entry, attempt)
        night = night or self._night
        if not deliveries or deliveries[-1].sha256 == attempt.deliveries[-1].sha256:
            return None
        unit, units = night.unit(key, deliveries), night.units(key, deliveries)
        return Then(night, Attempt(unit, deliveries, fingerprint(night.programme, unit, deliveries, units), 0, units))

    def _deliveries(self, entry: Entry, attempt: Attempt) -> tuple[Delivery, ...]:
        """What a site's last good data were made from, as it lies in landing now; empty where it is not listed."""
        site, sha256 = attempt.unit.site, entry["delivery_sha256"]
        sha256 = self._rewritten.get(attempt.unit.key, {}).get(sha256, sha256)
        data = self._night.data
        listed = landed.arrivals(data, site.study, site.site_id, attempt.deliveries[-1].delivered_at)
        known = [a for a in listed if (attempt.unit.key, a.sha256) not in self._aside or a.sha256 == sha256]
        ends = [n for n, a in enumerate(known, 1) if a.sha256 == sha256]
        ends = [n for n in ends if known[n - 1].delivered_at.date().isoformat() == entry["delivered_on"]] or ends
        if not ends:
            return ()
        wanted = known[: ends[-1]] if site.delivery == "delta" else [known[ends[-1] - 1]]
        return tuple(landed.opened(data, site.study, site.site_id, a) for a in wanted)


def _others(entry: Entry | None, staged: Staged) -> dict[str, str]:
    """What is not as it was besides the delivery: part -> what it was; empty where that is not known, or the delivery is the same."""
    was, now = (entry or {}).get("made_of") or {}, staged.receipt.get("made_of", {})
    if not was or not now or was.get("delivery") == now["delivery"]:
        return {}
    return {part: str(was.get(part)) for part in changes.CAUSES if part != "delivery" and was.get(part) != now[part]}


def _doubt(others: Mapping[str, str]) -> str:
    """In words what else may be the cause."""
    said = " and ".join(_SAID[part] for part in others)
    return f"{said} since, and the delivery before cannot be worked so; that may be why"
