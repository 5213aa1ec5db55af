"""Schemathesis against the served process: whatever it thinks of, an answer or a typed error."""

import json
from collections import Counter

import pytest
import schemathesis
from graphql import OperationType
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.graphql import nodes

from api.connections import cursor
from api.schema import GRAPHQL_SCHEMA
from loaders.simulator import Simulator
from tests.served import PROVIDERS, here, over, process

FIELDS = sorted(GRAPHQL_SCHEMA.get_root_type(OperationType.QUERY).fields)

# What may be said of a query while every provider is well.
CODES = {
    "BAD_USER_INPUT",
    "GRAPHQL_PARSE_FAILED",
    "GRAPHQL_VALIDATION_FAILED",
    "QUERY_TOO_COMPLEX",
}

INTS = st.integers(-(2**31), 2**31 - 1)


# At the providers' paces, a call a second for one, it would take hours; dear queries are no better.
NO_PACE = """
from loaders.simulator import deezer, listenbrainz, musicbrainz
musicbrainz.Pace.admits = lambda *_, **__: True
listenbrainz.Windows.admit = lambda *_, **__: True
deezer.CALLS_PER_WINDOW = None
"""
LIMITS = {f"UNISONO_{name.upper()}_RATE": "0" for name in PROVIDERS} | {"UNISONO_MAX_CALLS": "100"}


@pytest.fixture(scope="module")
def url():
    with (
        process("simulate", before=NO_PACE) as (_, upstream),
        process("serve", **over(upstream), **LIMITS) as (server, port),
    ):
        yield f"{here(port)}/graphql"
        assert [line for line in server.logged() if line["level"] == "error"] == []


def known_to(field):
    """Return what the simulator knows and may be asked of this field."""
    catalogue = Simulator().catalogue
    things = {
        "track": catalogue.tracks[:20],
        "artist": catalogue.artists[:20],
        "album": catalogue.albums[:20],
    }
    ids = {
        kind: [f"spotify:{kind}:{each.spotify_id}" for each in few]
        + [f"musicbrainz:{kind}:{each.mbid}" for each in few]
        + [f"deezer:{kind}:{each.deezer_id}" for each in few]
        for kind, few in things.items()
    }
    ids["isrc"] = [track.recording.isrc for track in things["track"] if track.recording.isrc]
    ids["word"] = ["the", "choir", cursor(0), cursor(9)]
    kind = {"search": "word", "tracksByIsrc": "isrc"}.get(field, field.removesuffix("s"))
    return ids.get(kind) or [*ids["track"], *ids["artist"], *ids["album"]]


def mostly(good, whatever):
    return st.one_of(good, good, good, whatever)


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize("field", FIELDS)
def test_it_finds_nothing_but_typed_errors(url, field, mode):
    text = mostly(st.sampled_from(known_to(field)), st.text()).map(nodes.String)
    schemathesis.graphql.scalar("ID", text)
    schemathesis.graphql.scalar("String", text)
    schemathesis.graphql.scalar("Int", mostly(st.integers(1, 50), INTS).map(nodes.Int))
    schema = schemathesis.graphql.from_url(url)
    answered = Counter()

    @settings(
        derandomize=True,
        database=None,
        deadline=None,
        max_examples=40,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=schema["Query"][field].as_strategy(generation_mode=mode))
    def ask(case):
        answer = case.call()
        told = json.loads(answer.content)
        assert answer.status_code in {200, 400}, told
        for error in told.get("errors", ()):
            assert error["extensions"]["code"] in CODES, error
            assert error["extensions"]["requestId"]
        answered["data"] += any((told.get("data") or {}).values())

    ask()
    takes_nothing = field in {"providers", "sources"}  # so nothing can be wrong about it
    is_asked_well = mode is GenerationMode.POSITIVE or takes_nothing
    assert bool(answered["data"]) is is_asked_well
