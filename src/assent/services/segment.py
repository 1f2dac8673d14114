"""Segment one image: prompts and finished examples in, a mask and its alternatives out."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assent.core.candidates import Proposal
from assent.core.errors import ConfigError, InputError
from assent.core.feedback import Correct
from assent.core.image import Image
from assent.core.prompts import Prompt
from assent.io.atomic import check_writable, write_bytes
from assent.io.formats import read_image, stem_of
from assent.io.masks import MASK_SUFFIXES, mask_suffix, write_mask
from assent.methods.protocol import Method
from assent.services.context import read_context
from assent.services.methods import build_method
from assent.services.pointing import read_box, read_click, read_scribble
from assent.services.profile import ProfileChoice, begin_task, check_choice, words_of
from assent.services.refined import best_proposal
from assent.services.seg import SEG_SUFFIX, check_seg, is_seg_name, write_seg


@dataclass(frozen=True, kw_only=True)
class SegmentRequest:
    """One image and all that is known about it.

    Attributes:
        image: File, or folder of a DICOM series.
        series: Which DICOM series of a folder that holds several, counted from 1; or None.
        method: Registered name.
        clicks: "z,y,x,+" or "z,y,x,-" each; of one slice also "y,x,+".
        box: "z0,y0,x0,z1,y1,x1", or None.
        scribble: Drawing on the image's grid, or None.
        context: Folder of finished examples, or None.
        label: Which masks of the context folder count.
        profile: Whether the finished examples also say how this person draws.
        out: Where the mask goes; None for a name of its own in the current folder.
        candidates: Folder for every alternative and a contact sheet, or None.
        weights: A weights file; None for the shipped ones.
        settings: Settings of the method.
    """

    image: Path
    series: int | None = None
    method: str = "posterior"
    clicks: tuple[str, ...] = ()
    box: str | None = None
    scribble: Path | None = None
    context: Path | None = None
    label: str | None = None
    profile: ProfileChoice = field(default_factory=ProfileChoice)
    out: Path | None = None
    candidates: Path | None = None
    weights: Path | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        known = (*MASK_SUFFIXES, SEG_SUFFIX)
        if self.out is not None and not self.out.name.lower().endswith(known):
            raise ConfigError(
                f"{self.out.name} is no name for a mask: expected one of"
                f" {', '.join(known)}. Choose one of these."
            )


@dataclass(frozen=True)
class Written:
    """One mask on disk: its file, how it differs from the recommendation, expected Dice."""

    file: Path
    tag: str
    predicted_dice: float


@dataclass(frozen=True, eq=False)
class Segmented:
    """What came of it.

    Attributes:
        image: The image.
        proposal: Recommendation and alternatives.
        method: Name of the method.
        weights_digest: Of its weights; "" without.
        settings_digest: Of its settings.
        mask: The recommendation on disk.
        candidates: Every mask in the folder of candidates; the recommendation comes first.
        sheet: The contact sheet, where candidates were asked for.
        profile: What the profile in use says, in words; "" without one.
    """

    image: Image = field(repr=False)
    proposal: Proposal = field(repr=False)
    method: str
    weights_digest: str
    settings_digest: str
    mask: Written
    candidates: tuple[Written, ...]
    sheet: Path | None
    profile: str = ""

    def to_json(self) -> dict[str, Any]:
        """A JSON-able description."""
        geometry, voxels = self.image.geometry, int(self.proposal.recommended.sum())
        return {
            "image": self.image.name,
            "shape_dhw": list(self.image.shape_dhw),
            "method": self.method,
            "weights": self.weights_digest,
            "settings": self.settings_digest,
            "profile": self.profile or None,
            "mask": str(self.mask.file),
            "predicted_dice": self.mask.predicted_dice,
            "voxels": voxels,
            "volume_ml": voxels * geometry.voxel_ml if geometry.calibrated else None,
            "alternatives": [
                {"tag": tag, "predicted_dice": score}
                for tag, score in zip(self.proposal.tags, self.proposal.scores, strict=True)
            ],
            "candidates": [
                {"file": str(each.file), "tag": each.tag, "predicted_dice": each.predicted_dice}
                for each in self.candidates
            ],
            "sheet": None if self.sheet is None else str(self.sheet),
        }


def segment(request: SegmentRequest) -> Segmented:
    """Segment one image and write what was asked for, each file whole or not at all.

    Raises:
        InputError: If a file cannot be used, a prompt is outside, or a folder cannot be written.
        NotFoundError: If the method or the label is unknown.
        ConfigError: If a setting is wrong.
        WeightsError: If the weights do not fit.
    """
    image = read_image(request.image, series=request.series)
    prompts = _prompts(request, image)
    method = build_method(request.method, request.settings, request.weights)
    _check_told(method, prompts, request)
    _check_out(request, image)
    check_choice(request.profile, method, has_examples=request.context is not None)
    entries = [] if request.context is None else read_context(request.context, label=request.label)
    task = begin_task(method, list(entries), request.profile)
    embedding = method.embed(image)
    session = task.open(image, embedding=embedding)
    if prompts:
        session.give(Correct(prompts, session.round))
    proposal = best_proposal(session, embedding)
    mask, candidates, sheet = _write(request, image, proposal, prompts)
    return Segmented(
        image=image,
        proposal=proposal,
        method=method.name,
        weights_digest=method.weights_digest,
        settings_digest=method.settings_digest,
        mask=mask,
        candidates=candidates,
        sheet=sheet,
        profile=words_of(session.prior),
    )


def _prompts(request: SegmentRequest, image: Image) -> tuple[Prompt, ...]:
    clicks = [read_click(text, image) for text in request.clicks]
    boxes = [] if request.box is None else [read_box(request.box, image)]
    drawn = () if request.scribble is None else read_scribble(request.scribble, image)
    return (*clicks, *boxes, *drawn)


def _check_told(method: Method, prompts: tuple[Prompt, ...], request: SegmentRequest) -> None:
    """Whether the method knows which object is meant."""
    can = method.capabilities
    if request.context is not None and not can.context:
        raise InputError(
            f"The method {method.name!r} learns nothing from finished images. Leave --context out,"
            " or choose a method with context; `assent methods` lists them."
        )
    if can.needs_first_prompt and not prompts and request.context is None:
        by_context = ", or finished examples with --context DIR" if can.context else ""
        raise InputError(
            f"The method {method.name!r} must be told which object is meant. Add a click with"
            f" --click z,y,x,+ inside it, a box or a scribble{by_context}."
        )


def _check_out(request: SegmentRequest, image: Image) -> None:
    """Whether the mask can be written as asked, before the work rather than after it."""
    out = _out(request, image)
    if out.exists() and out.resolve() == request.image.resolve():
        raise InputError(f"{out.name} is the image itself, which is never written. Choose another.")
    if image.is_volume and out.suffix.lower() == ".png":
        raise InputError(
            f"{out.name} cannot hold a mask of {image.shape_dhw[0]} slices; expected one slice for"
            " PNG. Write it as .nii.gz, .nrrd or .tif."
        )
    if is_seg_name(out):
        check_seg(out, request.image, series=request.series)
    check_writable(out.parent)
    if request.candidates is not None:
        check_writable(request.candidates)


def _out(request: SegmentRequest, image: Image) -> Path:
    suffix = mask_suffix(request.image, image.geometry)
    return request.out or Path(f"{stem_of(request.image)}-mask{suffix}")


def _write(
    request: SegmentRequest, image: Image, proposal: Proposal, prompts: tuple[Prompt, ...]
) -> tuple[Written, tuple[Written, ...], Path | None]:
    suffix = mask_suffix(request.image, image.geometry)
    stem = stem_of(request.image)
    out = _out(request, image)
    if is_seg_name(out):
        label = request.label or "Segmentation"
        write_seg(out, proposal.recommended, request.image, series=request.series, label=label)
    else:
        write_mask(out, proposal.recommended, image.geometry)
    recommended = Written(out, "recommended", proposal.predicted_dice)
    if request.candidates is None:
        return recommended, (), None
    shown = [(proposal.recommended, "recommended", proposal.predicted_dice)]
    shown += zip(proposal.alternatives, proposal.tags, proposal.scores, strict=True)
    written = []
    for number, (mask, tag, score) in enumerate(shown):
        file = request.candidates / f"{stem}-{number}-{_slug(tag)}{suffix}"
        write_mask(file, mask, image.geometry)
        written.append(Written(file, tag, score))
    from assent.render.sheet import SheetRow, contact_sheet  # noqa: PLC0415 - slow, seldom

    sheet = request.candidates / f"{stem}-sheet.png"
    row = SheetRow(proposal, prompts=prompts)
    subtitle = f"method {request.method} · predicted Dice {proposal.predicted_dice:.2f}"
    write_bytes(sheet, contact_sheet(image, [row], title=image.name, subtitle=subtitle))
    return recommended, tuple(written), sheet


def _slug(tag: str) -> str:
    """A tag as part of a file name.

    >>> _slug("looser, +2.1 mm")
    'looser-plus2.1-mm'
    """
    plain = tag.lower().replace("+", "plus").replace("−", "minus").replace(" -", " minus")
    return re.sub(r"[^a-z0-9.]+", "-", plain).strip("-") or "alternative"
