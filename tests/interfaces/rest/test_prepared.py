"""What is prepared says so, and what was prepared before an acceptance no longer does."""

from threading import Event

from interfaces.rest.serving import TARGET


def prepared(served):
    queue = served.get("/projects/1/tasks", target=TARGET).json()["tasks"]
    return [task["is_prefetched"] for task in queue if task["state"] == "open"]


def test_an_acceptance_outdates_what_was_prepared(served):
    assert prepared(served) == [True, True, False]
    shown, go = served.open(), Event()
    served.workspace.backstage.later(go.wait)
    try:
        assert served.answer(shown, "accept", choice="recommended").status_code == 200
        assert prepared(served) == [False, False]
    finally:
        go.set()
    served.workspace.backstage.settle()
    assert prepared(served) == [True, True]
