"""Images that are sent, one file or archive a request, and taken back."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.concurrency import contextmanager_in_threadpool, run_in_threadpool
from starlette.requests import ClientDisconnect

from assent.core.errors import InputError
from assent.interfaces.rest import schemas
from assent.interfaces.rest.wire import AtDesk, Desk, to_image
from assent.services.uploads import Incoming, check_size
from assent.services.workspace import check_word

router = APIRouter(tags=["projects and images"])
BLOCK = 2**20
"""Bytes that go to disk at once."""

FILE = {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}
BODY = {"requestBody": {"required": True, **FILE}}
ShownName = Annotated[str, Query(min_length=1, max_length=1000)]


@router.post(
    "/projects/{project}/images",
    status_code=201,
    responses={200: {"model": schemas.Image}},
    openapi_extra=BODY,
)
async def upload(
    desk: AtDesk,
    request: Request,
    response: Response,
    project: schemas.Id,
    name: ShownName,
    target: schemas.Word | None = None,
) -> schemas.Image:
    """Add an image, sent as the body of the request: 201, or 200 if the project has it already.

    What kind of image it is follows from its content; the name is only shown.
    """
    async with _received(desk, request, project, target) as incoming:
        take = desk.workspace.uploads.take_in
        image, is_new = await run_in_threadpool(take, project, name, incoming, target)
    response.status_code = 201 if is_new else 200
    return to_image(image)


@router.post(
    "/projects/{project}/series",
    status_code=201,
    responses={200: {"model": schemas.Series}},
    openapi_extra=BODY,
)
async def upload_series(
    desk: AtDesk,
    request: Request,
    response: Response,
    project: schemas.Id,
    name: ShownName,
    target: schemas.Word | None = None,
) -> schemas.Series:
    """Add the DICOM series of an archive, one image each: 201, or 200 if none of them is new.

    The body is a ZIP file, or a TAR file without compression. Files in it that are no DICOM image
    are passed over, and so are its folders.
    """
    async with _received(desk, request, project, target) as incoming:
        take = desk.workspace.uploads.take_in_series
        taken = await run_in_threadpool(take, project, name, incoming, target)
    response.status_code = 201 if taken.is_new else 200
    problems = [
        schemas.FileProblem(path=each.path, detail=each.detail, image=None)
        for each in taken.problems
    ]
    return schemas.Series(images=[to_image(image) for image in taken.images], problems=problems)


@router.delete("/images/{image}", status_code=204)
def take_back(desk: AtDesk, image: schemas.Id) -> None:
    """Remove an image that was sent, while nobody worked on it."""
    desk.workspace.uploads.take_back(image)


@asynccontextmanager
async def _received(
    desk: Desk, request: Request, project: int, target: str | None
) -> AsyncIterator[Incoming]:
    """The body of a request, on disk for as long as the block takes."""
    uploads = desk.workspace.uploads
    if target is not None:
        check_word("target", target)
    stated = request.headers.get("content-length", "")
    check_size(int(stated) if stated.isdecimal() else 0, uploads.most_bytes)
    async with contextmanager_in_threadpool(uploads.receiving(project)) as incoming:
        block = bytearray()
        try:
            async for chunk in request.stream():
                block += chunk
                if len(block) >= BLOCK:
                    await run_in_threadpool(incoming.write, bytes(block))
                    block.clear()
        except ClientDisconnect as error:
            raise InputError("The connection ended before the whole file had come.") from error
        await run_in_threadpool(incoming.write, bytes(block))
        yield incoming
