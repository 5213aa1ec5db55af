"""What Wikidata answers, as far as it is served: structs that are decoded from the bytes.

Shapes: doc.wikimedia.org/Wikibase, JSON. Only the statements of one property are read: those of
others have values of other shapes.
"""

import msgspec


class Value(msgspec.Struct, gc=False):
    """The value of a statement; of a picture the name of its file."""

    value: str


class Snak(msgspec.Struct, gc=False):
    """What a statement says; it has no value where there is none, or where it is not known."""

    datavalue: Value | None = None


class Statement(msgspec.Struct, gc=False):
    """One thing that is claimed; of several the preferred ones hold, and never a deprecated one."""

    mainsnak: Snak
    rank: str


class Claims(msgspec.Struct, gc=False, rename={"pictures": "P18"}):
    """The statements about an entity, as far as they are read."""

    pictures: tuple[Statement, ...] = ()


class Entity(msgspec.Struct, gc=False):
    """An entity; `missing` is there where it is not. No claims at all may be an empty list."""

    missing: str | None = None
    claims: Claims | tuple[()] = ()


class Fault(msgspec.Struct, gc=False):
    """Why the call was refused, with the status 200."""

    code: str


class Entities(msgspec.Struct, gc=False):
    """The entities by the ids that were asked; a merged one has another id inside."""

    entities: dict[str, Entity] = {}
    error: Fault | None = None
