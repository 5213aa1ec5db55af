"""What is done by columns and what is not: calls of resolvers, keys asked, plans."""

import pytest
from graphql import parse

from api.columns import ColumnExecutor, explained, run
from api.columns.planner import Plans
from api.schema import GRAPHQL_SCHEMA
from api.testing import TestClient

QUERY = """query ($ids: [ID!]!, $yes: Boolean = true) { tracks(ids: $ids) {
  id name artists { name genres @include(if: $yes) } album { name label } } }"""


@pytest.fixture
def completed(monkeypatch):
    """The columns that were put into rows, each as often as it was."""
    put = []
    fill = run.Run.fill

    def noted(self):
        for _, columns in self._rows_with:
            put.extend(columns)
        fill(self)

    monkeypatch.setattr(run.Run, "fill", noted)
    return put


async def both(query, variables, *, fault=None):
    answers = []
    for columns in (True, False):
        async with TestClient(columns=columns) as client:
            if fault:
                client.simulator.fault(**fault)
            answer = await client.execute(query, variables)
            answers.append((answer.data, answer.errors, len(client.calls)))
            for error in answer.errors:
                del error["extensions"]["requestId"]
                error["extensions"].pop("retryAfterMs", None)
    return answers


async def test_each_field_is_a_column_however_many_objects_there_are(client, track_ids, completed):
    await client.execute(QUERY, {"ids": track_ids[:100]})
    assert " ".join(sorted(completed)) == "album artists genres id label name name name"


async def test_with_the_switch_off_nothing_is(track_ids, completed):
    async with TestClient(columns=False) as client:
        await client.execute(QUERY, {"ids": track_ids[:3]})
    assert completed == []


async def test_the_answer_is_the_same_with_and_without(track_ids):
    ids = [*track_ids[:20], "spotify:track:0000000000000000000000", "nonsense"]
    by_columns, object_by_object = await both(QUERY, {"ids": ids})
    assert by_columns == object_by_object
    assert [error["path"] for error in by_columns[1]] == [["tracks", 21]]


async def test_what_fails_below_fails_at_each_path_and_is_not_asked_again(track_ids):
    fault = {"route": "GET /v1/artists", "status": 501}
    by_columns, object_by_object = await both(QUERY, {"ids": track_ids[:20]}, fault=fault)
    key = lambda error: str(error["path"])  # noqa: E731  a name for it says no more
    assert by_columns[0] == object_by_object[0]
    assert sorted(by_columns[1], key=key) == sorted(object_by_object[1], key=key)
    assert by_columns[1][0]["path"][2:] == ["artists", 0, "genres"]
    assert by_columns[2] == object_by_object[2]


async def test_a_surprise_costs_no_call_twice(track_ids, monkeypatch, completed):
    surprised = run.Run._add

    def add(self, field, values, *rest):
        if field.key == "label":
            raise RuntimeError("a surprise, after all is loaded")
        surprised(self, field, values, *rest)

    monkeypatch.setattr(run.Run, "_add", add)
    async with TestClient() as client:
        answer = await client.execute(QUERY, {"ids": track_ids[:50]})
        assert answer.errors == []
        assert [track["album"]["label"] for track in answer.data["tracks"]]
        answer.expect_calls({"spotify.tracks": 1, "spotify.artists": 2, "spotify.albums": 3})
    assert "label" not in completed


async def test_directives_are_planned_by_their_variables(client, track_ids):
    for yes in (True, False, True):
        answer = await client.execute(QUERY, {"ids": track_ids[:2], "yes": yes})
        assert ("genres" in answer.data["tracks"][0]["artists"][0]) is yes


def test_a_plan_prints_itself():
    document = parse('{ tracks(ids: []) { title: name artists { genres } } node(id: "x") { id } }')
    assert explained(GRAPHQL_SCHEMA, document, {}).splitlines() == [
        "tracks: [Track]",
        "  title                          attribute  String!",
        "  artists                        attribute  [Artist!]!",
        "    genres                       batch      [String!]",
        "node: Node, by its type when it is there",
    ]


def test_the_plan_of_an_abstract_type_has_a_part_for_each_type():
    document = parse("{ lookup(refs: []) { id ... on Track { isrc } } }")
    assert explained(GRAPHQL_SCHEMA, document, {}).splitlines()[:4] == [
        "lookup: [Node]",
        "  ... on Track",
        "    id                           attribute  ID!",
        "    isrc                         batch      String",
    ]


def test_what_cannot_be_planned_says_why():
    document = parse("{ __schema { types { name } } search { tracks { nodes { name } } } }")
    lines = explained(GRAPHQL_SCHEMA, document, {}).splitlines()
    assert lines[:2] == [
        "__schema: __Schema, one object",
        "__schema.types: object by object, because __Type.name has a resolver for one object",
    ]
    assert "search.tracks.nodes: [Track]" in lines


def test_the_plans_remembered_are_bounded_and_the_longest_unused_goes_first():
    plans = Plans(2)
    query = parse(
        "{ a: tracks(ids: []) { id } b: tracks(ids: []) { id } c: tracks(ids: []) { id } }"
    )
    executor = ColumnExecutor.build(GRAPHQL_SCHEMA, query)
    tracks = GRAPHQL_SCHEMA.query_type.fields["tracks"].type
    nodes = query.definitions[0].selection_set.selections
    made = {}
    for name in "abac":
        detail = plans_details(nodes["abc".index(name)])
        plan = plans.plan(executor, tracks, detail, ())
        assert made.setdefault(name, plan) is plan
    assert len(plans) == 2
    assert plans.plan(executor, tracks, plans_details(nodes[0]), ()) is made["a"]
    assert plans.plan(executor, tracks, plans_details(nodes[1]), ()) is not made["b"]


def plans_details(node):
    from graphql.execution.collect_fields import FieldDetails  # noqa: PLC0415  beside its only use

    return [FieldDetails(node, None)]
