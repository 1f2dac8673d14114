"""What is kept of the work, as interfaces see it: values without SQL."""

from assent.storage.records import (
    AuditEvent,
    Job,
    Project,
    StoredExample,
    StoredImage,
    StoredMask,
    StoredSession,
    StoredTask,
)

__all__ = [
    "AuditEvent",
    "Job",
    "Project",
    "StoredExample",
    "StoredImage",
    "StoredMask",
    "StoredSession",
    "StoredTask",
]
