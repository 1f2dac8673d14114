"""A method that never comes back from a click in the corner, nor its engine when told to hang."""

from threading import Event

from assent.core.feedback import Correct
from assent.services.engine import Engine
from assent.services.worker import EngineSpec
from assent.testing.methods import ThresholdMethod

CORNER = (0, 0, 0)


class HangingMethod(ThresholdMethod):
    def update(self, embedding, state, feedback):
        if isinstance(feedback, Correct) and feedback.prompts[0].at_zyx == CORNER:
            Event().wait()
        return super().update(embedding, state, feedback)


class HangingEngine(Engine):
    def hang(self):
        Event().wait()


class HangingSpec(EngineSpec):
    """Makes its engine in whichever process it is unpacked."""

    def build(self):
        return HangingEngine(HangingMethod(), self.blobs)
