"""Shapes: how the values of our answers differ from those of recorded ones, in names and types.

"null" is a type that was not recorded, "not always" a name that was there in every recorded answer,
"never" one that was there and is not here, "new" the opposite.
"""

from collections import defaultdict
from itertools import chain

TYPES = {"NoneType": "null", "str": "text", "int": "number", "bool": "truth", "dict": "object"}


def differences(ours, theirs, path=""):
    """Return how our values differ from theirs, wherever it is."""
    found = {f"{path}: {kind}" for kind in kinds_of(ours) - kinds_of(theirs)}
    our_items, their_items = items_of(ours), items_of(theirs)
    if our_items and their_items:
        found |= differences(our_items, their_items, f"{path}[]")
    our_values, their_values = values_of(ours), values_of(theirs)
    if not our_values or not their_values:
        return found
    for name in our_values | their_values:
        where = f"{path}.{name}"
        if name not in their_values:
            found.add(f"{where}: new")
        elif name not in our_values:
            found.add(f"{where}: never")
        else:
            if is_always(name, theirs) and not is_always(name, ours):
                found.add(f"{where}: not always")
            found |= differences(our_values[name], their_values[name], where)
    return found


def kinds_of(values):
    names = {type(value).__name__ for value in values}
    return {TYPES.get(name, name) for name in names}


def items_of(values):
    return list(chain.from_iterable(value for value in values if isinstance(value, list)))


def values_of(objects):
    values = defaultdict(list)
    for each in objects:
        if isinstance(each, dict):
            for name, value in each.items():
                values[name].append(value)
    return values


def is_always(name, objects):
    return all(name in each for each in objects if isinstance(each, dict))
