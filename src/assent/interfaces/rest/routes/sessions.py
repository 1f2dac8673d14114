"""Sessions: one person's work on one image."""

import numpy as np
from fastapi import APIRouter, Response

from assent.core.errors import InputError, NotFoundError
from assent.interfaces.rest import schemas
from assent.interfaces.rest.arrays import check_slice, rle
from assent.interfaces.rest.wire import AtDesk, Desk, to_alternative, to_answer
from assent.services.pictures import png
from assent.services.workspace import check_word

router = APIRouter(tags=["sessions"])
FRESH = {"Cache-Control": "no-store"}
"""An address names a round, which undo may fill anew."""


@router.post("/sessions", status_code=201, responses={200: {"model": schemas.Proposal}})
def open_session(desk: AtDesk, given: schemas.NewSession, response: Response) -> schemas.Proposal:
    """Open an image: 201 if a session was begun, 200 if the latest one goes on."""
    check_word("target", given.target)
    check_word("person", given.person)
    annotate = desk.workspace.annotate
    served = annotate.facts.method.name
    if given.method not in {None, served}:
        raise InputError(
            f"The server works with the method {served!r}, not {given.method!r}. Leave the method"
            " out, or start the server with --method."
        )
    view, is_new = annotate.open(
        given.image, given.target, given.person, use_profile=given.use_profile, new=given.new
    )
    response.status_code = 201 if is_new else 200
    return desk.proposal(view)


@router.get("/sessions/{session}")
def see(desk: AtDesk, session: schemas.Id, page: schemas.Whole = 0) -> schemas.Proposal:
    """What is shown now."""
    return desk.proposal(desk.workspace.annotate.see(session, page))


@router.post("/sessions/{session}/feedback")
def answer(desk: AtDesk, session: schemas.Id, given: schemas.Answer) -> schemas.Proposal:
    """Take an answer; the reply goes out when it is stored."""
    return _answered(desk, session, given)


@router.post("/sessions/{session}/accept")
def accept(desk: AtDesk, session: schemas.Id, given: schemas.Acceptance) -> schemas.Proposal:
    """Accept a mask; as an answer of kind ``accept``."""
    return _answered(desk, session, schemas.AcceptIn(kind="accept", **given.model_dump()))


@router.post("/sessions/{session}/undo")
def undo(desk: AtDesk, session: schemas.Id, given: schemas.Round) -> schemas.Proposal:
    """Take the last answer back."""
    return desk.proposal(desk.workspace.annotate.undo(session, given.round))


@router.post("/sessions/{session}/redo")
def redo(desk: AtDesk, session: schemas.Id, given: schemas.Round) -> schemas.Proposal:
    """Give the answer again that was taken back last."""
    return desk.proposal(desk.workspace.annotate.redo(session, given.round))


@router.post("/sessions/{session}/go-to")
def go_to(desk: AtDesk, session: schemas.Id, given: schemas.Round) -> schemas.Proposal:
    """Undo or redo up to a round."""
    return desk.proposal(desk.workspace.annotate.go_to(session, given.round))


@router.post("/sessions/{session}/reopen")
def reopen(desk: AtDesk, session: schemas.Id) -> schemas.Proposal:
    """Take the acceptance back."""
    return desk.proposal(desk.workspace.annotate.reopen(session))


@router.get("/sessions/{session}/mask")
def mask_slice(
    desk: AtDesk,
    session: schemas.Id,
    round: schemas.Whole,  # noqa: A002 - the word of the interface
    slice: schemas.Whole,  # noqa: A002 - as above
) -> schemas.MaskSlice:
    """The recommendation on one slice."""
    view = desk.workspace.annotate.seen(session, round)
    check_slice(slice, len(view.shown.uncertainty))
    return schemas.MaskSlice(slice=slice, rle=rle(view.shown.recommended.plane(slice)))


@router.get("/sessions/{session}/alternatives/{index}")
def alternative(
    desk: AtDesk,
    session: schemas.Id,
    index: schemas.Whole,
    round: schemas.Whole,  # noqa: A002 - the word of the interface
    slice: schemas.Whole,  # noqa: A002 - as above
    page: schemas.Whole = 0,
) -> schemas.Alternative:
    """One alternative on one slice."""
    view = desk.workspace.annotate.seen(session, round, page)
    check_slice(slice, len(view.shown.uncertainty))
    if index >= len(view.shown.offered):
        known = map(str, range(len(view.shown.offered)))
        raise NotFoundError("alternative", str(index), known=known)
    return to_alternative(view, index, slice)


@router.get(
    "/sessions/{session}/mask.nii",
    responses={200: {"content": {"application/octet-stream": {}}}},
    response_class=Response,
)
def mask_volume(
    desk: AtDesk,
    session: schemas.Id,
    round: schemas.Whole,  # noqa: A002 - the word of the interface
) -> Response:
    """The whole recommendation as NIfTI."""
    view = desk.workspace.annotate.seen(session, round)
    original = desk.workspace.annotate.original(view.image)
    content = desk.pictures.mask(original, view.shown.recommended.whole())
    return Response(content, media_type="application/octet-stream", headers=FRESH)


@router.get(
    "/sessions/{session}/uncertainty",
    responses={200: {"content": {"image/png": {}}}},
    response_class=Response,
)
def uncertainty(
    desk: AtDesk,
    session: schemas.Id,
    round: schemas.Whole,  # noqa: A002 - the word of the interface
    slice: schemas.Whole,  # noqa: A002 - as above
) -> Response:
    """The uncertainty of one slice; 255 is one bit."""
    view = desk.workspace.annotate.seen(session, round)
    check_slice(slice, len(view.shown.uncertainty))
    content = png(np.asarray(view.shown.uncertainty[slice]))
    return Response(content, media_type="image/png", headers=FRESH)


def _answered(desk: Desk, session: int, given: schemas.Answer) -> schemas.Proposal:
    shape = desk.workspace.annotate.image_of(session).shape_dhw
    return desk.proposal(desk.workspace.annotate.answer(session, to_answer(given, shape)))
