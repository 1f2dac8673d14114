"""The queue: what is to be done, what came of it, and what informs the next image."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from assent.interfaces.rest import schemas
from assent.interfaces.rest.wire import AtDesk, Desk, to_effort, to_entry

router = APIRouter(tags=["tasks"])
Target = Annotated[str, Query(min_length=1, max_length=200)]


@router.get("/projects/{project}/tasks")
def queue(desk: AtDesk, project: schemas.Id, target: Target) -> schemas.Queue:
    """All tasks of a target: open ones in their order, then accepted, then skipped."""
    tasks = [desk.task(task, image) for task, image in desk.workspace.queue(project, target)]
    return schemas.Queue(target=target, counts=_counts(desk, project, target), tasks=tasks)


@router.get(
    "/projects/{project}/tasks/next", response_model=schemas.Task, responses={204: {"model": None}}
)
def next_task(
    desk: AtDesk, project: schemas.Id, target: Target, after: schemas.Id | None = None
) -> schemas.Task | Response:
    """The next open task, or 204 when none is open."""
    task = desk.workspace.next(project, target, after)
    return Response(status_code=204) if task is None else _task(desk, task.id)


@router.post("/tasks/{task}/skip")
def skip(desk: AtDesk, task: schemas.Id) -> schemas.Task:
    """Leave an open task out of the queue."""
    return _skipped(desk, task, back=False)


@router.post("/tasks/{task}/unskip")
def unskip(desk: AtDesk, task: schemas.Id) -> schemas.Task:
    """Put a skipped task back into the queue."""
    return _skipped(desk, task, back=True)


@router.get("/projects/{project}/progress")
def progress(desk: AtDesk, project: schemas.Id, target: Target) -> schemas.Progress:
    """What each finished image took, oldest first."""
    effort = [to_effort(each) for each in desk.workspace.effort(project, target)]
    return schemas.Progress(target=target, counts=_counts(desk, project, target), effort=effort)


@router.get("/projects/{project}/context")
def context(desk: AtDesk, project: schemas.Id, target: Target) -> list[schemas.ContextEntry]:
    """The finished images that inform the next one, oldest first."""
    desk.workspace.store.projects.get(project)
    return [to_entry(each) for each in desk.workspace.store.masks.context(project, target)]


@router.delete("/context/{entry}", status_code=204)
def remove(desk: AtDesk, entry: schemas.Id) -> None:
    """Let a finished image no longer inform the next ones."""
    desk.workspace.store.masks.remove_example(entry)


def _task(desk: Desk, task_id: int) -> schemas.Task:
    task = desk.workspace.store.projects.task(task_id)
    return desk.task(task, desk.workspace.store.projects.image(task.image_id))


def _skipped(desk: Desk, task_id: int, *, back: bool) -> schemas.Task:
    desk.workspace.store.projects.task(task_id)
    desk.workspace.store.projects.skip([task_id], back=back)
    return _task(desk, task_id)


def _counts(desk: Desk, project: int, target: str) -> schemas.Counts:
    counted = desk.workspace.store.projects.progress(project, target)
    return schemas.Counts(**{str(state): number for state, number in counted.items()})
