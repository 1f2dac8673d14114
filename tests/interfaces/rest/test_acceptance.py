"""Masks that hold: who accepted them, how a person takes them over, and how readers agree."""

from dataclasses import asdict

import numpy as np
import pytest

from assent.core.mask import to_rle
from interfaces.rest.serving import TARGET, mask_of
from storage.work import grounds


def tasks_of(served):
    return {t["id"]: t for t in served.get("/projects/1/tasks", target=TARGET).json()["tasks"]}


def audit_of(served):
    return [(e.event, e.person) for e in served.workspace.store.audit.events()]


@pytest.fixture
def task(served):
    """A task whose mask, a square, was accepted by itself."""
    told = served.get("/projects/1/tasks", target=TARGET).json()["tasks"][0]
    square = np.zeros(told["image"]["shape"], bool)
    square[0, 10:20, 10:20] = True
    served.workspace.store.masks.accept_by_rule(told["id"], square, grounds(person="anna"))
    return told


def test_a_queue_says_who_accepted_what(served, task):
    other = served.open(served.images()[1]["id"])
    served.post(f"/sessions/{other['session']}/accept", {"round": 0})
    by = [t["accepted_by"] for t in tasks_of(served).values()]
    assert by == [None, "rule", "person"]  # in the order of the queue


def test_a_task_says_how_its_mask_was_made_and_why_a_rule_accepted_it(served, task):
    other = served.open(served.images()[1]["id"])
    served.post(f"/sessions/{other['session']}/accept", {"round": 0})
    nothing, by_rule, by_person = (each["mask"] for each in tasks_of(served).values())
    session = served.workspace.store.sessions.get(other["session"])
    assert nothing is None
    assert by_rule.pop("accepted_at") is not None
    assert by_rule == {"origin": "rule", **asdict(grounds(person="anna"))}
    assert (by_person["origin"], by_person["person"]) == ("person", "me")
    assert by_person["settings_digest"] == session.settings_digest != ""
    assert (by_person["threshold"], by_person["risk"]) == (None, None)


def test_a_person_named_like_the_rule_of_earlier_versions_is_a_person(served, task):
    address = f"/images/{task['image']['id']}/readers"
    told = served.get(address, target=TARGET).json()
    assert (told["person"], told["accepted_by"]) == (None, "rule")
    confirmed = served.post(f"/tasks/{task['id']}/confirm", {"person": "automatic"}).json()
    assert confirmed["accepted_by"] == "person"
    told = served.get(address, target=TARGET).json()
    assert (told["person"], told["accepted_by"]) == ("automatic", "person")
    paint(served, "ben", 8)
    (reader,) = served.get(address, target=TARGET).json()["readers"]
    assert reader["person"] == "automatic"


def test_a_confirmed_mask_is_a_persons_and_teaches(served, task):
    address = f"/tasks/{task['id']}/confirm"
    shown = mask_of(served.get(f"/tasks/{task['id']}/mask").json()["rle"])
    assert shown.sum() == 100
    assert served.get("/projects/1/context", target=TARGET).json() == []
    confirmed = served.post(address, {"person": "anna"}).json()
    assert (confirmed["accepted_by"], confirmed["state"]) == ("person", "accepted")
    assert served.post(address, {"person": "ben"}).json() == confirmed
    assert audit_of(served) == [("accepted by rule", "anna"), ("accepted", "anna")]
    (entry,) = served.get("/projects/1/context", target=TARGET).json()
    assert entry["image"]["id"] == task["image"]["id"]
    kept = served.workspace.store.masks
    assert kept.read(kept.holding(task["id"]).blob).sum() == 100


def test_a_mask_of_an_image_that_was_changed_is_not_confirmed(served, task, folder):
    (folder / task["image"]["path"]).write_bytes((folder / "b.png").read_bytes())
    refused = served.post(f"/tasks/{task['id']}/confirm")
    assert (refused.status_code, refused.json()["code"]) == (409, "changed")
    assert tasks_of(served)[task["id"]]["accepted_by"] == "rule"


def test_only_what_is_accepted_is_confirmed(served, task):
    second = next(id_ for id_, t in tasks_of(served).items() if t["state"] == "open")
    nothing = served.post(f"/tasks/{second}/confirm")
    assert (nothing.status_code, "nothing to confirm" in nothing.json()["detail"]) == (400, True)
    assert served.get(f"/tasks/{second}/mask").status_code == 400
    assert served.get(f"/tasks/{task['id']}/mask", slice=1).status_code == 400
    assert served.post("/tasks/99/confirm").status_code == 404
    assert tasks_of(served)[task["id"]]["accepted_by"] == "rule"


def test_a_mask_that_was_replaced_at_this_moment_is_not_confirmed(served, task, monkeypatch):
    masks = served.workspace.store.masks
    before = masks.holding(task["id"])
    shown = served.open(task["image"]["id"])
    done = served.post(f"/sessions/{shown['session']}/accept", {"round": 0}).json()
    with monkeypatch.context() as patched:
        patched.setattr(masks, "holding", lambda _: before)
        late = served.post(f"/tasks/{task['id']}/confirm")
    assert (late.status_code, late.json()["code"]) == (409, "stale")
    assert masks.holding(task["id"]).session_id == done["session"]


def test_what_a_rule_accepted_is_reopened_or_replaced_by_a_person(served, task):
    address = f"/tasks/{task['id']}/reopen"
    back = [served.post(address, {"person": "anna"}).json() for _ in range(2)]
    assert back[0] == back[1]
    assert (back[0]["state"], back[0]["accepted_by"]) == ("open", None)
    assert audit_of(served)[-1] == ("reopened", "anna")
    shown = served.open(task["image"]["id"])
    served.post(f"/sessions/{shown['session']}/accept", {"round": 0})
    assert tasks_of(served)[task["id"]]["accepted_by"] == "person"
    refused = served.post(address, {"person": "anna"})
    assert f"session {shown['session']}" in refused.json()["detail"]
    assert tasks_of(served)[task["id"]]["state"] == "accepted"


def paint(served, person, columns):
    """Accept a bar of that many columns."""
    shown = served.open(person=person, new=True)
    mask = np.zeros(shown["image"]["shape"], bool)
    mask[0, :10, :columns] = True
    body = {"round": 0, "choice": "edited", "edited": to_rle(mask)}
    return served.post(f"/sessions/{shown['session']}/accept", body).json()


def test_readers_are_compared_with_the_mask_that_holds(served, task):
    address = f"/images/{task['image']['id']}/readers"
    paint(served, "anna", 2)
    paint(served, "anna", 4)
    carl = paint(served, "carl", 30)
    paint(served, "ben", 8)
    told = served.get(address, target=TARGET).json()
    assert (told["person"], told["accepted_by"], told["voxels"]) == ("ben", "person", 80)
    assert [(r["person"], r["voxels"]) for r in told["readers"]] == [("anna", 40), ("carl", 300)]
    assert told["readers"][0]["dice"] == pytest.approx(2 * 40 / 120)
    assert told["readers"][0]["difference"] == pytest.approx(-0.5)
    assert told["median_difference"] == pytest.approx((-0.5 + 2.75) / 2)
    served.post(f"/sessions/{carl['session']}/reopen")
    told = served.get(address, target=TARGET).json()
    assert [r["person"] for r in told["readers"]] == ["anna"]


def test_nothing_is_compared_before_a_mask_holds(served):
    image = served.images()[0]["id"]
    told = served.get(f"/images/{image}/readers", target=TARGET).json()
    assert (told["person"], told["readers"], told["median_difference"]) == (None, [], None)
    assert served.get("/images/99/readers", target=TARGET).status_code == 404
