"""What is prepared says so, and what was prepared before an acceptance no longer does."""

from threading import Event

from assent.core.errors import WorkerError
from assent.services import ahead
from interfaces.rest.serving import TARGET, serving
from interfaces.small_files import disc, write_picture


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


def open_tasks(served):
    queue = served.get("/projects/1/tasks", target=TARGET).json()["tasks"]
    return [task for task in queue if task["state"] == "open"]


def accept_first(served):
    shown = served.open(image=open_tasks(served)[0]["image"]["id"])
    assert served.answer(shown, "accept", choice="recommended").status_code == 200
    served.workspace.backstage.settle()


def test_after_an_acceptance_a_few_are_predicted_and_the_least_sure_come_first(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(ahead, "LOOKS", 2)
    for number in range(6):
        write_picture(tmp_path / "images" / f"{number}.png", disc(4 + number))
    with serving(tmp_path / "images", tmp_path / "home") as served:
        assert [task["predicted_dice"] for task in open_tasks(served)] == [None] * 6
        accept_first(served)
        sure = [task["predicted_dice"] for task in open_tasks(served)]
        assert sure[2:] == [None] * 3
        assert sure[:2] == sorted(sure[:2])
        assert prepared(served) == [True, True, False, False, False]
        accept_first(served)
        assert len([task for task in open_tasks(served) if task["predicted_dice"]]) == 3


def test_large_images_and_those_that_are_gone_are_not_looked_at(tmp_path, monkeypatch):
    for number in range(4):
        write_picture(tmp_path / "images" / f"{number}.png", disc(5 + number))
    monkeypatch.setattr(ahead, "LOOKED_VOXELS", 1.5 * 48 * 48)
    with serving(tmp_path / "images", tmp_path / "home") as served:
        (tmp_path / "images" / "1.png").unlink()
        accept_first(served)
        assert [task["predicted_dice"] for task in open_tasks(served)] == [None] * 3
        monkeypatch.setattr(ahead, "LOOKED_VOXELS", 2.5 * 48 * 48)
        shown = served.open(image=4)
        served.answer(shown, "accept", choice="recommended")
        served.workspace.backstage.settle()
        told = {task["image"]["path"]: task["predicted_dice"] for task in open_tasks(served)}
        assert told["1.png"] is None
        assert told["2.png"] > 0


def test_nothing_counts_as_ready_while_an_acceptance_is_not_learned(served, monkeypatch):
    learn, ready = served.workspace.ahead._learn, []

    def accepts_meanwhile(person):
        ready.append(any(prepared(served)))
        if len(ready) == 1:
            shown = served.open(image=open_tasks(served)[0]["image"]["id"])
            served.answer(shown, "accept", choice="recommended")
        learn(person)

    monkeypatch.setattr(served.workspace.ahead, "_learn", accepts_meanwhile)
    accept_first(served)
    served.workspace.backstage.settle()
    assert ready == [False, False]
    assert prepared(served) == [True]


def test_an_image_is_prepared_in_two_pieces_and_nothing_is_computed_twice(served, monkeypatch):
    method = served.worker.engine._method
    begun, begin = [], method.begin
    monkeypatch.setattr(
        method, "begin", lambda *args, **more: begun.append(1) or begin(*args, **more)
    )
    served.workspace.backstage.settle()
    accept_first(served)
    served.worker.calls.clear()
    begun.clear()
    accept_first(served)
    pieces = [verb for verb in served.worker.calls if verb in ("begin", "prepare")]
    assert pieces == ["begin", "prepare"] * (len(pieces) // 2) != []
    assert begun == [1]


def test_what_the_process_died_of_is_not_tried_after_each_acceptance(served, monkeypatch):
    died, call = [], served.worker.call

    def dies(verb, *arguments, **more):
        deadly = {"prepare": "b.png", "recall": "a.png"}.get(verb)
        if deadly is not None and arguments[0].original.path == deadly:
            died.append(verb)
            raise WorkerError("The process that computes stopped.")
        return call(verb, *arguments, **more)

    monkeypatch.setattr(served.worker, "call", dies)
    first, second, third = served.images()
    for image in (first, third):
        shown = served.open(image=image["id"])
        served.answer(shown, "accept", choice="recommended")
        served.workspace.backstage.settle()
    assert sorted(died) == ["prepare", "recall"]
    assert served.get("/profiles/me").json()["images"] == 1
    assert [task["image"]["id"] for task in open_tasks(served)] == [second["id"]]


def test_the_front_is_prepared_also_where_a_second_look_alters_the_order(served, monkeypatch):
    sure, call = {"a.png": 0.1, "b.png": 0.2, "c.png": 0.3}, served.worker.call

    def better(verb, *arguments, **more):
        found = call(verb, *arguments, **more)
        if verb != "prepare":
            return found
        name = arguments[0].original.path
        sure[name] += 0.5
        return sure[name]

    served.workspace.backstage.settle()
    store = served.workspace.store.projects
    store.rank({task.id: (0.1 * task.id, 0.1 * task.id) for task in store.queue(1, TARGET)})
    monkeypatch.setattr(served.worker, "call", better)
    served.workspace.ahead.prepare(1, TARGET)
    served.workspace.backstage.settle()
    assert prepared(served)[:2] == [True, True]


def test_what_was_not_learned_when_the_server_ended_is_learned_at_the_next_start(tmp_path):
    for number in range(3):
        write_picture(tmp_path / "images" / f"{number}.png", disc(4 + number))
    ended = Event()
    with serving(tmp_path / "images", tmp_path / "home") as served:
        served.workspace.backstage.later(ended.wait)
        shown = served.open()
        served.answer(shown, "accept", choice="recommended")
        assert served.get("/profiles/me").json()["images"] == 0
        served.workspace.backstage._is_closing = True  # As killed: what waits is not begun.
        ended.set()
    with serving(tmp_path / "images", tmp_path / "home") as served:
        assert served.get("/profiles/me").json()["images"] == 1
        learned = served.get("/profiles/me").json()["saved_at"]
    with serving(tmp_path / "images", tmp_path / "home") as served:
        assert served.get("/profiles/me").json()["saved_at"] == learned
