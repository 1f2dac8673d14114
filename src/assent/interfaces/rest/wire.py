"""What services return, put into the types on the wire."""

from dataclasses import asdict, dataclass
from typing import Annotated

import numpy as np
from fastapi import Depends, Header, Request, Response

from assent.core.errors import ShapeError
from assent.core.feedback import Accept, Feedback, from_json, to_json
from assent.core.image import Image as Voxels
from assent.interfaces.rest import schemas
from assent.interfaces.rest.arrays import crop_around, rle
from assent.services.acceptance import accepted_by
from assent.services.annotate import View
from assent.services.kept import (
    AuditEvent,
    Job,
    Project,
    StoredExample,
    StoredImage,
    StoredMask,
    StoredTask,
)
from assent.services.learning import Profile
from assent.services.pictures import Intensities, Pictures
from assent.services.readers import Readers
from assent.services.workspace import Effort, Workspace


@dataclass(frozen=True)
class Desk:
    """What routes work with: the services, and their values put on the wire."""

    workspace: Workspace
    pictures: Pictures

    def project(self, project: Project) -> schemas.Project:
        """A project with its targets."""
        store = self.workspace.store.projects
        return schemas.Project(
            id=project.id,
            name=project.name,
            targets=list(store.targets(project.id)),
            images=len(store.images(project.id)),
            created_at=project.created_at,
        )

    def task(self, task: StoredTask, image: StoredImage, mask: StoredMask | None) -> schemas.Task:
        """A task with its image and the mask that holds, if one does."""
        return schemas.Task(
            id=task.id,
            image=to_image(image),
            target=task.target,
            state=task.state,
            predicted_dice=task.predicted_dice,
            is_prefetched=self.workspace.ahead.is_prepared(image, task.target),
            accepted_by=accepted_by(mask),
            mask=None if mask is None else to_held(mask),
        )

    def proposal(self, view: View) -> schemas.Proposal:
        """All that a page shows of a session."""
        shown, session = view.shown, view.session
        at = shown.slice
        url = f"/api/v1/sessions/{session.id}/uncertainty?round={session.round}&slice={at}"
        answers = [*session.history, *session.undone]
        prior = session.prior or {}
        return schemas.Proposal(
            store=self.workspace.store.id,
            session=session.id,
            task=view.task.id,
            image=to_image(view.image),
            target=view.task.target,
            person=session.person,
            method=session.method,
            listens=list(self.workspace.annotate.facts.method.feedback),
            round=session.round,
            rounds=len(answers),
            page=shown.page,
            is_accepted=session.is_accepted,
            is_empty=shown.is_empty,
            slice=at,
            recommendation=self.recommendation(view),
            predicted_dice=shown.predicted_dice,
            alternatives=[to_alternative(view, n) for n in range(len(shown.offered))],
            challenger=shown.challenger,
            uncertainty=schemas.Uncertainty(
                url=url, mean=float(shown.uncertainty[at].mean() / 255)
            ),
            context=len(session.context_ids),
            profile=str(prior.get("says", "")),
            log=[_entry(number, a, session.round) for number, a in enumerate(answers)],
        )

    def recommendation(self, view: View) -> schemas.Recommendation:
        """The recommended mask on the slice to show first, with its size."""
        mask, at = view.shown.recommended, view.shown.slice
        original = self.workspace.annotate.original(view.image)
        geometry = self.workspace.originals.read(original).geometry
        plane = mask.plane(at)
        used = np.flatnonzero(mask.bits.any((1, 2)))
        _, tall, wide = geometry.spacing_zyx_mm
        area, volume = float(plane.sum() * tall * wide), mask.voxels * geometry.voxel_ml
        known = geometry.calibrated
        return schemas.Recommendation(
            slice=at,
            rle=rle(plane),
            slices=[int(used[0]), int(used[-1]) + 1] if len(used) else [0, 0],
            voxels=mask.voxels,
            area_mm2=area if known else None,
            volume_ml=volume if known else None,
        )


def to_image(image: StoredImage) -> schemas.Image:
    """An image as it was scanned."""
    return schemas.Image(
        id=image.id,
        project=image.project_id,
        path=image.path,
        name=image.path.rpartition("/")[2],
        kind=image.kind,
        shape=list(image.shape_dhw),
        is_volume=image.shape_dhw[0] > 1,
        digest=image.digest,
    )


def to_held(mask: StoredMask) -> schemas.HeldMask:
    """Who or what let a mask hold, and how it was made."""
    return schemas.HeldMask(
        origin=mask.origin,
        person=mask.person,
        accepted_at=mask.made_at,
        method=mask.method,
        weights_digest=mask.weights_digest,
        settings_digest=mask.settings_digest,
        predicted_dice=mask.predicted_dice,
        threshold=mask.threshold,
        risk=mask.risk,
    )


def to_detail(image: StoredImage, voxels: Voxels, found: Intensities) -> schemas.ImageDetail:
    """An image with what only its file tells."""
    low, high = found.shown
    geometry, own = voxels.geometry, voxels.window
    return schemas.ImageDetail(
        **to_image(image).model_dump(),
        channels=voxels.voxels.shape[0],
        modality=voxels.modality,
        orientation=geometry.orientation,
        spacing_mm=list(geometry.spacing_zyx_mm) if geometry.calibrated else None,
        is_calibrated=geometry.calibrated,
        low=found.low,
        high=found.high,
        window=schemas.Window(center=(low + high) / 2, width=max(high - low, 1e-6)),
        file_window=own and schemas.Window(center=own[0], width=own[1]),
    )


def to_alternative(view: View, index: int, at: int | None = None) -> schemas.Alternative:
    """An alternative on a slice; on the one where it differs most if none is named."""
    offered = view.shown.offered[index]
    at = offered.slice if at is None else at
    mine, other = offered.mask.plane(at), view.shown.recommended.plane(at)
    crop = crop_around(mine | other)
    return schemas.Alternative(
        index=index,
        tag=offered.tag,
        slice=at,
        crop=schemas.Crop(**crop._asdict()),
        added=rle(crop.of(mine & ~other)),
        removed=rle(crop.of(other & ~mine)),
        voxels=offered.mask.voxels,
        predicted_dice=offered.predicted_dice,
        dice=offered.dice,
    )


def to_entry(example: StoredExample) -> schemas.ContextEntry:
    """A finished image."""
    return schemas.ContextEntry(id=example.id, image=to_image(example.image), target=example.target)


def to_effort(effort: Effort) -> schemas.Effort:
    """What one finished image took."""
    facts = {**asdict(effort), "image": effort.image.id}
    return schemas.Effort(**facts, name=effort.image.path.rpartition("/")[2])


def to_job(job: Job) -> schemas.Job:
    """A job."""
    is_export = job.kind == "export" and job.state == "done"
    result = schemas.JobResult(href=f"/api/v1/exports/{job.id}") if is_export else None
    facts = asdict(job)
    return schemas.Job(project=facts.pop("project_id"), **facts, result=result)


def to_event(event: AuditEvent) -> schemas.AuditEvent:
    """What happened once."""
    facts = asdict(event)
    names = schemas.AuditEvent.model_fields.keys() - {"session"}
    return schemas.AuditEvent(session=event.session_id, **{name: facts[name] for name in names})


def to_readers(image: int, target: str, found: Readers) -> schemas.Readers:
    """How far readers agree."""
    current = found.current
    by = accepted_by(current)
    return schemas.Readers(
        image=image,
        target=target,
        person=None if current is None or by == "rule" else current.person,
        accepted_by=by,
        voxels=None if current is None else found.voxels,
        readers=[schemas.Reader(**asdict(other)) for other in found.others],
        median_difference=found.median_difference,
    )


def to_profile(profile: Profile) -> schemas.Profile:
    """A profile."""
    return schemas.Profile(**asdict(profile))


def to_answer(
    given: schemas.PickIn | schemas.JudgeIn | schemas.CorrectIn | schemas.AcceptIn,
    shape: tuple[int, ...],
) -> Feedback:
    """The answer that was sent.

    Args:
        given: As it came.
        shape: Of the image, ``(D, H, W)``; a mask of another one is refused before it is
            unpacked, for a few bytes may describe a very large one.

    Raises:
        ShapeError: If an edited mask is not on the image's grid.
        InputError: If the answer contradicts itself.
    """
    edited = given.edited if isinstance(given, schemas.AcceptIn) else None
    if edited is not None and tuple(edited.shape) != shape:
        raise ShapeError(
            f"The edited mask has (D, H, W) = {tuple(edited.shape)}, the image {shape}."
            " Send a mask on the grid of the image."
        )
    return from_json(given.model_dump())


def _entry(number: int, answer: Feedback, round_: int) -> schemas.LogEntry:
    told = to_json(answer)
    if isinstance(answer, Accept):
        told["edited"] = None
    entry = {"round": number, "answer": told, "holds": number < round_}
    return schemas.LogEntry.model_validate(entry)


def _desk(request: Request) -> Desk:
    """The desk, for a request that names nothing of another folder.

    Raises:
        NotFoundError: If it does.
    """
    desk: Desk = request.app.state.desk
    desk.workspace.reach.check(request.path_params)
    return desk


AtDesk = Annotated[Desk, Depends(_desk)]
"""How a route asks for the desk of its app."""

STORE = "Assent-Store"
"""The header with the id of a database, in replies and in requests that mean no other."""

Meant = Annotated[str | None, Header(alias=STORE, include_in_schema=False)]


async def same_store(desk: AtDesk, response: Response, meant: Meant = None) -> None:
    """Say which database is served; refuse a request that says it means another.

    Raises:
        OtherStoreError: If it does.
    """
    response.headers[STORE] = desk.workspace.store.id
    if meant is not None:
        desk.workspace.store.check(meant)
