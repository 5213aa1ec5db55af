"""--fields: one language, in which a dot is short for braces; checked before anything is sent."""

import pytest
from graphql import parse, print_ast

from api.enrich.errors import EnrichError
from api.enrich.fields import parse_fields, undotted


@pytest.mark.parametrize(
    ("dotted", "meant"),
    [
        ("name", "{ name }"),
        ("name, isrc", "{ name isrc }"),
        ("artists.name", "{ artists { name } }"),
        ("name,artists.name,album.label", "{ name artists { name } album { label } }"),
        ("album.artists.image.url name", "{ album { artists { image { url } } } name }"),
        ("album { artists.name label } name", "{ album { artists { name } label } name }"),
        ("album.artists { name genres } isrc", "{ album { artists { name genres } } isrc }"),
        ("on(provider: DEEZER).id name", "{ on(provider: DEEZER) { id } name }"),
        ("album.cover(size: 300).url", "{ album { cover(size: 300) { url } } }"),
        ("there: on(provider: DEEZER).at: id", "{ there: on(provider: DEEZER) { at: id } }"),
        ("... on Track { album.label } id", "{ ... on Track { album { label } } id }"),
        ("... on Track @skip(if: false) { on(provider: DEEZER).id }",
         "{ ... on Track @skip(if: false) { on(provider: DEEZER) { id } } }"),
        ("album @include(if: true).label name", "{ album @include(if: true) { label } name }"),
        ('a(b: "x.y }", c: 1.5, d: {e: 2.5}).f', '{ a(b: "x.y }", c: 1.5, d: {e: 2.5}) { f } }'),
        ("name # artists.name\nisrc", "{ name isrc }"),
    ],
)  # fmt: skip
def test_dots_are_braces(dotted, meant):
    assert print_ast(parse("{" + undotted(dotted) + "}")) == print_ast(parse(meant))


@pytest.mark.parametrize(
    "text", ["", " # only", "{", "}", "name }", "artists.", ".name", "a..b", "album { }", "a(b"]
)
def test_what_is_no_selection_is_refused(text):
    with pytest.raises(EnrichError, match="--fields: expected a selection like 'name, artists"):
        parse_fields(text)


@pytest.mark.parametrize(
    ("selection", "kinds"),
    [
        ("id", {"track", "artist", "album"}),
        ("name url provider", {"track", "artist", "album"}),
        ("name, isrc, artists.name", {"track"}),
        ("name artists.name", {"track", "album"}),
        ("genres", {"artist"}),
        ("label, tracks.nodes.name", {"album"}),
        ("... on Track { isrc } ... on Artist { genres }", {"track", "artist", "album"}),
    ],
)
def test_lines_of_the_kinds_that_have_all_fields_are_asked(selection, kinds):
    fields = parse_fields(selection)
    assert fields.kinds == kinds
    assert fields.prepared.errors == []
    assert ("tracksByIsrc" in fields.document) is ("track" in kinds)


def test_the_same_selection_is_the_same_document_however_it_is_written():
    written = ["name, artists.name", "name artists { name }", "  name\n artists{name}, # yes"]
    assert len({parse_fields(text).document for text in written}) == 1
    assert parse_fields("artists.name name").document != parse_fields(written[0]).document


@pytest.mark.parametrize(
    ("selection", "complaint"),
    [
        ("nonsense", "Cannot query field 'nonsense' on type"),
        ("isrc genres", "Cannot query field"),
        ("album", "Field 'album' of type 'Album' must have a selection of subfields"),
        ("name } } query Evil { track(id: 1) { name", "expected a selection like"),
        ("name } fragment F on Track { name", "expected one selection"),
        ("on(provider: WALKMAN).id", "WALKMAN"),
        ("on(provider: $x).id", "Variable '$x' is not defined"),
        (".".join(["album.artists.albums.nodes"] * 9) + ".name", "levels of fields"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_the_reason(selection, complaint):
    with pytest.raises(EnrichError) as caught:
        parse_fields(selection)
    assert str(caught.value).startswith("--fields: ")
    assert complaint in str(caught.value)
