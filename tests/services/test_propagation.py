"""An image at which the process ends fails alone; a machine at fault fails the job."""

import pytest

from assent.core.errors import OverdueError, WorkerError
from assent.services import propagation
from interfaces.rest.serving import TARGET, serving
from interfaces.small_files import disc, write_picture

SLOW = OverdueError("The computation took longer than 600 seconds.")
DEAD = WorkerError("The process that computes stopped.")


@pytest.fixture
def served(tmp_path):
    for radius, name in enumerate("abcd", start=6):
        write_picture(tmp_path / "images" / f"{name}.png", disc(radius))
    with serving(tmp_path / "images", tmp_path / "home") as served:
        yield served


@pytest.fixture
def propagated(served, monkeypatch):
    """The job, with a worker that fails at images by name; ``verb`` is what it fails at."""
    call = served.worker.call

    def run(verb="see", risk=None, **ends):
        def fail(asked, *arguments, **more):
            if asked == verb and arguments[0].original.name[0] in ends:
                raise ends[arguments[0].original.name[0]]
            return call(asked, *arguments, **more)

        monkeypatch.setattr(served.worker, "call", fail)
        job = served.post("/projects/1/propagate", {"target": TARGET, "risk": risk}).json()
        served.workspace.jobs.settle()
        return served.workspace.jobs.get(job["id"])

    return run


def predicted(served):
    tasks = served.get("/projects/1/tasks", target=TARGET).json()["tasks"]
    return {task["image"]["path"][0] for task in tasks if task["predicted_dice"] is not None}


@pytest.mark.parametrize("end", [SLOW, DEAD])
def test_an_image_at_which_the_process_ends_fails_alone(served, propagated, end):
    job = propagated(b=end)
    assert job.state == "done"
    assert job.detail.startswith("3 images predicted, 0 accepted, 1 could not be computed. ")
    assert predicted(served) == set("acd")


def test_where_it_dies_at_two_in_a_row_the_job_fails(served, propagated):
    job = propagated(b=DEAD, c=DEAD)
    assert (job.state, job.detail) == ("failed", str(DEAD))
    assert predicted(served) == {"a"}


def test_images_that_all_take_too_long_or_others_between_do_not_fail_it(served, propagated):
    job = propagated(a=DEAD, b=SLOW, c=SLOW, d=DEAD)
    assert job.state == "done"
    assert job.detail.startswith("0 images predicted, 0 accepted, 4 could not be computed. ")


@pytest.mark.parametrize("end", [SLOW, DEAD])
def test_a_finished_image_at_which_it_ends_says_nothing_about_the_risk(served, propagated, end):
    finish(served)
    job = propagated("first_guess", 0.1, b=end)
    assert job.state == "done"
    assert "takes 9 finished images that were proposed with context, and there are 2." in job.detail


def test_where_it_dies_at_two_finished_images_in_a_row_the_job_fails(served, propagated):
    finish(served)
    assert propagated("first_guess", 0.1, a=DEAD, b=DEAD, c=DEAD).state == "failed"


def test_what_somebody_works_on_is_predicted_and_left_to_that_person(
    served, propagated, monkeypatch
):
    monkeypatch.setattr(propagation, "_threshold", lambda *_: (0.0, "All are accepted."))
    first, second, _, last = (image["id"] for image in served.images())
    for image in (first, last):
        assert served.answer(served.open(image), "pick", candidate=0).status_code == 200
    served.open(second)
    job = propagated(risk=0.05)
    assert job.detail == (
        "4 images predicted, 2 accepted, 2 left, because somebody is working on them."
        " All are accepted."
    )
    tasks = served.get("/projects/1/tasks", target=TARGET).json()["tasks"]
    left = {task["image"]["id"] for task in tasks if task["state"] == "open"}
    assert (left, predicted(served)) == ({first, last}, set("abcd"))


def finish(served):
    """All but the last image."""
    for image in served.images()[:3]:
        served.answer(served.open(image["id"]), "accept", choice="recommended")
