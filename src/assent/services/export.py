"""Finished masks as files: on the grid of their images, with where each one comes from."""

import shutil
import time
import zipfile
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

from assent.core.errors import AssentError, InputError
from assent.io.atomic import replacing, write_json
from assent.io.formats import stems_of
from assent.io.masks import mask_suffix, write_mask
from assent.services.jobs import Step, Tell, at_once
from assent.services.manifest import file_digest
from assent.services.originals import Originals
from assent.services.scan import CHANGED
from assent.storage.records import StoredImage, StoredMask
from assent.storage.store import Store

PARTS = ".parts"
"""The ending of a folder with what is written of an export."""

LEFT_S = 86_400.0
"""After so long without a new mask, such a folder is of an export that did not end well."""


@dataclass(frozen=True)
class Exported:
    """What was written.

    Attributes:
        masks: One entry of ``provenance.json`` a mask.
        problems: Image and reason, where a mask could not be written.
    """

    masks: tuple[dict[str, Any], ...]
    problems: tuple[tuple[str, str], ...]

    @property
    def sentence(self) -> str:
        """For people."""
        empty = sum(row["voxels"] == 0 for row in self.masks)
        nothing = f", {empty} of them empty" if empty else ""
        left = f"; {len(self.problems)} could not be written" if self.problems else ""
        noun = "mask" if len(self.masks) == 1 else "masks"
        return f"{len(self.masks)} {noun} written{nothing}{left}."


def find_project(store: Store, name: str | None) -> int:
    """The id of a project by name, or of the only one.

    Raises:
        InputError: If there is none of that name, or there are several and none is named.
    """
    projects = store.projects.all()
    chosen = [p for p in projects if name in {None, p.name}]
    if len(chosen) != 1:
        known = ", ".join(p.name for p in projects) or "none"
        raise InputError(
            f"Which project is meant? Known: {known}. Name one of them with --project."
        )
    return chosen[0].id


def export_masks(
    store: Store,
    originals: Originals,
    project_id: int,
    target: str,
    out: Path,
    tell: Tell = lambda done, text: None,
    step: Step = at_once,
) -> Exported:
    """Write the mask that holds of every finished image; each file whole or not at all.

    A mask whose original was changed or deleted is passed over, with a problem: its grid is no
    longer known.

    Args:
        store: Where the masks are kept.
        originals: Reads the images, for their grids.
        project_id: Of which project.
        target: What the masks show.
        out: Folder; ``masks/`` and ``provenance.json`` are put into it.
        tell: Told how far it is.
        step: Writes each mask, once.

    Raises:
        NotFoundError: If there is no such project.
        InputError: If there is no finished image, or the folder cannot be written.
    """
    root = store.projects.get(project_id).root
    finished = _finished(store, project_id, target)
    outdated = [path for path, shown in store.masks.outdated(project_id) if shown == target]
    if not finished and not outdated:
        raise InputError(
            f"No image has a finished mask of {target!r} yet. Accept one, then export."
        )
    rows, problems = [], []
    stems = stems_of([Path(image.path) for image, _ in finished])
    for number, ((image, mask), stem) in enumerate(zip(finished, stems, strict=True)):
        tell(number / len(finished), PurePosixPath(image.path).name)
        place = (out / "masks" / stem).absolute()  # a later process may work elsewhere
        write = partial(_write, store, originals, (root, image, mask), place)
        written = step(f"mask {mask.id} in {place}", write)
        if "problem" in written:
            problems.append((image.path, written["problem"]))
        else:
            rows.append({**_row(image, mask, target), **written})
    problems.extend((path, CHANGED) for path in outdated)
    told = [{"path": path, "detail": detail} for path, detail in problems]
    write_json(out / "provenance.json", {"target": target, "masks": rows, "problems": told})
    return Exported(tuple(rows), tuple(problems))


def export_zip(
    store: Store,
    originals: Originals,
    project_id: int,
    target: str,
    file: Path,
    tell: Tell,
    step: Step = at_once,
) -> Exported:
    """As ``export_masks``, into one ZIP file that is there whole or not at all.

    The masks lie in a folder beside it until then, where a later process finds them.
    """
    parts = file.with_suffix(PARTS)
    for left in set(file.parent.glob(f"*{PARTS}")) - {parts}:
        if _is_left(left):
            shutil.rmtree(left, ignore_errors=True)
    done = export_masks(
        store,
        originals,
        project_id,
        target,
        parts,
        lambda share, text: tell(0.9 * share, text),
        step,
    )
    step(f"packed {file.absolute()}", partial(_pack, parts, done, file))
    shutil.rmtree(parts, ignore_errors=True)
    return done


def _is_left(parts: Path) -> bool:
    """Whether nobody has written there for so long that no server is at work on it any more."""
    written = [place.stat().st_mtime for place in (parts, parts / "masks") if place.is_dir()]
    return max(written, default=0.0) < time.time() - LEFT_S


def _pack(parts: Path, done: Exported, file: Path) -> None:
    with (
        replacing(file) as temporary,
        zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        for name in ("provenance.json", *(row["mask"] for row in done.masks)):
            archive.write(parts / name, name)


def _write(
    store: Store,
    originals: Originals,
    at: tuple[str, StoredImage, StoredMask],
    place: Path,
) -> dict[str, Any]:
    """Write one mask; returns what is known of the file, or the problem with its image.

    Args:
        store: Where the mask is kept.
        originals: Reads the image.
        at: Root of the project, image and mask.
        place: Where the file shall be; the ending of its name follows from the image.
    """
    root, image, mask = at
    try:
        geometry = originals.read(originals.of(root, image)).geometry
    except AssentError as error:
        return {"problem": str(error)}
    file = place.with_name(f"{place.name}{mask_suffix(Path(image.path), geometry)}")
    voxels = store.masks.read(mask.blob)
    write_mask(file, voxels, geometry)
    size = int(voxels.sum())
    return {
        "mask": f"masks/{file.name}",
        "mask_sha256": file_digest(file),
        "voxels": size,
        "is_empty": size == 0,  # somebody accepted that the target is not in the image
        "volume_ml": size * geometry.voxel_ml if geometry.calibrated else None,
    }


def _finished(store: Store, project_id: int, target: str) -> list[tuple[StoredImage, StoredMask]]:
    images = {image.id: image for image in store.projects.images(project_id)}
    found = []
    for task in store.projects.queue(project_id, target, state="accepted"):
        mask = store.masks.holding(task.id)
        if mask is not None:
            found.append((images[task.image_id], mask))
    return sorted(found, key=lambda pair: pair[0].path)


def _row(image: StoredImage, mask: StoredMask, target: str) -> dict[str, Any]:
    return {
        "image": image.path,
        "image_digest": image.digest,
        "target": target,
        "origin": mask.origin,
        "person": mask.person,
        "accepted_at": mask.made_at.isoformat(),
        "method": mask.method,
        "weights": mask.weights_digest,
        "settings": mask.settings_digest,
        "predicted_dice": mask.predicted_dice,
        "threshold": mask.threshold,
        "risk": mask.risk,
    }
