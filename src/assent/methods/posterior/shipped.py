"""The method's weights, and the constants that were fitted with them."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assent.core.errors import ConfigError, WeightsError
from assent.methods.posterior.config import PosteriorConfig
from assent.methods.posterior.decide import IDENTITY, Calibration
from assent.methods.posterior.network import NetworkShape, PosteriorNetwork, grown
from assent.models import weights as files

WITHIN = 0.3
"""Variance of a person's z between images where none was learned."""


@dataclass(frozen=True)
class Constants:
    """What was fitted on validation raters.

    Attributes:
        calibration: From expected to achieved Dice, once the person said something.
        context_calibration: The same where finished images are all that is known.
        within: d x d covariance of one person's z between images; empty where not learned.
        choice: Constants of the choice model by name of their setting.
    """

    calibration: Calibration = IDENTITY
    context_calibration: Calibration = IDENTITY
    within: tuple[tuple[float, ...], ...] = ()
    choice: tuple[tuple[str, float], ...] = ()

    @classmethod
    def read(cls, facts: Mapping[str, Any]) -> "Constants":
        """From the metadata of a weights file; defaults where it says nothing.

        Older files hold one calibration, which then serves both purposes.
        """
        stored = facts.get("constants", {})
        offset, slope = stored.get("calibration", IDENTITY)
        alone_offset, alone_slope = stored.get("context_calibration", (offset, slope))
        return cls(
            (float(offset), float(slope)),
            (float(alone_offset), float(alone_slope)),
            tuple(tuple(float(v) for v in row) for row in stored.get("within", ())),
            tuple((str(k), float(v)) for k, v in sorted(stored.get("choice", {}).items())),
        )

    def facts(self) -> dict[str, Any]:
        """For the metadata of a weights file, as ``read`` takes it."""
        return {
            "calibration": list(self.calibration),
            "context_calibration": list(self.context_calibration),
            "within": [list(row) for row in self.within],
            "choice": dict(self.choice),
        }

    def configured(self, settings: Mapping[str, Any]) -> PosteriorConfig:
        """Settings by name, with the fitted constants for those that are not named.

        Raises:
            ConfigError: If a setting is unknown or out of range.
        """
        return PosteriorConfig.from_settings({**dict(self.choice), **settings})

    def within_of(self, latent: int) -> NDArray[np.float64]:
        """W, ``(d, d)``."""
        return np.array(self.within) if self.within else WITHIN * np.eye(latent)

    def digest(self) -> str:
        """SHA-256 of all constants."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()


def load(path: Path | None) -> tuple[PosteriorNetwork, Constants, str]:
    """The network in evaluation mode, its constants, and the digest of its file.

    Args:
        path: A weights file, or None for the shipped one.

    Raises:
        NotFoundError: If no weights are shipped.
        WeightsError: If the file is of another architecture, damaged or not the shipped one.
    """
    found = path if path is not None else files.shipped("posterior")
    facts = files.info(found)
    if facts.get("architecture") != "posterior":
        raise WeightsError(
            f"{found.name} holds weights of {facts.get('architecture', 'something else')!r};"
            " expected 'posterior'. Name a file that `assent train posterior` wrote."
        )
    try:
        network = PosteriorNetwork(NetworkShape.read(facts["shape"]))
        constants = Constants.read(facts)
    except (KeyError, TypeError, ValueError, RuntimeError, ConfigError) as error:
        raise WeightsError(
            f"{found.name} does not state its sizes and constants as this version knows them;"
            " expected a file that `assent train posterior` wrote. Train or copy it again."
        ) from error
    files.load_weights(network, found, adapt=grown)
    return network.eval(), constants, files.digest(found)
