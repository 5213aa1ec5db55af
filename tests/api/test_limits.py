"""Documents that are too much: refused with little work, before anything is executed."""

import pytest
from graphql import get_introspection_query, parse

from api.limits import LIMITS, Size, measure
from tests.work import counted

# Function calls, about a tenth of a second.
MOST_WORK = 1_000_000


def doubled_fragments(levels, field="providers { name }"):
    chain = "".join(
        f"fragment F{i} on Query {{ ...F{i + 1} ...F{i + 1} }}\n" for i in range(levels)
    )
    return f"query {{ ...F0 }}\n{chain}fragment F{levels} on Query {{ {field} }}"


def nested(levels):
    pairs = levels // 2
    return "{ " + "album { artists { " * pairs + "id" + " } }" * pairs + " }"


def size_of(document):
    [(_, size)] = measure(parse(document))
    return size


@pytest.mark.parametrize("levels", [22, 150, 390])
async def test_doubled_fragments_are_refused_with_little_work(client, levels):
    with counted() as work:
        answer = await client.execute(doubled_fragments(levels))
    assert work.calls < 600 * levels  # 340; doubled they would be 2**levels
    assert answer.data is None
    assert {error["extensions"]["code"] for error in answer.errors} == {"QUERY_TOO_COMPLEX"}
    assert client.calls == []


async def test_the_answer_to_doubled_fragments_says_how_much_is_too_much(client):
    answer = await client.execute(doubled_fragments(22))
    [error] = answer.errors
    counted = "fragments counted wherever they are spread"
    assert error["message"] == (
        f"Expected at most 2000 fields, {counted}, got more than a million."
    )


async def test_a_few_doubled_fragments_are_executed(client):
    answer = await client.execute(doubled_fragments(8))
    names = ("SPOTIFY", "MUSICBRAINZ", "DEEZER")
    assert answer.data == {"providers": [{"name": name} for name in names]}


async def test_two_aliased_fields_per_fragment_are_refused(client):
    chain = "".join(
        f"fragment F{i} on Query {{ a{i}: __typename ...F{i + 1} b{i}: __typename ...F{i + 1} }}"
        for i in range(16)
    )
    answer = await client.execute(f"{{ ...F0 }} {chain} fragment F16 on Query {{ c: __typename }}")
    assert answer.errors[0]["extensions"]["code"] == "QUERY_TOO_COMPLEX"
    assert client.calls == []


@pytest.mark.parametrize(
    ("document", "complaint"),
    [
        pytest.param(
            nested(16).replace("album", "album(id: 1)", 1),
            "Expected at most 15 levels of fields, got 17.",
            id="depth",
        ),
        pytest.param(
            "{" + "".join(f"a{i}: track(id: {i}) {{ name }}" for i in range(101)) + "}",
            "Expected at most 100 aliases, fragments counted wherever they are spread, got 101.",
            id="aliases",
        ),
        pytest.param(
            "{" + " providers { name on }" * 667 + "}",
            "Expected at most 2000 fields, fragments counted wherever they are spread, got 2001.",
            id="fields",
        ),
        pytest.param(
            "{ providers { name " + "@skip(if: false) " * 101 + "} }",
            "Expected at most 100 directives, fragments counted wherever they are spread, got 101.",
            id="directives",
        ),
        pytest.param(
            "query " + "@a " * 101 + "{ __typename }",
            "Expected at most 100 directives, fragments counted wherever they are spread, got 101.",
            id="directives of an operation",
        ),
        pytest.param(
            "{ __typename }" + "," * LIMITS.characters,
            f"Expected at most 200000 characters, got {LIMITS.characters + 14}.",
            id="characters",
        ),
        pytest.param(
            "{" + " a" * 4_000 + "}",
            "Syntax Error: Document contains more than 4000 tokens. Parsing aborted.",
            id="tokens",
        ),
        pytest.param(
            "#\n" * 501 + "{ __typename }",
            "Syntax Error: Document contains more than 500 comments. Parsing aborted.",
            id="comments",
        ),
    ],
)
async def test_too_much_of_anything_is_refused_before_execution(client, document, complaint):
    answer = await client.execute(document)
    assert answer.data is None
    assert [error["message"] for error in answer.errors] == [complaint]
    assert answer.errors[0]["extensions"]["code"] == "QUERY_TOO_COMPLEX"
    assert client.calls == []


@pytest.mark.parametrize(
    "document",
    ["{ a(b: " + "[" * 1900 + "]" * 1900 + ") }", "{a" * 1300 + "}" * 1300],
    ids=["values", "selections"],
)
async def test_nesting_without_end_is_refused(client, document):
    answer = await client.execute(document)
    [error] = answer.errors
    assert error["extensions"]["code"] == "QUERY_TOO_COMPLEX"
    assert error["message"].endswith("Parsing aborted.")


@pytest.mark.parametrize(
    "selection", ["providers { name }", "__typename", 'track(id: "1") { id }', "...{ __typename }"]
)
async def test_a_field_again_and_again_is_refused_with_little_work(client, selection):
    with counted() as work:
        answer = await client.execute("{" + f" {selection}" * 390 + "}")
    assert work.calls < MOST_WORK
    [error] = answer.errors
    assert error["message"] == "Expected fewer repetitions of fields in one place."
    assert error["extensions"]["code"] == "QUERY_TOO_COMPLEX"
    assert client.calls == []


@pytest.mark.parametrize(
    "document",
    [
        pytest.param("{", id="not closed"),
        pytest.param("", id="nothing"),
        pytest.param('{ track(id: "\\ud800") { id } }', id="half a character"),
        pytest.param("\x00", id="control character"),
    ],
)
async def test_what_the_parser_refuses_is_a_parse_failure(client, document):
    answer = await client.execute(document)
    assert answer.data is None
    assert [error["extensions"]["code"] for error in answer.errors] == ["GRAPHQL_PARSE_FAILED"]


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ("{ ...Nope }", "Unknown fragment 'Nope'."),
        (
            "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }",
            "Cannot spread fragment 'A' within itself via 'B'.",
        ),
        (
            "{ ...A } fragment A on Query { ...A }",
            "Cannot spread fragment 'A' within itself.",
        ),
        (
            "{ trac }",
            "Cannot query field 'trac' on type 'Query'. Did you mean 'track' or 'tracks'?",
        ),
    ],
)
async def test_validation_errors_keep_their_text(client, document, message):
    answer = await client.execute(document)
    assert [error["message"] for error in answer.errors] == [message]
    assert answer.errors[0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"


def test_a_selection_spread_twice_counts_twice():
    document = """
        query @a { x: node(id: 1) { ...F } y: node(id: 2) { ...F ... on Track @b { name } } }
        fragment F on Node { id z: id @c }
    """
    assert size_of(document) == Size(depth=2, fields=7, aliases=4, directives=4)


def test_depth_is_followed_through_fragments():
    document = "{ a { ...F } } fragment F on T { b { ...G } } fragment G on T { c { d } }"
    assert size_of(document).depth == 4


def test_introspection_is_one_level_deep_and_counts_fully():
    document = "{ __schema { types { fields { type { ofType { ofType { name } } } } } } }"
    assert size_of(document) == Size(depth=1, fields=7)


async def test_the_usual_introspection_query_is_answered(client):
    document = get_introspection_query(descriptions=True, input_value_deprecation=True)
    answer = await client.execute(document)
    assert answer.errors == []
    assert answer.data["__schema"]["queryType"]["name"] == "Query"
