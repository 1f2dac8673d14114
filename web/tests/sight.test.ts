import { describe, expect, it } from "vitest";
import type { Answer, Proposal } from "../src/api/types";
import { type SessionState, initialState, reduce } from "../src/state/session";
import { LOOK_MS, Sight, type Sought, isNothing, isPicked, outcome, pickOnItsWay } from "../src/state/sight";
import { proposal } from "./proposals";

const mask = (visit: number, key: string, changes: Partial<Sought> = {}): Sought => ({
  visit, key, hasAnswered: false, isOwn: false, isNothing: false, ...changes,
});

describe("a mask that a key would accept", () => {
  it("is seen once its image was on screen for a moment", () => {
    const sight = new Sight();
    sight.painted(3, "a", 1000);
    expect(sight.press(mask(3, "a"), 1000 + LOOK_MS)).toBe("seen");
  });

  it("is seen as soon as it is painted where an answer was given, and not sooner", () => {
    const sight = new Sight();
    const next = mask(3, "b", { hasAnswered: true });
    sight.painted(3, "a", 1000);
    expect(sight.press(next, 1300)).toBe("absent");
    sight.painted(3, "b", 1301);
    expect(sight.press({ ...next, hasAnswered: false }, 1302)).toBe("hasty");
    expect(sight.press(next, 1303)).toBe("seen");
  });

  it("of an image that is opened again is looked at again, be it straight after", () => {
    const sight = new Sight();
    sight.painted(3, "a", 0);
    expect(sight.press(mask(4, "c"), 5000)).toBe("absent");
    sight.painted(5, "d", 6000);
    expect(sight.press(mask(5, "d"), 6001)).toBe("hasty");
  });

  it("is not accepted by hammering, however long", () => {
    const sight = new Sight();
    sight.painted(3, "a", 0);
    for (let at = 100; at < 8000; at += LOOK_MS - 50) expect(sight.press(mask(3, "a"), at)).toBe("hasty");
    expect(sight.press(mask(3, "a"), 20_000)).toBe("seen");
  });

  it("is not there before it is painted: another image, or another mask of the same one", () => {
    const sight = new Sight();
    expect(sight.press(mask(3, "a"), 5000)).toBe("absent");
    sight.painted(3, "a", 0);
    expect(sight.press(mask(4, "b"), 5000)).toBe("absent");
    expect(sight.press(mask(3, "b"), 5000)).toBe("absent");
    // An image that was shown already needs no new moment for its next mask, nor its own choice a picture.
    expect(sight.press(mask(3, "b", { isOwn: true }), 5000)).toBe("seen");
    sight.painted(3, "b", 5001);
    expect(sight.press(mask(3, "b"), 5002)).toBe("seen");
    sight.painted(4, "c", 6000);
    expect(sight.press(mask(4, "c"), 6001)).toBe("hasty");
  });

  it("without the object has to be meant: a second press, not at once", () => {
    const sight = new Sight();
    const none = mask(3, "a", { isNothing: true });
    sight.painted(3, "a", 0);
    expect(sight.press(none, 2000)).toBe("nothing");
    expect(sight.press(none, 2100)).toBe("hasty");
    expect(sight.press(none, 4000)).toBe("seen");
    sight.painted(3, "b", 5000);
    expect(sight.press({ ...none, key: "b" }, 9000)).toBe("nothing");
  });
});

describe("nothing proposed", () => {
  const recommendation = { ...proposal().recommendation, voxels: 0 };

  it("is told from an object that was not named yet", () => {
    expect(isNothing(proposal({ recommendation }))).toBe(true);
    expect(isNothing(proposal({ recommendation, is_empty: true }))).toBe(false);
    expect(isNothing(proposal({ recommendation: { ...recommendation, voxels: 1 } }))).toBe(false);
  });
});

describe("a pick that is accepted before the server has it", () => {
  const pick: Answer = { kind: "pick", round: 0, candidate: 1, page: 0 };
  const show = (changes: Partial<Proposal> = {}) => reduce(initialState, { type: "shown", proposal: proposal(changes) });
  const picked = { round: 1, rounds: 1, log: [{ round: 0, answer: pick, holds: true }] };
  const waiting = reduce(show(), { type: "answered", answer: pick });
  const promised = pickOnItsWay(waiting) ?? { session: 0, answer: pick };

  it("waits, also while it is sent, and is kept once it is there", () => {
    expect(promised.session).toBe(7);
    expect(outcome(waiting, promised)).toBe("waits");
    const sent = reduce(waiting, { type: "tried" });
    expect(outcome(sent, promised)).toBe("waits");
    expect(outcome(reduce(sent, { type: "acknowledged", round: 0, proposal: proposal(picked) }), promised)).toBe("kept");
  });

  const broken: [string, SessionState][] = [
    ["another image", show({ ...picked, session: 8 })],
    ["what was answered elsewhere", show({ ...picked, round: 2, rounds: 2 })],
    ["a refused answer", reduce(waiting, { type: "refused", to: proposal(), notice: "no" })],
    ["an answer that was taken back", reduce(waiting, { type: "dropped" })],
    ["a point given since", reduce(waiting, { type: "answered", answer: { kind: "correct", round: 1, prompts: [], removed: [] } })],
    ["a mask accepted elsewhere", show({ ...picked, is_accepted: true })],
  ];
  it.each(broken)("is not accepted for %s", (_what, state) => {
    expect(outcome(state, promised)).toBe("broken");
  });

  it("is a pick of a mask: none of these, a judgement or a point is not", () => {
    const none: Answer = { ...pick, candidate: null };
    const judged: Answer = { kind: "judge", round: 0, answer: "better", page: 0 };
    for (const answer of [none, judged]) expect(pickOnItsWay(reduce(show(), { type: "answered", answer }))).toBeNull();
    expect(isPicked(proposal(picked))).toBe(true);
    expect(isPicked(proposal({ log: [{ round: 0, answer: none, holds: true }] }))).toBe(false);
    expect(isPicked(proposal({ log: [{ round: 0, answer: pick, holds: false }] }))).toBe(false);
  });
});
