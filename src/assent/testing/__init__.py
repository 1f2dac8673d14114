"""For plugin authors: a method without weights, small images, and the method contract."""

from assent.testing.methods import ThresholdMethod

__all__ = ["ThresholdMethod"]
