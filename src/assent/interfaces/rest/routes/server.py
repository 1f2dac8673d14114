"""The server itself: methods, profiles, health, figures, and the token of a browser."""

from dataclasses import asdict
from importlib.metadata import version

from fastapi import APIRouter, Request, Response
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from assent.interfaces.rest import schemas
from assent.interfaces.rest.guard import COOKIE, Rules
from assent.interfaces.rest.problems import problem
from assent.interfaces.rest.wire import AtDesk, to_profile
from assent.services.workspace import check_word

router = APIRouter(tags=["server"])
probes = APIRouter(tags=["server"])
"""Routes that probes look for, at the root as well."""


@router.get("/methods")
def methods(desk: AtDesk) -> list[schemas.Method]:
    """All installed methods."""
    found = desk.workspace.worker.call("methods")
    return [schemas.Method(**asdict(each)) for each in found]


@router.get("/profiles/{person}")
def profile(desk: AtDesk, person: str) -> schemas.Profile:
    """How a person draws."""
    check_word("person", person)
    return to_profile(desk.workspace.learning.profile(person))


@router.delete("/profiles/{person}", status_code=204)
def reset(desk: AtDesk, person: str) -> None:
    """Forget how a person draws."""
    check_word("person", person)
    desk.workspace.learning.reset(person)


@router.post("/login", status_code=204)
def login(request: Request, given: schemas.Login) -> Response:
    """Let a browser keep a cookie in place of the token."""
    rules: Rules = request.app.state.rules
    if not rules.is_token(given.token):
        return problem(
            401, "token", "The token is wrong. Send the one the server was started with."
        )
    response = Response(status_code=204)
    response.set_cookie(
        COOKIE, rules.cookie, httponly=True, samesite="strict", secure=request.url.scheme == "https"
    )
    return response


@router.post("/logout", status_code=204)
def logout() -> Response:
    """Let the browser forget its cookie."""
    response = Response(status_code=204)
    response.delete_cookie(COOKIE)
    return response


@probes.get("/health")
def health(desk: AtDesk) -> schemas.Health:
    """Whether the server works."""
    worker = desk.workspace.worker
    return schemas.Health(
        status="ok",
        version=version("assent"),
        method=desk.workspace.method,
        worker=worker.state,
    )


@probes.get("/metrics", responses={200: {"content": {"text/plain": {}}}}, response_class=Response)
def metrics(request: Request) -> Response:
    """Figures for Prometheus."""
    return Response(
        generate_latest(request.app.state.figures.registry), media_type=CONTENT_TYPE_LATEST
    )
