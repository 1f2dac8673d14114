"""Folders of images with reference masks, and phantoms, as cases for training and benchmarks.

``layout`` finds the files of a folder, ``splits`` decides train, validation and test, ``folder``
makes cases of both, ``slices`` turns a volume's case into its largest axial slice, ``check``
looks for trouble, and ``synthetic`` draws phantoms with disagreeing raters.
"""
