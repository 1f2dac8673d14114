"""The queue: what is to be done, what came of it, and what informs the next image."""

from fastapi import APIRouter, Response

from assent.core.errors import InputError
from assent.interfaces.rest import schemas
from assent.interfaces.rest.arrays import check_slice, rle
from assent.interfaces.rest.wire import AtDesk, Desk, to_effort, to_entry, to_readers
from assent.services import acceptance
from assent.services.readers import readers_of
from assent.services.workspace import check_word

router = APIRouter(tags=["tasks"])


@router.get("/projects/{project}/tasks")
def queue(desk: AtDesk, project: schemas.Id, target: schemas.Word) -> schemas.Queue:
    """All tasks of a target: open ones in their order, then accepted, then skipped."""
    listed = desk.workspace.queue(project, target)
    held = desk.workspace.store.masks.held(project, target)
    tasks = [desk.task(task, image, held.get(task.id)) for task, image in listed]
    return schemas.Queue(target=target, counts=_counts(desk, project, target), tasks=tasks)


@router.get(
    "/projects/{project}/tasks/next", response_model=schemas.Task, responses={204: {"model": None}}
)
def next_task(
    desk: AtDesk, project: schemas.Id, target: schemas.Word, after: schemas.Id | None = None
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


@router.get("/tasks/{task}/mask")
def held_mask(
    desk: AtDesk,
    task: schemas.Id,
    slice: schemas.Whole = 0,  # noqa: A002 - the word of the interface
) -> schemas.MaskSlice:
    """The mask that holds, on one slice, whoever accepted it."""
    masks = desk.workspace.store.masks
    desk.workspace.store.projects.task(task)
    mask = masks.holding(task)
    if mask is None:
        raise InputError("No mask of this image is accepted yet. Accept one, then ask for it.")
    voxels = masks.read(mask.blob)
    check_slice(slice, len(voxels))
    return schemas.MaskSlice(slice=slice, rle=rle(voxels[slice]))


@router.post("/tasks/{task}/confirm")
def confirm(desk: AtDesk, task: schemas.Id, given: schemas.Person) -> schemas.Task:
    """Vouch for a mask that a rule accepted; it informs the next images from now on."""
    check_word("person", given.person)
    desk.workspace.confirm(task, given.person)
    return _task(desk, task)


@router.post("/tasks/{task}/reopen")
def reopen(desk: AtDesk, task: schemas.Id, given: schemas.Person) -> schemas.Task:
    """Put a task back into the queue that was accepted in no session."""
    check_word("person", given.person)
    acceptance.reopen(desk.workspace.store, task, given.person)
    return _task(desk, task)


@router.get("/images/{image}/readers")
def readers(desk: AtDesk, image: schemas.Id, target: schemas.Word) -> schemas.Readers:
    """How far the masks of other persons agree with the one that holds."""
    return to_readers(image, target, readers_of(desk.workspace.store, image, target))


@router.get("/projects/{project}/progress")
def progress(desk: AtDesk, project: schemas.Id, target: schemas.Word) -> schemas.Progress:
    """What each finished image took, oldest first."""
    effort = [to_effort(each) for each in desk.workspace.effort(project, target)]
    return schemas.Progress(target=target, counts=_counts(desk, project, target), effort=effort)


@router.get("/projects/{project}/context")
def context(desk: AtDesk, project: schemas.Id, target: schemas.Word) -> list[schemas.ContextEntry]:
    """The finished images that inform the next one, oldest first."""
    desk.workspace.store.projects.get(project)
    return [to_entry(each) for each in desk.workspace.store.masks.context(project, target)]


@router.delete("/context/{entry}", status_code=204)
def remove(desk: AtDesk, entry: schemas.Id) -> None:
    """Let a finished image no longer inform the next ones."""
    desk.workspace.store.masks.remove_example(entry)


def _task(desk: Desk, task_id: int) -> schemas.Task:
    store = desk.workspace.store
    task = store.projects.task(task_id)
    image = desk.workspace.annotate.image(task.image_id)
    return desk.task(task, image, store.masks.holding(task_id))


def _skipped(desk: Desk, task_id: int, *, back: bool) -> schemas.Task:
    desk.workspace.store.projects.task(task_id)
    desk.workspace.store.projects.skip([task_id], back=back)
    return _task(desk, task_id)


def _counts(desk: Desk, project: int, target: str) -> schemas.Counts:
    counted = desk.workspace.store.projects.progress(project, target)
    return schemas.Counts(**{str(state): number for state, number in counted.items()})
