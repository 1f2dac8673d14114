"""Small pictures, masks and folders, and what a refusal looks like."""

import io
import struct
import tarfile
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pydicom.data
from PIL import Image as Pillow


def disc(radius, row=24, column=24):
    y, x = np.ogrid[:48, :48]
    return (y - row) ** 2 + (x - column) ** 2 <= radius**2


def write_picture(path, mask, seed=0, colour=False):
    noise = np.random.default_rng(seed).normal(0, 4, mask.shape)
    gray = np.clip(60 + 120 * mask + noise, 0, 255).astype(np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    Pillow.fromarray(np.stack([gray] * 3, -1) if colour else gray).save(path)
    return path


def write_drawing(path, mask):
    path.parent.mkdir(parents=True, exist_ok=True)
    Pillow.fromarray(mask.astype(np.uint8) * 255).save(path)
    return path


def write_set(root, count, *, masks=True):
    """A folder with ``images/`` and ``masks/``: discs of growing size."""
    for number in range(count):
        mask = disc(6 + number % 9)
        write_picture(root / "images" / f"{number:03d}.png", mask, seed=number)
        if masks:
            write_drawing(root / "masks" / f"{number:03d}.png", mask)
    return root


def png_bomb(side, pixels=b""):
    """A few bytes that announce a colour picture of that side."""

    def chunk(kind, body):
        check = zlib.crc32(kind + body)
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", check)

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    chunks = chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks


def recorded(name):
    """A folder of DICOM files that were recorded, as the reader of them carries it."""
    return Path(pydicom.data.__file__).parent / "test_files" / "dicomdirtests" / name


def archive_of(files, kind="tar"):
    """An archive of these contents by name; or of all that lies in a folder."""
    if isinstance(files, Path):
        files = {str(name): content for name, content in everything_in(files).items()}
    buffer = io.BytesIO()
    if kind == "zip":
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in files.items():
                archive.writestr(name, content)
    else:
        with tarfile.open(fileobj=buffer, mode="w") as archive:
            for name, content in files.items():
                about = tarfile.TarInfo(name)
                about.size = len(content)
                archive.addfile(about, io.BytesIO(content))
    return buffer.getvalue()


def everything_in(folder: Path):
    """Every file below a folder with its bytes."""
    return {p.relative_to(folder): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def check_refused(ran, *names):
    """One sentence (or a few) on one line, exit code 2, and nothing else."""
    assert ran.code == 2, (ran.out, ran.err)
    assert ran.out == ""
    assert len(ran.err.splitlines()) == 1, ran.err
    assert ran.err.endswith(".\n")
    assert "Traceback" not in ran.err
    for name in names:
        assert name in ran.err


def cut(path, share):
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    return path


SECRETS = (
    *(b"Mustermann", b"Erika", b"PID-4711", b"19561224", b"Sankt Beispiel", b"Geheimnis"),
    *(b"20240229", b"1.2.826.0.1.4711"),
)
"""What ``named`` puts into a file, and nothing else has."""


def named(content):
    """A DICOM file with a patient in every corner of it: ``SECRETS``."""
    dataset = pydicom.dcmread(io.BytesIO(content))
    dataset.preamble = b"Mustermann".ljust(128, b"\0")
    dataset.file_meta.SourceApplicationEntityTitle = "PID-4711"
    for holder in (dataset, *_nested_in(dataset)):
        holder.PatientName, holder.PatientID = "Mustermann^Erika", "PID-4711"
        holder.PatientBirthDate = holder.StudyDate = "19561224"
        holder.InstitutionName = "Klinik Sankt Beispiel"
        holder.ImageComments = holder.StudyDescription = "Frau Mustermann, PID-4711"
        holder.ReferencedFrameOfReferenceUID = "1.2.826.0.1.4711.1"
        holder.AcquisitionDateTime = "20240229101112"
        block = holder.private_block(0x0011, "Geheimnis", create=True)
        block.add_new(0x01, "LO", "Mustermann^Erika")
        # No profile names these.
        holder.CodeMeaning, holder.WindowCenterWidthExplanation = "Mustermann", "Erika"
        holder.add_new(0x60000022, "LO", "Mustermann")
        holder.add_new(0x00189999, "UN", b"Mustermann")
    dataset.StudyInstanceUID = dataset.FrameOfReferenceUID = "1.2.826.0.1.4711.2"
    dataset.SOPInstanceUID = f"1.2.826.0.1.4711.{dataset.get('InstanceNumber', 0)}"
    dataset.SeriesInstanceUID = f"1.2.826.0.1.4711.9.{int(dataset.get('SeriesNumber') or 0)}"
    kept = io.BytesIO()
    dataset.save_as(kept)
    assert all(secret in kept.getvalue() for secret in SECRETS)
    return kept.getvalue()


def _nested_in(dataset):
    """Items of sequences that the profile names, does not name, and in one another."""
    items = [pydicom.Dataset() for _ in range(4)]
    dataset.RequestAttributesSequence, dataset.ReferencedImageSequence = items[:1], items[1:2]
    dataset.SharedFunctionalGroupsSequence = items[2:3]
    items[2].AnatomicRegionSequence = items[3:]
    return items
