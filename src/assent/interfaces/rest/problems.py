"""Errors to problems after RFC 9457: the one place that knows both."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any, NamedTuple

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from assent.core.errors import (
    AssentError,
    ChangedError,
    ForbiddenError,
    MissingExtraError,
    NotFoundError,
    OtherStoreError,
    OverdueError,
    StaleError,
    StorageError,
    WeightsError,
    WorkerError,
)
from assent.interfaces.rest.schemas import Problem, Proposal
from assent.services.annotate import OtherMethodError, StaleViewError, View
from assent.services.uploads import TooLargeError

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_S = 2


class Kind(NamedTuple):
    """What an error is over HTTP."""

    error: type[Exception]
    status: int
    code: str


# The first that fits counts: an error comes before those it is a kind of.
KINDS = (
    Kind(StaleError, 409, "stale"),
    Kind(OtherMethodError, 409, "weights"),
    Kind(ChangedError, 409, "changed"),
    Kind(OtherStoreError, 409, "other_store"),
    Kind(TooLargeError, 413, "too_large"),
    Kind(ForbiddenError, 403, "forbidden"),
    Kind(StorageError, 503, "storage"),
    Kind(OverdueError, 503, "too_long"),
    Kind(WorkerError, 503, "worker"),
    Kind(NotFoundError, 404, "not_found"),
    Kind(WeightsError, 503, "method"),
    Kind(MissingExtraError, 503, "method"),
    Kind(AssentError, 400, "input"),
)
CODES = {
    401: "token",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
}
Responses = dict[int | str, dict[str, Any]]


def announced(*statuses: int) -> Responses:
    """Problems that routes may answer with, for the OpenAPI document."""
    return {status: {"model": Problem, "content": {MEDIA_TYPE: {}}} for status in statuses}


BUG = "Something went wrong that should not. The log of the server says what; try again."


def problem(status: int, code: str, detail: str, **more: Any) -> JSONResponse:
    """One problem as a reply.

    Args:
        status: Of HTTP.
        code: For programs.
        detail: One sentence for people.
        more: Further members.
    """
    told = Problem(title=HTTPStatus(status).phrase, status=status, code=code, detail=detail, **more)
    headers = {"Retry-After": str(RETRY_AFTER_S)} if code == "worker" else {}
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    content = told.model_dump(mode="json", exclude_none=not more)
    return JSONResponse(content, status, headers=headers, media_type=MEDIA_TYPE)


def install(app: FastAPI, to_proposal: Callable[[View], Proposal]) -> None:
    """Answer every error with a problem.

    Args:
        app: Whose errors.
        to_proposal: Puts a view on the wire, for answers to a round that is not shown.
    """

    def deliberate(_: Request, error: Exception) -> JSONResponse:
        kind = next(kind for kind in KINDS if isinstance(error, kind.error))
        more = {"current": to_proposal(error.view)} if isinstance(error, StaleViewError) else {}
        return problem(kind.status, kind.code, str(error), **more)

    def misshapen(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        # Without what was sent: it may be large, or somebody's.
        where = [{"at": list(each["loc"]), "detail": each["msg"]} for each in error.errors()]
        first = where[0]
        place = ".".join(map(str, first["at"]))
        return problem(
            422, "shape", f"The request misstates {place}: {first['detail']}.", errors=where
        )

    def of_http(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        code = CODES.get(error.status_code, "input")
        return problem(error.status_code, code, f"{str(error.detail).rstrip('.')}.")

    def bug(_: Request, error: Exception) -> JSONResponse:
        return problem(500, "bug", BUG)

    app.add_exception_handler(AssentError, deliberate)
    app.add_exception_handler(RequestValidationError, misshapen)
    app.add_exception_handler(HTTPException, of_http)
    app.add_exception_handler(Exception, bug)


def under_its_type(document: dict[str, Any]) -> dict[str, Any]:
    """The OpenAPI document with problems under their own media type, not the route's."""
    for route in document["paths"].values():
        for operation in route.values():
            for response in operation["responses"].values():
                content = response.get("content", {})
                if MEDIA_TYPE in content:
                    told = [content.pop(kind) for kind in list(content) if content[kind]]
                    content[MEDIA_TYPE] = told[0]
    return document
