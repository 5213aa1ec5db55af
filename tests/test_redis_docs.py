"""The documents of several processes: what they show is whole, and names what exists."""

import re
from pathlib import Path

import yaml

from loaders import Settings, variables
from loaders.cache import VERSION
from loaders.shared import Keyspace
from tests.benchmarks.processes import model

DOCS = Path(__file__).parents[1] / "docs"
REDIS = (DOCS / "redis.md").read_text(encoding="utf-8")
COMPOSE = (DOCS / "compose.yaml").read_text(encoding="utf-8")


def test_the_compose_file_is_two_equal_servers_a_redis_and_a_balancer_of_both():
    compose = yaml.safe_load(COMPOSE)
    services = compose["services"]
    assert set(services) == {"redis", "one", "two", "balancer"}
    assert services["one"] == services["two"]
    server = services["one"]
    assert (DOCS / server["build"] / "Dockerfile").is_file()
    assert set(server["depends_on"]) == {"redis"}
    given = server["environment"]
    assert set(given) <= {variable.name for variable in variables()}
    settings = Settings(redis_url=given["UNISONO_REDIS_URL"], replicas=given["UNISONO_REPLICAS"])
    assert settings.redis_url.get_secret_value() == "redis://redis:6379/0"
    assert settings.replicas == 2
    config = compose["configs"]["balancer"]["content"]
    assert re.findall(r"^ *server (\w+):8000;$", config, re.MULTILINE) == ["one", "two"]
    [source] = services["balancer"]["configs"]
    assert source["source"] in compose["configs"]


def test_every_variable_that_the_documents_name_exists():
    known = {variable.name for variable in variables()}
    assert set(re.findall(r"UNISONO_[A-Z_]+[A-Z]", REDIS + COMPOSE)) <= known


def test_every_key_in_redis_is_described_and_no_other():
    described = set(re.findall(r"^\| `unisono:v1:\{spotify\}:(.+?)` \|", REDIS, re.MULTILINE))
    names = Keyspace("spotify", "CALLER", "VIEW")
    used = {names.rate, names.hold, names.entry("tracks", "ID"), names.lease("tracks", "ID")}
    told = {name.partition("{spotify}:")[2] for name in used}
    assert {name.replace(f"{VERSION:08x}", "RECORDS") for name in told} == described


def test_the_model_in_the_document_is_what_the_benchmark_says():
    told = set(model())
    shown = re.findall(r"^\| (?:like (\w+).*?)?\| (\d+ \|.*)$", REDIS, re.MULTILINE)
    quota = ""
    for name, row in shown:
        quota = name or quota
        assert f"| {quota} | {row}" in told
    assert len(shown) == 6
