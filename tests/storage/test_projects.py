"""Projects, images and the queue."""

import pytest

from assent.core.errors import InputError, NotFoundError
from assent.storage.records import FoundImage
from storage.work import SHAPE, TARGET, found, queue_up, some_mask


def test_projects_are_listed_as_they_were_made_and_names_are_unique(store):
    made = [store.projects.add(name, f"/{name}") for name in ("b", "a")]
    assert store.projects.all() == tuple(made)
    with pytest.raises(InputError, match="a project named 'a' already"):
        store.projects.add("a", "/elsewhere")
    assert [(p.name, p.root) for p in store.projects.all()] == [("b", "/b"), ("a", "/a")]


def test_images_come_back_as_they_were_found_and_only_once(store):
    project = store.projects.add("study", "/images")
    other = store.projects.add("other", "/other")
    store.projects.add_images(other.id, found("x"))
    for _ in range(2):
        store.projects.add_images(project.id, found("two", "one"))
    images = store.projects.images(project.id)
    assert [(i.path, i.digest, i.shape_dhw, i.kind) for i in images] == [
        ("a/one.png", "sha-one", SHAPE, "png"),
        ("a/two.png", "sha-two", SHAPE, "png"),
    ]
    assert {image.project_id for image in images} == {project.id}


def test_a_file_with_new_content_is_another_image_until_the_old_content_is_back(store):
    first, _ = queue_up(store, "one", "two")
    project = store.projects.all()[0]
    changed = FoundImage(path="a/one.png", digest="sha-new", shape_dhw=(1, 9, 9), kind="png")
    store.projects.add_images(project.id, [changed])
    listed = {image.path: image for image in store.projects.images(project.id)}
    assert listed["a/one.png"].digest == "sha-new"
    assert listed["a/one.png"].id != first.image_id
    assert listed["a/two.png"].digest == "sha-two"
    assert first.id not in {task.id for task in store.projects.queue(project.id, TARGET)}
    store.projects.add_images(project.id, found("one"))
    back = {image.path: image for image in store.projects.images(project.id)}
    assert (back["a/one.png"].id, len(back)) == (first.image_id, 2)


@pytest.mark.parametrize(
    "path", ["/etc/x.png", "../x.png", "a/../../x.png", "", "a\\b", "a\0b", "a\udcffb"]
)
def test_a_path_that_leaves_the_project_is_refused(store, path):
    project = store.projects.add("study", "/images")
    image = FoundImage(path=path, digest="d", shape_dhw=SHAPE, kind="png")
    with pytest.raises(InputError, match="from the project's root downwards"):
        store.projects.add_images(project.id, [*found("one"), image])
    assert store.projects.images(project.id) == ()


def test_the_queue_follows_its_order_and_forgets_nothing_when_asked_again(store):
    one, three, two = queue_up(store, "one", "two", "three")
    project = store.projects.all()[0].id
    assert [t.queue_order for t in (one, three, two)] == [0, 1, 2]
    assert {t.predicted_dice for t in (one, three, two)} == {None}
    store.projects.rank({one.id: (0.9, 5.5), two.id: (0.25, -1.0)})
    store.projects.add_tasks([one.image_id], TARGET)
    queue = store.projects.queue(project, TARGET)
    assert [t.id for t in queue] == [two.id, three.id, one.id]
    assert [t.predicted_dice for t in queue] == [0.25, None, 0.9]
    assert store.projects.queue(project, TARGET, limit=1) == queue[:1]
    assert store.projects.queue(project, "another") == ()
    assert store.projects.queue(project + 1, TARGET) == ()


def test_skipped_tasks_leave_the_queue_and_can_come_back(store):
    one, two, done = queue_up(store, "one", "two", "zoo")
    project = store.projects.all()[0].id
    store.masks.add(done.id, some_mask(), person="ada")
    store.projects.skip([done.id])
    store.projects.skip([done.id], back=True)
    store.projects.skip([one.id])
    assert [t.id for t in store.projects.queue(project, TARGET)] == [two.id]
    assert [t.id for t in store.projects.queue(project, TARGET, state="skipped")] == [one.id]
    assert store.projects.progress(project, TARGET) == {"open": 1, "skipped": 1, "accepted": 1}
    store.projects.skip([one.id], back=True)
    assert store.projects.progress(project, TARGET) == {"open": 2, "accepted": 1}


def test_what_is_not_known_is_named_with_a_few_that_are(store):
    (task,) = queue_up(store, "one")
    with pytest.raises(NotFoundError, match=f"no image named '77'. Known: {task.image_id}\\."):
        store.projects.add_tasks([task.image_id, 77], TARGET)
    with pytest.raises(NotFoundError, match="no project named '77'"):
        store.projects.add_images(77, found("two"))
    with pytest.raises(NotFoundError, match="no task named '77'"):
        store.projects.rank({task.id: (0.5, 9.0), 77: (None, 0.0)})
    assert store.projects.queue(1, TARGET) == (task,)
    names = [f"{number:03}" for number in range(20)]
    store.projects.add_images(1, found(*names))
    with pytest.raises(NotFoundError) as told:
        store.projects.add_tasks([77], TARGET)
    assert told.value.known == ("17", "18", "19", "20", "21", "…")


def test_empty_lists_change_nothing(store):
    (task,) = queue_up(store, "one")
    store.projects.add_images(1, [])
    store.projects.add_tasks([], TARGET)
    store.projects.rank({})
    store.projects.skip([])
    assert store.projects.queue(1, TARGET) == (task,)
