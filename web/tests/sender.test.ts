import { type Mock, afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Refused, Unreachable } from "../src/api/client";
import type { Answer, Proposal } from "../src/api/types";
import { keep, waiting } from "../src/state/pending";
import { Sender } from "../src/state/sender";
import type { Pending, Step } from "../src/state/session";
import { Store } from "../src/state/store";
import { words } from "../src/words";
import { Memory } from "./memory";
import { proposal } from "./proposals";

const pick: Answer = { kind: "pick", round: 0, candidate: 1, page: 0 };
const point: Answer = {
  kind: "correct",
  round: 1,
  prompts: [{ kind: "click", at_zyx: [0, 1, 1], positive: true }],
  removed: [],
};
const otherWeights = new Refused(409, "weights", "Other weights are in use.", null, null);
const tooLong = new Refused(503, "too_long", "The computation took longer than 600 seconds.", null, null);
const dead = new Refused(503, "worker", "The process that computes stopped.", null, 2);
const gone = () => Promise.reject(new Unreachable("gone"));
const after = (round: number) => Promise.resolve(proposal({ round, rounds: round }));

function desk(...replies: (() => Promise<Proposal>)[]) {
  const store = new Store();
  store.dispatch({ type: "shown", proposal: proposal() });
  const storage = new Memory();
  const answer = vi.fn((_waiting: Pending) => (replies.shift() ?? gone)());
  const unauthorised = vi.fn();
  const step = vi.fn((_from: Proposal, _step: Step): Promise<Proposal> | null => gone());
  const server = { answer, step, store: () => "one" };
  return { store, storage, answer, step, unauthorised, server, sender: new Sender(store, storage, server, unauthorised) };
}

/** To which sessions which answers were sent. */
const sent = ({ mock }: Mock<(waiting: Pending) => Promise<Proposal>>) =>
  mock.calls.map(([{ session, answer }]) => [session, answer] as const);

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("an answer given", () => {
  it("is in the browser's storage before it is sent, and gone once acknowledged", async () => {
    const { sender, storage, answer, store } = desk();
    answer.mockImplementation(() => {
      expect([...waiting(storage, "one").keys()]).toEqual([7]);
      return after(1);
    });
    expect(sender.give(pick)).toBe(true);
    await vi.runAllTimersAsync();
    expect(answer).toHaveBeenCalledTimes(1);
    expect(waiting(storage, "one").size).toBe(0);
    expect(store.get().proposal?.round).toBe(1);
  });

  it("is sent again, the same, when no reply came", async () => {
    const { sender, answer, store } = desk(gone, gone, () => after(1));
    sender.give(pick);
    await vi.advanceTimersByTimeAsync(0);
    expect(store.get().isOnline).toBe(false);
    await vi.advanceTimersByTimeAsync(4000);
    expect(sent(answer)).toEqual([[7, pick], [7, pick], [7, pick]]);
    expect(store.get().isOnline).toBe(true);
    expect(store.get().pending).toEqual([]);
  });

  it("that cannot be stored waits as long as the server asks for", async () => {
    const full = new Refused(503, "storage", "The disk is full.", null, 8);
    const { sender, answer, store } = desk(() => Promise.reject(full), () => after(1));
    sender.give(pick);
    await vi.advanceTimersByTimeAsync(7000);
    expect(answer).toHaveBeenCalledTimes(1);
    expect(store.get().notice?.text).toBe("The disk is full.");
    await vi.advanceTimersByTimeAsync(1100);
    expect(answer).toHaveBeenCalledTimes(2);
  });

  it("follows the one before it, and not sooner", async () => {
    const { sender, answer } = desk(gone, () => after(1), () => after(2));
    sender.give(pick);
    sender.give(point);
    await vi.advanceTimersByTimeAsync(0);
    expect(answer).toHaveBeenCalledTimes(1);
    await vi.runAllTimersAsync();
    expect(sent(answer).map(([, given]) => given.round)).toEqual([0, 0, 1]);
  });

  it("to a database that is not served waits for it, and what the server says is shown", async () => {
    const other = new Refused(409, "other_store", "Another database is served.", null, null);
    const { sender, answer, store, storage } = desk(() => Promise.reject(other), () => after(1));
    sender.give(pick);
    await vi.advanceTimersByTimeAsync(0);
    expect(store.get()).toMatchObject({ isOnline: false, notice: { text: "Another database is served." } });
    expect(waiting(storage, "one").size).toBe(1);
    await vi.runAllTimersAsync();
    expect(answer).toHaveBeenCalledTimes(2);
    expect(store.get()).toMatchObject({ isOnline: true, pending: [], proposal: { round: 1 } });
  });

  it("to a round answered elsewhere gives way to what holds", async () => {
    const now = proposal({ round: 5, rounds: 5 });
    const stale = new Refused(409, "stale", "Round 5 is shown.", now, null);
    const { sender, store, storage } = desk(() => Promise.reject(stale));
    sender.give(pick);
    await vi.runAllTimersAsync();
    expect(store.get().proposal?.round).toBe(5);
    expect(store.get().notice?.kind).toBe("problem");
    expect(waiting(storage, "one").size).toBe(0);
  });

  it("to a session of other weights is dropped, and the session is known to be over", async () => {
    const { sender, store, storage } = desk(gone, () => Promise.reject(otherWeights));
    sender.give(pick);
    sender.give(point);
    await vi.runAllTimersAsync();
    expect(store.get().outdated).toEqual({ session: 7, dropped: 2 });
    expect(waiting(storage, "one").size).toBe(0);
    expect(sender.give(pick)).toBe(false);
  });

  it("that the server will never take is dropped with the server's words", async () => {
    const wrong = new Refused(400, "input", "The click is outside the image.", null, null);
    const { sender, store, storage, answer } = desk(() => Promise.reject(wrong));
    sender.give(pick);
    await vi.runAllTimersAsync();
    expect(answer).toHaveBeenCalledTimes(1);
    expect(store.get().notice?.text).toBe("The click is outside the image.");
    expect(store.get().pending).toEqual([]);
    expect(waiting(storage, "one").size).toBe(0);
  });

  it("that took too long is not sent again: it goes, with those after it, and what was there before is shown", async () => {
    const { sender, store, storage, answer } = desk(() => Promise.reject(tooLong));
    const before = store.get().proposal;
    sender.give(pick);
    sender.give(point);
    await vi.runAllTimersAsync();
    sender.retryNow();
    await vi.runAllTimersAsync();
    expect(answer).toHaveBeenCalledTimes(1);
    expect(store.get().notice).toEqual({ kind: "problem", text: words.tooLong(2) });
    expect(store.get().proposal).toBe(before);
    expect(store.get().pending).toEqual([]);
    expect(waiting(storage, "one").size).toBe(0);
  });

  it("that is dropped after a wait leaves a page that knows the server is there", async () => {
    const { sender, store } = desk(() => Promise.reject(dead), () => Promise.reject(tooLong));
    sender.give(pick);
    await vi.advanceTimersByTimeAsync(0);
    expect(store.get().isOnline).toBe(false);
    await vi.runAllTimersAsync();
    expect(store.get().isOnline).toBe(true);
    expect(store.get().notice?.text).toBe(words.tooLong(1));
  });

  it("is kept while the server asks for its token", async () => {
    const locked = new Refused(401, "token", "A token is needed.", null, null);
    const { sender, store, answer, unauthorised } = desk(() => Promise.reject(locked), () => after(1));
    sender.give(pick);
    await vi.runAllTimersAsync();
    expect(unauthorised).toHaveBeenCalledTimes(1);
    expect(answer).toHaveBeenCalledTimes(1);
    sender.retryNow();
    await vi.runAllTimersAsync();
    expect(store.get().pending).toEqual([]);
  });

  it("is taken back without the server only before it was sent", async () => {
    const { sender, storage } = desk(gone);
    sender.give(pick);
    sender.give(point);
    await vi.advanceTimersByTimeAsync(0);
    expect(sender.takeBack()).toBe(true);
    expect(sender.takeBack()).toBe(false);
    expect(waiting(storage, "one").get(7)?.length).toBe(1);
  });
});

describe("undo", () => {
  const undo: Step = { kind: "undo" };
  /** At round 3, with replies that come when they are let go. */
  const undoing = (...replies: (() => Promise<Proposal>)[]) => {
    const opened = desk(...replies);
    opened.store.dispatch({ type: "shown", proposal: proposal({ round: 3, rounds: 3 }) });
    const held: { come(now: Proposal): void; fail(error: unknown): void }[] = [];
    opened.step.mockImplementation(() => new Promise((come, fail) => held.push({ come, fail })));
    const settle = async () => void (await vi.advanceTimersByTimeAsync(0));
    return { ...opened, held, settle };
  };
  const at = (round: number) => proposal({ round, rounds: 3 });

  it("is waited for by a point given meanwhile, which then follows the round that is shown", async () => {
    const { sender, store, storage, answer, held, settle } = undoing(() => after(3));
    sender.ask(undo);
    await settle();
    expect(sender.give({ ...point, round: 3 })).toBe(true);
    await settle();
    expect(answer).not.toHaveBeenCalled();
    held[0]?.come(at(2));
    await settle();
    expect(sent(answer)).toEqual([[7, { ...point, round: 2 }]]);
    expect(store.get()).toMatchObject({ proposal: { round: 3 }, pending: [], kept: [], steps: [] });
    expect(waiting(storage, "one").size).toBe(0);
  });

  it("asked for again and again is done once after the other, each from where the last led", async () => {
    const { sender, store, step, held, settle } = undoing();
    for (const _press of [1, 2, 3]) sender.ask({ ...undo });
    for (const round of [2, 1, 0]) {
      await settle();
      held.at(-1)?.come(at(round));
    }
    await settle();
    expect(step.mock.calls.map(([from]) => from.round)).toEqual([3, 2, 1]);
    expect(store.get()).toMatchObject({ proposal: { round: 0 }, steps: [] });
  });

  it("while an answer is on its way is remembered, and takes that one back", async () => {
    let come = (_now: Proposal) => {};
    const { sender, store, step, held, settle } = undoing(() => new Promise((resolve) => (come = resolve)));
    sender.give({ ...point, round: 3 });
    await settle();
    expect(sender.takeBack()).toBe(false);
    sender.ask(undo);
    await settle();
    expect(step).not.toHaveBeenCalled();
    come(proposal({ round: 4, rounds: 4 }));
    await settle();
    expect(step.mock.calls[0]?.[0].round).toBe(4);
    held[0]?.come(at(3));
    await settle();
    expect(store.get()).toMatchObject({ proposal: { round: 3 }, steps: [], notice: null });
  });

  it("is tried again when no reply came, and known to be done where the server did it", async () => {
    const { sender, store, step, held, settle } = undoing();
    sender.ask(undo);
    await settle();
    held[0]?.fail(new Unreachable("gone"));
    await vi.advanceTimersByTimeAsync(1000);
    expect(step).toHaveBeenCalledTimes(2);
    held[1]?.fail(new Refused(409, "stale", "", at(2), null));
    await settle();
    expect(store.get()).toMatchObject({ proposal: { round: 2 }, steps: [], isOnline: true, notice: null });
  });

  it("that is refused is said, and what was marked meanwhile is given to what holds", async () => {
    const { sender, store, answer, held, settle } = undoing(() => after(6));
    sender.ask(undo);
    sender.ask({ ...undo });
    await settle();
    sender.give({ ...point, round: 3 });
    held[0]?.fail(new Refused(409, "stale", "", proposal({ round: 5, rounds: 5 }), null));
    await settle();
    expect(sent(answer)).toEqual([[7, { ...point, round: 5 }]]);
    expect(store.get()).toMatchObject({ proposal: { round: 6 }, steps: [], notice: { text: words.steppedElsewhere } });
  });

  it("refused once another image is shown changes nothing there, and is told of by name", async () => {
    const { sender, store, held, settle } = undoing();
    sender.ask(undo);
    await settle();
    store.dispatch({ type: "closed" });
    sender.begin(proposal({ session: 8 }));
    held[0]?.fail(new Refused(409, "stale", "Round 5 is shown.", proposal({ round: 5 }), null));
    await settle();
    expect(store.get().proposal?.session).toBe(8);
    expect(store.get().notice?.text).toBe(words.notDone("b.png", words.lostTo.otherWindow));
  });

  it("where nothing is left to undo ends without asking the server", async () => {
    const { sender, store, step, answer, settle } = undoing(() => after(4));
    step.mockImplementation(() => null);
    sender.ask(undo);
    sender.give({ ...point, round: 3 });
    await settle();
    expect(store.get()).toMatchObject({ steps: [], kept: [], notice: null });
    expect(sent(answer)).toEqual([[7, { ...point, round: 3 }]]);
  });
});

describe("an answer refused once another image is shown", () => {
  const stale = new Refused(409, "stale", "", proposal({ round: 5, rounds: 5 }), null);
  const wrong = new Refused(400, "input", "The click is outside the image.", null, null);
  const reasons = [[stale, words.lostTo.otherWindow], [otherWeights, words.lostTo.otherWeights], [wrong, wrong.message]] as const;

  it.each(reasons)("changes nothing there, is told of by name, and what was given there is sent", async (error, why) => {
    let refuse = () => {};
    const held = new Promise<Proposal>((_, reject) => (refuse = () => reject(error)));
    const next = proposal({ session: 8, round: 1, rounds: 1 });
    const { sender, store, storage, answer } = desk(() => held, () => Promise.resolve(next));
    sender.give(pick);
    store.dispatch({ type: "closed" });
    sender.begin(proposal({ session: 8 }));
    sender.give({ ...point, round: 0 });
    refuse();
    await vi.runAllTimersAsync();
    expect(sent(answer)).toEqual([[7, pick], [8, { ...point, round: 0 }]]);
    expect(store.get()).toMatchObject({ proposal: next, pending: [], outdated: null });
    expect(store.get().notice?.text).toBe(words.notStored("b.png", 1, why));
    expect(waiting(storage, "one").size).toBe(0);
  });

  it("is told of once, be it sent twice", async () => {
    let refuse = () => {};
    const held = new Promise<Proposal>((_, reject) => (refuse = () => reject(stale)));
    const { sender, store } = desk(() => held, () => Promise.reject(stale));
    sender.give(pick);
    store.dispatch({ type: "closed" });
    await sender.sendLeftOver();
    sender.begin(proposal({ session: 8 }));
    expect(store.get().notice?.text).toBe(words.notStored("b.png", 1, words.lostTo.otherWindow));
    store.dispatch({ type: "told", notice: null });
    refuse();
    await vi.runAllTimersAsync();
    expect(store.get().notice).toBeNull();
  });
});

describe("what is given before the first proposal", () => {
  const opening = (...replies: (() => Promise<Proposal>)[]) => {
    const opened = desk(...replies);
    opened.store.dispatch({ type: "closed" });
    for (const round of [0, 1]) expect(opened.sender.give({ ...point, round })).toBe(true);
    return opened;
  };

  it("is sent in order once that proposal is there, and kept for a later visit until it is acknowledged", async () => {
    const { sender, answer, storage } = opening(gone, () => after(4), () => after(5));
    await vi.runAllTimersAsync();
    expect(answer).not.toHaveBeenCalled();
    expect(waiting(storage, "one").size).toBe(0);
    sender.begin(proposal({ round: 3, rounds: 3 }));
    await vi.advanceTimersByTimeAsync(0);
    expect(waiting(storage, "one").get(7)?.map(({ answer: given }) => given.round)).toEqual([3, 4]);
    await vi.runAllTimersAsync();
    expect(sent(answer).map(([session, given]) => [session, given.round])).toEqual([[7, 3], [7, 3], [7, 4]]);
    expect(waiting(storage, "one").size).toBe(0);
  });

  it("is taken back last first, without the server", async () => {
    const { sender, answer, store } = opening();
    expect(sender.takeBack()).toBe(true);
    expect(store.get().kept).toHaveLength(1);
    expect(sender.takeBack()).toBe(true);
    expect(sender.takeBack()).toBe(false);
    sender.begin(proposal());
    await vi.runAllTimersAsync();
    expect(answer).not.toHaveBeenCalled();
  });

  it("is not given to what was accepted elsewhere meanwhile, and that is said", async () => {
    const { sender, answer, store } = opening();
    sender.begin(proposal({ is_accepted: true }));
    await vi.runAllTimersAsync();
    expect(answer).not.toHaveBeenCalled();
    expect(store.get().notice).toEqual({ kind: "problem", text: words.acceptedElsewhere });
  });
});

describe("what is marked before a round it could be given to", () => {
  const place = { image: 3, target: "object", person: "me" };
  const marked = () => {
    const opened = desk(() => after(1), () => after(2));
    opened.sender.open(place);
    for (const round of [0, 1]) opened.sender.give({ ...point, round });
    return opened;
  };

  it("is there again after a reload, and given once", async () => {
    const { storage } = marked();
    const { store, answer } = desk(() => after(1), () => after(2));
    const later = new Sender(store, storage, { answer, step: () => null, store: () => "one" }, vi.fn());
    later.open(place);
    expect(store.get().kept).toHaveLength(2);
    later.begin(proposal());
    await vi.runAllTimersAsync();
    expect(sent(answer).map(([, given]) => given.round)).toEqual([0, 1]);
    expect(storage.length).toBe(0);
  });

  it("waits while another image is worked on or looked at, and is not given to that one", async () => {
    const { sender, store, answer } = marked();
    sender.open({ ...place, image: 4 });
    sender.begin(proposal({ session: 8 }));
    sender.open(null);
    sender.open({ ...place, person: "somebody" });
    expect(store.get().kept).toEqual([]);
    await vi.runAllTimersAsync();
    expect(answer).not.toHaveBeenCalled();
    sender.open(place);
    expect(store.get().kept).toHaveLength(2);
  });

  it("is not kept for another database, nor once it was taken back", () => {
    const { sender, storage, store } = marked();
    const other = desk();
    const elsewhere = new Sender(other.store, storage, { ...other.server, store: () => "another" }, vi.fn());
    elsewhere.open(place);
    expect(other.store.get().kept).toEqual([]);
    while (sender.takeBack());
    sender.open(place);
    expect(store.get().kept).toEqual([]);
    expect(storage.length).toBe(0);
  });

  it("while an undo is on its way is there again too", async () => {
    const { sender, store } = desk();
    sender.open(place);
    sender.begin(proposal({ round: 3, rounds: 3 }));
    sender.ask({ kind: "undo" });
    sender.give({ ...point, round: 3 });
    await vi.advanceTimersByTimeAsync(0);
    sender.open(place);
    expect(store.get().kept.map(({ kind }) => kind)).toEqual(["correct"]);
  });

  it("that cannot be read is nothing", () => {
    const { sender, storage, store } = marked();
    for (const broken of ["{", "7", '[{"kind": "pick"}, null]']) {
      storage.setItem(storage.key(0) ?? "", broken);
      sender.open(place);
      expect(store.get().kept).toEqual([]);
    }
  });
});

describe("answers left over from an earlier visit", () => {
  it("are sent once, oldest first, and forgotten", async () => {
    const before = desk(gone);
    before.sender.give(pick);
    before.sender.give(point);
    await vi.advanceTimersByTimeAsync(0);

    const store = new Store();
    const answer = vi.fn((waiting: Pending) => after(waiting.answer.round + 1));
    const sender = new Sender(store, before.storage, { answer, step: before.step, store: () => "one" }, vi.fn());
    await sender.sendLeftOver();
    expect(sent(answer)).toEqual([[7, pick], [7, point]]);
    await sender.sendLeftOver();
    expect(answer).toHaveBeenCalledTimes(2);
    sender.begin(proposal());
    expect(store.get().notice).toBeNull();
  });

  it("stay while the server is away, and are told apart when refused", async () => {
    const { sender, storage, answer, store } = desk(gone);
    sender.give(pick);
    await vi.advanceTimersByTimeAsync(0);
    store.dispatch({ type: "closed" });
    await expect(sender.sendLeftOver()).rejects.toThrow(Unreachable);
    expect(waiting(storage, "one").size).toBe(1);
    answer.mockImplementationOnce(() => Promise.reject(new Refused(409, "stale", "", proposal(), null)));
    await sender.sendLeftOver();
    sender.begin(proposal({ session: 8 }), "found");
    expect(store.get().notice?.text).toBe(`${words.notStored("b.png", 1, words.lostTo.otherWindow)} found`);
    expect(waiting(storage, "one").size).toBe(0);
  });

  it("to a session of other weights are dropped, and that is said", async () => {
    const { sender, storage, answer, store } = desk(gone);
    sender.give(pick);
    await vi.advanceTimersByTimeAsync(0);
    store.dispatch({ type: "closed" });
    answer.mockImplementationOnce(() => Promise.reject(otherWeights));
    await sender.sendLeftOver();
    sender.begin(proposal({ session: 8 }));
    expect(store.get().notice?.text).toBe(words.notStored("b.png", 1, words.lostTo.otherWeights));
    expect(waiting(storage, "one").size).toBe(0);
  });

  it("that took too long are dropped with those of their session after them, and others are sent", async () => {
    const { sender, storage, answer, store } = desk(gone);
    sender.give(pick);
    sender.give(point);
    store.dispatch({ type: "closed" });
    keep(storage, { store: "one", session: 8, image: "c.png", answer: pick, tried: true });
    await vi.advanceTimersByTimeAsync(0);
    answer.mockClear();
    answer.mockImplementation(({ session }) => (session === 7 ? Promise.reject(tooLong) : after(1)));
    await sender.sendLeftOver();
    sender.begin(proposal({ session: 8 }));
    expect(store.get().notice?.text).toBe(words.notStored("b.png", 2, words.lostTo.time));
    expect(sent(answer)).toEqual([[7, pick], [8, pick]]);
    expect(waiting(storage, "one").size).toBe(0);
  });

  it("to another database wait until it is served again, whatever is done meanwhile", async () => {
    const { sender, storage, answer, server, store } = desk(gone);
    sender.give(pick);
    await vi.advanceTimersByTimeAsync(0);
    answer.mockClear();
    const next = proposal({ store: "another", round: 1, rounds: 1 });
    const other = desk(() => Promise.resolve(next));
    const later = new Sender(other.store, storage, { ...other.server, store: () => "another" }, vi.fn());
    other.store.dispatch({ type: "shown", proposal: proposal({ store: "another" }) });
    await later.sendLeftOver();
    expect(other.answer).not.toHaveBeenCalled();
    later.give({ ...pick, candidate: 0 });
    await vi.advanceTimersByTimeAsync(0);
    expect(other.answer.mock.calls).toEqual([[{ store: "another", session: 7, image: "b.png", answer: { ...pick, candidate: 0 }, tried: false }]]);
    expect(waiting(storage, "another").size).toBe(0);
    server.answer.mockImplementation(() => after(1));
    await new Sender(store, storage, server, vi.fn()).sendLeftOver();
    expect(sent(answer)).toEqual([[7, pick]]);
    expect(waiting(storage, "one").size).toBe(0);
  });

  it("that cannot be read, or do not say for which database, are dropped", () => {
    const storage = new Memory();
    storage.setItem("assent.pending.one.1.0", "{broken");
    storage.setItem("assent.pending.1.0", JSON.stringify({ session: 1, answer: pick }));
    storage.setItem("assent.theme", "dark");
    expect(waiting(storage, "one").size).toBe(0);
    expect(storage.length).toBe(1);
  });
});
