"""Answers: durable once, in their round, and replayed to the same state."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial

import numpy as np
import pytest
from sqlalchemy import func, select, text

from assent.core.errors import InputError, NotFoundError, ShapeError, StaleError
from assent.core.feedback import Accept, Correct, Pick, to_json
from assent.core.prompts import Click
from assent.sessions.record import SessionRecord
from assent.sessions.session import Session, replay
from assent.storage.masks import record
from assent.storage.packed import pack
from assent.storage.store import open_store
from assent.storage.tables import feedback
from assent.testing import ThresholdMethod
from assent.testing.data import answer as sensible
from assent.testing.data import blob as example
from storage.work import TARGET, answer, begin, queue_up, some_mask, start

ACCEPT = "recommended"


def told(answers):
    return [to_json(given) for given in answers]


def count_answers(store):
    with store.database.reading() as connection:
        return connection.scalar(select(func.count()).select_from(feedback))


def test_a_session_comes_back_as_it_was_opened(store):
    prior = {"mean": [0.1, -1e-300, 2 / 3], "name": "é", "none": None}
    task, other = queue_up(store, "one", "two")
    for task_id in (other.id, other.id):
        store.masks.add(task_id, some_mask(), person="ada")
    before = datetime.now(UTC)
    opened = store.sessions.open(start(task.id, context_ids=(2, 1), prior=prior))
    assert store.sessions.get(opened.id) == opened
    assert opened.context_ids == (2, 1)
    assert opened.prior == prior
    assert (opened.seed, opened.person, opened.method) == (2**62, "ada", "posterior")
    assert (opened.weights_digest, opened.settings_digest) == ("w1", "s1")
    assert (opened.image_digest, opened.task_id) == ("sha-one", task.id)
    assert (opened.history, opened.undone, opened.is_accepted) == ((), (), False)
    assert timedelta(0) <= opened.opened_at - before < timedelta(minutes=5)
    assert store.sessions.open(start(task.id)).prior is None


def test_every_kind_of_answer_is_there_after_reopening(store, database, tmp_path):
    session = begin(store)
    given = [answer(number) for number in range(5)]
    for one in given:
        stored = store.sessions.give(session.id, one)
        assert (stored.session_id, stored.round, stored.answer) == (session.id, one.round, one)
    painted = Accept("edited", 5, edited=some_mask(1))
    store.sessions.give(session.id, painted, mask=painted.edited)
    store.close()
    with open_store(database, tmp_path / "blobs") as again:
        read = again.sessions.get(session.id)
        assert told(read.history) == told([*given, painted])
        assert read.history[:5] == tuple(given)
        assert read.is_accepted


def test_the_same_answer_again_changes_nothing_and_returns_what_is_stored(store):
    session = begin(store)
    first = store.sessions.give(session.id, answer(0))
    second = store.sessions.give(session.id, answer(1))
    assert store.sessions.give(session.id, answer(0)) == first
    assert store.sessions.give(session.id, answer(1)) == second
    assert store.sessions.get(session.id).history == (answer(0), answer(1))


def test_another_answer_to_an_answered_round_is_stale_and_names_the_current_one(store):
    session = begin(store)
    store.sessions.give(session.id, answer(0))
    store.sessions.give(session.id, answer(1))
    wrong = [Pick(9, 0), Correct((Click((0, 0, 0)),), 1), answer(3)]
    for late in wrong:
        with pytest.raises(
            StaleError, match=f"belongs to round {late.round}, but round 2 is shown"
        ):
            store.sessions.give(session.id, late)
    assert store.sessions.get(session.id).history == (answer(0), answer(1))


def test_undo_and_redo_move_between_history_and_undone(store):
    session = begin(store)
    given = tuple(answer(number) for number in range(4))
    for one in given:
        store.sessions.give(session.id, one)
    for at in (1, 1, 4, 0, 2):
        store.sessions.go_to(session.id, at)
        read = store.sessions.get(session.id)
        assert (read.history, read.undone, read.round) == (given[:at], given[at:], at)
    for nowhere in (-1, 5):
        with pytest.raises(InputError, match="has rounds 0 to 4"):
            store.sessions.go_to(session.id, nowhere)


def test_an_answer_after_undo_drops_what_was_undone(store):
    session = begin(store)
    for number in range(3):
        store.sessions.give(session.id, answer(number))
    store.sessions.go_to(session.id, 1)
    with pytest.raises(StaleError, match="round 1 is shown"):
        store.sessions.give(session.id, answer(2))
    assert store.sessions.get(session.id).undone == (answer(1), answer(2))
    store.sessions.give(session.id, Pick(3, 1))
    read = store.sessions.get(session.id)
    assert (read.history, read.undone) == ((answer(0), Pick(3, 1)), ())
    assert count_answers(store) == 2


def test_sessions_do_not_see_each_others_answers(store):
    task, other = queue_up(store, "one", "two")
    first = store.sessions.open(start(task.id))
    second = store.sessions.open(start(task.id, person="bob"))
    store.sessions.give(first.id, answer(0))
    store.sessions.give(second.id, Pick(3, 0))
    store.sessions.give(second.id, answer(1))
    store.sessions.go_to(first.id, 0)
    assert store.sessions.get(first.id).undone == (answer(0),)
    assert store.sessions.get(second.id).history == (Pick(3, 0), answer(1))
    third = store.sessions.open(start(task.id))
    store.sessions.open(start(other.id))
    assert store.sessions.latest(task.id, "ada") == third
    assert store.sessions.latest(task.id, "bob").id == second.id
    assert store.sessions.latest(task.id, "eve") is None


def test_what_is_not_known_is_refused(store):
    session = begin(store)
    with pytest.raises(NotFoundError, match=r"no session named '9'\. Known: 1"):
        store.sessions.get(9)
    with pytest.raises(NotFoundError, match="no session named '9'"):
        store.sessions.give(9, answer(0))
    with pytest.raises(NotFoundError, match="no session named '9'"):
        store.sessions.go_to(9, 0)
    with pytest.raises(NotFoundError, match="no task named '9'"):
        store.sessions.open(start(9))
    with pytest.raises(NotFoundError, match="no context entry named '4'"):
        store.sessions.open(start(session.task_id, context_ids=(4,)))
    assert store.sessions.latest(session.task_id, "ada") == session


def test_mask_and_acceptance_come_together(store):
    session = begin(store)
    for given, mask in ((Accept(ACCEPT, 0), None), (answer(0), some_mask())):
        with pytest.raises(InputError, match="Send both together"):
            store.sessions.give(session.id, given, mask=mask)
    with pytest.raises(ShapeError, match=r"\(1, 6, 7\), its image \(1, 6, 5\)"):
        store.sessions.give(session.id, Accept(ACCEPT, 0), mask=np.ones((1, 6, 7), bool))
    assert store.sessions.get(session.id).history == ()
    assert store.masks.holding(session.task_id) is None


def test_acceptance_undo_and_redo_carry_queue_context_and_audit_along(store):
    session = begin(store)
    task = session.task_id
    store.sessions.give(session.id, answer(0))
    store.sessions.give(session.id, Accept(ACCEPT, 1), mask=some_mask())
    states = []
    for at in (2, 1, 0, 2, 2):
        store.sessions.go_to(session.id, at)
        context = store.masks.context(1, TARGET)
        held = store.masks.holding(task)
        open_tasks = len(store.projects.queue(1, TARGET))
        states.append((store.sessions.get(session.id).is_accepted, len(context), open_tasks))
        assert (held is not None) == states[-1][0]
    assert states == [(True, 1, 0), (False, 0, 1), (False, 0, 1), (True, 1, 0), (True, 1, 0)]
    held = store.masks.holding(task)
    assert (held.origin, held.method, held.weights_digest) == ("person", "posterior", "w1")
    assert (held.settings_digest, held.predicted_dice, held.risk) == ("s1", None, None)
    assert [e.event for e in store.audit.events()] == ["accepted", "reopened", "accepted"]
    event = store.audit.events(image_digest="sha-one")[0]
    assert (event.person, event.method, event.weights_digest) == ("ada", "posterior", "w1")
    assert (event.settings_digest, event.session_id, event.target) == ("s1", session.id, TARGET)
    assert np.array_equal(store.masks.read(event.blob), some_mask())
    assert store.audit.events(image_digest="sha-two") == ()


def test_a_repeated_acceptance_is_accepted_once(store):
    session = begin(store)
    first = store.sessions.give(session.id, Accept(1, 0), mask=some_mask())
    again = store.sessions.give(session.id, Accept(1, 0), mask=some_mask())
    assert again.given_at == first.given_at
    assert len(store.audit.events()) == len(store.masks.context(1, TARGET)) == 1
    with pytest.raises(StaleError, match="round 1 is shown"):
        store.sessions.give(session.id, Accept(2, 0), mask=some_mask(1))


def test_a_profile_is_behind_until_it_is_saved_after_the_acceptance(store):
    session = begin(store)
    behind = partial(store.profiles.behind, "posterior", "w1")
    store.profiles.save("ada", "posterior", "w1", {})
    assert behind() == ()
    store.sessions.give(session.id, Accept(ACCEPT, 0), mask=some_mask())
    assert behind() == ("ada",)
    store.profiles.save("ada", "posterior", "w2", {})
    assert behind() == ("ada",)
    assert store.profiles.behind("posterior", "w2") == ()
    store.profiles.save("ada", "posterior", "w1", {})
    assert behind() == ()
    store.profiles.reset("ada", "posterior", "w1")
    assert behind() == ("ada",)
    store.sessions.go_to(session.id, 0)
    assert behind() == ()


def test_another_acceptance_after_undo_takes_the_place_of_the_first(store):
    session = begin(store)
    store.sessions.give(session.id, Accept(ACCEPT, 0), mask=some_mask(1))
    (old,) = store.masks.context(1, TARGET)
    later = store.sessions.open(start(session.task_id, context_ids=(old.id,)))
    store.sessions.go_to(session.id, 0)
    store.sessions.give(session.id, Accept(0, 0), mask=some_mask(2))
    (new,) = store.masks.context(1, TARGET)
    assert np.array_equal(store.masks.read(new.blob), some_mask(2))
    # The session that began with the old one still finds it.
    (kept,) = store.masks.examples(store.sessions.get(later.id).context_ids)
    assert kept.removed_at is not None
    assert np.array_equal(store.masks.read(kept.blob), some_mask(1))
    store.sessions.go_to(session.id, 0)
    store.sessions.go_to(session.id, 1)
    assert store.masks.context(1, TARGET) == (new,)


def test_taking_back_what_somebody_else_has_replaced_leaves_theirs(store):
    mine = begin(store)
    theirs = store.sessions.open(start(mine.task_id, person="bob"))
    store.sessions.give(mine.id, Accept(ACCEPT, 0), mask=some_mask(1))
    store.sessions.give(theirs.id, Accept(ACCEPT, 0), mask=some_mask(2))
    store.sessions.go_to(mine.id, 0)
    held = store.masks.holding(mine.task_id)
    assert (held.person, held.session_id, held.round) == ("bob", theirs.id, 0)
    assert [entry.mask_id for entry in store.masks.context(1, TARGET)] == [held.id]
    assert store.projects.progress(1, TARGET) == {"accepted": 1}


def test_of_many_answers_to_one_round_at_the_same_time_one_holds(store):
    session = begin(store)
    told_back = []

    def race(number):
        try:
            told_back.append(store.sessions.give(session.id, Pick(number, 0)).answer)
        except StaleError:
            told_back.append(None)

    threads = [threading.Thread(target=race, args=(number,), daemon=True) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    held = [given for given in told_back if given is not None]
    assert (len(told_back), len(held)) == (6, 1)
    assert store.sessions.get(session.id).history == tuple(held)


def test_a_stored_session_replays_to_the_same_proposals(store):
    scene = example((1, 21, 25))
    live = Session(ThresholdMethod(), scene.image, seed=3)
    stored = begin(store, seed=3)
    for kind in ("click", "pick", "judge", "box"):
        given = sensible(kind, live.propose(), scene.reference)
        store.sessions.give(stored.id, given)
        live.give(given)
    live.go_to(3)
    store.sessions.go_to(stored.id, 3)
    read = store.sessions.get(stored.id)
    assert (told(read.history), told(read.undone)) == (told(live.history), told(live.undone))
    record = SessionRecord.from_json(
        {**json.loads(json.dumps(live.record().to_json())), "history": [], "undone": []}
    )
    again = replay(
        SessionRecord(**{**vars(record), "history": read.history, "undone": read.undone}),
        ThresholdMethod(),
        scene.image,
    )
    for _ in range(2):
        shown, expected = again.propose(), live.propose()
        assert np.array_equal(shown.recommended, expected.recommended)
        assert np.array_equal(shown.probability, expected.probability)
        assert shown.round == expected.round
        again.redo()
        live.redo()


def until_it_waits(store, work):
    """Return when another transaction waits for this one; SQLite lets none begin."""
    waiting = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
    while "postgresql" in store.database.url.drivername and not work.done():
        with store.database.reading() as connection:
            if connection.scalar(waiting):
                return


def test_who_accepts_while_another_person_does_waits_and_has_the_last_word(store):
    session = begin(store)
    made = dict.fromkeys(("method", "weights_digest", "settings_digest"), "")
    made |= {
        "task_id": session.task_id,
        "person": "ben",
        "blob": store.blobs.put(pack(some_mask(1))),
    }
    with ThreadPoolExecutor() as pool:
        with store.database.writing() as connection:
            bens = record(connection, "import", made)
            accept = partial(store.sessions.give, mask=some_mask(2))
            adas = pool.submit(accept, session.id, Accept(ACCEPT, 0))
            until_it_waits(store, adas)
        adas.result(timeout=60)
    assert store.masks.holding(session.task_id).person == "ada"
    assert [mask.person for mask in store.masks.newest(session.task_id)] == ["ben", "ada"]
    assert store.masks.newest(session.task_id)[0].id == bens.id
