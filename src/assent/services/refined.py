"""The recommendation at its best: at native resolution, where the method can do that."""

from typing import Protocol, runtime_checkable

from assent.core.candidates import Proposal
from assent.methods.protocol import Embedding, State
from assent.sessions.session import Session


@runtime_checkable
class Refines(Protocol):
    """A method that zooms into the uncertain border after its reply."""

    def refine(self, embedding: Embedding, state: State, proposal: Proposal) -> Proposal:
        """The proposal with its recommendation at native resolution."""


def best_proposal(session: Session, embedding: Embedding) -> Proposal:
    """What the session proposes now, refined where its method refines.

    Args:
        session: Opened with that embedding.
        embedding: ``method.embed(image)``.
    """
    shown = session.propose()
    if not isinstance(session.method, Refines):
        return shown
    return session.method.refine(embedding, session.state, shown)
