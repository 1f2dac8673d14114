"""The headless demonstration: a simulated person segments images by choosing."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assent.bench.annotators import MIXED_GAIN, Wish, accept, answer
from assent.core.candidates import Proposal
from assent.core.errors import AssentError, ConfigError, InputError
from assent.core.feedback import Accept, Correct, Feedback, Pick
from assent.core.metrics import dice
from assent.core.prompts import Prompt
from assent.core.simulate import first_click
from assent.io.atomic import check_writable, write_bytes
from assent.io.guard import name_of
from assent.io.masks import mask_suffix, write_mask
from assent.methods import registry
from assent.methods.protocol import Method
from assent.render.sheet import SheetRow, contact_sheet
from assent.services import demo_page
from assent.services.demo_page import DemoReport, Played
from assent.services.samples import (
    Sample,
    carried_samples,
    folder_samples,
    phantom_samples,
    series_of,
)
from assent.sessions.kinds import kinds_of
from assent.sessions.session import Session
from assent.sessions.task import Task


@dataclass(frozen=True, kw_only=True)
class DemoConfig:
    """Settings of the demonstration.

    Raises:
        ConfigError: If a number is out of range.
    """

    out: Path
    """Folder for masks, contact sheets, plots and the page; made if missing."""

    folder: Path | None = None
    """Your own images; None for the samples that come along."""

    label: str | None = None
    """Which masks of the folder count; None for the first target of the first rater."""

    method: str = "posterior"
    """Registered name of the method."""

    settings: Mapping[str, Any] = field(default_factory=dict)
    """Settings of the method by name."""

    weights: Path | None = None
    """A weights file; None for the weights in the package."""

    rounds: int = 8
    """Answers per image at most, before the simulated person accepts what there is."""

    target_dice: float = 0.9
    """Dice with which the simulated person is content."""

    images: int = 12
    """Images of a folder that are played at most."""

    seed: int = 0
    """Of the phantoms and of every random draw."""

    def __post_init__(self) -> None:
        for name in ("rounds", "images"):
            if getattr(self, name) < 1:
                raise ConfigError(f"demo.{name} is {getattr(self, name)}, but must be at least 1.")
        if not 0.0 < self.target_dice <= 1.0:
            raise ConfigError(
                f"demo.target_dice is {self.target_dice}, but must lie above 0 and at most at 1."
            )


@dataclass(frozen=True)
class DemoProgress:
    """How far the demonstration is: share done in [0, 1], and what happens now."""

    done: float
    text: str


Report = Callable[[DemoProgress], None]


def run_demo(config: DemoConfig, report: Report = lambda _: None) -> DemoReport:
    """Play the samples that come along, or a folder, with the method of that name.

    Raises:
        NotFoundError: If there is no such method or label; no other method takes its place.
        InputError: If the folder has no images, or the output folder cannot be written or is
            that folder.
    """
    method = registry.build(config.method, settings=config.settings, weights=config.weights)
    if config.folder is not None and config.folder.resolve() == config.out.resolve():
        raise InputError(
            f"The output folder is {name_of(config.out)}, the folder of your images, whose masks"
            " would be replaced. Choose another --out."
        )
    if config.folder is None:
        samples = [*carried_samples(), *phantom_samples(seed=config.seed)]
    else:
        samples = folder_samples(config.folder, label=config.label)[: config.images]
    return play_samples(method, samples, config, report)


def play_samples(
    method: Method, samples: Sequence[Sample], config: DemoConfig, report: Report = lambda _: None
) -> DemoReport:
    """Play samples series by series, and write what came of each as soon as it is finished.

    A sample that cannot be read, or that the method cannot segment, is named in the report and
    passed over. The page is complete after every sample, so an interrupted run leaves a sound
    folder.
    """
    check_writable(config.out)
    played: list[Played] = []
    passed_over: list[tuple[str, str]] = []
    for series in series_of(samples).values():
        task = Task(method, seed=config.seed)
        for sample in series:
            begun = len(played) + len(passed_over)

            def tell(round_: int, text: str, begun: int = begun) -> None:
                share = min(round_ / (config.rounds + 1), 1.0)
                report(DemoProgress((begun + share) / len(samples), text))

            try:
                played.append(_Desk(task, sample, config).work(tell))
            except AssentError as error:
                passed_over.append((sample.id, str(error)))
            result = DemoReport(
                method.name,
                method.weights_digest,
                config.target_dice,
                tuple(played),
                tuple(passed_over),
            )
            demo_page.write(config.out, result)
    report(DemoProgress(1.0, "done"))
    return result


class _Desk:
    """One image on the desk of the simulated person."""

    def __init__(self, task: Task, sample: Sample, config: DemoConfig) -> None:
        self.task, self.sample, self.config = task, sample, config
        self.image = sample.read()
        self.reference = sample.read_reference and sample.read_reference(self.image)
        self.session = task.open(self.image)
        self.rows: list[SheetRow] = []

    def work(self, tell: Callable[[int, str], None]) -> Played:
        """Answer until content, then accept; without a known wish, only look."""
        tell(0, f"{self.sample.id}: opening")
        if self.reference is None:
            shown = self._shown()
            self.rows.append(SheetRow(shown))
            return self._written(shown.recommended, "proposals")
        wish = Wish(
            reference=self.reference,
            spacing_zyx_mm=self.image.geometry.spacing_zyx_mm,
            heard=self.task.method.capabilities.feedback,
            lapse=0.0,
            rng=np.random.default_rng(self.config.seed),
        )
        while not self.session.is_accepted:
            shown = self._shown()
            agreement = float(dice(shown.recommended, self.reference))
            tell(shown.round, f"{self.sample.id}: {shown.round} answers, Dice {agreement:.2f}")
            reply = self._reply(shown, agreement, wish)
            self.rows.append(SheetRow(shown, reply, agreement, _drawn(self.session)))
            self.session.give(reply)
        self.task.finish(self.session, id=self.sample.id)
        return self._written(self.session.propose().recommended, "masks")

    def _shown(self) -> Proposal:
        """What is on screen: nothing, as long as nobody could know which object is meant."""
        shown = self.session.propose()
        return shown.blanked() if self._is_untold() else shown

    def _is_untold(self) -> bool:
        can = self.task.method.capabilities
        must_be_told = can.needs_first_prompt and "click" in can.feedback
        return must_be_told and self.session.round == 0 and not self.session.context

    def _reply(self, shown: Proposal, agreement: float, wish: Wish) -> Feedback:
        if self._is_untold():
            click = first_click(wish.reference, rng=wish.rng, spacing_zyx_mm=wish.spacing_zyx_mm)
            if click is None:
                return Accept("edited", 0, edited=shown.recommended)
            return Correct((click,), 0)
        if agreement >= self.config.target_dice or shown.round >= self.config.rounds:
            return accept(shown, wish)
        if self._picked_in_vain(agreement):
            wish = replace(wish, heard=wish.heard - {"pick"})
        return answer("mixed", shown, wish) or accept(shown, wish)

    def _picked_in_vain(self, agreement: float) -> bool:
        """Whether the last pick brought next to nothing; a person then points instead."""
        if not self.rows or not isinstance(self.rows[-1].answer, Pick):
            return False
        return agreement < (self.rows[-1].dice or 0.0) + 0.5 * MIXED_GAIN

    def _written(self, mask: NDArray[np.bool_], folder: str) -> Played:
        sample, geometry = self.sample, self.image.geometry
        suffix = mask_suffix(sample.file or Path(self.image.name), geometry)
        found = bool(mask.any())
        mask_path = Path(folder) / f"{sample.id}{suffix}" if found else None
        sheet_path = Path("sheets") / f"{sample.id}.png"
        if mask_path is not None:
            write_mask(self.config.out / mask_path, mask, geometry)
        write_bytes(self.config.out / sheet_path, self._sheet())
        actions: Counter[str] = Counter()
        for row in self.rows:
            actions.update(() if row.answer is None else kinds_of(row.answer))
        reached = [row.dice for row in self.rows if row.dice is not None]
        return Played(
            id=sample.id,
            series=sample.series,
            origin=sample.origin,
            wish=sample.wish,
            dice=tuple(reached),
            accepted_dice=None if self.reference is None else float(dice(mask, self.reference)),
            predicted_dice=self.rows[-1].proposal.predicted_dice if found else None,
            actions=dict(actions),
            mask=mask_path,
            sheet=sheet_path,
        )

    def _sheet(self) -> bytes:
        method = self.task.method.name
        known = self.sample.wish or "no reference: a proposal only, nobody answered"
        return contact_sheet(
            self.image,
            self.rows,
            title=self.sample.id,
            subtitle=f"{self.sample.origin} · method {method} · wanted: {known}",
            reference=self.reference,
        )


def _drawn(session: Session) -> tuple[Prompt, ...]:
    """Marks that hold, of all answers so far."""
    drawn: list[Prompt] = []
    removed: set[int] = set()
    for reply in session.history:
        if isinstance(reply, Correct):
            drawn += reply.prompts
            removed |= set(reply.removed)
    return tuple(prompt for index, prompt in enumerate(drawn) if index not in removed)
