"""Settings of the default method; nothing here imports a network."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from assent.core.errors import ConfigError

_WORDS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}

_LIMITS: dict[str, tuple[float, float]] = {
    "particles": (8, 4096),
    "particles_volume": (8, 4096),
    "latent": (8, 16),
    "candidates": (1, 8),
    "particle_side": (8, 512),
    "particle_slices": (1, 512),
    "choose_side": (8, 512),
    "heaviest": (2, 1024),
    "max_similarity": (0.5, 0.999),
    "support_floor": (0.0, 0.2),
    "resample_below": (0.0, 1.0),
    "metropolis_steps": (1, 10),
    "beta": (0.1, 200.0),
    "none_at": (0.0, 1.0),
    "lapse": (0.0, 0.9),
    "prompt_lapse": (0.0, 0.9),
    "prompt_weight": (0.0, 100.0),
    "touch_px": (0.0, 64.0),
    "accept_power": (0.0, 200.0),
    "person_share": (0.0, 0.99),
    "profile_shrink": (0.0, 1000.0),
    "working_side": (32, 1024),
    "volume_side": (32, 1024),
    "memory_entries": (0, 1024),
    "refit_weight": (0.0, 4.0),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class PosteriorConfig:
    """Settings of the default method; the numbers are the design's starting values."""

    particles: int = 256
    """Weighted particles of the latent preference z, for a slice."""

    particles_volume: int = 64
    """The same for a volume, which has one z for all its slices."""

    latent: int = 12
    """Length of z, and number of basis maps of the low-rank head."""

    candidates: int = 4
    """Most alternatives shown beside the recommendation."""

    particle_side: int = 128
    """Longest in-plane side of the grid on which Dice between particles is computed."""

    particle_slices: int = 32
    """Most slices of a volume that this grid holds, around the disagreement."""

    choose_side: int = 64
    """Longest in-plane side of the grid on which alternatives are chosen."""

    heaviest: int = 64
    """Heaviest particles that stand for the posterior when alternatives are chosen."""

    max_similarity: float = 0.97
    """Largest Dice of an alternative to the recommendation and to the others shown."""

    support_floor: float = 0.005
    """Least share of the posterior that must resemble a mask for it to be shown."""

    resample_below: float = 0.25
    """Share of the particles under which the effective sample size triggers renewal."""

    metropolis_steps: int = 2
    """Metropolis steps after each resampling."""

    beta: float = 20.0
    """Sharpness of a choice: utility per unit of Dice."""

    none_at: float = 0.7
    """Dice at which an alternative is as attractive as "none of these" (t)."""

    lapse: float = 0.1
    """Share of picks, judgements and acceptances that are mistakes (e)."""

    prompt_lapse: float = 0.02
    """Share of drawn pixels that are mistakes (e_c)."""

    prompt_weight: float = 1.0
    """Weight of one prompt as evidence (g); below 1 because the network also sees it."""

    touch_px: float = 3.0
    """How near the object must come to each side of a box, in pixels of ``working_side``."""

    accept_power: float = 20.0
    """Sharpness of an acceptance (beta_a), used for the profile only."""

    person_share: float = 0.9
    """Weight of a person's own Gaussian in the next prior; the rest is the average reader."""

    profile_shrink: float = 3.0
    """Finished images at which a profile counts half."""

    working_side: int = 256
    """Longest in-plane side on which the network runs; smaller single slices are enlarged to it."""

    volume_side: int = 128
    """The same where an object is followed from slice to slice, around that object only."""

    memory_entries: int = 64
    """Finished images that the network attends to."""

    refit_weight: float = 0.5
    """How much the classifier that is refitted to the prompts adds to the network's logits."""

    use_network: bool = True
    """Whether the network is used; off leaves the per-image classifier alone."""

    use_classifier: bool = True
    """Whether the per-image classifier counts beside the network, as corrections speak for it."""

    refine: bool = True
    """Whether the uncertain border is refined at native resolution."""

    def __post_init__(self) -> None:
        for name, (low, high) in _LIMITS.items():
            value = getattr(self, name)
            if not low <= value <= high:
                raise ConfigError(
                    f"posterior.{name} is {value}, but must be between {low} and {high}."
                )
        if not self.choose_side <= self.particle_side <= self.working_side:
            raise ConfigError(
                f"posterior.choose_side ({self.choose_side}), particle_side ({self.particle_side})"
                f" and working_side ({self.working_side}) must not decrease in this order:"
                " a coarser grid is made from a finer one."
            )
        if self.candidates >= self.heaviest:
            raise ConfigError(
                f"posterior.candidates is {self.candidates}, but must be below posterior.heaviest"
                f" ({self.heaviest}): alternatives are chosen among the heaviest particles."
            )
        if self.heaviest > self.particles:
            raise ConfigError(
                f"posterior.heaviest is {self.heaviest}, but there are only"
                f" {self.particles} particles (posterior.particles)."
            )

    @classmethod
    def from_settings(cls, settings: Mapping[str, Any]) -> "PosteriorConfig":
        """Settings by field name; text is understood as on a command line.

        Args:
            settings: Field names with numbers, booleans, or text such as "6" or "true".

        Raises:
            ConfigError: If a name is unknown, or a value is of another kind or out of range.

        >>> PosteriorConfig.from_settings({"candidates": "6", "refine": "off"}).candidates
        6
        """
        kinds = {f.name: type(f.default) for f in fields(cls)}
        unknown = sorted(set(settings) - set(kinds))
        if unknown:
            raise ConfigError(
                f"posterior has no setting named {', '.join(map(repr, unknown))}."
                f" Known: {', '.join(sorted(kinds))}."
            )
        parsed: dict[str, Any] = {k: _parse(k, v, kinds[k]) for k, v in settings.items()}
        return cls(**parsed)

    def digest(self) -> str:
        """SHA-256 of the resolved settings, in hexadecimal."""
        text = json.dumps(asdict(self), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


def _parse(name: str, value: Any, kind: type) -> bool | int | float:
    refusal = ConfigError(
        f"posterior.{name} must be {_WANTED[kind]}; got {value!r}. Correct the setting."
    )
    if kind is bool:
        word = value if isinstance(value, bool) else _WORDS.get(str(value).strip().lower())
        if word is None:
            raise refusal
        return word
    if isinstance(value, bool) or (kind is int and isinstance(value, float) and value % 1):
        raise refusal
    try:
        return int(value) if kind is int else float(value)
    except (TypeError, ValueError, OverflowError):
        raise refusal from None


_WANTED: dict[Any, str] = {bool: "true or false", int: "a whole number", float: "a number"}
