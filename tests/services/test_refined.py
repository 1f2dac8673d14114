from types import SimpleNamespace

from assent.services.refined import best_proposal
from assent.sessions.session import Session
from assent.testing.data import blob
from assent.testing.methods import ThresholdMethod


class Zooming(ThresholdMethod):
    """Notes what it was asked to refine."""

    def refine(self, embedding, state, proposal):
        self.asked = (embedding, state, proposal)
        return SimpleNamespace(refined=proposal)


def test_what_can_be_refined_is_refined_as_the_session_stands():
    method, image = Zooming(), blob((1, 20, 24)).image
    embedding = method.embed(image)
    session = Session(method, image, embedding=embedding)
    found = best_proposal(session, embedding)
    assert found.refined is session.propose()
    assert method.asked[0] is embedding
    assert method.asked[1] is session.state


def test_without_refinement_it_is_what_the_session_proposes():
    method, image = ThresholdMethod(), blob((1, 20, 24)).image
    session = Session(method, image)
    assert best_proposal(session, method.embed(image)) is session.propose()
