"""Assent: segment medical images by choosing, not drawing.

The names below are what a script needs; everything else is reached through its module.

>>> import numpy as np
>>> from_array(np.zeros((8, 8))).shape_dhw
(1, 8, 8)
"""

from assent.core.candidates import Proposal
from assent.core.context import ContextEntry
from assent.core.errors import AssentError
from assent.core.feedback import Accept, Correct, Judge, Pick
from assent.core.geometry import Geometry
from assent.core.image import Image, from_array
from assent.core.prompts import BoundingBox, Click, Scribble
from assent.methods.registry import build

__all__ = [
    "Accept",
    "AssentError",
    "BoundingBox",
    "Click",
    "ContextEntry",
    "Correct",
    "Geometry",
    "Image",
    "Judge",
    "Pick",
    "Proposal",
    "Scribble",
    "build",
    "from_array",
]
