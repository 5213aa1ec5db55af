"""Serving: uvicorn, told how to end.

The first SIGTERM or SIGINT: `/readyz` says no, new operations are answered SHUTTING_DOWN while
those that run finish, within the grace; then everything is closed and the exit code is 0. The
second ends the process at once. uvicorn by itself closes the door first, waits for ever and exits
with the signal.
"""

import asyncio
import gc
import signal
import socket
import time
from multiprocessing import parent_process
from types import FrameType

import uvicorn
from starlette.applications import Starlette
from uvicorn.supervisors import multiprocess

from api.app import create_app
from api.heads import HttpProtocol
from api.logs import set_up_logs
from api.operations import Operations
from loaders import Settings

# Seconds for connections to close when all that they waited for is answered.
_CLOSING = 2

# Seconds that a worker may take to begin; on a busy machine the 5 of uvicorn kill it over and over.
_BEGINNING = 60

# Seconds between two looks at the workers, as uvicorn does.
_LOOKING = 0.1

# Objects more than before at which Python looks for circles among them: an answer leaves none (see
# `api.execution`), but dozens of queries at a time have ten thousand objects each.
_OBJECTS_BETWEEN_LOOKS = 200_000


class Server(uvicorn.Server):
    """A uvicorn server that lets operations finish before it closes the door."""

    async def main_loop(self) -> None:
        """Serve until a signal comes, then until nothing runs any more."""
        _spare_the_collector()
        await super().main_loop()
        operations = self.lifespan.state.get("operations")
        if isinstance(operations, Operations):
            await operations.end(operations.engine.settings.grace)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002  uvicorn's way
        """Begin to end; at the second signal, end."""
        if self.should_exit:
            signal.signal(sig, signal.SIG_DFL)
            signal.raise_signal(sig)
        self.should_exit = True  # and it is not raised once more afterwards: we exit with 0


def config(app: object, *, factory: bool = False, workers: int = 1) -> uvicorn.Config:
    """Return how uvicorn is to serve an app; logs are set up by us."""
    return uvicorn.Config(
        app,  # type: ignore[arg-type]  # an ASGI app, or where one is made
        factory=factory,
        workers=workers,
        http=HttpProtocol,
        ws="none",  # nothing here speaks it, whatever is installed
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_CLOSING,
        timeout_worker_healthcheck=_BEGINNING,
    )


def run(configured: uvicorn.Config, listener: socket.socket) -> None:
    """Serve until a signal comes."""
    if configured.workers == 1:
        Server(configured).run(sockets=[listener])
        return
    # Where uvicorn begins a worker it looks for this name; it asks nobody which kind to take.
    multiprocess.Process = _Worker  # type: ignore[misc]  # a class of its own kind
    _Workers(configured, sockets=[listener]).run()


def worker_app() -> Starlette:
    """Return the app of one worker process."""
    settings = Settings()
    set_up_logs(settings.log_format)
    return create_app(settings)


def _spare_the_collector() -> None:
    """Let Python look for circles seldom, and not among what is there since the start.

    A query makes ten thousand objects and hardly a circle; looking for some at every 700 took an
    eighth of the time, and came as pauses.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_OBJECTS_BETWEEN_LOOKS, 20, 20)


class _WorkerServer(Server):
    async def main_loop(self) -> None:
        """Serve until a signal comes, or until the parent is gone, which could send one."""
        parent = parent_process()
        assert parent is not None  # noqa: S101  a worker has one
        loop = asyncio.get_running_loop()
        loop.add_reader(parent.sentinel, self._end_without_parent, parent.sentinel)
        await super().main_loop()

    def _end_without_parent(self, sentinel: int) -> None:
        asyncio.get_running_loop().remove_reader(sentinel)
        self.should_exit = True

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002  uvicorn's way
        """Begin to end. A terminal's Ctrl-C comes twice, from it and from the parent."""
        self.should_exit = True


class _Worker(multiprocess.Process):
    @property
    def server(self) -> uvicorn.Server:
        """Return the worker's server, one of ours."""
        if self._server is None:
            self._server = _WorkerServer(config=self.config)
        return self._server


class _Workers(multiprocess.Multiprocess):
    def join_all(self) -> None:
        """Wait for the workers to end; at a second signal, end them."""
        while any(worker.process.is_alive() for worker in self.processes):
            if self.signal_queue:
                for worker in self.processes:
                    worker.kill()
                signal.signal(self.signal_queue[0], signal.SIG_DFL)
                signal.raise_signal(self.signal_queue[0])
            time.sleep(_LOOKING)
