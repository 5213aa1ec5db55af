"""A served process: `unisono` as it is started, and what is asked of it."""

import http.client
import json
import os
import re
import subprocess
import sys
import time
from contextlib import contextmanager

# Compiled once for all: to compile everything that is imported takes seconds at each start.
COMPILED = {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": f"{sys.prefix}/pycache"}


@contextmanager
def process(*arguments, **environ):
    """Start `unisono ...`; yields it and its port."""
    command = [sys.executable, "-m", "api.cli", *arguments, "--port", "0"]
    started = subprocess.Popen(
        command,
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        env={**os.environ, **COMPILED, **environ},
    )
    try:
        port = int(re.search(rb"127\.0\.0\.1:(\d+)", started.stderr.readline())[1])
        yield started, port
    finally:
        started.kill()
        started.wait()
        started.stderr.close()


def ask(port, method, path, body=None, **headers):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        content = {} if body is None else {"content-type": "application/json"}
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body and json.dumps(body), {**content, **given})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def begin(port, query):
    """Send a query and do not wait for its answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    headers = {"content-type": "application/json"}
    connection.request("POST", "/graphql", json.dumps({"query": query}), headers)
    return connection


def until(condition):
    ends = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < ends
        time.sleep(0.02)
