"""Invented training tasks: scenes of one family before the eye of one machine, and superpixels.

A family (``bodies.py``, ``tissues.py``) is what all images of a task show, a look (``looks.py``)
how a machine shows it. Both are drawn anew for every task, so that a network cannot learn them by
heart and has to learn how to find out what is meant.
"""

from assent.methods.posterior.phantoms.invent import phantom_task
from assent.methods.posterior.phantoms.superpixels import superpixel_task

__all__ = ["phantom_task", "superpixel_task"]
