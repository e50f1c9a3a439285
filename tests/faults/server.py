"""The real command line, many times, each time in a process of its own: imported once, forked for each command.

What belongs here: starting commands with a fault armed, one Prefect server for all, started again should it die. What does not: faults
(strike.py), what is asserted (scene.py). Python and its libraries take longer to start than a tiny night takes to run.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

ROOT = Path(__file__).resolve().parents[2]
#: What a night imports, here or on its way; each command would do it again.
IMPORTED = (
    "flows.__main__", "flows.backfill", "flows.nightly", "flows.engine.batch", "flows.engine.findings_view", "flows.embedded",
    "fastapi", "prefect.utilities.visualization", "pyarrow.dataset", "pandera.backends.polars.container",
)  # fmt: skip
LIMIT_S = 1800  # a tiny night takes seconds; on a busy machine minutes, and that is no fault


@dataclass(frozen=True)
class Ended:
    """How a command ended: exit code (negative: the signal that killed it) and what it said."""

    code: int
    out: str
    err: str

    @property
    def said(self) -> str:
        """Both streams."""
        return self.out + self.err


class Commands:
    """Runs `trialweave ...` in processes forked from one that has everything imported."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self._number = 0
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        environment = os.environ | {"FAULTS_HOME": str(home), "FAULTS_PORT": str(self._port), "PYTHONUNBUFFERED": "1"}
        command, pipe = [sys.executable, "-m", "tests.faults.server"], subprocess.PIPE
        self._process = subprocess.Popen(command, cwd=ROOT, env=environment, text=True, stdin=pipe, stdout=pipe)
        assert self._ask({"do": "ready"})["ready"]

    def _ask(self, what: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(json.dumps(what) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, "the process that starts commands has ended"
        told: dict[str, Any] = json.loads(answer)
        return told

    def start(self, *words: object, strike: dict[str, Any] | None = None, limit: int | None = None) -> tuple[int, Path]:
        """Start a command; returns its process and where it says what it says. `limit`: bytes a file may have."""
        self._number += 1
        base = self.home / f"command-{self._number}"
        asked = {"do": "start", "words": [str(w) for w in words], "strike": strike or {}, "base": str(base), "limit": limit}
        return self._ask(asked)["pid"], base

    def wait(self, started: tuple[int, Path]) -> Ended:
        """Wait for a command to end."""
        pid, base = started
        code = self._ask({"do": "wait", "pid": pid})["code"]
        return Ended(code, Path(f"{base}.out").read_text(), Path(f"{base}.err").read_text())

    def __call__(self, *words: object, strike: dict[str, Any] | None = None, limit: int | None = None) -> Ended:
        """Run a command to its end."""
        return self.wait(self.start(*words, strike=strike, limit=limit))

    def close(self) -> None:
        """Stop everything that was started."""
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait(60)


def _main() -> None:
    """The process that is forked."""
    from flows import prefect_home
    from schemas import rules

    home, port = Path(os.environ["FAULTS_HOME"]), int(os.environ["FAULTS_PORT"])
    prefect_home.settle(home, log_level="CRITICAL", port=port)
    os.environ["PREFECT_LOGGING_TO_API_ENABLED"] = "false"
    for name in IMPORTED:
        importlib.import_module(name)
    rules.catalogue()
    server = _Server(home, port)
    try:
        for line in sys.stdin:
            told = json.loads(line)
            if told["do"] == "ready":
                server.up()
                answer: dict[str, Any] = {"ready": True}
            elif told["do"] == "start":
                server.up()
                pid = os.fork()
                if pid == 0:
                    _run(told)
                answer = {"pid": pid}
            else:
                answer = {"code": _waited(told["pid"])}
            print(json.dumps(answer), flush=True)
    finally:
        server.down()


class _Server:
    """Prefect's server for all commands; one that died or no longer answers must not fail every fault after it."""

    def __init__(self, home: Path, port: int) -> None:
        self._home, self._port = home, port
        self._process: subprocess.Popen[bytes] | None = None

    def up(self) -> None:
        """Return when it answers; what it said before it died goes to standard error."""
        if self._answers():
            return
        if self._process is not None:
            said = (self._home / "server.log").read_text(errors="replace")[-2000:]
            print(f"Prefect's server was lost (code {self._process.poll()}) and is started again; it said: {said}", file=sys.stderr)
            self.down()
        command = [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(self._port)]
        with (self._home / "server.log").open("wb") as log:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        end = time.monotonic() + LIMIT_S
        while not self._answers():
            if time.monotonic() > end:
                raise TimeoutError((self._home / "server.log").read_text(errors="replace"))
            time.sleep(0.3)

    def _answers(self) -> bool:
        if self._process is None or self._process.poll() is not None:
            return False
        for _ in range(3):  # the machine may be busy
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self._port}/api/health", timeout=20):
                    return True
            except OSError:
                if self._process.poll() is not None:
                    return False
                time.sleep(0.2)
        return False

    def down(self) -> None:
        """End it."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()


def _waited(pid: int) -> int:
    def give_up(*_: object) -> None:
        os.kill(pid, signal.SIGKILL)

    signal.signal(signal.SIGALRM, give_up)
    signal.alarm(LIMIT_S)
    _, status = os.waitpid(pid, 0)
    signal.alarm(0)
    return os.waitstatus_to_exitcode(status)


def _run(told: dict[str, Any]) -> NoReturn:
    """In the child: be `trialweave WORDS` and nothing else."""
    os.setsid()
    for number, ending in ((1, "out"), (2, "err")):
        os.dup2(os.open(f"{told['base']}.{ending}", os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    from flows.__main__ import main
    from tests.faults import strike

    code: Any = 0
    try:
        if told["limit"] is not None:
            import resource

            resource.setrlimit(resource.RLIMIT_FSIZE, (told["limit"], told["limit"]))
        sys.argv = ["trialweave", *told["words"]]
        strike.install(told["strike"])
        main()
    except SystemExit as end:
        code = end.code
    except BaseException:  # noqa: BLE001 - the child must end here, whatever happens
        import traceback

        traceback.print_exc()
        code = 70
    for last in strike.strike_end:
        last()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else int(code is not None))


if __name__ == "__main__":
    _main()
