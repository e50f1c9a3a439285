"""Who may look into a data folder: what sites sent is the owner's, as each run sees to."""

from __future__ import annotations

import os
import stat

import pytest

from tests.nights import Nights
from tests.nights import two_sites as two_sites


def modes(nights: Nights) -> list[int]:
    return [stat.S_IMODE((nights.data / name).stat().st_mode) for name in ("landing", "staged", "findings")]


def test_what_sites_sent_is_closed_to_other_users_and_releases_are_not(two_sites: Nights):
    two_sites.run()
    assert modes(two_sites) == [0o700, 0o700, 0o700]
    assert stat.S_IMODE((two_sites.data / "releases").stat().st_mode) & 0o005 == 0o005 & ~_umask()


@pytest.mark.parametrize(("was", "becomes"), [(0o755, 0o700), (0o777, 0o700), (0o750, 0o750), (0o2770, 0o2770)])
def test_a_run_shuts_a_folder_that_others_may_enter_and_leaves_a_group_that_was_let_in(two_sites: Nights, was: int, becomes: int):
    two_sites.run()
    (two_sites.data / "landing").chmod(was)
    two_sites.send("01", "S1 50\nS2 50\nS3 50\n")
    two_sites.run()
    assert modes(two_sites)[0] == becomes


def _umask() -> int:
    now = os.umask(0o022)
    os.umask(now)
    return now
