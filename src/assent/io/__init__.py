"""Files to core values and back.

Read in this order: ``formats.py`` (which reader for which file), one reader, ``slices.py``
(how a DICOM series becomes a volume), ``masks.py`` and ``atomic.py`` (how a mask is written).
Readers keep the voxel order of the file: nothing is flipped, resampled or reordered but the
slices of a DICOM series, which a file system keeps in no order.
"""
