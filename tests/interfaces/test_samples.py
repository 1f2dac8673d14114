"""``assent samples``, and what ``assent serve`` makes of a folder of described folders."""

import json

import pytest

from assent.core.errors import InputError
from assent.interfaces.cli import serve
from assent.services import sample_folder
from assent.services.hosting import Hosting, open_workspace
from assent.services.sample_folder import sample_sets
from interfaces.small_files import check_refused, disc, write_picture


@pytest.fixture
def opened(tmp_path):
    """Opens a folder as a server does, and closes it at the end."""
    workspaces = []

    def call(folder, **more):
        home = tmp_path / "home"
        workspace = open_workspace(
            Hosting(
                folder=folder,
                method="geodesic",
                database=str(home / "assent.db"),
                blobs=str(home / "blobs"),
                **more,
            )
        )
        workspaces.append(workspace)
        workspace.jobs.settle()
        return workspace

    yield call
    for workspace in workspaces:
        workspace.close()


def queues(workspace):
    """Names of the projects with their targets and number of images."""
    store = workspace.store.projects
    return [(p.name, *store.targets(p.id), len(store.images(p.id))) for p in workspace.projects()]


def described(root, **said):
    write_picture(root / "images" / "a.png", disc(9))
    (root / "dataset.json").write_text(json.dumps(said))
    return root


def test_the_command_writes_samples_once_and_says_which_are_synthetic(cli, monkeypatch):
    few = [each for each in sample_sets() if each.name.startswith(("2", "5"))]
    monkeypatch.setattr(sample_folder, "sample_sets", lambda: few)
    ran = cli("samples")
    assert ran.code == 0, ran.err
    assert "samples/2-spine-ct-real" in ran.out
    assert ran.out.splitlines()[-1].startswith(
        "Folders whose name ends in -synthetic hold phantoms"
    )
    (first, second) = json.loads(cli("samples", "--json").out)
    assert (first["folder"], second["labels"]) == ("2-spine-ct-real", ["bright tissue"])


def test_samples_where_a_file_lies_are_refused(cli, tmp_path):
    (tmp_path / "samples").write_bytes(b"a file")
    check_refused(cli("samples"), "'samples' cannot be written")


def test_a_folder_of_described_folders_is_a_project_each_with_its_own_target(tmp_path, opened):
    study = tmp_path / "study"
    described(study / "10-cells", labels=["cell", "nucleus"])
    described(study / "9-lesions", labels=["lesion"])
    described(study / "11-any")
    write_picture(study / "notes" / "a.png", disc(9))
    found = [("9-lesions", "lesion", 1), ("10-cells", "cell", 1), ("11-any", "object", 1)]
    assert queues(opened(study)) == found


@pytest.mark.parametrize("beside", ["a.png", "images/a.png"])
def test_images_of_the_folder_itself_make_it_one_project(tmp_path, opened, beside):
    study = tmp_path / "study"
    write_picture(study / beside, disc(9))
    described(study / "finished", labels=["lesion"])
    assert queues(opened(study)) == [("study", "object", 1)]


def test_what_a_folder_says_is_its_target_unless_another_is_asked_for(tmp_path, opened):
    one, two = (described(tmp_path / name, labels=["lesion"]) for name in ("one", "two"))
    assert queues(opened(one)) == [("one", "lesion", 1)]
    assert queues(opened(two, target="halo")) == [("two", "halo", 1)]


def test_a_broken_description_is_said_and_nothing_stays_open(tmp_path, opened):
    study = tmp_path / "study"
    (described(study / "one") / "dataset.json").write_text("{")
    with pytest.raises(InputError, match=r"'one' is not served: dataset\.json cannot be read"):
        opened(study)


@pytest.mark.parametrize(
    ("platform", "screen", "has"),
    [("linux", "", False), ("linux", ":0", True), ("darwin", "", True)],
)
def test_a_browser_is_opened_only_where_there_is_a_screen(monkeypatch, platform, screen, has):
    monkeypatch.setattr(serve.sys, "platform", platform)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setenv("DISPLAY", screen)
    assert serve._has_screen() is has
