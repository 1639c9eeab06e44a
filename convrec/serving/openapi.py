"""What the server answers, for machines (OpenAPI 3.1) and for people (a page)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from importlib.metadata import version
from typing import Any

from pydantic import BaseModel

Schema = dict[str, Any]

TOKEN, NAME = "token", "name"
"""Who may call: whoever knows the token; whoever knows it, or talks under a name that we have given."""


@dataclass(frozen=True)
class Query:
    """A parameter of the address."""

    what: str
    """What it is for."""
    values: tuple[str, ...]
    """What it may be."""


@dataclass(frozen=True)
class Operation:
    """One thing that may be asked for."""

    method: str
    path: str
    summary: str
    """One sentence, without its full stop."""
    answers: Schema
    """Of the content of the answer that is hoped for."""
    takes: type[BaseModel] | None = None
    """What the body has to be."""
    example: Mapping[str, Any] | None = None
    """Of a body."""
    refusals: Mapping[int, str] = field(default_factory=dict)
    """Other statuses, and when they come."""
    caller: str | None = None
    """:data:`TOKEN`, :data:`NAME`, or None for anybody."""
    media: str = "application/json"
    also: Mapping[str, Schema] = field(default_factory=dict)
    """Other media the answer may come in, and its content there."""
    queries: Mapping[str, Query] = field(default_factory=dict)
    """Parameters of the address by name."""


ERROR: Schema = {
    "type": "object",
    "properties": {"error": {"type": "string"}, "action_name": {"type": "string"}},
    "required": ["error"],
}
"""One line that repeats nothing of what was sent."""

BUTTON: Schema = {
    "type": "object",
    "properties": {"title": {"type": "string"}, "payload": {"type": "string"}},
    "required": ["title", "payload"],
}

MESSAGES: Schema = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {
            "recipient_id": {"type": "string"},
            "text": {"type": "string"},
            "buttons": {"type": "array", "items": BUTTON},
            "attachment": {"type": "object"},
        },
        "required": ["recipient_id"],
    },
}

_REFUSALS = {
    400: "it cannot be read, or says what cannot be used", 401: "the token, or a name that was given, is wanted",
    403: "pages of this origin may not, or the server was not called by its name", 404: "there is no such action",
    409: "the talk is not over, or has gone on", 413: "the body is too large",
    415: "the body is packed in a way that is not known", 429: "too much in a minute", 503: "too many are waiting",
}  # fmt: skip


def refusals(*statuses: int) -> dict[int, str]:
    """When some statuses come."""
    return {status: _REFUSALS[status] for status in statuses}


def document(operations: Sequence[Operation]) -> Schema:
    """The OpenAPI document."""
    paths: dict[str, Schema] = {}
    schemas: dict[str, Schema] = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method] = _operation(operation, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "convrec",
            "version": version("convrec"),
            "description": "A conversational recommender: as an action server of Rasa, and as a gateway without Rasa.",
        },
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(operation: Operation, schemas: dict[str, Schema]) -> Schema:
    media_of_answer = {operation.media: operation.answers, **operation.also}
    described: Schema = {
        "operationId": f"{operation.method}{operation.path.replace('/', '_')}",
        "summary": operation.summary,
        "responses": {
            "200": {"description": "OK", "content": {name: {"schema": each} for name, each in media_of_answer.items()}}
        },
    }
    for status, when in operation.refusals.items():
        content = {"application/json": {"schema": ERROR}}
        described["responses"][str(status)] = {"description": when, "content": content}
    if operation.takes is not None:
        media: Schema = {"schema": {"$ref": f"#/components/schemas/{_schema_of(operation.takes, schemas)}"}}
        if operation.example is not None:
            media["example"] = dict(operation.example)
        described["requestBody"] = {"required": True, "content": {"application/json": media}}
    if operation.queries:
        described["parameters"] = [
            {"name": name, "in": "query", "description": each.what, "schema": {"enum": list(each.values)}}
            for name, each in operation.queries.items()
        ]
    if operation.caller is not None:
        described["security"] = [{"token": []}] if operation.caller == TOKEN else [{"token": []}, {}]
    return described


def _schema_of(model: type[BaseModel], schemas: dict[str, Schema]) -> str:
    """Add the schema of a body, and of what it is made of; hand out its name."""
    schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(schema.pop("$defs", {}))
    schemas[model.__name__] = schema
    return model.__name__


CALLERS = {
    TOKEN: "whoever knows the token", NAME: "whoever knows the token, or has a name from POST /session",
    None: "anybody",
}  # fmt: skip


def page(operations: Sequence[Operation]) -> str:
    """The same for people."""
    parts = "".join(_described(operation) for operation in operations)
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>convrec: what the server answers</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{STYLE}</style>"
        "<main><h1>What the server answers</h1>"
        '<p>For machines: <a href="/openapi.json">openapi.json</a> (OpenAPI 3.1).</p>'
        f"{parts}</main></html>"
    )


STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:46rem;padding:0 1rem;color-scheme:light dark}"
    "h2{margin:2.5rem 0 .25rem;font-size:1.1rem}code,td:first-child{font-family:ui-monospace,monospace}"
    "td{padding:.1rem 1.5rem .1rem 0;vertical-align:top}"
)


def _described(operation: Operation) -> str:
    rows = {"who may": CALLERS[operation.caller]}
    if operation.takes is not None:
        rows["takes"] = ", ".join(
            f"{name}{'' if each.is_required() else ' (or not)'}" for name, each in operation.takes.model_fields.items()
        )
    rows |= {f"?{name}=": each.what for name, each in operation.queries.items()}
    rows |= {str(status): when for status, when in operation.refusals.items()}
    table = "".join(f"<tr><td>{escape(name)}</td><td>{escape(what)}</td></tr>" for name, what in rows.items())
    return (
        f"<h2><code>{operation.method.upper()} {escape(operation.path)}</code></h2>"
        f"<p>{escape(operation.summary)}.</p><table>{table}</table>"
    )
