"""The application: routes, problems, guard and page, joined."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version

from fastapi import Depends, FastAPI

from assent.interfaces.rest import page, problems
from assent.interfaces.rest.figures import Counting, Figures
from assent.interfaces.rest.guard import Careful, Guard, Rules
from assent.interfaces.rest.routes import jobs, projects, server, sessions, tasks, uploads
from assent.interfaces.rest.wire import Desk, same_store
from assent.services.pictures import Pictures
from assent.services.workspace import Workspace

BASE = "/api/v1"
PROBLEMS = problems.announced(400, 401, 403, 404, 409, 413, 422, 503)


def create_app(workspace: Workspace, *, token: str | None = None) -> FastAPI:
    """The server of a workspace, which is closed when the server stops.

    Args:
        workspace: What is served.
        token: Asked of every request, if there is one; without, only loopback names are answered.
    """

    @asynccontextmanager
    async def lifetime(app: FastAPI) -> AsyncIterator[None]:
        workspace.warm_up()
        yield
        workspace.close()

    app = FastAPI(
        title="Assent",
        version=version("assent"),
        openapi_url=f"{BASE}/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=lifetime,
        responses=PROBLEMS,
        separate_input_output_schemas=False,
    )
    desk = Desk(workspace, Pictures(workspace.originals))
    app.state.desk, app.state.rules = desk, Rules(token)
    app.state.figures = Figures(lambda: workspace.worker.starts)
    for router in (
        projects.router,
        uploads.router,
        tasks.router,
        sessions.router,
        jobs.router,
        server.router,
    ):
        app.include_router(router, prefix=BASE, dependencies=[Depends(same_store)])
    app.include_router(server.probes, prefix=BASE)
    app.include_router(server.probes, include_in_schema=False)
    problems.install(app, desk.proposal)
    described = app.openapi
    app.openapi = lambda: problems.under_its_type(described())  # type: ignore[method-assign]
    page.install(app)
    app.add_middleware(Guard, rules=app.state.rules)
    app.add_middleware(Counting, figures=app.state.figures)
    # Around everything: what answers an unforeseen error lies outside of all that is added above.
    stack = app.build_middleware_stack
    app.build_middleware_stack = lambda: Careful(stack())  # type: ignore[method-assign]
    return app
