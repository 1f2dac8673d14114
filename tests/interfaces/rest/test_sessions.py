"""Sessions over HTTP: nothing acknowledged is lost, nothing is taken twice."""

import numpy as np

from assent.core.feedback import Pick
from assent.core.mask import to_rle
from assent.testing.methods import ThresholdMethod
from interfaces.rest.serving import API, TARGET, mask_of, problem_of, read_only, serving


def test_a_session_is_begun_once_and_goes_on(served):
    image = served.images()[0]["id"]
    first = served.post("/sessions", {"image": image, "target": TARGET})
    again = served.post("/sessions", {"image": image, "target": TARGET})
    other = served.post("/sessions", {"image": image, "target": TARGET, "new": True})
    assert [r.status_code for r in (first, again, other)] == [201, 200, 201]
    assert first.json()["session"] == again.json()["session"] != other.json()["session"]


def test_a_proposal_describes_masks_that_can_be_put_together_again(served):
    shown = served.open()
    recommended = mask_of(shown["recommendation"]["rle"])
    assert recommended.shape == tuple(shown["image"]["shape"][1:])
    assert recommended.sum() == shown["recommendation"]["voxels"] > 0
    assert len(shown["alternatives"]) >= 2
    for each in shown["alternatives"]:
        crop = each["crop"]
        part = np.zeros_like(recommended)
        at = np.s_[crop["y"] : crop["y"] + crop["height"], crop["x"] : crop["x"] + crop["width"]]
        part[at] = mask_of(each["added"])
        assert not (part & recommended).any()
        whole = recommended | part
        part[at] = mask_of(each["removed"])
        assert (part <= recommended).all()
        whole &= ~part
        assert whole.sum() == each["voxels"]
        overlap = 2 * (whole & recommended).sum() / (whole.sum() + recommended.sum())
        assert abs(overlap - each["dice"]) < 1e-6


def test_a_pick_moves_the_recommendation_and_a_repeated_one_changes_nothing(served):
    shown = served.open()
    after = served.answer(shown, "pick", candidate=1).json()
    assert (after["round"], after["rounds"]) == (1, 1)
    assert after["recommendation"]["rle"] != shown["recommendation"]["rle"]
    repeated = served.answer(shown, "pick", candidate=1)
    assert repeated.status_code == 200
    assert repeated.json() == after


def test_another_answer_to_a_past_round_gets_the_current_proposal(served):
    shown = served.open()
    after = served.answer(shown, "pick", candidate=1).json()
    stale = served.answer(shown, "pick", candidate=0)
    assert stale.status_code == 409
    assert stale.headers["content-type"] == "application/problem+json"
    problem = stale.json()
    assert (problem["code"], problem["status"], problem["current"]) == ("stale", 409, after)
    future = served.answer({**shown, "round": 5}, "pick", candidate=0)
    assert future.status_code == 409


def test_undo_and_redo_land_where_they_were_and_may_be_repeated(served):
    shown = served.open()
    address = f"/sessions/{shown['session']}"
    first = served.answer(shown, "pick", candidate=1).json()
    second = served.answer(first, "judge", answer="worse").json()
    back = [served.post(f"{address}/undo", {"round": 2}).json() for _ in range(2)]
    assert back[0] == back[1]
    assert (back[0]["round"], back[0]["rounds"]) == (1, 2)
    assert back[0]["recommendation"] == first["recommendation"]
    assert [entry["holds"] for entry in back[0]["log"]] == [True, False]
    assert served.post(f"{address}/redo", {"round": 1}).json() == second
    start = served.post(f"{address}/go-to", {"round": 0}).json()
    assert start["recommendation"] == shown["recommendation"]
    assert served.post(f"{address}/go-to", {"round": 3}).status_code == 400
    assert served.post(f"{address}/undo", {"round": 2}).status_code == 409


def test_accepted_masks_hold_and_are_reopened(served):
    shown = served.open()
    address = f"/sessions/{shown['session']}"
    done = served.post(f"{address}/accept", {"round": 0, "choice": 1}).json()
    assert (done["is_accepted"], done["alternatives"]) == (True, [])
    assert done["recommendation"]["voxels"] == shown["alternatives"][1]["voxels"]
    queue = served.get("/projects/1/tasks", target=TARGET).json()
    assert queue["counts"] == {"open": 2, "accepted": 1, "skipped": 0}
    assert len(served.get("/projects/1/context", target=TARGET).json()) == 1
    back = served.post(f"{address}/reopen").json()
    assert not back["is_accepted"]
    assert back["recommendation"] == shown["recommendation"]
    assert served.post(f"{address}/reopen").json() == back
    assert served.get("/projects/1/context", target=TARGET).json() == []


def test_a_painted_mask_is_accepted_as_it_is_and_only_on_the_grid_of_its_image(served):
    shown = served.open()
    painted = np.zeros(shown["image"]["shape"], bool)
    painted[0, 3:6, 4:9] = True
    body = {"round": 0, "choice": "edited", "edited": to_rle(painted)}
    huge = {**body, "edited": {"shape": [1, 40000, 40000], "runs": [1600000000]}}
    refused = served.post(f"/sessions/{shown['session']}/accept", huge)
    assert (refused.status_code, "on the grid" in refused.json()["detail"]) == (400, True)
    done = served.post(f"/sessions/{shown['session']}/accept", body).json()
    assert (mask_of(done["recommendation"]["rle"]) == painted[0]).all()
    assert done["log"][0]["answer"] == {**body, "kind": "accept", "edited": None, "page": 0}


def test_everything_is_there_after_a_restart(folder, tmp_path):
    with serving(folder, tmp_path / "home") as served:
        shown = served.answer(served.open(), "pick", candidate=1).json()
        shown = served.answer(shown, "pick", candidate=None).json()
        back = served.post(f"/sessions/{shown['session']}/undo", {"round": 2}).json()
    with serving(folder, tmp_path / "home") as served:
        assert served.open() == back
        assert served.post(f"/sessions/{shown['session']}/redo", {"round": 1}).json() == shown


def test_what_is_meant_for_another_database_is_refused_and_changes_nothing(folder, tmp_path):
    with serving(folder, tmp_path / "home") as served:
        one = served.open()
    with serving(folder, tmp_path / "elsewhere") as served:
        shown = served.answer(served.open(), "pick", candidate=1).json()
        address = f"/sessions/{shown['session']}"
        assert (shown["session"], shown["store"] != one["store"]) == (one["session"], True)
        answers = [{"kind": "pick", "round": 1, "candidate": 0}, {"kind": "accept", "round": 1}]
        asked = [*((f"{address}/feedback", answer) for answer in answers), ("/tasks/1/skip", {})]
        for path, body in [*asked, (f"{address}/undo", {"round": 1})]:
            meant = {"Assent-Store": one["store"]}
            refused = served.client.post(API + path, json=body, headers=meant)
            assert "meant for another database" in problem_of(refused, 409, "other_store")
        assert served.get(address).json() == shown
        assert served.get("/projects/1/tasks", target=TARGET).json()["counts"]["open"] == 3
        meant = {"Assent-Store": shown["store"]}
        taken = served.client.post(API + asked[0][0], json=answers[0], headers=meant)
        assert taken.json()["round"] == 2
    with serving(folder, tmp_path / "home") as served:
        assert served.open() == one
        assert served.get("/projects").headers["assent-store"] == one["store"]


def test_a_worker_that_dies_costs_one_clear_reply_and_no_answer(served):
    shown = served.open()
    served.worker.is_dying = True
    lost = served.answer(shown, "pick", candidate=1)
    assert (lost.status_code, lost.json()["code"]) == (503, "worker")
    assert lost.headers["retry-after"]
    served.worker.is_dying = False
    assert served.open()["round"] == 0
    assert served.answer(shown, "pick", candidate=1).json()["round"] == 1


def test_an_original_that_was_changed_or_deleted_is_noticed(served, folder):
    image = served.images()[0]
    shown = served.open(image["id"])
    file = folder / image["path"]
    content = file.read_bytes()
    file.write_bytes((folder / "b.png").read_bytes())
    for reply in (
        served.answer(shown, "pick", candidate=0),
        served.get(f"/images/{image['id']}/slices/0"),
        served.post("/sessions", {"image": image["id"], "target": TARGET}),
    ):
        assert (reply.status_code, reply.json()["code"]) == (409, "changed")
        assert "was changed" in reply.json()["detail"]
    file.unlink()
    gone = served.get(f"/sessions/{shown['session']}")
    assert (gone.status_code, "deleted" in gone.json()["detail"]) == (409, True)
    file.write_bytes(content)
    assert served.get(f"/sessions/{shown['session']}").json() == shown


def test_what_is_refused_for_a_changed_original_changes_nothing(served, folder):
    def stands():
        task = served.get("/projects/1/tasks", target=TARGET).json()["counts"]
        context = served.get("/projects/1/context", target=TARGET).json()
        session = served.workspace.store.sessions.get(shown["session"])
        return task["accepted"], len(context), session.round, len(session.undone)

    def refused(verb, **body):
        before = stands()
        problem_of(served.post(f"/sessions/{shown['session']}/{verb}", body), 409, "changed")
        assert stands() == before

    shown = served.answer(served.open(), "pick", candidate=1).json()
    done = served.answer(shown, "accept", choice="recommended").json()
    file = folder / shown["image"]["path"]
    content = file.read_bytes()
    file.write_bytes((folder / "b.png").read_bytes())
    assert stands() == (1, 1, 2, 0)
    refused("undo", round=2)
    refused("go-to", round=0)
    refused("reopen")
    file.write_bytes(content)
    back = served.post(f"/sessions/{shown['session']}/undo", {"round": 2}).json()
    assert (back["recommendation"], stands()) == (shown["recommendation"], (0, 0, 1, 1))
    file.unlink()
    refused("redo", round=1)
    file.write_bytes(content)
    again = served.post(f"/sessions/{shown['session']}/redo", {"round": 1}).json()
    assert (again["recommendation"], stands()) == (done["recommendation"], (1, 1, 2, 0))


def test_a_round_that_cannot_be_computed_is_not_gone_to(folder, tmp_path):
    with serving(folder, tmp_path / "home") as served:
        shown = served.answer(served.open(), "pick", candidate=1).json()
    address = f"/sessions/{shown['session']}"
    with serving(folder, tmp_path / "home") as served:  # nothing is at hand any more
        served.worker.is_dying = True
        problem_of(served.post(f"{address}/undo", {"round": 1}), 503, "worker")
        served.worker.is_dying = False
        assert served.get(address).json() == shown
        assert served.post(f"{address}/undo", {"round": 1}).json()["round"] == 0


def test_an_undo_gives_way_to_another_server_that_was_faster(served, monkeypatch):
    shown = served.answer(served.open(), "pick", candidate=1).json()
    sessions = served.workspace.store.sessions
    go_to = sessions.go_to

    def overtaken(*given, **more):
        sessions.give(shown["session"], Pick(0, 1))
        return go_to(*given, **more)

    monkeypatch.setattr(sessions, "go_to", overtaken)
    reply = served.post(f"/sessions/{shown['session']}/undo", {"round": 1})
    problem_of(reply, 409, "stale")
    assert reply.json()["current"]["round"] == 2


def test_work_that_was_begun_with_other_settings_is_kept_and_begun_anew(folder, tmp_path):
    with serving(folder, tmp_path / "home") as served:
        shown = served.answer(served.open(), "pick", candidate=1).json()
    with serving(folder, tmp_path / "home", method=ThresholdMethod(choices=3)) as served:
        address = f"/sessions/{shown['session']}"
        for refused in (
            served.get(address),
            served.answer(shown, "pick", candidate=0),
            served.post(f"{address}/undo", {"round": 1}),
        ):
            assert (refused.status_code, refused.json()["code"]) == (409, "weights")
            assert "open the image again" in refused.json()["detail"]
        anew = served.open()
        assert (anew["session"] != shown["session"], anew["round"]) == (True, 0)
    with serving(folder, tmp_path / "home") as served:
        assert served.get(address).json() == shown


def test_what_cannot_be_stored_is_not_acknowledged(served):
    shown = served.open()
    served.workspace.backstage.settle()
    with read_only(served.workspace.store.database):
        lost = served.answer(shown, "pick", candidate=1)
    assert (lost.status_code, lost.json()["code"]) == (503, "storage")
    assert "Nothing was acknowledged" in lost.json()["detail"]
    assert served.get(f"/sessions/{shown['session']}").json() == shown
    assert served.answer(shown, "pick", candidate=1).json()["round"] == 1


def test_a_mask_that_cannot_be_stored_is_not_accepted(served, tmp_path):
    shown = served.open()
    (tmp_path / "home" / "blobs" / "new").write_text("in the way")
    address = f"/sessions/{shown['session']}"
    lost = served.post(f"{address}/accept", {"round": 0})
    assert (lost.status_code, lost.json()["code"]) == (503, "storage")
    assert served.get(address).json() == shown
    (tmp_path / "home" / "blobs" / "new").unlink()
    assert served.post(f"{address}/accept", {"round": 0}).json()["is_accepted"]


def test_a_first_look_waits_only_for_what_was_not_prepared(served):
    served.workspace.backstage.settle()
    queue = served.get("/projects/1/tasks", target=TARGET).json()["tasks"]
    assert [task["is_prefetched"] for task in queue] == [True, True, False]


def test_volumes_pictures_and_uncertainty_of_a_round(served):
    shown = served.open()
    address = f"/sessions/{shown['session']}"
    reply = served.client.get(shown["uncertainty"]["url"])
    assert reply.headers["content-type"] == "image/png"
    assert (
        served.get(f"{address}/mask", round=0, slice=0).json()["rle"]
        == (shown["recommendation"]["rle"])
    )
    assert served.get(f"{address}/mask", round=0, slice=1).status_code == 400
    assert served.get(f"{address}/mask", round=1, slice=0).status_code == 409
    again = served.get(f"{address}/alternatives/1", round=0, slice=0).json()
    assert again == shown["alternatives"][1]
    assert served.get(f"{address}/alternatives/9", round=0, slice=0).status_code == 404
