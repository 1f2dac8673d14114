"""A client of ``assent serve`` that needs httpx and numpy only."""

from assent.client.client import Client
from assent.client.values import (
    Alternative,
    HeldMask,
    Image,
    Job,
    Project,
    Proposal,
    RefusedError,
    Series,
    Task,
)

__all__ = [
    "Alternative",
    "Client",
    "HeldMask",
    "Image",
    "Job",
    "Project",
    "Proposal",
    "RefusedError",
    "Series",
    "Task",
]
