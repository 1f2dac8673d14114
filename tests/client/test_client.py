"""The client against the real application."""

import subprocess
import sys
import zipfile

import httpx
import numpy as np
import pytest

from assent.client import Client, RefusedError
from assent.core.errors import AssentError
from assent.core.feedback import Accept, Correct, Pick
from assent.core.prompts import Click
from interfaces.rest.serving import API, TARGET, serving
from interfaces.small_files import archive_of, disc, recorded, write_picture
from storage.work import grounds

TOKEN = "a long secret"


@pytest.fixture
def served(tmp_path):
    for name, radius in (("a", 9), ("b", 7)):
        write_picture(tmp_path / "images" / f"{name}.png", disc(radius))
    with serving(tmp_path / "images", tmp_path / "home", token=TOKEN) as server:
        yield server


@pytest.fixture
def client(served):
    return Client(token=TOKEN, http=served.client)


def test_an_image_is_segmented_from_opening_to_export(client, tmp_path):
    (project,) = client.projects()
    assert (project.images, project.targets) == (2, (TARGET,))
    task = client.tasks(project.id, TARGET)[0]
    shown = client.open(task.image.id, TARGET)
    assert (client.mask(shown)[0] == shown.recommended).all()
    picked = client.answer(shown.session, Pick(1, shown.round))
    assert picked.recommended.sum() != shown.recommended.sum()
    back = client.undo(picked)
    assert (back.recommended == shown.recommended).all()
    assert client.redo(back) == picked
    clicked = client.answer(shown.session, Correct((Click((0, 24, 24)),), 1))
    assert client.go_to(shown.session, 0).round == 0
    done = client.accept(client.go_to(shown.session, 2))
    assert (clicked.round, done.is_accepted) == (2, True)
    job = client.export(project.id, TARGET, tmp_path / "masks.zip")
    assert job.detail == "1 mask written."
    assert "masks/a.png" in zipfile.ZipFile(tmp_path / "masks.zip").namelist()
    assert not client.reopen(shown.session).is_accepted


def test_a_task_says_how_its_mask_was_made(client, served):
    by_hand, by_rule = client.tasks(1, TARGET)
    assert (by_hand.mask, by_rule.mask) == (None, None)
    client.accept(client.open(by_hand.image.id, TARGET))
    square = np.zeros(by_rule.image.shape_dhw, bool)
    square[0, 10:20, 10:20] = True
    masks = served.workspace.store.masks
    masks.accept_by_rule(by_rule.id, square, grounds(person="anna"))
    told = {task.id: task.mask for task in client.tasks(1, TARGET)}
    for task, origin, person in ((by_hand, "person", "me"), (by_rule, "rule", "anna")):
        mask, stored = told[task.id], masks.holding(task.id)
        assert (mask.origin, mask.person, mask.accepted_at) == (origin, person, stored.made_at)
        names = ("method", "weights_digest", "settings_digest", "threshold", "risk")
        for name in (*names, "predicted_dice"):
            assert getattr(mask, name) == getattr(stored, name)
    assert told[by_hand.id].risk is None
    assert told[by_rule.id].risk != told[by_rule.id].threshold


def test_an_alternative_is_the_recommendation_and_its_difference(client):
    shown = client.open(client.images(1)[0].id, TARGET)
    for each in shown.alternatives:
        expected = shown.recommended.copy()
        y, x, height, width = each.crop_yxhw
        part = expected[y : y + height, x : x + width]
        part |= each.added
        part &= ~each.removed
        picked = client.answer(shown.session, Accept(each.index, 0))
        assert (picked.recommended == expected).all()
        client.reopen(shown.session)


def test_a_stale_answer_brings_what_is_shown(client):
    shown = client.open(client.images(1)[0].id, TARGET)
    after = client.answer(shown.session, Pick(0, 0))
    with pytest.raises(RefusedError, match="round 1 is shown") as refused:
        client.answer(shown.session, Pick(1, 0))
    assert (refused.value.code, refused.value.current) == ("stale", after)


def test_a_client_speaks_of_the_database_that_it_met_first(client, tmp_path, monkeypatch):
    shown = client.open(client.images(1)[0].id, TARGET)
    with serving(tmp_path / "images", tmp_path / "elsewhere", token=TOKEN) as other:
        there = Client(token=TOKEN, http=other.client)
        seen = there.open(there.images(1)[0].id, TARGET)
        assert seen.session == shown.session
        monkeypatch.setattr(client, "_http", other.client)  # the same address, later
        with pytest.raises(RefusedError, match="meant for another database") as refused:
            client.accept(shown)
        assert (refused.value.status, refused.value.code) == (409, "other_store")
        assert there.see(seen.session) == seen


def test_a_wrong_token_is_refused_with_a_sentence(served):
    with pytest.raises(RefusedError, match="missing or wrong") as refused:
        Client(token="wrong", http=served.client).projects()
    assert (refused.value.status, refused.value.code) == (401, "token")


def test_an_answer_is_sent_again_when_the_worker_died_and_counts_once(served):
    waited = []

    def wait(seconds):
        waited.append(seconds)
        served.worker.is_dying = False

    client = Client(token=TOKEN, http=served.client, sleep=wait)
    shown = client.open(client.images(1)[0].id, TARGET)
    served.worker.is_dying = True
    after = client.answer(shown.session, Pick(1, 0))
    assert (after.round, waited) == (1, [2.0])


def test_an_answer_whose_reply_was_lost_counts_once(served):
    """The first reply never arrives; the client sends the answer again."""

    class LosesReplies(httpx.BaseTransport):
        lost = 0

        def handle_request(self, request):
            reply = served.client.request(
                request.method,
                request.url.path,
                params=dict(request.url.params),
                content=request.read(),
                headers=dict(request.headers),
            )
            if request.url.path.endswith("/feedback") and not self.lost:
                self.lost += 1
                raise httpx.ReadError("the connection was reset")
            return httpx.Response(reply.status_code, headers=reply.headers, content=reply.content)

    here = httpx.Client(transport=LosesReplies(), base_url="http://127.0.0.1:8642")
    client = Client(token=TOKEN, http=here, sleep=lambda _: None)
    shown = client.open(client.images(1)[0].id, TARGET)
    after = client.answer(shown.session, Pick(1, 0))
    assert (after.round, after.rounds) == (1, 1)


def test_a_server_that_is_away_is_told_after_some_tries():
    waited = []

    def refuse(request):
        raise httpx.ConnectError("refused")

    here = httpx.Client(transport=httpx.MockTransport(refuse), base_url="http://127.0.0.1:1")
    with pytest.raises(AssentError, match="cannot be reached"):
        Client(http=here, sleep=waited.append).projects()
    assert len(waited) == 3


def test_following_a_job_says_what_is_wrong_instead_of_nothing(client, served):
    with pytest.raises(RefusedError, match="no job named '99'"):
        list(client.follow(99))
    with pytest.raises(RefusedError, match="token"):
        list(Client(token="another secret", http=served.client).follow(1))


def test_following_a_job_goes_on_when_the_connection_is_lost():
    asked = []

    def answer(request):
        asked.append(request.url.path)
        if len(asked) < 3:
            raise httpx.ReadError("lost", request=request)
        return httpx.Response(404)

    http = httpx.Client(transport=httpx.MockTransport(answer), base_url="http://test")
    with pytest.raises(RefusedError):
        list(Client(http=http, sleep=lambda _: None).follow(1))
    assert len(asked) == 3


def test_an_export_into_a_folder_that_is_not_there_begins_no_job(client, served, tmp_path):
    with pytest.raises(AssentError, match=r"'away' for masks\.zip does not exist"):
        client.export(1, TARGET, tmp_path / "away" / "masks.zip")
    told = served.client.get(f"{API}/jobs", headers={"Authorization": f"Bearer {TOKEN}"}).json()
    assert {job["kind"] for job in told} == {"scan"}


def test_what_it_imports_is_light():
    heavy = {"torch", "scipy", "fastapi"}
    code = f"import assent.client, sys; sys.exit(bool({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0


def test_a_file_is_added_once_and_refused_with_a_sentence(client, tmp_path):
    file = write_picture(tmp_path / "new.png", disc(5))
    image = client.upload(1, file)
    assert (image.path.rpartition("/")[2], image.shape_dhw) == ("new.png", (1, 48, 48))
    assert client.upload(1, file) == image
    assert client.open(image.id, TARGET).round == 0
    (tmp_path / "text.png").write_text("no picture")
    with pytest.raises(RefusedError, match=r"text\.png is not an image"):
        client.upload(1, tmp_path / "text.png")


def test_the_series_of_a_folder_or_archive_are_added_and_removed(client, tmp_path):
    sent = client.upload_series(1, recorded("98892001"))
    (image,) = sent.images
    assert (image.path.rpartition("/")[2], image.shape_dhw) == ("98892001, series 2", (5, 16, 16))
    (problem,) = sent.problems
    assert "slices in different directions" in problem
    (tmp_path / "packed.zip").write_bytes(archive_of(recorded("98892001/CT5N"), "zip"))
    assert client.upload_series(1, tmp_path / "packed.zip").images == (image,)
    client.remove_image(image.id)
    assert len(client.images(1)) == 2
    with pytest.raises(RefusedError, match="lies in the project's folder"):
        client.remove_image(client.images(1)[0].id)
    (tmp_path / "empty").mkdir()
    with pytest.raises(AssentError, match="'empty' holds no file"):
        client.upload_series(1, tmp_path / "empty")
