"""A served process: `unisono` as it is started, what is asked of it and what it prints.

It has the canary for its keys, and all that it prints and answers is searched for it.
"""

import http.client
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from loaders import Settings
from loaders.settings import SIMULATOR_URL, ProviderSettings
from tests.canary import ENVIRON, look_for_secrets

# Compiled once for all: to compile everything that is imported takes seconds at each start.
COMPILED = {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": f"{sys.prefix}/pycache"}

# The settings of every provider there is, as the demo has them.
PROVIDERS = {
    name: own for name, own in Settings.demo_settings() if isinstance(own, ProviderSettings)
}

# Real seconds for what must come, on a machine that does much else.
PATIENCE = 60


class Process(subprocess.Popen):
    """A process that prints into a file, for as much as it likes."""

    def __init__(self, command, environ):
        self._file = tempfile.NamedTemporaryFile()  # noqa: SIM115  closed with the process
        output = {"stdout": self._file, "stderr": self._file}
        super().__init__(command, env={**os.environ, **environ}, **output)

    def printed(self):
        """Return all that it has printed so far."""
        return Path(self._file.name).read_bytes()

    def logged(self):
        """Return the lines of its log: all that it prints but the first, which says where it is."""
        return [json.loads(line) for line in self.printed().splitlines()[1:]]

    def close(self):
        self.kill()
        self.wait()
        printed = self.printed()
        self._file.close()
        look_for_secrets("what a served process printed", printed)


@contextmanager
def process(*arguments, before="", **environ):
    """Start `unisono ...`; yields it and its port. It executes `before` before anything else."""
    command = [sys.executable, "-m", "api.cli", *arguments, "--port", "0"]
    with tempfile.TemporaryDirectory() as folder:
        if before:
            Path(folder, "sitecustomize.py").write_text(before, encoding="utf-8")
            environ["PYTHONPATH"] = folder
        started = Process(command, {**COMPILED, **environ})
        try:
            until(lambda: b"\n" in started.printed() or started.poll() is not None)
            port = int(re.search(rb"127\.0\.0\.1:(\d+)", started.printed())[1])
            yield started, port
        finally:
            started.close()


def over(upstream):
    """Return the settings of a live server over a simulator process."""
    return {
        **ENVIRON,
        **{
            f"UNISONO_{provider}_{name}".upper(): url.replace(SIMULATOR_URL, here(upstream))
            for provider, own in PROVIDERS.items()
            for name, url in own
            if isinstance(url, str) and url.startswith(SIMULATOR_URL)
        },
        "UNISONO_CONTACT": "me@example.org",
    }


def here(port):
    return f"http://127.0.0.1:{port}"


class Answer(NamedTuple):
    """An HTTP answer."""

    status: int
    body: bytes
    headers: http.client.HTTPMessage

    def json(self):
        return json.loads(self.body)

    def codes(self):
        return [error["extensions"]["code"] for error in self.json().get("errors", ())]


def ask(port, method, path, body=None, **headers):
    """Send a request, a body that is not bytes as JSON; return its answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        content = {} if body is None else {"content-type": "application/json"}
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        sent = body if body is None or isinstance(body, bytes) else json.dumps(body)
        connection.request(method, path, sent, {**content, **given})
        return read(connection)
    finally:
        connection.close()


def begin(port, query):
    """Send a query and do not wait for its answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    headers = {"content-type": "application/json"}
    connection.request("POST", "/graphql", json.dumps({"query": query}), headers)
    return connection


def read(connection):
    """Return the answer to what was begun."""
    answer = connection.getresponse()
    body = answer.read()
    look_for_secrets("an answer", body)
    look_for_secrets("the headers of an answer", str(answer.headers))
    return Answer(answer.status, body, answer.headers)


def until(condition):
    ends = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < ends
        time.sleep(0.02)
