"""Write the reference of what is public, docs/reference.md, from the code itself."""

import asyncio
import inspect
import sys
from collections.abc import Iterator
from enum import Enum
from types import ModuleType
from typing import Any

import typer.main

import api.testing
import batching
from api.cli import app
from loaders.settings import variables

BEGINNING = """# Reference

Written by `make export` from the code. The GraphQL schema is [schema.graphql](../schema.graphql),
described field by field."""


def reference() -> str:
    """Return the whole page."""
    parts = [BEGINNING, *_commands(), *_settings()]
    parts += [*_module(batching, "`batching`"), *_module(api.testing, "`api.testing`")]
    return "\n".join(parts) + "\n"


def _commands() -> Iterator[str]:
    yield "\n## The command `unisono`\n"
    group: Any = typer.main.get_command(app)
    for name, command in group.commands.items():
        arguments = [each for each in command.params if each.param_type_name == "argument"]
        options = [each for each in command.params if each.param_type_name == "option"]
        yield f"### {' '.join(['unisono', name, *(each.name.upper() for each in arguments)])}\n"
        yield f"{inspect.cleandoc(command.help)}\n"
        if arguments or options:
            yield "| | default | |\n|---|---|---|"
        for each in arguments:
            yield f"| `{each.name.upper()}` | {_default(each)} | {each.help} |"
        for each in options:
            yield f"| `{', '.join(each.opts)}` | {_default(each)} | {each.help} |"
        yield ""


def _default(parameter: Any) -> str:
    default = parameter.default.value if isinstance(parameter.default, Enum) else parameter.default
    is_there = default not in {None, "", False, ...} and not callable(default)
    return f"`{default}`" if is_there and not parameter.required else ""


def _settings() -> Iterator[str]:
    yield "## Settings\n\n| variable | default | meaning |\n|---|---|---|"
    for each in variables():
        default = f"`{each.default}`" if each.default else ""
        yield f"| `{each.name}` | {default} | {each.description} |"


def _module(module: ModuleType, title: str) -> Iterator[str]:
    yield f"\n## {title}"
    for name in module.__all__:
        it = getattr(module, name)
        yield f"\n### {name}\n"
        if not inspect.isclass(it) and not inspect.isfunction(it):
            yield f"A type: `{str(it).replace('typing.', '')}`"
            continue
        yield _told(it)
        if inspect.isfunction(it):
            yield f"\n```\n{name}{_signature(it)}\n```"
        elif not issubclass(it, Exception | asyncio.Future):
            yield f"\n```\n{name}{_signature(it)}\n```"
            methods = [
                f"- `{each}{_signature(function)}`: {_told(function)}"
                for each, function in _methods(it)
            ]
            yield from ["", *methods] if methods else ()


def _methods(it: type) -> Iterator[tuple[str, Any]]:
    """Yield the public methods that a class has of its own."""
    for name, member in vars(it).items():
        if inspect.isfunction(member) and not name.startswith("_"):
            yield name, member


def _signature(it: Any) -> str:
    """Return the parameters without their types: Pythons write those differently."""
    signature = inspect.signature(it)
    kept = [
        each.replace(annotation=each.empty, default=_shown(each.default))
        for each in signature.parameters.values()
        if each.name != "self"
    ]
    return str(signature.replace(parameters=kept, return_annotation=signature.empty))


class _Ellipsis:
    def __repr__(self) -> str:
        return "..."


def _shown(default: Any) -> Any:
    return (
        _Ellipsis()
        if repr(default).startswith("<") and default is not inspect.Parameter.empty
        else default
    )


def _told(it: Any) -> str:
    return " ".join(inspect.cleandoc(it.__doc__ or "").split("\n\n")[0].split())


if __name__ == "__main__":
    sys.stdout.write(reference())
