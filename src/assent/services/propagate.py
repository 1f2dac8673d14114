"""A whole folder from finished examples: masks, expected Dice, and what a person should look at."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from assent.core.candidates import Proposal
from assent.core.context import ContextEntry
from assent.core.errors import AssentError, ConfigError, InputError
from assent.core.image import Image
from assent.core.mask import to_rle
from assent.core.metrics import dice
from assent.core.risk import accept_threshold, images_needed
from assent.datasets.layout import IMAGE_FOLDERS
from assent.io.atomic import check_writable
from assent.io.formats import list_images, read_image, stems_of
from assent.io.masks import mask_suffix, write_mask
from assent.services.context import read_context
from assent.services.manifest import (
    Manifest,
    file_digest,
    read_manifest,
    values_digest,
    write_manifest,
)
from assent.services.methods import build_method
from assent.services.profile import ProfileChoice, begin_task, check_choice, words_of
from assent.services.refined import best_proposal
from assent.services.review import Propagated, Reviewed, write_review
from assent.sessions.task import Task

MASKS, NOTES = "masks", "notes"
"""Folders below the output folder."""

Report = Callable[[float, str], None]
"""Told the share done in [0, 1], and the name of the image."""


@dataclass(frozen=True, kw_only=True)
class PropagateRequest:
    """Finished examples and the images to be done.

    Attributes:
        context: Folder of finished examples.
        images: Folder of images.
        out: Folder for masks, notes and the review list.
        auto_accept_risk: Share of all images that may be accepted automatically and be bad;
            None accepts nothing automatically.
        auto_accept_confidence: How sure that has to be, as in 0.95; None bounds what is to be
            expected, which takes fewer finished images.
        method: Registered name.
        label: Which masks of the context folder count.
        profile: Whether the finished examples also say how this person draws.
        weights: A weights file; None for the shipped ones.
        settings: Settings of the method.
    """

    context: Path
    images: Path
    out: Path
    auto_accept_risk: float | None = None
    auto_accept_confidence: float | None = None
    method: str = "posterior"
    label: str | None = None
    profile: ProfileChoice = field(default_factory=ProfileChoice)
    weights: Path | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.auto_accept_risk is not None and not 0.0 < self.auto_accept_risk < 1.0:
            raise ConfigError(
                f"--auto-accept-risk is {self.auto_accept_risk:g}; expected a share between 0 and"
                " 1, both excluded, as in 0.05 for 5 %."
            )
        if self.auto_accept_confidence is None:
            return
        if not 0.0 < self.auto_accept_confidence < 1.0:
            raise ConfigError(
                f"--auto-accept-confidence is {self.auto_accept_confidence:g}; expected a share"
                " between 0 and 1, both excluded, as in 0.95 for 95 %."
            )
        if self.auto_accept_risk is None:
            raise ConfigError(
                "--auto-accept-confidence says how sure --auto-accept-risk has to be, which is not"
                " given. Name a risk as well, as in --auto-accept-risk 0.05."
            )


def propagate(request: PropagateRequest, report: Report = lambda done, text: None) -> Propagated:
    """Segment every image of a folder, as the finished examples suggest.

    What cannot be used is named in the review list and passed over. A mask that was finished
    by the same run before is kept, so an interrupted run goes on where it was; one that a person
    changed since is never replaced. After Ctrl-C the review list holds what is finished.

    Raises:
        InputError: If a folder cannot be used, or the method learns nothing from examples.
        NotFoundError: If the method or the label is unknown.
        ConfigError: If a setting is wrong.
        WeightsError: If the weights do not fit.
    """
    images = list_images(_folder_of(request.images))
    method = build_method(request.method, request.settings, request.weights)
    if not method.capabilities.context:
        raise InputError(
            f"The method {method.name!r} learns nothing from finished images. Choose a method with"
            " context; `assent methods` lists them."
        )
    check_choice(request.profile, method, has_examples=True)
    entries = list(read_context(request.context, label=request.label))
    check_writable(request.out)
    steps = _Steps(report, len(images) + len(entries) * (2 if request.auto_accept_risk else 1))
    rows: list[Reviewed] = []
    result = Propagated(
        method.name,
        method.weights_digest,
        len(entries),
        len(images),
        rows=(),
        settings=request.settings,
    )
    try:
        task = begin_task(
            method,
            entries,
            request.profile,
            step=lambda name: steps.next(f"learning from {name}"),
        )
        result = replace(result, profile=words_of(task.prior))
        threshold, remark = _threshold(request, task, entries, steps)
        result = replace(result, threshold=threshold, remark=remark)
        folder = _Folder(task, request.out, _run_digest(task, request.profile))
        for path, stem in zip(images, stems_of(images), strict=True):
            steps.next(path.name)
            rows.append(folder.work(path, stem, threshold))
    except KeyboardInterrupt:
        result = replace(result, is_interrupted=True)
    result = replace(result, rows=tuple(rows))
    write_review(request.out, result)
    return result


class _Steps:
    """Counts what is done."""

    def __init__(self, report: Report, total: int) -> None:
        self.report, self.total, self.done = report, max(total, 1), 0

    def next(self, text: str) -> None:
        self.report(self.done / self.total, text)
        self.done += 1


class _Folder:
    """The output folder while it fills."""

    def __init__(self, task: Task, out: Path, run: str) -> None:
        self.task, self.out, self.run = task, out, run

    def work(self, path: Path, stem: str, threshold: float | None) -> Reviewed:
        """Segment one image, unless that was done before."""
        try:
            row = self._finished(path, stem) or self._segmented(path, stem)
        except (AssentError, OSError) as error:
            return Reviewed(path.name, error=str(error))
        sure = threshold is not None and (row.predicted_dice or 0.0) >= threshold
        return replace(row, is_accepted=sure and not row.is_edited)

    def _finished(self, path: Path, stem: str) -> Reviewed | None:
        """What an earlier run left of this image, where it still holds."""
        note = read_manifest(self._note(stem))
        if note is None or not note.mask:
            return None
        mask = self.out / MASKS / note.file
        if not mask.is_file():
            return None
        is_edited = file_digest(mask) != note.mask
        if not is_edited and (note.run != self.run or note.image != file_digest(path)):
            return None
        return Reviewed(
            path.name,
            mask=f"{MASKS}/{note.file}",
            predicted_dice=note.predicted_dice,
            is_edited=is_edited,
            is_kept=True,
        )

    def _segmented(self, path: Path, stem: str) -> Reviewed:
        image = read_image(path)
        mask = self.out / MASKS / f"{stem}{mask_suffix(path, image.geometry)}"
        if mask.exists() and read_manifest(self._note(stem)) is None:
            raise InputError(
                f"There is a mask {mask.name} already that was not written here, and it is never"
                " replaced. Move it away, or choose another --out."
            )
        shown = _proposal(self.task, image)
        note = Manifest(
            image=file_digest(path),
            run=self.run,
            file=mask.name,
            mask="",
            predicted_dice=shown.predicted_dice,
        )
        # Announced first, so that a mask without a note is known to be somebody else's.
        write_manifest(self._note(stem), note)
        write_mask(mask, shown.recommended, image.geometry)
        write_manifest(self._note(stem), replace(note, mask=file_digest(mask)))
        return Reviewed(path.name, f"{MASKS}/{mask.name}", shown.predicted_dice)

    def _note(self, stem: str) -> Path:
        return self.out / NOTES / f"{stem}.json"


def _folder_of(images: Path) -> Path:
    """The folder itself, or the images of a dataset folder."""
    inside = (images / name for name in IMAGE_FOLDERS)
    return next((folder for folder in inside if folder.is_dir()), images)


def _proposal(task: Task, image: Image) -> Proposal:
    embedding = task.method.embed(image)
    return best_proposal(task.open(image, embedding=embedding), embedding)


def _threshold(
    request: PropagateRequest, task: Task, entries: list[ContextEntry], steps: _Steps
) -> tuple[float | None, str]:
    """From which predicted Dice on masks are accepted, and a sentence about it.

    Every finished example is predicted from all others, which is what happens to a new image.
    """
    risk, confidence = request.auto_accept_risk, request.auto_accept_confidence
    if risk is None:
        return None, "Nothing is accepted automatically; --auto-accept-risk would."
    sure = "" if confidence is None else f" with a confidence of {confidence:g}"
    needed = images_needed(risk, confidence)
    if len(entries) < needed:
        return None, (
            f"Nothing is accepted automatically: a risk of {risk:g}{sure} takes {needed} finished"
            f" images, and there are {len(entries)}."
        )
    predicted, achieved = [], []
    for entry in entries:
        steps.next(f"calibrating on {entry.id}")
        shown = _proposal(task, entry.image)
        predicted.append(shown.predicted_dice)
        achieved.append(float(dice(shown.recommended, entry.mask)))
    threshold = accept_threshold(predicted, achieved, risk=risk, confidence=confidence)
    if threshold is None:
        return None, "Nothing is accepted automatically: there are too few finished images."
    return threshold, (
        f"Accepted from a predicted Dice of {threshold:.3f} on, so that{sure} at most {risk:g}"
        f" of all images are accepted and bad; calibrated on {len(entries)} finished images."
    )


def _run_digest(task: Task, profile: ProfileChoice) -> str:
    """All on which masks depend, besides the image."""
    examples = [[e.image.content_id, values_digest(to_rle(e.mask))] for e in task.context]
    return values_digest(
        {
            "method": task.method.name,
            "weights": task.method.weights_digest,
            "settings": task.method.settings_digest,
            "context": examples,
            # What is learned follows from all of the above.
            "profile": task.prior if profile.file else profile.use,
        }
    )
