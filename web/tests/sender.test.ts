import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Refused, Unreachable } from "../src/api/client";
import type { Answer, Proposal } from "../src/api/types";
import { keep, waiting } from "../src/state/pending";
import { Sender } from "../src/state/sender";
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
  const post = vi.fn((_session: number, _answer: Answer) => (replies.shift() ?? gone)());
  const unauthorised = vi.fn();
  return { store, storage, post, unauthorised, sender: new Sender(store, storage, post, unauthorised) };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("an answer given", () => {
  it("is in the browser's storage before it is sent, and gone once acknowledged", async () => {
    const { sender, storage, post, store } = desk();
    post.mockImplementation(() => {
      expect([...waiting(storage).keys()]).toEqual([7]);
      return after(1);
    });
    expect(sender.give(pick)).toBe(true);
    await vi.runAllTimersAsync();
    expect(post).toHaveBeenCalledTimes(1);
    expect(waiting(storage).size).toBe(0);
    expect(store.get().proposal?.round).toBe(1);
  });

  it("is sent again, the same, when no reply came", async () => {
    const { sender, post, store } = desk(gone, gone, () => after(1));
    sender.give(pick);
    await vi.advanceTimersByTimeAsync(0);
    expect(store.get().isOnline).toBe(false);
    await vi.advanceTimersByTimeAsync(4000);
    expect(post.mock.calls).toEqual([[7, pick], [7, pick], [7, pick]]);
    expect(store.get().isOnline).toBe(true);
    expect(store.get().pending).toEqual([]);
  });

  it("that cannot be stored waits as long as the server asks for", async () => {
    const full = new Refused(503, "storage", "The disk is full.", null, 8);
    const { sender, post, store } = desk(() => Promise.reject(full), () => after(1));
    sender.give(pick);
    await vi.advanceTimersByTimeAsync(7000);
    expect(post).toHaveBeenCalledTimes(1);
    expect(store.get().notice?.text).toBe("The disk is full.");
    await vi.advanceTimersByTimeAsync(1100);
    expect(post).toHaveBeenCalledTimes(2);
  });

  it("follows the one before it, and not sooner", async () => {
    const { sender, post } = desk(gone, () => after(1), () => after(2));
    sender.give(pick);
    sender.give(point);
    await vi.advanceTimersByTimeAsync(0);
    expect(post).toHaveBeenCalledTimes(1);
    await vi.runAllTimersAsync();
    expect(post.mock.calls.map(([, answer]) => answer.round)).toEqual([0, 0, 1]);
  });

  it("to a round answered elsewhere gives way to what holds", async () => {
    const now = proposal({ round: 5, rounds: 5 });
    const stale = new Refused(409, "stale", "Round 5 is shown.", now, null);
    const { sender, store, storage } = desk(() => Promise.reject(stale));
    sender.give(pick);
    await vi.runAllTimersAsync();
    expect(store.get().proposal?.round).toBe(5);
    expect(store.get().notice?.kind).toBe("problem");
    expect(waiting(storage).size).toBe(0);
  });

  it("to a session of other weights is dropped, and the session is known to be over", async () => {
    const { sender, store, storage } = desk(gone, () => Promise.reject(otherWeights));
    sender.give(pick);
    sender.give(point);
    await vi.runAllTimersAsync();
    expect(store.get().outdated).toEqual({ session: 7, dropped: 2 });
    expect(waiting(storage).size).toBe(0);
    expect(sender.give(pick)).toBe(false);
  });

  it("that the server will never take is dropped with the server's words", async () => {
    const wrong = new Refused(400, "input", "The click is outside the image.", null, null);
    const { sender, store, storage, post } = desk(() => Promise.reject(wrong));
    sender.give(pick);
    await vi.runAllTimersAsync();
    expect(post).toHaveBeenCalledTimes(1);
    expect(store.get().notice?.text).toBe("The click is outside the image.");
    expect(store.get().pending).toEqual([]);
    expect(waiting(storage).size).toBe(0);
  });

  it("that took too long is not sent again: it goes, with those after it, and what was there before is shown", async () => {
    const { sender, store, storage, post } = desk(() => Promise.reject(tooLong));
    const before = store.get().proposal;
    sender.give(pick);
    sender.give(point);
    await vi.runAllTimersAsync();
    sender.retryNow();
    await vi.runAllTimersAsync();
    expect(post).toHaveBeenCalledTimes(1);
    expect(store.get().notice).toEqual({ kind: "problem", text: words.tooLong(2) });
    expect(store.get().proposal).toBe(before);
    expect(store.get().pending).toEqual([]);
    expect(waiting(storage).size).toBe(0);
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
    const { sender, store, post, unauthorised } = desk(() => Promise.reject(locked), () => after(1));
    sender.give(pick);
    await vi.runAllTimersAsync();
    expect(unauthorised).toHaveBeenCalledTimes(1);
    expect(post).toHaveBeenCalledTimes(1);
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
    expect(waiting(storage).get(7)?.length).toBe(1);
  });
});

describe("answers left over from an earlier visit", () => {
  it("are sent once, oldest first, and forgotten", async () => {
    const before = desk(gone);
    before.sender.give(pick);
    before.sender.give(point);
    await vi.advanceTimersByTimeAsync(0);

    const store = new Store();
    const post = vi.fn((_session: number, answer: Answer) => after(answer.round + 1));
    const sender = new Sender(store, before.storage, post, vi.fn());
    expect(await sender.sendLeftOver()).toBeNull();
    expect(post.mock.calls).toEqual([[7, pick], [7, point]]);
    expect(await sender.sendLeftOver()).toBeNull();
    expect(post).toHaveBeenCalledTimes(2);
  });

  it("stay while the server is away, and are told apart when refused", async () => {
    const { sender, storage, post } = desk(gone);
    sender.give(pick);
    await vi.advanceTimersByTimeAsync(0);
    await expect(sender.sendLeftOver()).rejects.toThrow(Unreachable);
    expect(waiting(storage).size).toBe(1);
    post.mockImplementationOnce(() => Promise.reject(new Refused(409, "stale", "", proposal(), null)));
    expect(await sender.sendLeftOver()).toBe(words.answeredElsewhere);
    expect(waiting(storage).size).toBe(0);
  });

  it("to a session of other weights are dropped, and that is said", async () => {
    const { sender, storage, post } = desk(gone);
    sender.give(pick);
    await vi.advanceTimersByTimeAsync(0);
    post.mockImplementationOnce(() => Promise.reject(otherWeights));
    expect(await sender.sendLeftOver()).toBe(words.answerToOtherWeights);
    expect(waiting(storage).size).toBe(0);
  });

  it("that took too long are dropped with those of their session after them, and others are sent", async () => {
    const { sender, storage, post } = desk(gone);
    sender.give(pick);
    sender.give(point);
    keep(storage, { session: 8, answer: pick, tried: true });
    await vi.advanceTimersByTimeAsync(0);
    post.mockClear();
    post.mockImplementation((session) => (session === 7 ? Promise.reject(tooLong) : after(1)));
    expect(await sender.sendLeftOver()).toBe(words.leftOverTooLong);
    expect(post.mock.calls).toEqual([[7, pick], [8, pick]]);
    expect(waiting(storage).size).toBe(0);
  });

  it("that cannot be read are dropped", () => {
    const storage = new Memory();
    storage.setItem("assent.pending.1.0", "{broken");
    storage.setItem("assent.theme", "dark");
    expect(waiting(storage).size).toBe(0);
    expect(storage.length).toBe(1);
  });
});
