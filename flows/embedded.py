"""A Prefect server for one command, when there is none: the user needs no server, and the run's history stays under the data folder.

What belongs here: choosing the server a run talks to, starting and ending the one of its own. What does not: settings
(flows/prefect_home.py), the server that stays (flows/serve.py), its database (flows/run_history.py), the flows.

Prefect's own temporary server imports everything twice, migrates each new database step by step, runs services that nobody asks for,
and stays behind when the run is killed. This one is forked from the run when Prefect is imported and nothing else is, starts with a
database prepared once for each installation, runs the two services that write history, and hears by a pipe that the run has ended, in
whichever way, and ends too.
"""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import socket
import sys
import time
import traceback
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from flows import prefect_home
from schemas.findings import TrialweaveError

STOP_S = 20
UP = b"up"
#: What a run asks its server for. A request is looked for router by router, each of which is made ready as it is passed: these come first.
ASKED = frozenset({"/flows", "/flow_runs", "/artifacts", "/admin", "/events", "/logs"})
#: The server is this very program: what a client asks a stranger need not be asked.
_SAME_PROGRAM = {"PREFECT_CLIENT_SERVER_VERSION_CHECK_ENABLED": "false", "PREFECT_CLIENT_CSRF_SUPPORT_ENABLED": "false"}
_port = 0  # the same for every server of one process: Prefect reads its settings once


@dataclass(frozen=True)
class Server:
    """The server a run talks to. `told` is where a server of its own says that it is up; None where it is another's."""

    home: Path
    told: int | None = None

    def ready(self) -> None:
        """Return when the server answers. Raises TrialweaveError when it did not come up."""
        if self.told is not None:
            gc.freeze()
        gc.enable()
        said = b""
        while self.told is not None and said != UP and (piece := os.read(self.told, 4096)):
            said += piece
        if self.told is not None and said != UP:
            raise TrialweaveError(
                f"Prefect's server did not start ({said.decode(errors='replace') or 'it ended'}); nothing was published\n"
                f"  why   -> {self.home / prefect_home.LOG}\n"
                f"  fix   -> {prefect_home.database_to_look_at(self.home)}"
            )


@contextmanager
def server(data: Path, *, log_level: str = "CRITICAL") -> Iterator[Server]:
    """A server for Prefect: the one that is given, the one `trialweave serve` runs on this data folder, or one for this command.

    Prefect is imported inside; import what else is heavy before asking whether it is ready(), so that both happen side by side.
    """
    home = prefect_home.settle(data, log_level=log_level)
    if _is_given() or prefect_home.find_served(home):
        yield Server(home)
        return
    with _listening() as listening:
        os.environ["PREFECT_API_URL"] = f"http://127.0.0.1:{_port}/api"
        os.environ.update(_SAME_PROGRAM)
        pid, alive, told = _fork(home, listening)
    try:
        yield Server(home, told)
    finally:
        _drain()
        os.close(alive)
        os.close(told)
        _wait(pid)
        del os.environ["PREFECT_API_URL"]


def _is_given() -> bool:
    """Whether Prefect already has a server, by the environment or by settings in force."""
    if "PREFECT_API_URL" in os.environ:
        return True
    if "prefect" not in sys.modules:
        return False
    from prefect.settings import PREFECT_API_URL

    url = PREFECT_API_URL.value()
    return bool(url) and not (_port and f":{_port}/" in url)


@contextmanager
def _listening() -> Iterator[socket.socket]:
    """A socket that takes connections before there is a server: nobody needs to ask again and again whether it is up."""
    global _port
    with socket.socket() as found:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind(("127.0.0.1", _port))
        found.listen(64)
        _port = found.getsockname()[1]
        yield found


def _fork(home: Path, listening: socket.socket) -> tuple[int, int, int]:
    """Fork the server: its process, the end of a pipe that only this process holds, and where it says that it is up."""
    gc.disable()  # what is imported stays; looking through it again and again takes a tenth of the start
    import fastapi.applications  # noqa: F401 - imported once for both processes
    import prefect.main  # noqa: F401

    gc.freeze()
    hears, alive = os.pipe()
    told, tells = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(alive)
        os.close(told)
        _be_server(home, listening, hears, tells)
    os.close(hears)
    os.close(tells)
    return pid, alive, told


def _drain() -> None:
    """Hand over what Prefect's clients still hold back."""
    from prefect.events.worker import EventsWorker
    from prefect.logging.handlers import APILogWorker

    for worker in (EventsWorker, APILogWorker):
        worker.drain_all(timeout=STOP_S)


def _wait(pid: int) -> None:
    """Wait until the server has written what it was told; one that does not end is ended."""
    end = time.monotonic() + STOP_S
    while os.waitpid(pid, os.WNOHANG) == (0, 0):
        if time.monotonic() > end:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            return
        time.sleep(0.01)


def _be_server(home: Path, listening: socket.socket, hears: int, tells: int) -> NoReturn:
    """In the child: serve until nobody holds the other end of `hears`, then end without anything of the run's being undone."""
    code = 1
    try:
        os.setsid()  # Ctrl-C is for the run, which still has something to tell
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        log = os.open(home / prefect_home.LOG, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        for number, to in ((0, os.open(os.devnull, os.O_RDONLY)), (1, log), (2, log)):
            os.dup2(to, number)
        _serve(home, listening, hears, tells)
        code = 0
    except BaseException as error:  # noqa: BLE001 - the child ends here, whatever happens
        traceback.print_exc()
        os.write(tells, type(error).__name__.encode())
    finally:
        os._exit(code)


def _serve(home: Path, listening: socket.socket, hears: int, tells: int) -> None:
    import uvicorn
    from prefect.server.api import server as application

    from flows import run_history

    routers = application.API_ROUTERS
    application.API_ROUTERS = tuple(sorted(routers, key=lambda r: r.prefix not in ASKED))
    app = application.create_app(ephemeral=True)

    @asynccontextmanager
    async def life(_: Any) -> AsyncIterator[None]:
        await run_history.prepare(home)
        async with _services():
            ending = asyncio.get_running_loop().create_task(_end(served, hears))
            os.write(tells, UP)
            gc.freeze()  # what is there stays, too
            gc.enable()
            yield
            await ending

    app.router.lifespan_context = life
    served = uvicorn.Server(uvicorn.Config(app, log_level="error", access_log=False, timeout_graceful_shutdown=5))
    served.run(sockets=[listening])
    if not served.started:
        raise RuntimeError("the application did not start")


@asynccontextmanager
async def _services() -> AsyncIterator[None]:
    """The services that write a run's tasks and events down."""
    from prefect.server.events.services.event_persister import EventPersister
    from prefect.server.services.task_run_recorder import TaskRunRecorder

    services = [TaskRunRecorder(), EventPersister()]
    running = [asyncio.create_task(service.start()) for service in services]  # type: ignore[var-annotated]
    async with AsyncExitStack() as stack:
        for service in services:
            stack.push_async_callback(service.stop)
        await asyncio.wait([asyncio.create_task(service.started_event.wait()) for service in services], timeout=STOP_S)
        yield
    await asyncio.gather(*running, return_exceptions=True)


async def _end(served: Any, hears: int) -> None:
    """When the run has ended: let what it sent be worked off, then stop serving."""
    loop = asyncio.get_running_loop()
    over = asyncio.Event()
    loop.add_reader(hears, over.set)
    await over.wait()
    loop.remove_reader(hears)
    end = loop.time() + STOP_S / 2
    while loop.time() < end and _busy(served):
        await asyncio.sleep(0.01)
    served.should_exit = True


def _busy(served: Any) -> bool:
    """Whether requests or messages are still being worked."""
    from prefect.server.utilities.messaging.memory import Topic

    waiting = (s for topic in Topic._topics.values() for s in topic._subscriptions)
    return bool(served.server_state.tasks) or any(not s._queue.empty() or not s._retry.empty() for s in waiting)
