"""What is kept of the work, as interfaces see it: values without SQL."""

from assent.storage.records import (
    Job,
    Project,
    StoredExample,
    StoredImage,
    StoredMask,
    StoredSession,
    StoredTask,
)

__all__ = [
    "Job",
    "Project",
    "StoredExample",
    "StoredImage",
    "StoredMask",
    "StoredSession",
    "StoredTask",
]
