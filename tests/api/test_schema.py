"""The schema: its committed form, and that everything in it is described."""

import re
from pathlib import Path

from graphql import (
    get_named_type,
    is_enum_type,
    is_input_object_type,
    is_interface_type,
    is_object_type,
)

from api.schema import GRAPHQL_SCHEMA, sdl

ROOT = Path(__file__).parents[2]


def test_schema_graphql_is_the_exact_export():
    committed = (ROOT / "schema.graphql").read_text(encoding="utf-8")
    assert committed == sdl(), "run `unisono schema > schema.graphql`"


def own_types():
    return [type_ for name, type_ in GRAPHQL_SCHEMA.type_map.items() if not name.startswith("__")]


def test_every_type_field_argument_and_value_is_described():
    bare = []
    for type_ in own_types():
        parts = {type_.name: type_}
        if is_object_type(type_) or is_interface_type(type_) or is_input_object_type(type_):
            for name, field in type_.fields.items():
                parts[f"{type_.name}.{name}"] = field
                for argument, definition in getattr(field, "args", {}).items():
                    parts[f"{type_.name}.{name}({argument})"] = definition
        elif is_enum_type(type_):
            parts |= {f"{type_.name}.{name}": value for name, value in type_.values.items()}
        bare += [name for name, part in parts.items() if not part.description]
    assert bare == []


# What a number counts, or from where to where it goes.
UNIT = re.compile(r"(?i)\b(milliseconds|seconds|pixels|how many|calls|batches|from \d+)\b")


def test_every_number_says_its_unit():
    bare = []
    for type_ in own_types():
        for name, field in getattr(type_, "fields", {}).items():
            parts = {name: field, **getattr(field, "args", {})}
            bare += [
                f"{type_.name}.{name} {part}: {each.description}"
                for part, each in parts.items()
                if get_named_type(each.type).name in {"Int", "Float"}
                and not UNIT.search(each.description)
            ]
    assert bare == []


def test_every_root_field_is_nullable():
    assert [str(field.type) for field in GRAPHQL_SCHEMA.query_type.fields.values()] == [
        "Node",
        "[Node]",
        "Track",
        "[Track]",
        "Artist",
        "[Artist]",
        "Album",
        "[Album]",
        "[IsrcTracks!]",
        "SearchResult",
        "[ProviderStatus!]",
        "[SourceStatus!]",
    ]


def test_entities_have_the_fields_that_were_designed():
    entities = {
        name: {field: str(it.type) for field, it in GRAPHQL_SCHEMA.type_map[name].fields.items()}
        for name in ("Track", "Artist", "Album")
    }
    assert entities == {
        "Track": {
            "id": "ID!",
            "provider": "Provider!",
            "name": "String!",
            "durationMs": "Int",
            "isrc": "String",
            "explicit": "Boolean",
            "discNumber": "Int",
            "trackNumber": "Int",
            "popularity": "Int",
            "url": "String",
            "artists": "[Artist!]!",
            "album": "Album",
            "listens": "Int",
            "tags": "[Tag!]",
            "on": "Track",
        },
        "Artist": {
            "id": "ID!",
            "provider": "Provider!",
            "name": "String!",
            "url": "String",
            "country": "String",
            "genres": "[String!]",
            "genresSource": "Source",
            "tags": "[Tag!]",
            "image": "Image",
            "popularity": "Int",
            "followers": "Int",
            "albums": "AlbumConnection",
            "on": "Artist",
        },
        "Album": {
            "id": "ID!",
            "provider": "Provider!",
            "name": "String!",
            "albumType": "String",
            "releaseDate": "String",
            "totalTracks": "Int",
            "upc": "String",
            "label": "String",
            "popularity": "Int",
            "url": "String",
            "artists": "[Artist!]!",
            "cover": "Image",
            "tracks": "TrackConnection",
            "on": "Album",
        },
    }
