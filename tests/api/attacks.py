"""What is sent to break the server, exhaust it or run up calls, and what comes of it."""

import gzip
import json

QUERY = {"query": "{ __typename }"}
ANSWER = {"data": {"__typename": "Query"}}
NO_TRACK = "spotify:track:0000000000000000000000"


def asked(document, **variables):
    return {"body": json.dumps({"query": document, "variables": variables}).encode()}


def doubled(levels, field="__typename", alias=""):
    chain = "".join(
        f"fragment F{i} on Query {{ {alias and f'{alias}{i}: {field}'} ...F{i + 1} ...F{i + 1} }} "
        for i in range(levels)
    )
    return f"query {{ ...F0 }} {chain} fragment F{levels} on Query {{ {field} }}"


def nested(levels):
    pairs = levels // 2
    below = "albums { nodes { artists { " * pairs + "id" + " } } }" * pairs
    return f'{{ artist(id: "x") {{ {below} }} }}'


def looking_in(levels):
    return (
        "{ __schema { types { " + "fields { type { " * levels + "name" + " } }" * levels + " } } }"
    )


MANY_IDS = [f"spotify:track:{number:022d}" for number in range(10_000)]
HOW_MANY = "query ($ids: [ID!]!) { tracks(ids: $ids) { name } }"

PAGE = """query ($first: Int) {
  search(text: "x", provider: SPOTIFY, first: $first) { tracks { nodes { id } } } }"""

# name: the request, its status, and the code of its first error.
ATTACKS = {
    "1 doubled fragments, 22": (asked(doubled(22)), 200, "QUERY_TOO_COMPLEX"),
    "1 doubled fragments, 150": (asked(doubled(150)), 200, "QUERY_TOO_COMPLEX"),
    "2 doubled fragments of aliases": (asked(doubled(16, alias="a")), 200, "QUERY_TOO_COMPLEX"),
    "3 depth 50": (asked(nested(50)), 200, "QUERY_TOO_COMPLEX"),
    "3 depth 400": (asked(nested(400)), 200, "QUERY_TOO_COMPLEX"),
    "3 depth 3000": (asked(nested(3000)), 200, "QUERY_TOO_COMPLEX"),
    "4 a thousand aliases": (
        asked("{" + " ".join(f'a{i}: track(id: "{i}") {{ name }}' for i in range(1000)) + "}"),
        200,
        "QUERY_TOO_COMPLEX",
    ),
    "5 a field 3000 times": (
        asked("{" + " providers" * 3000 + "}"),
        200,
        "QUERY_TOO_COMPLEX",
    ),
    "5 with arguments 1500 times": (
        asked("{" + f' track(id: "{NO_TRACK}") {{ name }}' * 1500 + "}"),
        200,
        "QUERY_TOO_COMPLEX",
    ),
    "6 unknown directives": (
        asked("{ __typename " + "@aa" * 2000 + " }"),
        200,
        "QUERY_TOO_COMPLEX",
    ),
    "6 a directive 2000 times": (
        asked("{ __typename " + "@skip(if: false)" * 2000 + " }"),
        200,
        "QUERY_TOO_COMPLEX",
    ),
    "7 introspection in circles, 3": (asked(looking_in(3)), 200, "GRAPHQL_VALIDATION_FAILED"),
    "7 introspection in circles, 8": (asked(looking_in(8)), 200, "GRAPHQL_VALIDATION_FAILED"),
    "8 circular fragments": (
        asked("{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }"),
        200,
        "GRAPHQL_VALIDATION_FAILED",
    ),
    "8 an unknown fragment": (asked("{ ...Nope }"), 200, "GRAPHQL_VALIDATION_FAILED"),
    "8 200 operations": (
        asked(" ".join(f"query Q{i} {{ __typename }}" for i in range(200))),
        200,
        "BAD_USER_INPUT",  # which of them?
    ),
    "9 a million commas": (
        asked("{ __typename }" + "," * 1_000_000),
        200,
        "QUERY_TOO_COMPLEX",
    ),
    "9 600 comments": (asked("#\n" * 600 + "{ __typename }"), 200, "QUERY_TOO_COMPLEX"),
    "9 a name of 200 kB": (asked("{ " + "x" * 200_000 + " }"), 200, "QUERY_TOO_COMPLEX"),
    "9 a value 5000 deep": (
        asked("{ tracks(ids: " + "[" * 5000 + ") { name } }"),
        200,
        "QUERY_TOO_COMPLEX",
    ),
    "10 a thousand operations": (
        {"body": json.dumps([QUERY] * 1000).encode()},
        400,
        "BAD_USER_INPUT",
    ),
    "10 an empty list": ({"body": b"[]"}, 400, "BAD_USER_INPUT"),
    "10 a list of a number": ({"body": b"[1]"}, 400, "BAD_USER_INPUT"),
    "10 a list with nothing asked": ({"body": b"[{}]"}, 400, "BAD_USER_INPUT"),
    "10 a number": ({"body": b"5"}, 400, "BAD_USER_INPUT"),
    "10 null": ({"body": b"null"}, 400, "BAD_USER_INPUT"),
    "10 not UTF-8": ({"body": b'{"query": "\xff"}'}, 400, "BAD_USER_INPUT"),
    "10 gzip, not told": ({"body": gzip.compress(b"{}")}, 400, "BAD_USER_INPUT"),
    "10 gzip, told": (
        {"body": gzip.compress(b"{}"), "headers": {"content-encoding": "gzip"}},
        415,
        "BAD_USER_INPUT",
    ),
    "10 brackets": ({"body": b"[" * 100_000}, 400, "BAD_USER_INPUT"),
    "10 brackets in a list": (
        {"body": b'[{"query": "", "variables": {"a": ' + b"[" * 101 + b"]" * 101 + b"}}]"},
        400,
        "BAD_USER_INPUT",
    ),
    "11 ten thousand ids": (asked(HOW_MANY, ids=MANY_IDS), 200, "BAD_USER_INPUT"),
    "11 an empty id": (asked(HOW_MANY, ids=[""]), 200, "BAD_USER_INPUT"),
    "11 an id that climbs": (asked(HOW_MANY, ids=["../../me"]), 200, "BAD_USER_INPUT"),
    "11 an id with another line": (asked(HOW_MANY, ids=[f"{NO_TRACK}\n"]), 200, "BAD_USER_INPUT"),
    "11 an id of a megabyte": (asked(HOW_MANY, ids=["x" * 1_000_000]), 200, "BAD_USER_INPUT"),
    "12 a page of 99999999": (
        asked(PAGE, first=99999999),
        200,
        "BAD_USER_INPUT",
    ),
    "12 a page of -1": (
        asked(PAGE, first=-1),
        200,
        "BAD_USER_INPUT",
    ),
    "12 a page of 2^31": (
        asked(PAGE, first=2147483648),
        200,
        "BAD_USER_INPUT",
    ),
    "13 a form": (
        {"body": b"query=x", "headers": {"content-type": "application/x-www-form-urlencoded"}},
        415,
        "BAD_USER_INPUT",
    ),
    "13 plain text": (
        {"body": b'{"query": "{ x }"}', "headers": {"content-type": "text/plain"}},
        415,
        "BAD_USER_INPUT",
    ),
    "13 multipart": (
        {"body": b"", "headers": {"content-type": "multipart/form-data; boundary=x"}},
        415,
        "BAD_USER_INPUT",
    ),
    "14 a field that is nearly right": (asked("{ trac }"), 200, "GRAPHQL_VALIDATION_FAILED"),
    "14 __typename 3000 times": (
        asked("{" + " __typename" * 3000 + "}"),
        200,
        "QUERY_TOO_COMPLEX",
    ),
    "15 a hundred deferred fragments": (
        asked("{ " + "... @defer { __typename } " * 100 + "}"),
        200,
        "GRAPHQL_VALIDATION_FAILED",
    ),
    "15 a subscription": (asked("subscription { track }"), 200, "GRAPHQL_VALIDATION_FAILED"),
    "cost: the albums of the artists of all albums": (
        asked(
            "query ($ids: [ID!]!) { artists(ids: $ids) { albums(first: 50) { nodes { "
            "artists { albums(first: 50) { nodes { label } } } } } } }",
            ids=["spotify:artist:0000000000000000000000", "spotify:artist:0000000000000000000001"],
        ),
        200,
        "QUERY_TOO_COMPLEX",
    ),
}
