"""Finished masks, and the examples they make."""

from dataclasses import asdict

import numpy as np
import pytest

from assent.core.errors import NotFoundError, ShapeError, StaleError
from assent.core.feedback import Accept
from storage.work import SHAPE, TARGET, answer, begin, found, grounds, queue_up, some_mask, start


def facts_of(row):
    """Of a mask or an event: how the mask was made, and why a rule accepted it."""
    return {name: getattr(row, name) for name in asdict(grounds())}


def test_a_mask_that_was_brought_along_holds_and_teaches(store):
    one, two = queue_up(store, "one", "two")
    made = store.masks.add(one.id, some_mask(1), person="ada")
    quiet = store.masks.accept_by_rule(two.id, some_mask(2), grounds())
    assert store.masks.holding(one.id) == made
    assert (made.session_id, made.round, made.withdrawn_at, made.person) == (
        None,
        None,
        None,
        "ada",
    )
    (entry,) = store.masks.context(1, TARGET)
    assert (entry.mask_id, entry.blob, entry.target) == (made.id, made.blob, TARGET)
    assert entry.image == store.projects.images(1)[0]
    assert np.array_equal(store.masks.read(quiet.blob), some_mask(2))
    assert store.projects.progress(1, TARGET) == {"accepted": 2}
    events = store.audit.events()
    assert [(e.event, e.image_digest, e.blob, e.session_id) for e in events] == [
        ("added", "sha-one", made.blob, None),
        ("accepted by rule", "sha-two", quiet.blob, None),
    ]


def test_a_mask_and_its_event_say_how_it_was_made_and_why_a_rule_accepted_it(store):
    one, two = queue_up(store, "one", "two")
    ruled = store.masks.accept_by_rule(one.id, some_mask(1), grounds())
    added = store.masks.add(two.id, some_mask(2), person="ada")
    assert (ruled.origin, added.origin) == ("rule", "import")
    assert store.masks.holding(one.id) == ruled
    nothing = {name: "" if name.endswith("digest") else None for name in facts_of(added)}
    of_added = {**nothing, "person": "ada", "method": ""}
    assert (facts_of(ruled), facts_of(added)) == (asdict(grounds()), of_added)
    assert list(map(facts_of, store.audit.events())) == [asdict(grounds()), of_added]
    vouched = store.masks.vouch(ruled, person="bob")
    of_vouched = {**asdict(grounds(person="bob")), "threshold": None, "risk": None}
    assert (vouched.origin, facts_of(vouched)) == ("person", of_vouched)
    store.masks.withdraw(vouched, person="bob")
    assert list(map(facts_of, store.audit.events()))[2:] == [of_vouched, of_vouched]


def test_a_rule_does_not_overrule_a_person(store):
    (task,) = queue_up(store, "one")
    made = store.masks.add(task.id, some_mask(1), person="ada")
    with pytest.raises(StaleError, match="Somebody decided"):
        store.masks.accept_by_rule(task.id, some_mask(2), grounds())
    assert store.masks.holding(task.id) == made
    assert [event.event for event in store.audit.events()] == ["added"]


def test_a_rule_leaves_alone_what_somebody_has_given_answers_on(store):
    one, two = queue_up(store, "one", "two")
    session = store.sessions.open(start(one.id))
    store.sessions.give(session.id, answer(0))
    store.sessions.open(start(one.id, person="bob"))  # only looked
    store.sessions.give(store.sessions.open(start(two.id)).id, answer(0))
    with pytest.raises(StaleError, match="Somebody is working"):
        store.masks.accept_by_rule(one.id, some_mask(1), grounds())
    assert store.masks.held(1, TARGET) == {}
    assert (store.projects.progress(1, TARGET), store.audit.events()) == ({"open": 2}, ())
    store.sessions.go_to(session.id, 0)  # nothing holds that could be lost
    store.masks.accept_by_rule(one.id, some_mask(1), grounds())
    assert store.projects.progress(1, TARGET) == {"accepted": 1, "open": 1}


def test_a_later_mask_takes_the_place_of_the_earlier_one(store):
    (task,) = queue_up(store, "one")
    old = store.masks.add(task.id, some_mask(1), person="ada")
    new = store.masks.add(task.id, some_mask(2), person="bob")
    assert store.masks.holding(task.id) == new
    (entry,) = store.masks.context(1, TARGET)
    assert entry.mask_id == new.id
    assert np.array_equal(store.masks.read(old.blob), some_mask(1))


def test_a_person_vouches_for_a_mask_only_while_it_holds(store):
    one, _ = queue_up(store, "one", "two")
    first = store.masks.accept_by_rule(one.id, some_mask(1), grounds(person="eve"))
    vouched = store.masks.vouch(first, person="ada")
    assert store.masks.held(1, TARGET) == {one.id: vouched}
    assert (vouched.person, vouched.blob, vouched.session_id) == ("ada", first.blob, None)
    assert [entry.mask_id for entry in store.masks.context(1, TARGET)] == [vouched.id]
    for late in (store.masks.vouch, store.masks.withdraw):
        with pytest.raises(StaleError, match="Another mask took the place"):
            late(first, person="bob")
    store.masks.withdraw(vouched, person="bob")
    assert store.masks.held(1, TARGET) == store.masks.held(2, TARGET) == {}
    assert store.projects.progress(1, TARGET) == {"open": 2}
    told = [(e.event, e.person, e.blob) for e in store.audit.events(image_digest="sha-one")]
    whose = [("accepted by rule", "eve"), ("accepted", "ada"), ("reopened", "bob")]
    assert told == [(*each, first.blob) for each in whose]


def test_the_newest_mask_of_each_person_counts_unless_it_was_taken_back(store):
    session = begin(store)
    task = session.task_id
    store.masks.accept_by_rule(task, some_mask(4), grounds(person="eve"))
    store.masks.add(task, some_mask(1), person="bob")
    newer = store.masks.add(task, some_mask(2), person="bob")
    store.sessions.give(session.id, Accept("recommended", 0), mask=some_mask(3))
    accepted = store.masks.holding(task)
    assert [(m.id, m.person) for m in store.masks.newest(task)] == [
        (newer.id, "bob"),
        (accepted.id, "ada"),
    ]
    store.sessions.go_to(session.id, 0)
    assert [m.id for m in store.masks.newest(task)] == [newer.id]


def test_context_belongs_to_one_project_and_target_oldest_first(store):
    one, two = queue_up(store, "one", "two")
    store.projects.add_tasks([one.image_id], "cell")
    (cell,) = store.projects.queue(1, "cell")
    other = store.projects.add("other", "/other")
    store.projects.add_images(other.id, found("one"))
    store.projects.add_tasks([store.projects.images(other.id)[0].id], TARGET)
    (elsewhere,) = store.projects.queue(other.id, TARGET)
    for task in (two, cell, elsewhere, one):
        store.masks.add(task.id, some_mask(), person="ada")
    paths = [entry.image.path for entry in store.masks.context(1, TARGET)]
    assert paths == ["a/two.png", "a/one.png"]
    assert [e.target for e in store.masks.context(1, "cell")] == ["cell"]
    assert len(store.masks.context(other.id, TARGET)) == 1


def test_a_removed_example_informs_no_more_and_its_mask_goes_on_to_hold(store):
    one, two = queue_up(store, "one", "two")
    held = store.masks.add(one.id, some_mask(1), person="ada")
    store.masks.add(two.id, some_mask(2), person="ada")
    first, second = store.masks.context(1, TARGET)
    store.masks.remove_example(first.id)
    assert store.masks.context(1, TARGET) == (second,)
    assert store.masks.holding(one.id) == held
    removed_at = store.masks.examples([first.id])[0].removed_at
    store.masks.remove_example(first.id)
    read = store.masks.examples([second.id, first.id, second.id])
    assert [entry.id for entry in read] == [second.id, first.id, second.id]
    assert read[1].removed_at == removed_at is not None
    with pytest.raises(NotFoundError, match="no context entry named '99'"):
        store.masks.remove_example(99)
    with pytest.raises(NotFoundError, match="no context entry named '99'"):
        store.masks.examples([first.id, 99])


def test_what_does_not_fit_is_refused_and_changes_nothing(store):
    (task,) = queue_up(store, "one")
    with pytest.raises(ShapeError, match=r"its image \(1, 6, 5\)"):
        store.masks.add(task.id, np.ones((2, 6, 5), bool), person="ada")
    with pytest.raises(NotFoundError, match="no task named '99'"):
        store.masks.add(99, np.ones(SHAPE, bool), person="ada")
    assert store.masks.holding(task.id) is None
    assert store.masks.context(1, TARGET) == ()
    assert store.audit.events() == ()
