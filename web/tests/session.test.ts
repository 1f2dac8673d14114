import { describe, expect, it } from "vitest";
import type { Answer, Prompt } from "../src/api/types";
import { type SessionState, initialState, mayAnswer, mayPaint, nextRound, placedPrompts, reduce } from "../src/state/session";
import { proposal } from "./proposals";

const pick = (round: number): Answer => ({ kind: "pick", round, candidate: 1, page: 0 });
const point: Prompt = { kind: "click", at_zyx: [0, 1, 2], positive: true };
const correct = (round: number, removed: number[] = [], prompts = [point]): Answer => ({
  kind: "correct",
  round,
  prompts,
  removed,
});

function shown(changes = {}): SessionState {
  return reduce(initialState, { type: "shown", proposal: proposal(changes) });
}

function answer(state: SessionState, ...answers: Answer[]): SessionState {
  return answers.reduce((now, given) => reduce(now, { type: "answered", answer: given }), state);
}

describe("an answer", () => {
  it("waits until the server acknowledged it", () => {
    const waiting = answer(shown(), pick(0));
    expect(waiting.pending.map((pending) => pending.answer.round)).toEqual([0]);
    const next = proposal({ round: 1, rounds: 1 });
    const done = reduce(waiting, { type: "acknowledged", round: 0, proposal: next });
    expect(done.pending).toEqual([]);
    expect(done.proposal?.round).toBe(1);
    expect(done.stamp).toBeGreaterThan(waiting.stamp);
  });

  it("to another round than the one shown is not taken", () => {
    expect(answer(shown({ round: 2 }), pick(1)).pending).toEqual([]);
    expect(answer(shown({ round: 2 }), pick(3)).pending).toEqual([]);
  });

  it("acknowledged twice changes nothing the second time", () => {
    const next = proposal({ round: 1, rounds: 1 });
    const done = reduce(answer(shown(), pick(0)), { type: "acknowledged", round: 0, proposal: next });
    const again = reduce(done, { type: "acknowledged", round: 0, proposal: proposal() });
    expect(again).toBe(done);
  });

  it("of another session is not acknowledged here", () => {
    const waiting = answer(shown(), pick(0));
    const other = proposal({ session: 8, round: 1 });
    expect(reduce(waiting, { type: "acknowledged", round: 0, proposal: other })).toBe(waiting);
  });
});

describe("while an answer waits", () => {
  const waiting = answer(shown(), pick(0));

  it("nothing is chosen of what may be out of date", () => {
    expect(mayAnswer(waiting, "pick")).toBe(false);
    expect(mayAnswer(waiting, "judge")).toBe(false);
    expect(mayAnswer(waiting, "accept")).toBe(false);
    expect(answer(waiting, { kind: "accept", round: 1, choice: "recommended", page: 0, edited: null })).toBe(waiting);
  });

  it("points can still be given, one round later each", () => {
    const more = answer(waiting, correct(1), correct(2));
    expect(more.pending.map((pending) => pending.answer.round)).toEqual([0, 1, 2]);
    expect(nextRound(more)).toBe(3);
  });

  it("later answers stay when the first is acknowledged", () => {
    const more = answer(waiting, correct(1));
    const next = proposal({ round: 1, rounds: 1 });
    const done = reduce(more, { type: "acknowledged", round: 0, proposal: next });
    expect(done.pending.map((pending) => pending.answer.round)).toEqual([1]);
  });

  it("later answers go when the server is further than thought", () => {
    const more = answer(waiting, correct(1));
    const ahead = proposal({ round: 3, rounds: 3 });
    const done = reduce(more, { type: "acknowledged", round: 0, proposal: ahead });
    expect(done.pending).toEqual([]);
    expect(done.proposal?.round).toBe(3);
  });

  it("the last can be taken back only if it was never sent", () => {
    const sent = reduce(answer(waiting, correct(1)), { type: "tried" });
    const back = reduce(sent, { type: "dropped" });
    expect(back.pending.map((pending) => pending.answer.round)).toEqual([0]);
    expect(reduce(back, { type: "dropped" })).toBe(back);
  });
});

describe("a visit", () => {
  it("has an answer from the first that was taken, until an image is opened", () => {
    expect(shown().hasAnswered).toBe(false);
    expect(answer(shown({ is_accepted: true }), correct(0)).hasAnswered).toBe(false);
    const answered = answer(shown(), correct(0));
    const next = reduce(answered, { type: "acknowledged", round: 0, proposal: proposal({ round: 1, rounds: 1 }) });
    expect(next).toMatchObject({ hasAnswered: true, visit: 0 });
    expect(reduce(next, { type: "closed" })).toMatchObject({ hasAnswered: false, visit: 1 });
  });
});

describe("what is marked before the first proposal", () => {
  const opened = reduce(shown(), { type: "closed" });
  const early = answer(opened, correct(nextRound(opened)), correct(1, [], [{ ...point, at_zyx: [0, 3, 3] }]));
  const shows = (changes = {}) => reduce(early, { type: "shown", proposal: proposal(changes) });

  it("is shown as waiting and given in order, on top of what was answered before", () => {
    expect(placedPrompts(early).map(({ isWaiting }) => isWaiting)).toEqual([true, true]);
    const log = [{ round: 0, answer: correct(0), holds: true }, { round: 1, answer: pick(1), holds: true }];
    const begun = shows({ session: 9, round: 2, rounds: 2, log });
    expect(begun.pending).toEqual([2, 3].map((round, i) => ({ store: "one", session: 9, image: "b.png", answer: { ...early.kept[i], round }, tried: false })));
    expect(begun).toMatchObject({ kept: [], hasAnswered: true });
    expect(placedPrompts(begun).map(({ isWaiting }) => isWaiting)).toEqual([false, true, true]);
  });

  it("counts the marks in sight, which are others once the history is there", () => {
    const erased = answer(early, correct(2, [1], []));
    const log = [{ round: 0, answer: correct(0, [], [point, point]), holds: true }, { round: 1, answer: correct(1), holds: false }];
    const begun = reduce(erased, { type: "shown", proposal: proposal({ round: 1, rounds: 2, log }) });
    expect(begun.pending.at(-1)?.answer).toMatchObject({ round: 3, removed: [3] });
    expect(placedPrompts(begun).map(({ position }) => position)).toEqual([0, 1, 2]);
  });

  it("is taken back one by one, and dropped with the image", () => {
    const back = reduce(early, { type: "dropped" });
    expect(back.kept).toEqual(early.kept.slice(0, 1));
    expect(reduce(back, { type: "dropped" }).kept).toEqual([]);
    expect(reduce(early, { type: "closed" }).kept).toEqual([]);
  });

  it("is not given to what is accepted already", () => {
    expect(shows({ is_accepted: true })).toMatchObject({ kept: [], pending: [], hasAnswered: false });
  });

  it("is only what is true of the image whatever is proposed", () => {
    expect(answer(opened, pick(0))).toBe(opened);
  });
});

describe("while a step is on its way", () => {
  const asked = reduce(shown({ round: 2, rounds: 2 }), { type: "asked", step: { kind: "undo" } });

  it("nothing is chosen, painted or taken back by its mark, since none of it may be there after", () => {
    for (const kind of ["pick", "judge", "accept"] as const) expect(mayAnswer(asked, kind)).toBe(false);
    expect(mayPaint(asked)).toBe(false);
    expect(answer(asked, correct(2, [0], []))).toBe(asked);
  });

  it("what is marked is kept for it, in sight, and no step is asked for after that", () => {
    const marked = answer(asked, correct(2));
    expect(marked).toMatchObject({ pending: [], kept: [correct(2)] });
    expect(placedPrompts(marked).map(({ isWaiting }) => isWaiting)).toEqual([true]);
    expect(reduce(marked, { type: "asked", step: { kind: "redo" } })).toBe(marked);
    expect(reduce(marked, { type: "dropped" }).kept).toEqual([]);
  });
});

describe("a server that is away", () => {
  it("is back with the first reply to anything, unless it refuses for a time", () => {
    const away = reduce(shown(), { type: "lost" });
    expect(away.isOnline).toBe(false);
    expect(reduce(away, { type: "reached" }).isOnline).toBe(true);
    const full = reduce(shown(), { type: "lost", notice: "The disk is full." });
    expect(reduce(full, { type: "reached" })).toBe(full);
    expect(reduce(full, { type: "found" })).toMatchObject({ isOnline: true, notice: null });
  });

  it("is not hidden behind what was said before", () => {
    const told = reduce(shown(), { type: "told", notice: { kind: "info", text: "before" } });
    expect(reduce(told, { type: "lost" }).notice).toBeNull();
  });
});

describe("a conflict", () => {
  it("shows what holds, drops what waited and says so", () => {
    const waiting = answer(shown(), pick(0), correct(1));
    const stale = reduce(waiting, { type: "stale", proposal: proposal({ round: 4 }), notice: "elsewhere" });
    expect(stale.pending).toEqual([]);
    expect(stale.proposal?.round).toBe(4);
    expect(stale.notice).toEqual({ kind: "problem", text: "elsewhere" });
  });

  it("in a session that is not shown changes nothing of the one that is", () => {
    const waiting = answer(shown(), correct(0));
    for (const other of [proposal({ session: 8, round: 4 }), proposal({ store: "another", round: 4 })]) {
      expect(reduce(waiting, { type: "stale", proposal: other, notice: "elsewhere" })).toBe(waiting);
      expect(reduce(waiting, { type: "refused", to: other, notice: "no" })).toBe(waiting);
      expect(reduce(waiting, { type: "outdated", to: other })).toBe(waiting);
    }
  });
});

describe("a session of other weights", () => {
  const over = reduce(answer(shown(), pick(0), correct(1)), { type: "outdated", to: proposal() });

  it("drops what waited, counts it once, and takes no more answers", () => {
    expect(over.pending).toEqual([]);
    expect(over.outdated).toEqual({ session: 7, dropped: 2 });
    expect(mayAnswer(over, "pick")).toBe(false);
    expect(reduce(over, { type: "outdated", to: proposal() })).toBe(over);
  });

  it("gives way to the new one", () => {
    const anew = reduce(over, { type: "shown", proposal: proposal({ session: 8 }) });
    expect(anew.outdated).toBeNull();
    expect(mayAnswer(anew, "pick")).toBe(true);
  });
});

describe("what may be answered", () => {
  it("follows what the method listens to and what is on offer", () => {
    expect(mayAnswer(shown(), "pick")).toBe(true);
    expect(mayAnswer(shown({ alternatives: [] }), "pick")).toBe(false);
    expect(mayAnswer(shown({ listens: ["click"] }), "pick")).toBe(false);
    expect(mayAnswer(shown({ challenger: null }), "judge")).toBe(false);
    expect(mayAnswer(shown({ listens: ["pick"] }), "judge")).toBe(false);
  });

  it("is only a prompt before the object is named", () => {
    const empty = shown({ is_empty: true, alternatives: [], challenger: null });
    expect(mayAnswer(empty, "accept")).toBe(false);
    expect(mayAnswer(empty, "correct")).toBe(true);
  });

  it("is also a mask painted by hand, before the object is named, but not while an answer waits", () => {
    const painted: Answer = { kind: "accept", round: 0, choice: "edited", page: 0, edited: { shape: [1, 4, 4], runs: [16] } };
    const empty = shown({ is_empty: true, alternatives: [], challenger: null });
    expect(answer(empty, painted).pending.map(({ answer: given }) => given)).toEqual([painted]);
    const waiting = answer(shown(), pick(0));
    expect(answer(waiting, { ...painted, round: 1 })).toBe(waiting);
    expect(mayPaint(shown({ is_accepted: true }))).toBe(false);
  });

  it("is nothing once accepted", () => {
    for (const kind of ["pick", "judge", "correct", "accept"] as const) {
      expect(mayAnswer(shown({ is_accepted: true }), kind)).toBe(false);
    }
    const accepting = answer(shown(), { kind: "accept", round: 0, choice: "recommended", page: 0, edited: null });
    expect(mayAnswer(accepting, "correct")).toBe(false);
  });
});

describe("prompts", () => {
  it("are counted over the history, without those taken back or undone", () => {
    const log = [
      { round: 0, answer: correct(0, [], [point, point]), holds: true },
      { round: 1, answer: pick(1), holds: true },
      { round: 2, answer: correct(2, [0]), holds: true },
      { round: 3, answer: correct(3), holds: false },
    ];
    const waiting = answer(shown({ round: 3, rounds: 4, log }), correct(3));
    const placed = placedPrompts(waiting);
    expect(placed.map(({ position }) => position)).toEqual([1, 2, 3]);
    expect(placed.map(({ isWaiting }) => isWaiting)).toEqual([false, false, true]);
  });
});
