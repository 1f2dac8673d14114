"""An asymmetric phantom on grids of every kind, and a writer of plain DICOM series."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

from assent.core.geometry import Geometry

SHAPE = (5, 7, 9)


def _grid(columns_zyx: NDArray[np.float64], spacing: tuple[float, float, float]) -> Geometry:
    affine = np.eye(4)
    affine[:3, :3] = columns_zyx * np.array(spacing)
    affine[:3, 3] = (-31.5, 12.25, 803.75)
    return Geometry(SHAPE, affine)


def _rotation(a: float, b: float, c: float) -> NDArray[np.float64]:
    def turn(i: int, j: int, angle: float) -> NDArray[np.float64]:
        matrix = np.eye(3)
        matrix[i, i] = matrix[j, j] = np.cos(angle)
        matrix[i, j], matrix[j, i] = -np.sin(angle), np.sin(angle)
        return matrix

    return turn(0, 1, a) @ turn(1, 2, b) @ turn(0, 2, c)


_L, _P, _S = np.eye(3)
GRIDS = {
    "axial": _grid(np.stack([_S, _P, _L], 1), (2.5, 0.7, 0.8)),
    "RAS": _grid(np.stack([_S, -_P, -_L], 1), (2.5, 0.7, 0.8)),
    "LAS": _grid(np.stack([_S, -_P, _L], 1), (1.0, 1.5, 0.5)),
    "reversed slices": _grid(np.stack([-_S, _P, _L], 1), (3.0, 1.0, 1.0)),
    "sagittal": _grid(np.stack([-_L, -_S, _P], 1), (4.0, 0.6, 0.9)),
    "oblique": _grid(_rotation(0.3, -0.4, 0.2) @ np.stack([_S, _P, _L], 1), (2.0, 0.75, 0.6)),
}


@pytest.fixture(params=list(GRIDS))
def grid(request: pytest.FixtureRequest) -> Geometry:
    """A grid of 5 x 7 x 9 voxels in one of six orientations."""
    return GRIDS[request.param]


@pytest.fixture
def phantom() -> NDArray[np.float32]:
    """(5, 7, 9): every voxel differs from every other; the marker at (1, 2, 6) is brightest."""
    voxels = np.arange(np.prod(SHAPE), dtype=np.float32).reshape(SHAPE)
    voxels[1, 2, 6] = 2000
    return voxels


MARKER = (1, 2, 6)


@pytest.fixture
def marker_mm() -> Callable[[NDArray[Any], Geometry], NDArray[np.float64]]:
    """Where the brightest voxel lies in the world."""

    def locate(voxels: NDArray[Any], geometry: Geometry) -> NDArray[np.float64]:
        return geometry.to_world_mm(np.unravel_index(int(np.argmax(voxels)), geometry.shape_dhw))

    return locate


@pytest.fixture
def write_slice() -> Callable[..., Path]:
    """Writes one DICOM slice; keywords set or (None) remove elements."""

    def write(path: Path, pixels: NDArray[Any], **elements: Any) -> Path:
        dataset = Dataset()
        dataset.SOPClassUID = CTImageStorage
        dataset.SOPInstanceUID = generate_uid()
        dataset.StudyInstanceUID = "1.2.3.4"
        dataset.SeriesInstanceUID = "1.2.3.4.5"
        dataset.FrameOfReferenceUID = "1.2.3.4.6"
        dataset.SeriesNumber = 1
        dataset.InstanceNumber = 1
        dataset.Modality = "CT"
        dataset.PatientName = "Secret^Patient"
        dataset.PatientID = "Secret-42"
        dataset.PatientBirthDate = dataset.PatientSex = dataset.StudyID = ""
        dataset.StudyDate = dataset.StudyTime = dataset.AccessionNumber = ""
        dataset.ReferringPhysicianName = ""
        dataset.SamplesPerPixel = 1
        dataset.PhotometricInterpretation = "MONOCHROME2"
        dataset.Rows, dataset.Columns = pixels.shape[:2]
        dataset.BitsAllocated = dataset.BitsStored = 8 * pixels.dtype.itemsize
        dataset.HighBit = dataset.BitsStored - 1
        dataset.PixelRepresentation = int(pixels.dtype.kind == "i")
        dataset.PixelSpacing = [1.0, 1.0]
        dataset.SliceThickness = 1.0
        dataset.ImagePositionPatient = [0.0, 0.0, 0.0]
        dataset.ImageOrientationPatient = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0]
        dataset.PixelData = pixels.tobytes()
        dataset["PixelData"].VR = "OW" if pixels.dtype.itemsize > 1 else "OB"
        for keyword, value in elements.items():
            if value is None:
                del dataset[keyword]
            else:
                setattr(dataset, keyword, value)
        dataset.file_meta = FileMetaDataset()
        dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
        dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
        path.parent.mkdir(parents=True, exist_ok=True)
        dataset.save_as(path, enforce_file_format=True)
        return path

    return write


@pytest.fixture
def write_series(write_slice: Callable[..., Path]) -> Callable[..., Path]:
    """Writes a volume as a series of single slices, under names that say nothing of the order."""

    def write(folder: Path, voxels: NDArray[Any], geometry: Geometry, **elements: Any) -> Path:
        dz, dy, dx = geometry.spacing_zyx_mm
        along_y, along_x = geometry.affine[:3, 1] / dy, geometry.affine[:3, 2] / dx
        names = np.random.default_rng(0).permutation(len(voxels))
        for z, pixels in enumerate(voxels):
            position = geometry.to_world_mm((z, 0, 0))
            own: dict[str, Any] = {
                "ImagePositionPatient": [f"{v:.8g}" for v in position],
                "ImageOrientationPatient": [f"{v:.10f}" for v in (*along_x, *along_y)],
                "PixelSpacing": [f"{dy:.8g}", f"{dx:.8g}"],
                "SliceThickness": f"{dz:.8g}",
                "InstanceNumber": z + 1,
            }
            path = folder / f"IM{names[z]:04d}"
            write_slice(path, pixels.astype(np.int16), **(own | elements))
        return folder

    return write
