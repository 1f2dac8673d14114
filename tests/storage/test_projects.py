"""Projects, images and the queue."""

import pytest

from assent.core.errors import InputError, NotFoundError
from assent.storage.records import FoundImage
from storage.work import SHAPE, TARGET, answer, found, queue_up, some_mask, start


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


def test_a_removed_image_is_listed_no_more_and_its_name_is_forgotten(store):
    first, second = queue_up(store, "one", "two")
    store.sessions.open(start(first.id))  # looked at, and no more
    store.projects.remove_image(first.image_id)
    assert [image.path for image in store.projects.images(1)] == ["a/two.png"]
    assert [task.id for task in store.projects.queue(1, TARGET)] == [second.id]
    assert "one" not in store.projects.image(first.image_id).path
    with pytest.raises(NotFoundError, match="no image named"):
        store.projects.remove_image(first.image_id)
    store.projects.add_images(1, found("one"))
    (again,) = [image for image in store.projects.images(1) if image.path == "a/one.png"]
    assert again.id not in {first.image_id, second.image_id}
    store.projects.add_tasks([again.id], TARGET)
    store.projects.remove_image(again.id)


def test_an_image_somebody_worked_on_is_not_removed(store):
    answered, accepted = queue_up(store, "one", "two")
    session = store.sessions.open(start(answered.id))
    store.sessions.give(session.id, answer(0))
    store.masks.add(accepted.id, some_mask(), person="ada")
    for task, name in ((answered, "one.png"), (accepted, "two.png")):
        with pytest.raises(InputError, match=f"{name} has answers or an accepted mask"):
            store.projects.remove_image(task.image_id)
    assert len(store.projects.images(1)) == 2
    store.sessions.go_to(session.id, 0)
    store.projects.remove_image(answered.image_id)
    assert [image.path for image in store.projects.images(1)] == ["a/two.png"]


def test_a_removed_target_is_gone_until_it_is_added_again(store):
    tasks = queue_up(store, "one", "two")
    ids = [task.image_id for task in tasks]
    with pytest.raises(InputError, match="'nucleus' is the only target"):
        store.projects.remove_target(1, TARGET)
    store.projects.add_tasks(ids, "nukleus")
    typo = store.projects.task_of(ids[0], "nukleus")
    store.sessions.open(start(typo.id))
    store.projects.remove_target(1, "nukleus")
    assert store.projects.targets(1) == (TARGET,)
    assert store.projects.queue(1, "nukleus") == ()
    assert store.projects.progress(1, "nukleus") == {}
    assert store.projects.task_of(ids[0], "nukleus") is None
    assert store.projects.progress(1, TARGET) == {"open": 2}
    with pytest.raises(NotFoundError, match="no task named"):
        store.projects.task(typo.id)
    with pytest.raises(NotFoundError, match=r"named 'nukleus'\. Known: nucleus"):
        store.projects.remove_target(1, "nukleus")
    store.projects.add_tasks(ids[:1], "nukleus")
    assert [task.id for task in store.projects.queue(1, "nukleus")] == [typo.id]


def test_adding_a_target_again_leaves_what_was_accepted_or_skipped(store):
    one, two = queue_up(store, "one", "two")
    store.projects.skip([one.id])
    store.masks.add(two.id, some_mask(), person="ada")
    store.projects.add_tasks([one.image_id, two.image_id], TARGET)
    assert store.projects.progress(1, TARGET) == {"skipped": 1, "accepted": 1}


def test_a_target_somebody_worked_on_is_not_removed(store):
    (task,) = queue_up(store, "one")
    store.projects.add_tasks([task.image_id], "wall")
    session = store.sessions.open(start(task.id))
    store.sessions.give(session.id, answer(0))
    with pytest.raises(InputError, match="The target 'nucleus' has answers"):
        store.projects.remove_target(1, TARGET)
    other = store.projects.add("other", "/other")
    store.projects.add_images(other.id, found("one"))
    (image,) = store.projects.images(other.id)
    for target in (TARGET, "wall"):
        store.projects.add_tasks([image.id], target)
    store.projects.remove_target(other.id, TARGET)
    assert store.projects.targets(1) == (TARGET, "wall")
    assert store.projects.targets(other.id) == ("wall",)
