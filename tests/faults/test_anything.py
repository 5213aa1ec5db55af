"""Whatever is asked is refused or sent safely; whatever is answered, each key has an outcome."""

import asyncio
import json
import re

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.testing.clock import VirtualClockLoop
from loaders import InvalidIdError, PageKey, ProviderError, SearchKey
from loaders.breaker import LONGEST_OPEN
from loaders.simulator import Simulator
from tests.faults.world import World

PROVIDERS = ("spotify", "musicbrainz", "deezer")
# What may stand in a path and in a query; RFC 3986 without what separates.
SAFE_PATH = re.compile(rb"/[A-Za-z0-9/._~%:-]*")
SAFE_QUERY = re.compile(rb"[A-Za-z0-9/._~%=&,+-]*")

texts = st.text(max_size=30) | st.sampled_from(
    ["..", ".", "", "a/b", "%2f", "a?b", "a#b", "\r\n", "a,b"]
)
ids = st.builds(
    "{}{}".format,
    st.sampled_from(
        [f"{provider}:{kind}:" for provider in PROVIDERS for kind in ("track", "artist", "album")]
        + ["https://open.spotify.com/track/", "https://musicbrainz.org/recording/", ""]
    ),
    texts,
)
numbers = st.sampled_from([2**31, -(2**31) - 1, 2**53 + 1, 2**64, 10**400, -1, 0, 1e308, 0.5])
scalars = (
    st.none() | st.booleans() | numbers | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20)
)  # fmt: skip
anything = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)


class Hourglass:
    """One world for many examples, each at a time of its own: nothing of the last one is left."""

    def __enter__(self):
        self._runner = asyncio.Runner(loop_factory=VirtualClockLoop).__enter__()
        self.world = self.run(World(deadline=60.0, max_ids=10).__aenter__())
        return self

    def __exit__(self, *exc):
        self.run(self.world.__aexit__(*exc))
        self._runner.__exit__(*exc)

    def run(self, act):
        return self._runner.run(act)

    async def rest(self):
        """Let the breakers be asked again."""
        self.world.forget()
        await asyncio.sleep(LONGEST_OPEN)


def test_any_id_is_refused_here_or_sent_safely():
    with Hourglass() as glass:
        world, sent = glass.world, []

        async def line(scope, receive, send):
            sent.append((scope["raw_path"], scope["query_string"]))
            await Simulator.__call__(world.simulator, scope, receive, send)

        world.simulator.line = line

        async def ask(text):
            await glass.rest()
            sent.clear()
            seen = await world.ask([text], "query ($ids: [String!]!) { lookup(refs: $ids) { id } }")
            assert seen.codes in ([None], ["BAD_USER_INPUT"])
            assert seen.codes == [None] or sent == []
            for path, query in sent:
                assert SAFE_PATH.fullmatch(path), path
                assert SAFE_QUERY.fullmatch(query), query

        @settings(max_examples=300, deadline=None)
        @given(ids)
        def check(text):
            glass.run(ask(text))

        check()


@pytest.mark.parametrize("provider", PROVIDERS)
def test_any_key_of_a_client_is_refused_here_or_sent_safely(provider):
    """The last door: what a client is asked by others than `loaders.ids`."""
    with Hourglass() as glass:
        world, sent = glass.world, []

        async def line(scope, receive, send):
            sent.append((scope["raw_path"], scope["query_string"]))
            await Simulator.__call__(world.simulator, scope, receive, send)

        world.simulator.line = line

        async def ask(text):
            await glass.rest()
            sent.clear()
            for resource, key in keys_of(text).items():
                if resource in world.client.engine.providers.on[provider].resources:
                    [outcome] = await world.processor(resource, provider).submit_many([key])
                    assert not isinstance(outcome, Exception) or isinstance(
                        outcome, (InvalidIdError, ProviderError)
                    ), repr(outcome)
            for path, query in sent:
                assert SAFE_PATH.fullmatch(path), path
                assert SAFE_QUERY.fullmatch(query), query

        @settings(max_examples=60, deadline=None)
        @given(texts)
        def check(text):
            glass.run(ask(text))

        check()


def keys_of(text):
    """A key of every resource that takes what somebody wrote."""
    return {
        "tracks": text,
        "artists": text,
        "albums": text,
        "isrcs": text,
        "artist_albums": PageKey(text, 0, 5),
        "album_tracks": PageKey(text, 0, 5),
        "search": SearchKey(text, ("track",), 0, 5),
    }


FIELDS = {
    "track": "id name durationMs isrc explicit discNumber trackNumber popularity url"
    " artists { id name url } album { id name releaseDate url }",
    "artist": "id name url genres country image { url width height }",
    "album": "id name releaseDate upc label url artists { id name }",
}
QUERIES = {
    **{
        kind: f"query ($ids: [ID!]!) {{ {kind}s(ids: $ids) {{ {fields} }} }}"
        for kind, fields in FIELDS.items()
    },
    "albums of": f"""query ($ids: [ID!]!) {{ artists(ids: $ids) {{
        albums(first: 3) {{ totalCount nodes {{ {FIELDS["album"]} }} }} }} }}""",
    "tracks of": f"""query ($ids: [ID!]!) {{ albums(ids: $ids) {{
        tracks(first: 3) {{ totalCount nodes {{ {FIELDS["track"]} }} }} }} }}""",
}


def asked(world, provider, kind):
    """Ids of a kind at a provider."""
    kind = {"albums of": "artist", "tracks of": "album"}.get(kind, kind)
    if provider == "musicbrainz":
        library = world.simulator.musicbrainz.library
        known = {"track": library.recordings, "artist": library.artists, "album": library.releases}
        natives = list(known[kind])
    else:
        natives = [
            getattr(each, f"{provider}_id")
            for each in getattr(world.simulator.catalogue, f"{kind}s")
        ]
    return [f"{provider}:{kind}:{native}" for native in natives[:2]]


class Answers:
    """The answers to one query, as they are and as they might be."""

    def __init__(self, glass, provider, kind):
        self.glass, self.world = glass, glass.world
        self.query, self.ids = QUERIES[kind], asked(glass.world, provider, kind)
        self.real = []
        glass.run(self.ask(self.listening))

    async def listening(self, scope, receive, send):
        async def hearing(message):
            if message.get("body", b"")[:1] == b"{":
                self.real.append(json.loads(message["body"]))
            await send(message)

        await Simulator.__call__(self.world.simulator, scope, receive, hearing)

    async def ask(self, line):
        """Ask, and be content with a value or a provider's error for each of two ids."""
        await self.glass.rest()
        self.world.simulator.line = line
        seen = await self.world.ask(self.ids, self.query)
        assert len(seen.data) == 2
        msgspec.json.encode(seen.data)  # and it can be sent
        for error in seen.errors:
            assert error["extensions"]["code"].startswith("UPSTREAM_"), error
        assert seen.seconds <= 60.0

    def try_out(self, told):
        self.glass.run(self.ask(answering(json.dumps(told).encode())))


@pytest.mark.parametrize("kind", QUERIES)
@pytest.mark.parametrize("provider", PROVIDERS)
def test_any_json_for_an_answer_gives_each_key_an_outcome(provider, kind):
    with Hourglass() as glass:
        answers = Answers(glass, provider, kind)

        @settings(max_examples=40, deadline=None)
        @given(anything)
        def check(told):
            answers.try_out(told)

        check()


@pytest.mark.parametrize("kind", QUERIES)
@pytest.mark.parametrize("provider", PROVIDERS)
def test_any_part_of_an_answer_may_be_something_else(provider, kind):
    with Hourglass() as glass:
        answers = Answers(glass, provider, kind)
        shapes = {frozenset(real): real for real in answers.real}
        for real in shapes.values():
            for way in places_in(real):
                for to in (None, 2**31, []):
                    answers.try_out(changed(real, way, to))


def places_in(real, here=()):
    """Return the way to every part of an answer, the whole of it first; of a list, to its first."""
    yield here
    if isinstance(real, dict | list):
        for name, part in real.items() if isinstance(real, dict) else enumerate(real[:1]):
            yield from places_in(part, (*here, name))


def changed(real, way, to):
    """Return an answer with one part of it changed."""
    if not way:
        return to
    first, *rest = way
    parts = dict(real) if isinstance(real, dict) else list(real)
    parts[first] = changed(real[first], rest, to)
    return parts


def answering(body):
    async def line(_scope, _receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": body})

    return line
