import { describe, expect, it } from "vitest";
import type { Answer, Proposal } from "../src/api/types";
import { initialState, reduce } from "../src/state/session";
import { AIM_MS, LOOK_MS, Sight, type Sought, isNothing, pressed } from "../src/state/sight";
import { proposal } from "./proposals";

const mask = (visit: number, key: string, changes: Partial<Sought> = {}): Sought => ({
  visit, key, hasAnswered: false, isOwn: false, isNothing: false, isHidden: false, isClick: false, ...changes,
});

describe("a mask that a key would accept", () => {
  it("is seen once its image was on screen for a moment", () => {
    const sight = new Sight();
    sight.painted(3, "a", 1000);
    expect(sight.press(mask(3, "a"), 1000 + LOOK_MS)).toBe("seen");
  });

  it("is looked at before a click too, for a shorter moment", () => {
    const sight = new Sight();
    const clicked = mask(3, "a", { isClick: true });
    expect(sight.press(clicked, 900)).toBe("absent");
    sight.painted(3, "a", 1000);
    expect(sight.press(clicked, 1000 + AIM_MS - 1)).toBe("hasty");
    expect(sight.press(clicked, 1000 + 2 * AIM_MS)).toBe("seen");
    expect(sight.press({ ...clicked, isNothing: true }, 9000)).toBe("nothing");
    expect(sight.press({ ...clicked, isNothing: true }, 9000 + AIM_MS)).toBe("seen");
  });

  it("is not seen while masks are hidden, though it was on screen before", () => {
    const sight = new Sight();
    sight.painted(3, "a", 0);
    for (const changes of [{}, { isClick: true }, { isOwn: true }, { hasAnswered: true }]) {
      expect(sight.press(mask(3, "a", { ...changes, isHidden: true }), 5000)).toBe("hidden");
    }
    expect(sight.press(mask(3, "a"), 5000)).toBe("seen");
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
    // An image that was shown already needs no new moment for its next mask, nor what was painted by hand.
    expect(sight.press(mask(3, "b", { isOwn: true }), 5000)).toBe("seen");
    sight.painted(3, "b", 5001);
    expect(sight.press(mask(3, "b"), 5002)).toBe("seen");
    sight.painted(4, "c", 6000);
    expect(sight.press(mask(4, "c"), 6001)).toBe("hasty");
  });

  it("is not there on a slice whose picture did not come, and is again once it did", () => {
    const sight = new Sight();
    sight.painted(3, "a", 0);
    sight.painted(3, null, 1000);
    expect(sight.press(mask(3, "a"), 5000)).toBe("absent");
    sight.painted(3, "a", 6000);
    expect(sight.press(mask(3, "a"), 6001)).toBe("seen");
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

describe("a press that accepts", () => {
  const pick: Answer = { kind: "pick", round: 0, candidate: 1, page: 0 };
  const point: Answer = { kind: "correct", round: 0, prompts: [], removed: [] };
  const show = (changes: Partial<Proposal> = {}) => reduce(initialState, { type: "shown", proposal: proposal(changes) });
  const answer = (given: Answer) => reduce(show(), { type: "answered", answer: given });
  const picked = proposal({ round: 1, rounds: 1, log: [{ round: 0, answer: pick, holds: true }] });

  it("after a pick is for the mask that follows, not before it is there and on screen", () => {
    const waiting = answer(pick);
    expect(pressed(waiting)).toBe("picked");
    expect(pressed(reduce(waiting, { type: "tried" }))).toBe("picked");
    const come = reduce(waiting, { type: "acknowledged", round: 0, proposal: picked });
    expect(pressed(come)).toBe("look");
    const sight = new Sight();
    sight.painted(0, "1", 0);
    const { visit, hasAnswered, stamp } = come;
    const next = mask(visit, String(stamp), { hasAnswered });
    expect(sight.press(next, 5000)).toBe("absent");
    sight.painted(visit, String(stamp), 5001);
    expect(sight.press(next, 5002)).toBe("seen");
  });

  it("waits for any other answer, and for the first proposal", () => {
    expect(pressed(answer({ ...pick, candidate: null }))).toBe("waits");
    expect(pressed(answer(point))).toBe("waits");
    expect(pressed(initialState)).toBe("first");
  });

  it("does nothing where nothing is left to accept", () => {
    const accepting: Answer = { kind: "accept", round: 0, choice: "recommended", page: 0, edited: null };
    expect(pressed(answer(accepting))).toBe("done");
    expect(pressed(show({ is_accepted: true }))).toBe("done");
    expect(pressed(show({ is_empty: true }))).toBe("done");
  });
});
