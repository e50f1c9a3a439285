"""Memory that is freed goes back to the machine."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from platform import libc_ver

import pytest

from flows.engine import looking, models

KEPT = """
import ctypes, sys
from flows.engine.allocator import return_freed_memory
if sys.argv[1] == "set":
    assert return_freed_memory()
held = lambda: int(open("/proc/self/statm").read().split()[1]) * 4096
c = ctypes.CDLL(None)
c.malloc.restype, c.free.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
c.free(c.malloc(30_000_000))  # from here on glibc would take blocks below 30 MB from its heap
blocks = []
for _ in range(400):
    blocks.append(c.malloc(262_144))
    ctypes.memset(blocks[-1], 1, 262_144)
    ctypes.memset(c.malloc(64), 1, 64)  # what lies between the blocks and stays
full = held()
for block in blocks[:-1]:
    c.free(block)
print((full - held()) // 1_000_000)
"""


@pytest.mark.skipif(libc_ver()[0] != "glibc", reason="only glibc's allocator has this bound")
@pytest.mark.parametrize(("how", "least", "most"), [("set", 90, 110), ("not", -10, 60)])
def test_a_hundred_megabytes_in_blocks_of_256_kb_go_back_when_freed(how: str, least: int, most: int) -> None:
    done = subprocess.run([sys.executable, "-c", KEPT, how], capture_output=True, text=True, check=True)
    assert least <= int(done.stdout) <= most


def test_a_database_without_a_folder_for_it_writes_nothing_where_the_command_runs(tmp_path: Path) -> None:
    asked = "select current_setting('temp_directory'), current_setting('memory_limit')"
    assert models.connect().execute(asked).fetchone()[0] == ""
    assert models.connect(spill=tmp_path).execute(asked).fetchone() == (str(tmp_path), "667.5 MiB")  # 700 MB


def test_a_database_to_look_at_files_with_shows_utc_and_writes_nothing_anywhere(tmp_path: Path) -> None:
    asked = "select current_setting('temp_directory'), current_setting('TimeZone')"
    assert looking.connect(threads=1).execute(asked).fetchone() == ("", "UTC")
    looking.connect(str(tmp_path / "a.duckdb")).close()
    assert looking.connect(str(tmp_path / "a.duckdb"), read_only=True).execute(asked).fetchone() == ("", "UTC")
