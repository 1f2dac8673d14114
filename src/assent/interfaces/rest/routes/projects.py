"""Projects, their images, and what a browser is shown of these."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response

from assent.interfaces.rest import schemas
from assent.interfaces.rest.wire import AtDesk, Desk, to_detail, to_event, to_image, to_job
from assent.services.originals import Original
from assent.services.pictures import Look

router = APIRouter(tags=["projects and images"])
PNG: dict[int | str, dict[str, Any]] = {
    200: {"content": {"image/png": {}}},
    304: {"description": "The picture that is named in If-None-Match"},
}
NIFTI: dict[int | str, dict[str, Any]] = {200: {"content": {"application/octet-stream": {}}}}


@router.get("/projects")
def list_projects(desk: AtDesk) -> list[schemas.Project]:
    """Projects of the served folder: what the server was started on first, then the oldest."""
    return [desk.project(project) for project in desk.workspace.projects()]


@router.post("/projects", status_code=201)
def add_project(desk: AtDesk, given: schemas.NewProject) -> schemas.Project:
    """Open a folder below the served one as a project; a new one is scanned."""
    return desk.project(desk.workspace.open_folder(given.folder, given.name, given.target))


@router.get("/projects/{project}")
def get_project(desk: AtDesk, project: schemas.Id) -> schemas.Project:
    """One project."""
    return desk.project(desk.workspace.store.projects.get(project))


@router.post("/projects/{project}/scan", status_code=202)
def scan(desk: AtDesk, project: schemas.Id) -> schemas.Job:
    """Look for new and changed images."""
    return to_job(desk.workspace.rescan(project))


@router.get("/projects/{project}/problems")
def problems(desk: AtDesk, project: schemas.Id) -> list[schemas.FileProblem]:
    """Files that the last scan could not read, and folders that it passed over.

    The path of a folder ends with a slash. Where the whole folder is meant, or no scan is done yet
    since the server started, the path is empty.
    """
    found = desk.workspace.problems(project)
    return [schemas.FileProblem(**asdict(each)) for each in found]


@router.post("/projects/{project}/targets", status_code=201)
def add_target(desk: AtDesk, project: schemas.Id, given: schemas.Target) -> schemas.Project:
    """Put all images into the queue of a target."""
    desk.workspace.add_target(project, given.target)
    return get_project(desk, project)


@router.delete("/projects/{project}/targets", status_code=204)
def remove_target(desk: AtDesk, project: schemas.Id, target: schemas.Word) -> None:
    """Take a target out of a project that was a mistake: nobody may have worked on it."""
    desk.workspace.store.projects.remove_target(project, target)


@router.get("/projects/{project}/images")
def images(desk: AtDesk, project: schemas.Id) -> list[schemas.Image]:
    """The images of a project, by path."""
    desk.workspace.store.projects.get(project)
    return [to_image(image) for image in desk.workspace.store.projects.images(project)]


@router.get("/images/{image}")
def detail(desk: AtDesk, image: schemas.Id) -> schemas.ImageDetail:
    """One image, with what only its file tells."""
    stored = desk.workspace.annotate.image(image)
    original = desk.workspace.annotate.original(stored)
    voxels = desk.workspace.originals.read(original)
    return to_detail(stored, voxels, desk.pictures.intensities(original))


@router.get("/images/{image}/audit")
def audit(desk: AtDesk, image: schemas.Id) -> list[schemas.AuditEvent]:
    """Who accepted or reopened what on an image, oldest first; nothing of it is ever changed."""
    digest = desk.workspace.annotate.image(image).digest
    events = desk.workspace.store.audit.events(image_digest=digest)
    return [to_event(event) for event in events]


@router.get("/images/{image}/thumbnail", responses=PNG, response_class=Response)
def thumbnail(
    desk: AtDesk,
    request: Request,
    image: schemas.Id,
    size: Annotated[int, Query(ge=16, le=512)] = 160,
) -> Response:
    """The middle slice, small."""
    original = _original(desk, image)
    return _picture(request, original, lambda: desk.pictures.thumbnail(original, size))


@router.get("/images/{image}/slices/{index}", responses=PNG, response_class=Response)
def image_slice(
    desk: AtDesk,
    request: Request,
    image: schemas.Id,
    index: schemas.Whole,
    axis: Literal["z", "y", "x"] = "z",
    center: float | None = None,
    width: float | None = None,
) -> Response:
    """One slice; a pixel is a voxel."""
    original = _original(desk, image)
    window = None if center is None or width is None else (center, width)
    look = Look(axis, index, window)
    return _picture(request, original, lambda: desk.pictures.slice(original, look))


@router.get("/images/{image}/volume", responses=NIFTI, response_class=Response)
def volume(desk: AtDesk, image: schemas.Id) -> Response:
    """All voxels as one uncompressed NIfTI file.

    The first axis of the file is x, the second y, the third z, and x runs fastest: voxel
    ``(z, y, x)`` of a mask is number ``(z * H + y) * W + x`` behind the header. The affine leads to
    RAS+ millimetres. Colour becomes gray.
    """
    content = desk.pictures.volume(_original(desk, image))
    return Response(content, media_type="application/octet-stream")


def _original(desk: Desk, image: int) -> Original:
    original = desk.workspace.annotate.original(desk.workspace.annotate.image(image))
    desk.workspace.originals.check(original)
    return original


def _picture(request: Request, original: Original, draw: Callable[[], bytes]) -> Response:
    """A picture that a browser keeps, and asks every time whether it is still that of the image.

    Another database on the same address has other images under the same ids.
    """
    headers = {"ETag": f'"{original.digest}"', "Cache-Control": "private, no-cache"}
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    return Response(draw(), media_type="image/png", headers=headers)
