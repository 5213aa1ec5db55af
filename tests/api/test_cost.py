"""Cost: an upper bound that is known beforehand, held against the calls that are really made."""

from collections import Counter

import pytest
from graphql import GraphQLObjectType, get_named_type, parse

from api.asked import Walks
from api.batched import BatchedField
from api.cost import cost_of
from api.needs import ENRICHED, TOLD, TOLD_ELSEWHERE, Pace
from api.schema import GRAPHQL_SCHEMA
from api.testing import TestClient
from tests.served import PROVIDERS

PACES = {"spotify": Pace({"tracks": 50, "artists": 50, "albums": 20}, 10.0)}


def cost(document, **variables):
    return cost_of(GRAPHQL_SCHEMA, parse(document), variables, None, PACES).loaders


def ids(kind, count):
    return [f"spotify:{kind}:{number:022d}" for number in range(count)]


TRACKS = "query ($ids: [ID!]!) { tracks(ids: $ids) "


@pytest.mark.parametrize(
    ("document", "variables", "expected"),
    [
        ("{ providers { name } __typename }", {}, {}),
        (TRACKS + "{ name } }", {"ids": ids("track", 100)}, {"spotify.tracks": 2}),
        (TRACKS + "{ name } }", {"ids": ids("track", 1) * 100}, {"spotify.tracks": 1}),
        (TRACKS + "{ name } }", {"ids": "../../me"}, {}),
        (TRACKS + "{ name } }", {}, {}),
        (
            TRACKS + "{ name album { name label upc cover { url } } } }",
            {"ids": ids("track", 100)},
            # 100 albums fill 5 calls; that the two calls for tracks end apart may cost one more
            {"spotify.tracks": 2, "spotify.albums": 6},
        ),
        (
            "{" + "".join(f'a{i}: track(id: "{id_}") {{ name album {{ label }} }}'
                          for i, id_ in enumerate(ids("track", 20))) + "}",
            {},
            {"spotify.tracks": 1, "spotify.albums": 1},
        ),
        (
            '{ tracksByIsrc(isrcs: ["USRC17607839", "USRC17607838"]) { tracks { name } } }',
            {},
            {"spotify.isrcs": 2},
        ),
        (
            'query ($full: Boolean = false) { artist(id: "' + ids("artist", 1)[0] + '") {'
            " albums(first: 7) { nodes { name label @include(if: $full) } } } }",
            {"full": True},
            {"spotify.artists": 1, "spotify.artist_albums": 1, "spotify.albums": 1},
        ),
        (
            'query ($full: Boolean = false) { artist(id: "' + ids("artist", 1)[0] + '") {'
            " albums(first: 7) { nodes { name label @include(if: $full) } } } }",
            {},
            {"spotify.artists": 1, "spotify.artist_albums": 1},
        ),
        (
            """{ search(text: "x", provider: SPOTIFY, first: 50) { tracks { nodes { ...T } } } }
            fragment T on Track { artists { albums(first: 1) { edges { node { name } } } } }""",
            {},
            {"spotify.search": 1, "spotify.artist_albums": 500},
        ),
    ],
)  # fmt: skip
def test_a_document_costs_what_it_can_cause(document, variables, expected):
    assert cost(document, **variables) == expected


WEIGHED = (
    TRACKS.replace("(", "($first: Int, $where: Provider!, $with: Boolean!, ", 1)
    + """{
    album @include(if: $with) { tracks(first: $first) { nodes { on(provider: $where) { name } } } }
} }"""
)
GIVEN = [
    {"ids": ids("track", 60), "first": 7, "where": "DEEZER", "with": True},
    {"ids": ids("track", 60), "first": 9, "where": "DEEZER", "with": True},
    {"ids": ids("track", 60), "first": 9, "where": "MUSICBRAINZ", "with": True},
    {"ids": ids("track", 60), "first": 9, "where": "SPOTIFY", "with": True},
    {"ids": ids("track", 60), "first": 9, "where": "SPOTIFY", "with": False},
    {"ids": ids("track", 3), "first": 7, "where": "DEEZER", "with": True},
    {"ids": ids("track", 3), "where": "DEEZER", "with": True},
]


def test_a_document_that_was_weighed_before_weighs_what_its_variables_make_of_it():
    document, walks = parse(WEIGHED), Walks()
    paces = {
        **PACES,
        "deezer": Pace({"isrcs": 1}),
        "musicbrainz": Pace({"isrcs": 25, "tracks": 25}, parts={"track": frozenset({"isrc"})}),
    }
    costs = []
    for variables in [*GIVEN, *reversed(GIVEN)]:
        fresh, again = (
            cost_of(GRAPHQL_SCHEMA, document, variables, None, paces, walks=known)
            for known in (None, walks)
        )
        assert fresh == again
        costs.append(fresh.loaders)
    assert len({str(one) for one in costs}) == len(GIVEN)  # each of them matters
    assert repr(walks) == "<Walks [6]>"  # what is named, and how often, does not


def test_only_so_many_places_of_documents_are_remembered():
    walks = Walks()
    documents = [parse(TRACKS + "{ name } }") for _ in range(130)]
    for document in documents:
        cost_of(GRAPHQL_SCHEMA, document, {"ids": ids("track", 1)}, None, PACES, walks=walks)
    assert repr(walks) == "<Walks [128]>"


def test_what_one_provider_brings_makes_no_calls_at_another():
    paces = {"spotify": Pace({"isrcs": 1, "tracks": 50}), "musicbrainz": Pace({"isrcs": 25})}
    isrcs = [f"USRC176078{number:02}" for number in range(50)]
    query = """query ($isrcs: [String!]!) {
      tracksByIsrc(isrcs: $isrcs) { tracks { popularity } } }"""
    assert cost_of(GRAPHQL_SCHEMA, parse(query), {"isrcs": isrcs}, None, paces).loaders == {
        "spotify.isrcs": 50,
        "musicbrainz.isrcs": 2,
        "spotify.tracks": 50 + 50 - 1,  # 2,500 tracks in batches of 50, brought by 50 calls
        "musicbrainz.tracks": 2500,
    }


def test_the_seconds_are_those_of_the_providers_pace():
    document = parse('{ tracksByIsrc(isrcs: ["USRC17607839"]) { tracks { name } } }')
    report = cost_of(GRAPHQL_SCHEMA, document, {}, None, PACES).report(PACES)
    assert report == {
        "calls": 1,
        "providers": [{"provider": "spotify", "calls": 1, "seconds": 0.1}],
    }


SOURCES = {
    **PACES,
    "musicbrainz": Pace(
        {"isrcs": 25, "tracks": 100, "links": 100, "artists": 100, "albums": 100}, 1.0
    ),
    "listenbrainz": Pace(
        {"listens": 1000, "recordings": 1000, "about_artists": 100, "release_groups": 100}, 3.0
    ),
    "wikidata": Pace({"images": 50}, 1.0),
    "coverart": Pace({"covers": 1}),
}


def test_providers_that_are_not_named_are_asked_in_their_order():
    paces = {name: Pace({"isrcs": 1}) for name in ("deezer", "spotify", "musicbrainz")}
    document = '{ tracksByIsrc(isrcs: ["USRC17607839"]) { tracks { name } } }'
    loaders = cost_of(GRAPHQL_SCHEMA, parse(document), {}, None, paces).loaders
    assert list(loaders) == ["spotify.isrcs", "musicbrainz.isrcs", "deezer.isrcs"]


@pytest.mark.parametrize(
    ("document", "given", "expected"),
    [
        (
            TRACKS + "{ listens tags { name } } }",
            ids("track", 100),
            # two calls bring the tracks, and may bring them apart
            {
                "spotify.tracks": 2,
                "musicbrainz.isrcs": 5,
                "listenbrainz.listens": 5,
                "listenbrainz.recordings": 5,
            },
        ),
        (
            TRACKS + "{ listens } }",
            [f"musicbrainz:track:00000000-0000-4000-8000-{n:012d}" for n in range(100)],
            {"musicbrainz.tracks": 1, "listenbrainz.listens": 1},
        ),
        (
            "query ($ids: [ID!]!) { artists(ids: $ids) { image { url } country } }",
            ids("artist", 100),
            {
                "spotify.artists": 2,
                "musicbrainz.links": 2,
                "musicbrainz.artists": 2,
                "listenbrainz.about_artists": 2,
                "wikidata.images": 3,
            },
        ),
        (
            "query ($ids: [ID!]!) { artists(ids: $ids) { image { url } country tags { name } } }",
            [f"musicbrainz:artist:00000000-0000-4000-8000-{n:012d}" for n in range(100)],
            {"musicbrainz.artists": 1, "listenbrainz.about_artists": 2, "wikidata.images": 3},
        ),
        (
            "query ($ids: [ID!]!) { albums(ids: $ids) { cover { url } } }",
            [f"musicbrainz:album:00000000-0000-4000-8000-{n:012d}" for n in range(100)],
            {
                "musicbrainz.albums": 1,
                "listenbrainz.recordings": 1,
                "listenbrainz.release_groups": 1,
                "coverart.covers": 100,  # the most, if nobody else knows any of them
            },
        ),
        (
            "query ($ids: [ID!]!) { albums(ids: $ids) { cover { url } } }",
            ids("album", 20),
            {"spotify.albums": 1},
        ),
    ],
)
def test_what_others_add_is_weighed_with_the_way_to_it(document, given, expected):
    cost = cost_of(GRAPHQL_SCHEMA, parse(document), {"ids": given}, None, SOURCES)
    assert cost.loaders == expected


DOCUMENTS = [
    """query ($t: [ID!]!) { tracks(ids: $t) {
      isrc
      artists { genres albums(first: 3) { nodes {
        label tracks(first: 4) { nodes { popularity } } } } }
      album { label tracks { nodes { name } } } } }""",
    """query ($r: [String!]!) { lookup(refs: $r) {
      ... on Track { album { label } }
      ... on Artist { albums(first: 50) { nodes { upc } } }
      ... on Album { artists { country } tracks(first: 50) { nodes { isrc } } } } }""",
    """query ($i: [String!]!) { tracksByIsrc(isrcs: $i) {
      tracks { popularity album { upc artists { followers } } } } }""",
    """query ($p: Provider!) { search(text: "the", provider: $p, first: 30) {
      tracks { nodes { album { label } artists { genres } } }
      albums { nodes { label artists { image { url } } } }
      artists { nodes { albums { nodes { totalTracks } } } } } }""",
    """query ($a: [ID!]!) { artists(ids: $a) { genres
      s: on(provider: SPOTIFY) { followers genres }
      m: on(provider: MUSICBRAINZ) { country genres }
      d: on(provider: DEEZER) { albums(first: 2) { nodes { tracks { nodes { name } } } } } } }""",
    """query ($l: [ID!]!) { albums(ids: $l) {
      s: on(provider: SPOTIFY) { id tracks(first: 3) { nodes { on(provider: DEEZER) { name } } } }
      m: on(provider: MUSICBRAINZ) { label tracks(first: 3) { nodes { isrc } } }
      d: on(provider: DEEZER) { upc artists { name } } } }""",
    """query ($t: [ID!]!) { tracks(ids: $t) {
      album { s: on(provider: SPOTIFY) { id } m: on(provider: MUSICBRAINZ) { id } }
      artists { s: on(provider: SPOTIFY) { id } m: on(provider: MUSICBRAINZ) { id } }
      s: on(provider: SPOTIFY) { album { label } }
      m: on(provider: MUSICBRAINZ) { isrc album { label } }
      d: on(provider: DEEZER) { album { artists { name } } } } }""",
    """query ($t: [ID!]!) { tracks(ids: $t) {
      listens album { tracks(first: 5) { nodes { tags { name } } } } } }""",
    """query ($t: [ID!]!) { tracks(ids: $t) {
      artists { country image { url } genres genresSource tags { name } } } }""",
    """query ($r: [String!]!) { lookup(refs: $r) {
      ... on Album { cover { url } }
      ... on Track { album { cover { url } } on(provider: SPOTIFY) { name } } } }""",
]


def known_at(provider, catalogue):
    """Return ids of a provider, and what else the documents ask by."""
    native = {"spotify": "spotify_id", "musicbrainz": "mbid", "deezer": "deezer_id"}[provider]
    tracks = catalogue.tracks[:60]
    recordings = [track.recording for track in tracks]
    named = recordings if provider == "musicbrainz" else tracks

    def ids(kind, things):
        return [f"{provider}:{kind}:{getattr(each, native)}" for each in things]

    asked = {
        "t": ids("track", named),
        "a": ids("artist", catalogue.artists[:12]),
        "l": ids("album", catalogue.albums[:12]),
        "i": [recording.isrc for recording in recordings if recording.isrc],
        "p": provider.upper(),
    }
    return asked | {"r": asked["t"] + asked["a"][:5] + asked["l"][:5]}


@pytest.mark.parametrize("provider", ["spotify", "spotify in development", "musicbrainz", "deezer"])
@pytest.mark.parametrize("document", DOCUMENTS)
async def test_no_query_makes_more_calls_than_it_costs(document, provider):
    provider, _, development_mode = provider.partition(" ")
    rates = {name: {"rate": 0.0} for name in PROVIDERS if name != "spotify"}
    async with TestClient(deadline=3600.0, cache_entries=0, **rates) as client:
        client.simulator.spotify.development_mode = bool(development_mode)
        client.simulator.musicbrainz.calls_per_second = None
        client.simulator.providers["deezer"].calls_per_window = None
        asked = known_at(provider, client.simulator.catalogue)
        variables = {name: asked[name] for name in asked if f"${name}" in document}
        if development_mode:  # it is noticed at the first bulk call of each route
            warm = "query ($t: [ID!]!) { tracks(ids: $t) { artists { genres } album { label } } }"
            await client.execute(warm, {"t": asked["t"][:3]})
            document = document.replace("first: 30", "first: 10").replace("first: 50", "first: 10")
        paces = client.engine.paces()
        bound = cost_of(GRAPHQL_SCHEMA, parse(document), variables, None, paces).loaders
        answer = await client.execute(document, variables)
        made = Counter(call.resource for call in answer.calls)
        assert made
        assert {name: (count, bound.get(name, 0)) for name, count in made.items()
                if count > bound.get(name, 0)} == {}  # fmt: skip


def test_every_field_that_may_need_a_call_is_weighed():
    """A new field must be told to `api/asked.py`; what it does not know it takes to be free."""
    rules = {("Album", "tracks"), ("Artist", "albums"), ("IsrcTracks", "tracks")}
    free = {("ProviderStatus", "holdMs"), ("SourceStatus", "holdMs")}
    unknown = []
    for type_ in GRAPHQL_SCHEMA.type_map.values():
        if not isinstance(type_, GraphQLObjectType) or type_.name.startswith("__"):
            continue
        for name, field in type_.fields.items():
            definition = field.extensions.get("strawberry-definition")
            if not isinstance(definition, BatchedField):
                continue
            told = {*TOLD.get(type_.name, ()), *TOLD_ELSEWHERE.get(type_.name, ())}
            known = name in told or (type_.name, name) in rules | free | {*ENRICHED}
            if not known and "provider" not in field.args:
                unknown.append(f"{type_.name}.{name}: {get_named_type(field.type)}")
    assert unknown == []


def test_whose_an_album_is_costs_calls_at_deezer_alone_and_none_where_the_album_was_asked():
    paces = {**PACES, "deezer": Pace({}, 8.0)}

    def calls(document):
        return cost_of(GRAPHQL_SCHEMA, parse(document), {}, None, paces).loaders

    asked = " { album { name artists { name } } } }"
    assert calls('{ track(id: "deezer:track:7")' + asked) == {
        "deezer.tracks": 1,
        "deezer.albums": 1,
    }
    assert calls(f'{{ track(id: "{ids("track", 1)[0]}")' + asked) == {"spotify.tracks": 1}
    assert calls('{ album(id: "deezer:album:7") { artists { name } } }') == {"deezer.albums": 1}
