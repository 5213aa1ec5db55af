"""Documents: a text that comes again costs nothing, and nothing large is kept."""

from api.documents import prepare
from api.schema import GRAPHQL_SCHEMA


def test_a_text_is_prepared_once():
    text = "query Once { __typename }"
    assert prepare(GRAPHQL_SCHEMA, text) is prepare(GRAPHQL_SCHEMA, text)


def test_a_text_that_is_refused_is_refused_from_memory():
    text = "query Refused { nope }"
    refused = prepare(GRAPHQL_SCHEMA, text)
    assert refused.code == "GRAPHQL_VALIDATION_FAILED"
    assert refused is prepare(GRAPHQL_SCHEMA, text)


def test_a_large_text_is_prepared_and_forgotten():
    ids = " ".join(f'"spotify:track:{number:022}"' for number in range(1000))
    text = f"{{ tracks(ids: [{ids}]) {{ name }} }}"
    large = prepare(GRAPHQL_SCHEMA, text)
    assert large.errors == []
    assert large.document
    assert large is not prepare(GRAPHQL_SCHEMA, text)
