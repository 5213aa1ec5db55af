"""Spotify's API description as a judge: are our requests legal, are the simulator's answers true?

>>> check_requests(simulator.calls)                                   # what our client sent
>>> check_answer("GET /v1/tracks/{id}", 200, answer.json())           # what the simulator said

Three patches, where the description says less than Spotify does:

1. Items of a bulk list may be null: an unknown id is answered so, in its place.
2. Pages of search and of an artist's albums go up to 50, for apps with an extended quota; with
   `development_mode=True` the 10 of the description holds.
3. Fields that development mode has lost, and `available_markets` where a market was asked, are not
   required of an answer that is `reduced=True`.

Beyond the description, answers may hold no field that it does not name, ids in requests have 22
letters and digits, and a bulk call has at most 50 of them, or 20 for albums.
"""

import functools
import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import jsonschema

from loaders.simulator import SimCall

_FILE = Path(__file__).parent / "data" / "spotify-openapi.json"
_TOKEN_ROUTE = "POST /api/token"  # of another service, which the description leaves out
_IDS_PER_CALL = {"/tracks": 50, "/artists": 50, "/albums": 20}
_PAGED = ("/search", "/artists/{id}/albums")
_PAGE_OF_EXTENDED_QUOTA = 50
_REDUCED = frozenset({"album_group", "available_markets", "label", "popularity"})
_ID = re.compile("[0-9A-Za-z]{22}")


def check_answer(route: str, status: int, body: Any, *, reduced: bool = False) -> None:
    """Fail unless the description allows this answer on this route.

    Statuses that it leaves out (400, 404, 5xx) are held to the shape of the others' errors.
    """
    validator = _answer_validator(route, status if status == 200 else 401, reduced=reduced)
    error = jsonschema.exceptions.best_match(validator.iter_errors(body))
    if error is not None:
        said = f"{route} answered {status}, at {error.json_path}: {error.message[:500]}"
        raise AssertionError(said)


def check_requests(calls: Iterable[SimCall], *, development_mode: bool = False) -> None:
    """Fail unless the description allows every one of these requests."""
    for call in calls:
        check_request(call, development_mode=development_mode)


def check_request(call: SimCall, *, development_mode: bool = False) -> None:
    """Fail unless the description allows this request."""
    if call.route == _TOKEN_ROUTE:
        assert call.params == {"grant_type": "client_credentials"}, call
        return
    method, path = _operation(call.route)
    assert path in _description()["paths"], f"no such route: {call.route} {call.ids[:1]}"
    parameters = {
        parameter["name"]: parameter
        for parameter in map(_resolve, _description()["paths"][path][method]["parameters"])
    }
    given = {**call.params, **({"id": call.ids[0]} if "{id}" in path else {})}
    for name, parameter in parameters.items():
        assert name in given or not parameter["required"], f"{call.route} lacks {name}"
    for name, text in given.items():
        assert name in parameters, f"{call.route} knows no parameter {name}"
        schema = dict(parameters[name]["schema"])
        if name == "limit" and path in _PAGED and not development_mode:
            schema["maximum"] = _PAGE_OF_EXTENDED_QUOTA  # patch 2
        try:
            jsonschema.validate(_parse(text, schema), schema)
        except jsonschema.ValidationError as error:
            raise AssertionError(f"{call.route}, {name}: {error.message[:200]}") from error
    strange = [native[:80] for native in call.ids if not _ID.fullmatch(native)]
    assert not strange, f"{call.route}, not an id: {strange[0]!r}"
    most = _IDS_PER_CALL.get(path, 1)
    assert len(call.ids) <= most, f"{call.route}, {len(call.ids)} ids where {most} may be"


def _parse(text: str, schema: dict[str, Any]) -> Any:
    match schema["type"]:
        case "integer":
            return int(text) if re.fullmatch(r"-?\d+", text) else text
        case "array":  # style form, not exploded
            return text.split(",")
    return text


def _operation(route: str) -> tuple[str, str]:
    method, _, path = route.partition(" ")
    return method.lower(), path.removeprefix("/v1")


@functools.cache
def _description() -> dict[str, Any]:
    description = json.loads(_FILE.read_text(encoding="utf-8"))
    for name in ("Tracks", "Artists", "Albums"):  # patch 1
        content = description["components"]["responses"][f"Many{name}"]["content"]
        listed = content["application/json"]["schema"]["properties"][name.lower()]
        listed["items"] = {"allOf": [listed["items"]], "nullable": True}
    return description


@functools.cache
def _answer_validator(route: str, status: int, *, reduced: bool) -> jsonschema.Draft202012Validator:
    method, path = _operation(route)
    response = _resolve(_description()["paths"][path][method]["responses"][str(status)])
    # Errors may say more than the description names, such as a reason.
    schema = _expanded(
        response["content"]["application/json"]["schema"],
        more_fields=status != 200,
        optional=_REDUCED if reduced else frozenset(),  # patch 3
    )
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def _expanded(
    schema: dict[str, Any], *, more_fields: bool, optional: frozenset[str]
) -> dict[str, Any]:
    """Return a schema of OpenAPI 3.0 as one of JSON Schema 2020-12 that needs no other.

    What is put together by `$ref` and `allOf` becomes one object, so that it can be closed.
    """
    schema = _merged(schema)
    expanded: dict[str, Any] = {name: schema[name] for name in ("type", "enum") if name in schema}
    if schema.get("nullable"):
        expanded["type"] = [schema["type"], "null"]
    if "items" in schema:
        expanded["items"] = _expanded(schema["items"], more_fields=more_fields, optional=optional)
    if schema["type"] == "object":
        expanded["additionalProperties"] = more_fields
        expanded["required"] = [name for name in schema["required"] if name not in optional]
        expanded["properties"] = {
            name: _expanded(value, more_fields=more_fields, optional=optional)
            for name, value in schema["properties"].items()
        }
    return expanded


def _merged(schema: dict[str, Any]) -> dict[str, Any]:
    schema = _resolve(schema)
    merged = {"type": "object", **schema}
    if merged["type"] != "object":
        return merged
    parts = [_merged(part) for part in merged.pop("allOf", [])]
    merged["properties"] = dict(schema.get("properties", {}))
    merged["required"] = list(schema.get("required", []))
    for part in parts:
        merged["properties"].update(part["properties"])
        merged["required"] += part["required"]
    return merged


def _resolve(node: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in node:
        return node
    found = _description()
    for step in node["$ref"].removeprefix("#/").split("/"):
        found = found[step]
    return found
