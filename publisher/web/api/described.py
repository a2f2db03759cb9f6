"""What the OpenAPI document says of all operations alike: failures, the token, the key."""

from typing import Annotated, Any

from fastapi import Depends, FastAPI, Header
from pydantic import BaseModel, Field
from pydantic.json_schema import SkipJsonSchema

from publisher.web.api.problems import TYPE

ABOUT = """What operators do by commands and pages, for programs.

Every failure is `application/problem+json` (RFC 9457), with a `code` for programs. Lists come in
parts: `next`, and the `Link` header, lead to the one after. `docs/api.md` begins at the beginning.
"""


class WrongPart(BaseModel):
    """One thing that is wrong in a request."""

    in_: str = Field(alias="in", description="`body`, `path`, `query` or `header`.")
    pointer: str = Field(description="In a body a JSON Pointer, else the name of a parameter.")
    detail: str


class ProblemDocument(BaseModel):
    """What went wrong (RFC 9457)."""

    type: str = Field(examples=["about:blank"])
    title: str = Field(examples=["Conflict"])
    status: int = Field(examples=[409])
    code: str = Field(examples=["not_possible"], description="One word for programs.")
    detail: str = Field(examples=["nothing there failed, is held or waits any more"])
    errors: list[WrongPart] | None = None


_PROBLEM = {"$ref": "#/components/schemas/ProblemDocument"}
_SECONDS = {
    "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}},
}
_CHALLENGE = {"WWW-Authenticate": {"description": "RFC 6750.", "schema": {"type": "string"}}}


def _failure(words: str, headers: dict[str, Any] | None = None) -> dict[str, Any]:
    content = {TYPE: {"schema": _PROBLEM}}
    return {"description": words, "content": content, "headers": headers or {}}


Answers = dict[int | str, dict[str, Any]]
FAILURES: Answers = {
    401: _failure("There is no token, or it opens nothing.", _CHALLENGE),
    403: _failure("The token's role is too small for this.", _CHALLENGE),
    404: _failure("There is no such thing."),
    422: _failure("The request cannot be meant so; `errors` says where."),
    429: _failure("Too many wrong tokens came from this network.", _SECONDS),
    500: _failure("A bug; the log of the server tells of it."),
    503: _failure("The store cannot be used just now.", _SECONDS),
}
UNCHANGED: Answers = {304: {"description": "It is what `If-None-Match` names."}}
CHANGING: Answers = {
    400: _failure("The body is no JSON, or the key is none."),
    409: _failure("It is not possible as things stand, or not any more."),
    413: _failure("The body is too large."),
    415: _failure("The body is not said to be JSON."),
}
CSV_OR_LINES: Answers = {
    200: {
        "description": "All readers.",
        "content": {
            "text/csv": {"schema": {"type": "string"}},
            "application/jsonl": {"schema": {"type": "string"}},
        },
    }
}


def _key(
    idempotency_key: Annotated[
        str | SkipJsonSchema[None],
        Header(
            max_length=257,
            pattern=r'^"?[!#-~]{1,255}"?$',
            description="Any text of your own: the same request with it is done once within a day.",
            examples=["8e03978e-40d5-43e8-bc93-6894a57f9324"],
        ),
    ] = None,
) -> None:
    pass


KEYED = Depends(_key)


_TEXT = {"type": "string"}
_ETAG = {"description": "For `If-None-Match`.", "schema": _TEXT}
_LINK = {"description": "Where the next part is (RFC 8288); none with the last.", "schema": _TEXT}
_REPLAYED = {"description": "`true`: it was done before, with this key.", "schema": _TEXT}


def _describe_headers(method: str, operation: dict[str, Any]) -> None:
    """Add what the answers to all operations of a kind bring in their heads."""
    named = {one["name"].lower() for one in operation.get("parameters", ())}
    for status, response in operation["responses"].items():
        if method == "get" and status == "200" and "application/json" in response["content"]:
            response["headers"] = {"ETag": _ETAG} | ({"Link": _LINK} if "after" in named else {})
        elif status.startswith("2") and "idempotency-key" in named:
            response["headers"] = {"Idempotent-Replayed": _REPLAYED}


def describe(app: FastAPI) -> None:
    """Add to the document what FastAPI does not know of."""
    plain = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            found = plain()
            schemas = found.setdefault("components", {}).setdefault("schemas", {})
            for model in (WrongPart, ProblemDocument):
                shape = model.model_json_schema(ref_template="#/components/schemas/{model}")
                shape.pop("$defs", None)
                schemas[model.__name__] = shape
            for methods in found["paths"].values():
                for method, operation in methods.items():
                    _describe_headers(method, operation)
            for unused in ("HTTPValidationError", "ValidationError"):
                schemas.pop(unused, None)
        return app.openapi_schema or {}

    app.openapi = openapi  # type: ignore[method-assign]
