"""The default method: one posterior over preference, every kind of feedback.

embed · remember · begin · propose · update · learn · refine. A state is replaced, never changed;
everything that is random follows from (seed, round).
"""

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from assent.core.candidates import Proposal
from assent.core.case import TaskSource
from assent.core.context import ContextEntry
from assent.core.errors import AssentError, InputError, NotFoundError, WeightsError
from assent.core.feedback import Accept, Correct, Feedback, Judge, Pick
from assent.core.image import Image
from assent.methods.answers import check_answer
from assent.methods.posterior import profile as profiles
from assent.methods.posterior.bases import reduce_points
from assent.methods.posterior.config import PosteriorConfig
from assent.methods.posterior.evidence import AcceptAnswer, PackedMasks
from assent.methods.posterior.field import Earlier, Field, Look, Solver, solve_field, unprompted
from assent.methods.posterior.grid import WorkingGrid, draw_marks, marked_slices, working_planes
from assent.methods.posterior.network import PosteriorNetwork
from assent.methods.posterior.offer import Offer, make_offer, shown_masks, shown_probability
from assent.methods.posterior.particles import infer
from assent.methods.posterior.present import present
from assent.methods.posterior.recall import Reading, Remembered, joined, look_of, recall, remember
from assent.methods.posterior.refine import refine
from assent.methods.posterior.rival import Rivals, ruled
from assent.methods.posterior.shipped import Constants, load
from assent.methods.posterior.solvers import classifier_solver, network_solver
from assent.methods.posterior.state import (
    PosteriorEmbedding,
    PosteriorState,
    Shown,
    answers_of,
    particle_bases,
    particle_side,
)
from assent.methods.protocol import Capabilities, Prior, Progress, Report, TrainConfig
from assent.models.device import Compute, choose_compute, join_processes
from assent.models.weights import info


def build(settings: Mapping[str, Any], weights: Path | None) -> "Posterior":
    """The method with the given settings, on the shipped weights unless others are named.

    Without shipped weights the method can still be trained; using it then raises.

    Raises:
        ConfigError: If a setting is unknown or out of range.
        WeightsError: If the weights do not fit.
    """
    config = PosteriorConfig.from_settings(settings)
    if not config.use_network:
        return Posterior(config, None, Constants(), "")
    try:
        network, constants, digest = load(weights)
    except (NotFoundError, WeightsError) as error:
        if weights is not None:
            raise
        return Posterior(config, None, Constants(), "", lacking=error)
    return Posterior(constants.configured(settings), network, constants, digest)


class Posterior:
    """Owns weights and settings, never an annotator's work.

    Args:
        config: Settings.
        network: In evaluation mode; None leaves the per-image classifier alone.
        constants: What was fitted on validation raters and comes with the weights.
        digest: SHA-256 of the weights file, "" without network.
        lacking: Why there is no network although one is wanted; raised when an image comes.
    """

    name = "posterior"

    def __init__(
        self,
        config: PosteriorConfig,
        network: PosteriorNetwork | None,
        constants: Constants,
        digest: str,
        *,
        lacking: AssentError | None = None,
    ) -> None:
        self.config = config
        self._lacking = lacking
        self.weights_digest = digest
        self._constants = constants
        self._compute: Compute = choose_compute("cpu")
        self._network = network
        self._latent = network.shape.latent if network is not None else config.latent

    @property
    def capabilities(self) -> Capabilities:
        """Everything, and it should be told which object is meant when there is no context."""
        return Capabilities(
            feedback=frozenset({"pick", "judge", "click", "scribble", "box", "accept"}),
            volumes=True,
            colour=True,
            context=self.config.use_network,
            profile=True,
            needs_first_prompt=True,
            trainable=True,
        )

    @property
    def settings_digest(self) -> str:
        """Digest of the settings in force, fitted constants included."""
        facts = {"config": self.config.digest(), "constants": self._constants.digest()}
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()

    def embed(self, image: Image) -> PosteriorEmbedding:
        """The working planes of an image, and what the context memory sees in them."""
        if self._lacking is not None:
            raise self._lacking
        shape, side = image.shape_dhw, self.config.working_side
        has_network = self._network is not None
        grid = WorkingGrid.of_image(shape, side) if has_network else WorkingGrid.of(shape[1:], side)
        planes = working_planes(image, grid)
        if self._network is None:
            return PosteriorEmbedding(image, grid, planes, None, None)
        with torch.inference_mode():
            parts = [
                self._network.memory.features(part.to(self._compute.device))
                for part in torch.split(planes, 8)
            ]
        seen = torch.cat(parts)
        return PosteriorEmbedding(image, grid, planes, seen, look_of(seen))

    def remember(self, entry: ContextEntry) -> Remembered | None:
        """Tokens of a finished image; None where no network could read them."""
        if self._lacking is not None:
            raise self._lacking
        if self._network is None:
            return None
        return remember(entry, self._network, self._compute, self.config.working_side)

    def begin(
        self,
        embedding: PosteriorEmbedding,
        *,
        memory: Sequence[Remembered | None] = (),
        prior: Prior | None = None,
        seed: int = 0,
    ) -> PosteriorState:
        """The state before any answer: context and profile are in force.

        Raises:
            InputError: If a context entry has other channels, or the profile other weights.
        """
        entries = [entry for entry in memory if entry is not None]
        self._check_channels(embedding, entries)
        context: tuple[Remembered, ...] = ()
        if entries and embedding.look is not None:
            context = recall(entries, embedding.look, self.config.memory_entries)
        self._check_profile(prior)
        latent_prior = profiles.prior_from(prior, self._latent, self.config)
        reading = Reading(joined(context))
        blank = PosteriorState(seed=seed, prior=latent_prior, context=context, reading=reading)
        base = unprompted(self._look(embedding, reading))
        is_contested = (
            self.config.use_classifier and self._network is not None and len(base.mean) == 1
        )
        rivals = Rivals(base) if is_contested else None
        return self._on_field(
            embedding, replace(blank, base=base, solved=base, rivals=rivals), None
        )

    def propose(
        self, embedding: PosteriorEmbedding, state: PosteriorState, *, page: int = 0
    ) -> Proposal:
        """The recommendation and one page of alternatives, on the native grid."""
        offer = self._offer(state, embedding, page)
        return present(embedding, state, offer, page, self._constants)

    def update(
        self, embedding: PosteriorEmbedding, state: PosteriorState, feedback: Feedback
    ) -> PosteriorState:
        """A new state that has heard the feedback.

        Raises:
            StaleError: If the feedback answers another round.
            InputError: If it names something that was not on offer or lies outside.
        """
        check_answer(
            state.round,
            feedback,
            lambda page: self._on_offer(embedding, state, page),
            embedding.image.shape_dhw,
            prompts_given=len(state.given),
        )
        match feedback:
            case Correct():
                return self._corrected(embedding, state, feedback)
            case Accept():
                return self._accepted(embedding, state, feedback)
            case Pick() | Judge():
                return self._chosen(embedding, state, feedback)

    def refine(
        self, embedding: PosteriorEmbedding, state: PosteriorState, proposal: Proposal
    ) -> Proposal:
        """The proposal with its recommendation refined at native resolution.

        Returned as it is where the network already saw every pixel, where the person's answers
        speak for the classifier rather than for the network, or refining is off.
        """
        if state.rivals is not None and state.rivals.share(state.removed) > 0.5:
            return proposal
        if self._network is None or not self.config.refine or state.accepted is not None:
            return proposal
        return refine(embedding, state, proposal, self._network, self._compute, self.config)

    def learn(self, states: Sequence[PosteriorState]) -> Prior:
        """A profile from the accepted states of one person.

        Raises:
            InputError: If a state was never accepted.
        """
        finished = [state.finished for state in states]
        if any(item is None for item in finished):
            raise InputError("A profile is learned from finished images: accept them first.")
        profile = profiles.learn(
            [item for item in finished if item is not None], self._constants.within_of(self._latent)
        )
        profile["weights"] = self.weights_digest
        profile["says"] = profiles.describe(profile, self.config)
        return profile

    def train(
        self, tasks: Sequence[TaskSource], config: TrainConfig, report: Report, resume: Path | None
    ) -> Path:
        """Train weights and fit their constants; see ``train.train`` and ``fit.fit``."""
        from assent.methods.posterior.fit import fit  # noqa: PLC0415 - heavy, seldom
        from assent.methods.posterior.rehearse import (  # noqa: PLC0415 - heavy, seldom
            PosteriorTraining,
        )
        from assent.methods.posterior.train import train  # noqa: PLC0415 - heavy, seldom

        path = train(tasks, config, report, resume)
        if join_processes()[0] == 0 and PosteriorTraining.from_settings(config.settings).fit:
            steps = int(info(path)["steps"])

            def told(done: float) -> None:
                report(Progress(steps, done, {}, doing="fitting constants"))

            fit(path, tasks, told, seed=config.seed)
        return path

    def _check_channels(self, embedding: PosteriorEmbedding, entries: Sequence[Remembered]) -> None:
        wanted = embedding.image.voxels.shape[0]
        for entry in entries:
            if entry.channels != wanted:
                kinds = {1: "gray", 3: "RGB"}
                raise InputError(
                    f"Context entry {entry.id} is {kinds[entry.channels]}, but"
                    f" {embedding.image.name} is {kinds[wanted]}. Use finished images of the same"
                    " kind as context."
                )

    def _check_profile(self, prior: Prior | None) -> None:
        if prior is not None and prior.get("weights", self.weights_digest) != self.weights_digest:
            raise InputError(
                "This profile was learned with other weights, where its numbers mean other habits."
                " Reset it, or use the weights that it was learned with."
            )

    def _solver(self, embedding: PosteriorEmbedding, reading: Reading) -> Solver:
        if self._network is None or embedding.seen is None:
            return classifier_solver(embedding.planes, self._latent)
        return network_solver(
            self._network,
            embedding.planes,
            embedding.seen,
            reading,
            self._compute,
            refit_weight=self.config.refit_weight,
        )

    def _look(self, embedding: PosteriorEmbedding, reading: Reading) -> Look:
        def part(plane: torch.Tensor) -> Solver:
            seen = None
            if self._network is not None:
                with torch.inference_mode():
                    seen = self._network.memory.features(plane.to(self._compute.device))
            elsewhere = Reading(reading.tokens)
            return self._solver(replace(embedding, planes=plane, seen=seen), elsewhere)

        return Look(
            embedding.planes,
            embedding.grid,
            self._solver(embedding, reading),
            part,
            side=self.config.volume_side,
            latent=self._latent,
            has_context=reading.tokens is not None,
        )

    def _solved(
        self,
        embedding: PosteriorEmbedding,
        state: PosteriorState,
        before: PosteriorState,
        fresh: Collection[int] | None,
    ) -> PosteriorState:
        """The state with its field under all prompts, and the posterior under it."""
        look = self._look(embedding, state.reading)
        rivals = before.rivals
        alone = before.solved if rivals is None else rivals.network
        earlier = Earlier(alone, fresh, partial(shown_probability, before))
        solved = solve_field(look, state.prompts, state.base, earlier)
        if rivals is not None:
            new = state.given[len(before.given) :]
            odds = rivals.heard(new, shown_probability(before, 0), embedding.grid)
            rivals = Rivals(solved, self._ruled(embedding, state), odds)
            solved = rivals.joined(state.removed)
        return self._on_field(embedding, replace(state, solved=solved, rivals=rivals), before)

    def _ruled(self, embedding: PosteriorEmbedding, state: PosteriorState) -> tuple[Field, ...]:
        """What the classical rules alone make of a slice; none without a prompt inside."""
        marks = draw_marks(state.prompts, 0, embedding.grid)
        if not (marks.positive.any() or marks.box.any()):
            return ()
        return ruled(embedding.planes, marks, self._latent)

    def _on_field(
        self, embedding: PosteriorEmbedding, state: PosteriorState, before: PosteriorState | None
    ) -> PosteriorState:
        slices, bases = particle_bases(state.solved, embedding.grid, self.config)
        return self._weighed(embedding, replace(state, slices=slices, bases=bases, memo={}), before)

    def _weighed(
        self, embedding: PosteriorEmbedding, state: PosteriorState, before: PosteriorState | None
    ) -> PosteriorState:
        answers = answers_of(
            state.shown, state.prompts, state.slices, state.bases, embedding.grid, self.config
        )
        particles = infer(
            state.bases,
            answers,
            state.prior,
            seed=state.seed,
            round=state.round,
            config=self.config,
            previous=None if before is None else before.particles,
        )
        return replace(state, particles=particles, memo={})

    def _on_offer(self, embedding: PosteriorEmbedding, state: PosteriorState, page: int) -> int:
        # Nothing stands beside an accepted mask.
        return 0 if state.accepted is not None else len(self._offer(state, embedding, page).choices)

    def _offer(self, state: PosteriorState, embedding: PosteriorEmbedding, page: int) -> Offer:
        key = ("offer", page)
        if key not in state.memo:
            state.memo[key] = make_offer(state, embedding.grid, page, self.config)
        offer: Offer = state.memo[key]
        return offer

    def _corrected(
        self, embedding: PosteriorEmbedding, state: PosteriorState, feedback: Correct
    ) -> PosteriorState:
        changed = replace(
            state,
            round=state.round + 1,
            given=(*state.given, *feedback.prompts),
            removed=state.removed | set(feedback.removed),
            memo={},
        )
        # Where something is taken back, any slice may have come of it.
        fresh = None if feedback.removed else marked_slices(feedback.prompts)
        return self._solved(embedding, changed, state, fresh)

    def _chosen(
        self, embedding: PosteriorEmbedding, state: PosteriorState, feedback: Pick | Judge
    ) -> PosteriorState:
        offer = self._offer(state, embedding, feedback.page)
        masks = shown_masks(state, offer, embedding.grid, self.config)
        if isinstance(feedback, Pick):
            shown = Shown(PackedMasks.of(masks[1:]), feedback.candidate)
        else:
            pair = masks[[0, 1 + (offer.challenger or 0)]]
            shown = Shown(PackedMasks.of(pair), feedback.answer)
        changed = replace(state, round=state.round + 1, shown=(*state.shown, shown), memo={})
        if isinstance(feedback, Pick) and not offer.choices:
            changed = replace(changed, shown=state.shown)
        return self._weighed(embedding, changed, state)

    def _accepted(
        self, embedding: PosteriorEmbedding, state: PosteriorState, feedback: Accept
    ) -> PosteriorState:
        if feedback.edited is not None:
            mask = feedback.edited
        else:
            page = self.propose(embedding, state, page=feedback.page)
            mask = (
                page.recommended
                if feedback.choice == "recommended"
                else page.alternatives[int(feedback.choice)]
            )
        depth = len(state.solved.mean)
        planes = torch.from_numpy(mask.astype(np.float32))[:, None]
        reduced = embedding.grid.reduce(planes)[:, 0].numpy()
        points, _ = reduce_points(
            reduced[list(state.slices)].reshape(1, -1),
            (len(state.slices), *reduced.shape[1:]),
            particle_side(embedding.grid, depth, self.config),
        )
        answers = answers_of(
            state.shown, state.prompts, state.slices, state.bases, embedding.grid, self.config
        )
        finished = profiles.finish(
            state.bases,
            answers,
            AcceptAnswer(PackedMasks.of(points > 0.5)),
            seed=state.seed,
            config=self.config,
            previous=state.particles,
            spacing=_point_spacing(embedding, state),
        )
        return replace(
            state, round=state.round + 1, accepted=mask.copy(), finished=finished, memo={}
        )


def _point_spacing(embedding: PosteriorEmbedding, state: PosteriorState) -> tuple[float, str]:
    """In-plane distance of neighbouring points of the particle grid, and its unit."""
    geometry = embedding.image.geometry
    working = state.solved.mean.shape[1] / state.bases.shape[1]
    pixels = float(working / np.mean(embedding.grid.scale_hw))
    if not geometry.calibrated:
        return pixels, "pixels"
    return pixels * float(np.sqrt(np.prod(geometry.spacing_zyx_mm[1:]))), "mm"
