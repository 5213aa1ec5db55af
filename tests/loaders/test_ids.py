"""Ids: what is accepted, what it becomes, and how everything else is refused."""

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loaders.errors import InvalidIdError
from loaders.ids import KINDS, Ref, parse_isrc, parse_ref, parse_refs
from tests.work import counted

SPOTIFY = "11dFghVXANMlKmJXsNCbNl"
UUID = "b9ad642e-b012-41c7-b72a-42cf4911f9ff"


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        (f"spotify:track:{SPOTIFY}", f"spotify:track:{SPOTIFY}"),
        (f"spotify:artist:{SPOTIFY}", f"spotify:artist:{SPOTIFY}"),
        (f"spotify:album:{SPOTIFY}", f"spotify:album:{SPOTIFY}"),
        (f"https://open.spotify.com/track/{SPOTIFY}", f"spotify:track:{SPOTIFY}"),
        (f"http://OPEN.spotify.com/album/{SPOTIFY}/", f"spotify:album:{SPOTIFY}"),
        (f"open.spotify.com/artist/{SPOTIFY}", f"spotify:artist:{SPOTIFY}"),
        (f"https://open.spotify.com/track/{SPOTIFY}?si=a1&nd=1#t=3", f"spotify:track:{SPOTIFY}"),
        (f"https://open.spotify.com/intl-de/track/{SPOTIFY}", f"spotify:track:{SPOTIFY}"),
        (f"https://open.spotify.com/embed/track/{SPOTIFY}", f"spotify:track:{SPOTIFY}"),
        (f"musicbrainz:track:{UUID}", f"musicbrainz:track:{UUID}"),
        (f"musicbrainz:track:{UUID.upper()}", f"musicbrainz:track:{UUID}"),
        (f"musicbrainz:recording:{UUID}", f"musicbrainz:track:{UUID}"),
        (f"musicbrainz:release:{UUID}", f"musicbrainz:album:{UUID}"),
        (f"musicbrainz:album:{UUID}", f"musicbrainz:album:{UUID}"),
        (f"musicbrainz:artist:{UUID}", f"musicbrainz:artist:{UUID}"),
        (f"https://musicbrainz.org/recording/{UUID}", f"musicbrainz:track:{UUID}"),
        (f"https://musicbrainz.org/release/{UUID.upper()}", f"musicbrainz:album:{UUID}"),
        (f"https://beta.musicbrainz.org/artist/{UUID}", f"musicbrainz:artist:{UUID}"),
        ("deezer:track:3135556", "deezer:track:3135556"),
        ("https://www.deezer.com/track/3135556", "deezer:track:3135556"),
        ("https://www.deezer.com/en/album/302127", "deezer:album:302127"),
        ("deezer.com/artist/27", "deezer:artist:27"),
    ],
)
def test_every_spelling_comes_back_canonical(text, canonical):
    ref = parse_ref(text)
    assert str(ref) == canonical
    assert parse_ref(str(ref)) == ref


SOMETHING = "an id like 'PROVIDER:KIND:ID' or a web link of spotify, musicbrainz, deezer"
A_KIND = "spotify:KIND:ID with a kind of track, artist, album"
A_TRACK = "a track id of 22 letters and digits"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", SOMETHING),
        (SPOTIFY, SOMETHING),
        ("tidal:track:1", SOMETHING),
        ("spotify", A_KIND),
        ("spotify:playlist:37i9dQZF1DXcBWIGoYBM5M", A_KIND),
        ("spotify:track:", A_TRACK),
        (f"spotify:track:{SPOTIFY}x", A_TRACK),
        ("musicbrainz:album:x", "an album id of a UUID"),
        ("https://musicbrainz.org/track/x", "a link to a recording or an artist or a release"),
        ("deezer:artist:027", "an artist id of a whole number"),
    ],
)
def test_what_is_refused_is_named_with_what_was_expected(text, expected):
    with pytest.raises(InvalidIdError) as caught:
        parse_ref(text)
    assert str(caught.value) == f"expected {expected}, got '{text}'"
    assert (caught.value.text, caught.value.expected) == (text, expected)
    assert caught.value.code == "BAD_USER_INPUT"


def test_what_is_refused_is_shown_cut_and_escaped():
    with pytest.raises(InvalidIdError) as caught:
        parse_ref("spotify:track:x\r\n")
    assert str(caught.value) == rf"expected {A_TRACK}, got 'spotify:track:x\r\n'"
    with pytest.raises(InvalidIdError) as caught:
        parse_ref("a" * 501)
    assert str(caught.value) == f"expected an id of at most 500 characters, got '{'a' * 77}...'"


@pytest.mark.parametrize(
    "text",
    [
        f"spotify:track:{SPOTIFY[:-3]}/..",
        "spotify:track:../../v1/me?access_token",
        "spotify:track:..",
        f"spotify:track:{SPOTIFY[:-1]}%",
        f"spotify:track:{SPOTIFY[:-1]}\n",
        f"spotify:track:{SPOTIFY[:-1]}é",
        f"spotify:track:{SPOTIFY[:-1]}\u0661",  # a digit, but an Arabic one
        f" spotify:track:{SPOTIFY}",
        f"spotify:track:{SPOTIFY} ",
        f"spotify:track:{SPOTIFY}:{SPOTIFY}",
        f"Spotify:track:{SPOTIFY}",
        f"spotify:Track:{SPOTIFY}",
        f"spotify:recording:{SPOTIFY}",
        f"https://open.spotify.com.evil.example/track/{SPOTIFY}",
        f"https://evil.example/open.spotify.com/track/{SPOTIFY}",
        f"https://open.spotify.com@evil.example/track/{SPOTIFY}",
        f"https://open.spotify.com:8080/track/{SPOTIFY}",
        f"ftp://open.spotify.com/track/{SPOTIFY}",
        f"https://open.spotify.com/track/{SPOTIFY}/../x",
        f"https://open.spotify.com/track/{SPOTIFY}\r\nHost: evil.example",
        f"https://open.spotify.com/intl-de/embed/track/{SPOTIFY}",
        f"https://musicbrainz.org/release-group/{UUID}",
        f"musicbrainz:track:{UUID.replace('-', '')}",
        f"musicbrainz:track:{UUID[:-1]}g",
        "deezer:track:0",
        "deezer:track:-1",
        "deezer:track:1.5",
        "deezer:track:1" + "0" * 19,
        "\x00",
    ],
)
def test_nothing_malformed_or_foreign_gets_through(text):
    with pytest.raises(InvalidIdError):
        parse_ref(text)


@pytest.mark.parametrize("kind", KINDS)
def test_a_field_of_one_kind_takes_only_that_kind(kind):
    text = f"spotify:{kind}:{SPOTIFY}"
    assert parse_ref(text, kind) == Ref("spotify", kind, SPOTIFY)
    for other in set(KINDS) - {kind}:
        article = "a" if other == "track" else "an"
        with pytest.raises(InvalidIdError) as caught:
            parse_ref(text, other)
        assert str(caught.value) == f"expected {article} {other}, got '{text}'"


@given(
    st.one_of(st.text(), st.text().map("spotify:track:{}".format), st.from_regex(r"https?://\S*"))
)
def test_whatever_is_parsed_is_safe_in_a_url_and_in_a_header(text):
    try:
        ref = parse_ref(text)
    except InvalidIdError:
        return
    assert quote(ref.native, safe="") == ref.native
    assert parse_ref(str(ref)) == ref


WRITTEN = st.sampled_from(
    [
        *(f"spotify:track:{SPOTIFY[:-1]}{letter}" for letter in "abc"),
        f"spotify:artist:{SPOTIFY}",
        f"musicbrainz:recording:{UUID}",
        f"musicbrainz:recording:{UUID.upper()}",
        f"musicbrainz:track:{UUID}",
        "deezer:track:3135556",
        "deezer:track:1",
        f"https://open.spotify.com/track/{SPOTIFY}",
        f"spotify:track:{SPOTIFY}\nspotify:track:{SPOTIFY}",
        f"spotify:track:{SPOTIFY}\n",
        f"spotify:track:{SPOTIFY[:-1]}\u0661",
        "spotify:track:",
        "deezer:track:12345678901234567890",
        "",
    ]
)


@given(
    st.lists(WRITTEN)
    | st.builds(list.__mul__, st.lists(WRITTEN, min_size=1, max_size=1), st.integers(0, 3)),
    st.sampled_from([None, *KINDS]),
)
def test_a_list_is_what_its_texts_are_one_by_one(texts, kind):
    found = parse_refs(texts, kind)
    assert len(found) == len(texts)
    for text, got in zip(texts, found, strict=True):
        if isinstance(got, Ref):
            assert parse_ref(text, kind) == got
        else:
            with pytest.raises(InvalidIdError) as caught:
                parse_ref(text, kind)
            assert str(got) == str(caught.value)


def test_an_error_of_one_list_is_no_other_lists_error():
    texts = ["spotify:track:x"]
    assert parse_refs(texts)[0] is not parse_refs(texts)[0]


def test_a_long_list_written_alike_is_looked_at_as_a_whole():
    def work(many, letter):
        with counted() as work:
            parse_refs([f"spotify:track:{number:021}{letter}" for number in range(many)])
        return work.calls

    assert work(1000, "a") == work(10, "b")


def test_refs_are_equal_and_hashable_by_value():
    assert len({Ref("spotify", "track", "a"), Ref("spotify", "track", "a")}) == 1


@pytest.mark.parametrize("text", ["USRC17607839", "us-rc1-76-07839", "US RC1 76 07839"])
def test_an_isrc_has_one_spelling(text):
    assert parse_isrc(text) == "USRC17607839"


NO_ISRCS = ("", "USRC1760783", "USRC176078390", "U1RC17607839", "USRC1760783X", "USRC17607839\n")


@pytest.mark.parametrize(
    "text", [*NO_ISRCS, "\u017fSRC17607839", "U" * 99]
)  # a long s, in capitals S
def test_what_is_no_isrc_is_refused(text):
    with pytest.raises(InvalidIdError) as caught:
        parse_isrc(text)
    assert str(caught.value).startswith("expected an ISRC like 'USRC17607839', got ")
