"""What libraries say while they read is kept from the log, in every thread."""

import logging
import warnings
from threading import Event, Thread

import nibabel
import numpy as np
import pytest
from nibabel.imageglobals import logger

from assent.io.formats import read_image
from assent.io.guard import reading


def test_readers_that_overlap_put_the_warnings_back_only_when_the_last_is_done(tmp_path):
    before = list(warnings.filters)
    is_in, may_leave = Event(), Event()

    def read():
        with reading(tmp_path / "first.dcm", "a DICOM image"):
            is_in.set()
            may_leave.wait()

    first = Thread(target=read)
    first.start()
    is_in.wait()
    with reading(tmp_path / "second.dcm", "a DICOM image"):
        may_leave.set()
        first.join()
        warnings.warn("the name of a patient", stacklevel=1)
    assert warnings.filters == before
    with pytest.warns(UserWarning, match="spoken"):
        warnings.warn("spoken", stacklevel=1)


def test_what_the_nifti_library_thinks_of_a_header_is_kept_while_reading_and_only_then(
    tmp_path, caplog
):
    odd = nibabel.Nifti1Image(np.ones((4, 4, 2), np.int16), np.eye(4))
    odd.header["pixdim"][0] = 5
    path = tmp_path / "odd.nii"
    nibabel.save(odd, path)
    content = bytearray(path.read_bytes())
    content[76:80] = np.float32(5).tobytes()
    path.write_bytes(content)
    with caplog.at_level(logging.DEBUG, logger=logger.name):
        read_image(path)
        assert not caplog.records
        nibabel.load(path)
    assert caplog.records
