"""Every deliberate error, in one tree.

```text
AssentError
├── InputError          what the person handed in is wrong: a file, a click, an option
│   ├── ShapeError      axes of an array do not fit
│   ├── FileFormatError a file cannot be read as what it claims to be
│   ├── ConfigError     a setting is out of range or unknown
│   ├── ChangedError    an original is not what it was when work on it began
│   ├── OtherStoreError what was sent is meant for another database
│   ├── ForbiddenError  a path leads out of the folder that is served
│   └── StorageError    what was to be kept could not be written or read
├── NotFoundError       a name that is not known: method, label, dataset, weights
├── MissingExtraError   an optional dependency is not installed
├── WeightsError        weights do not fit, or their digest is wrong
├── StaleError          feedback answers a round that is no longer shown
└── WorkerError         the process that computes stopped
    └── OverdueError    it was ended, because a computation took too long
```

A message names the thing, says what was expected, what was found and what to do.
It never contains patient data.
"""

from collections.abc import Callable, Iterable
from functools import partial


class AssentError(Exception):
    """Base of every error raised on purpose."""


class InputError(AssentError):
    """What was handed in cannot be used as it is."""


class ShapeError(InputError):
    """Axes of an array differ from what was announced."""


class FileFormatError(InputError):
    """A file is damaged, empty or of a kind that cannot be read."""


class ConfigError(InputError):
    """A setting is unknown or outside its range."""


class ChangedError(InputError):
    """An original was changed, moved or deleted since it was taken in."""


class OtherStoreError(InputError):
    """What was sent is meant for another database than the one that is open."""


class ForbiddenError(InputError):
    """A path leads out of the folder that is served."""


class StorageError(InputError):
    """The disk, its permissions or a server did not let something be kept; nothing was."""


class NotFoundError(AssentError):
    """A name is not known."""

    def __init__(self, kind: str, name: str, *, known: Iterable[str]) -> None:
        self.kind, self.name, self.known = kind, name, tuple(sorted(known, key=_place))
        choices = ", ".join(self.known) or "none"
        super().__init__(f"There is no {kind} named {name!r}. Known: {choices}.")

    def __reduce__(self) -> tuple[Callable[..., "NotFoundError"], tuple[str, str]]:
        # The default would call the class with the message alone, and fail in another process.
        return partial(type(self), known=self.known), (self.kind, self.name)


def _place(name: str) -> tuple[bool, int, str]:
    """Numbers first, by their value: 7 before 10."""
    return (False, int(name), "") if name.isdecimal() else (True, 0, name)


class MissingExtraError(AssentError):
    """Something optional is needed and not installed."""


class WeightsError(AssentError):
    """A weights file does not fit the network, or is not the file it should be."""


class StaleError(AssentError):
    """Feedback answers a round that is no longer the current one."""


class WorkerError(AssentError):
    """The process that computes stopped; it is started again, and nothing stored is lost."""


class OverdueError(WorkerError):
    """A computation took too long and was ended; the same one again would end the same way."""
