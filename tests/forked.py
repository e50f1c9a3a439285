"""`.venv/bin/trialweave` and `.venv/bin/python` for tests that follow a guide: processes of their own, forked from one with all imported.

What belongs here: starting such a command with the caller's folder, environment and streams. What does not: what is run (test_guides.py).
Importing the libraries takes longer than most commands of a guide; here it is done once. Both programs are small scripts that hand their
words and streams to the forking process over a socket, so that a block of a guide runs in a real shell, with pipes and exit codes.
"""

from __future__ import annotations

import contextlib
import json
import os
import runpy
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

ROOT = Path(__file__).resolve().parents[1]
#: What commands of the guides import, heaviest first.
IMPORTED = (
    "flows.__main__", "flows.engine.batch", "flows.engine.catalog", "flows.newsite.draft", "flows.report.writing", "pandas", "polars",
)  # fmt: skip
#: Runs without the libraries' start-up: it only passes on what it was asked.
CLIENT = """\
import json, os, socket, sys
with socket.socket(socket.AF_UNIX) as there:
    there.connect({address!r})
    asked = json.dumps([{program!r}, sys.argv[1:], os.getcwd(), dict(os.environ)]).encode()
    socket.send_fds(there, [len(asked).to_bytes(8, "big")], [0, 1, 2])
    there.sendall(asked)
    ended = there.recv(16)
sys.exit(int(ended or b"70"))
"""


@contextlib.contextmanager
def programs(home: Path) -> Iterator[Path]:
    """A folder with `trialweave` and `python`, which work while this holds."""
    address = str(home / "socket")
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "tests.forked", address]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as process:
        assert process.stdout and process.stdout.readline() == b"ready\n"
        folder = home / "bin"
        folder.mkdir()
        for program in ("trialweave", "python"):
            (folder / f"{program}.py").write_text(CLIENT.format(address=address, program=program))
            (folder / program).write_text(f'#!/bin/sh\nexec "{sys.executable}" -I -S "{folder / program}.py" "$@"\n')
            (folder / program).chmod(0o755)
        try:
            yield folder
        finally:
            process.terminate()


def _serve(address: str) -> None:
    """Fork a child for each that connects, until it is ended."""
    for name in IMPORTED:
        __import__(name)
    with socket.socket(socket.AF_UNIX) as here:
        here.bind(address)
        here.listen()
        print("ready", flush=True)
        while True:
            there, _ = here.accept()
            if os.fork() == 0:
                _answer(there)
            there.close()
            with contextlib.suppress(ChildProcessError):
                while os.waitpid(-1, os.WNOHANG)[0]:
                    pass


def _answer(there: socket.socket) -> NoReturn:
    """Run what is asked in a child of this child, and tell how it ended."""
    size, streams, _, _ = socket.recv_fds(there, 8, 3)
    asked = b""
    while len(asked) < int.from_bytes(size, "big"):
        asked += there.recv(1 << 16)
    if (pid := os.fork()) == 0:
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
        _run(*json.loads(asked))
    _, status = os.waitpid(pid, 0)
    there.sendall(str(os.waitstatus_to_exitcode(status)).encode())
    os._exit(0)


def _run(program: str, words: list[str], folder: str, environment: dict[str, str]) -> NoReturn:
    """Be the program."""
    code: Any = 0
    try:
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(environment)
        if program == "trialweave":
            from flows.__main__ import main

            sys.argv = ["trialweave", *words]
            main()
        else:
            sys.argv = words
            runpy.run_path(words[0], run_name="__main__")
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:  # noqa: BLE001 - the child must end here, whatever happens
        import traceback

        traceback.print_exc()
        code = 1
    with contextlib.suppress(BrokenPipeError):
        sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code or 0)


if __name__ == "__main__":
    _serve(sys.argv[1])
