"""The OpenAPI 3.1 document of our API, made from the table of routes and never written by hand."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from supervisor.core.model import Scope


class Told(Protocol):
    """A route, as far as it is described."""

    @property
    def method(self) -> str: ...
    @property
    def path(self) -> str: ...
    @property
    def scope(self) -> Scope | None: ...
    @property
    def query(self) -> frozenset[str]: ...
    @property
    def longest_body(self) -> int: ...
    @property
    def lan(self) -> bool: ...
    @property
    def summary(self) -> str: ...


def document(routes: Iterable[Told]) -> dict[str, Any]:
    """The whole description."""
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Wakeline",
            "version": "1",
            "description": "Every error is a problem document (RFC 9457). Times are RFC 3339 in UTC.",
        },
        "paths": paths,
        "components": {
            "securitySchemes": {
                "device": {"type": "http", "scheme": "bearer", "description": "From /api/auth/token."}
            },
            "responses": {
                "problem": {
                    "description": "Refused, or it did not work.",
                    "content": {"application/problem+json": {"schema": _PROBLEM}},
                }
            },
        },
    }


def _operation(route: Told) -> dict[str, Any]:
    told: dict[str, Any] = {
        "summary": route.summary,
        "security": [] if route.scope is None else [{"device": [route.scope]}],
        "parameters": [*_path_parameters(route), *_query_parameters(route)],
        "responses": {"200": _SUCCESS, "default": {"$ref": "#/components/responses/problem"}},
        "x-wakeline-local-only": not route.lan,
    }
    if route.path == "/api/events":
        told["responses"]["200"] = _STREAM
    if route.longest_body:
        told["requestBody"] = {"content": {"application/json": {"schema": {"type": "object"}}}}
    if route.method != "GET" and route.scope is not None:
        told["parameters"].append(_IDEMPOTENCY_KEY)
    return told


def _path_parameters(route: Told) -> list[dict[str, Any]]:
    return [_parameter(name, "path") for name in re.findall(r"{(\w+)}", route.path)]


def _query_parameters(route: Told) -> list[dict[str, Any]]:
    return [_parameter(name, "query") for name in sorted(route.query)]


def _parameter(name: str, place: str) -> dict[str, Any]:
    return {"name": name, "in": place, "required": place == "path", "schema": {"type": "string"}}


_SUCCESS: Mapping[str, Any] = {
    "description": "Done.",
    "content": {"application/json": {"schema": {"type": "object"}}},
}
_STREAM: Mapping[str, Any] = {
    "description": "Events: hello session entry job approval focus awake machine gap.",
    "content": {"text/event-stream": {"schema": {"type": "string"}}},
}
_IDEMPOTENCY_KEY: Mapping[str, Any] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "description": "A repeat with the same key and body gets the first answer and does nothing.",
    "schema": {"type": "string", "maxLength": 128},
}
_PROBLEM: Mapping[str, Any] = {
    "type": "object",
    "required": ["type", "title", "status"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
    },
}
