import { describe, expect, it, vi } from "vitest";
import type { Readers, Task } from "../src/api/types";
import { isMineFromElsewhere, isToReview, nextTask, nextToReview, probes, sliceWithObject, toReview } from "../src/state/review";
import { emptyMask } from "../src/viewer/rle";
import { words } from "../src/words";
import { proposal } from "./proposals";

function task(id: number, changes: Partial<Task> = {}): Task {
  return {
    id,
    image: { ...proposal().image, id: 100 + id },
    target: "object",
    state: "accepted",
    predicted_dice: 0.9,
    is_prefetched: false,
    accepted_by: "rule",
    mask: null,
    ...changes,
  };
}

describe("how a mask was made", () => {
  it("names method and weights, and what a rule went by", () => {
    expect(words.madeBy("geodesic", "", null, null)).toBe("Made by geodesic.");
    expect(words.madeBy("posterior", "0123456789abcdef", 0.9126, 0.001)).toBe(
      "Made by posterior, weights 0123456789ab. Accepted from 91.26 % on, at a risk of 0.1 %.",
    );
  });
});

const tasks = [
  task(1, { state: "open", accepted_by: null, predicted_dice: 0.1 }),
  task(2, { predicted_dice: 0.95 }),
  task(3, { predicted_dice: 0.88 }),
  task(4, { accepted_by: "person", predicted_dice: 0.2 }),
  task(5, { predicted_dice: 0.91 }),
];
const ids = (listed: readonly Task[]) => listed.map(({ id }) => id);

describe("what is to review", () => {
  it("is what the rule accepted, the least sure first", () => {
    expect(ids(toReview(tasks))).toEqual([3, 5, 2]);
    expect(isToReview(null)).toBe(false);
    expect(isToReview(task(1, { state: "open" }))).toBe(false);
  });

  it("goes on after the one shown, and from the beginning after the last", () => {
    expect(nextToReview(tasks, task(3))?.id).toBe(5);
    expect(nextToReview(tasks, task(2))?.id).toBe(3);
    expect(nextToReview(tasks, task(1))?.id).toBe(3);
  });

  it("ends with the last one", () => {
    expect(nextToReview([task(2)], task(2))).toBeNull();
    expect(nextToReview([tasks[0] ?? task(1)], null)).toBeNull();
  });
});

describe("the next image", () => {
  const none = new Set<number>();

  it("is another one to review while reviewing, and what is open otherwise", () => {
    expect(nextTask(tasks, task(3), none)?.id).toBe(5);
    expect(nextTask(tasks, task(4, { accepted_by: "person" }), none)?.id).toBe(1);
    expect(nextTask(tasks, null, none)?.id).toBe(1);
  });

  it("is none whose file is lost", () => {
    const others = [...tasks, task(6, { state: "open" })];
    expect(nextTask(others, null, new Set([101]))?.id).toBe(6);
    expect(nextTask(tasks, task(3), new Set([101, 105]))?.id).toBe(2);
    expect(nextTask([task(1, { state: "open" })], null, new Set([101]))).toBeNull();
  });

  it("is what is left of the other sort, and never the one shown", () => {
    const open = tasks[0] ?? task(1);
    expect(nextTask([open, task(2)], task(2), none)?.id).toBe(1);
    expect(nextTask([open, task(2)], open, none)?.id).toBe(2);
    expect(nextTask([open], open, none)).toBeNull();
    expect(nextTask([task(2)], task(2), none)).toBeNull();
  });
});

describe("one's own mask from elsewhere", () => {
  const readers: Readers = {
    image: 104, target: "object", person: "me", accepted_by: "person", voxels: 5, readers: [], median_difference: null,
  };
  const mine = task(4, { accepted_by: "person" });
  const fresh = proposal({ task: 4 });

  it("is shown where a session begins that did not lead to it", () => {
    expect(isMineFromElsewhere(mine, fresh, readers, "me")).toBe(true);
  });

  it("is not taken for somebody else's, nor for another image's", () => {
    expect(isMineFromElsewhere(mine, fresh, { ...readers, person: "ann" }, "me")).toBe(false);
    expect(isMineFromElsewhere(mine, fresh, { ...readers, image: 3 }, "me")).toBe(false);
    expect(isMineFromElsewhere(mine, proposal({ task: 5 }), readers, "me")).toBe(false);
    expect(isMineFromElsewhere(mine, fresh, null, "me")).toBe(false);
  });

  it("gives way to the session once that has answers, or is accepted itself", () => {
    expect(isMineFromElsewhere(mine, { ...fresh, rounds: 1 }, readers, "me")).toBe(false);
    expect(isMineFromElsewhere(mine, { ...fresh, is_accepted: true }, readers, "me")).toBe(false);
    expect(isMineFromElsewhere({ ...mine, state: "open" }, fresh, readers, "me")).toBe(false);
  });
});

describe("where to look first", () => {
  it("is tried from the middle, each slice once, and all of a small volume", () => {
    expect(probes(1)).toEqual([0]);
    expect(probes(16).slice(0, 3)).toEqual([8, 4, 12]);
    for (const depth of [2, 3, 7, 16, 20]) {
      expect([...probes(depth)].sort((a, b) => a - b)).toEqual(Array.from({ length: depth }, (_, i) => i));
    }
    expect(probes(400).length).toBe(24);
    expect(new Set(probes(400)).size).toBe(24);
  });

  it("is a slice that shows the object", async () => {
    const maskAt = vi.fn(async (slice: number) => {
      const mask = emptyMask(2, 2);
      if (slice === 12) mask.pixels[3] = 1;
      return mask;
    });
    expect(await sliceWithObject(16, maskAt)).toBe(12);
    expect(maskAt).toHaveBeenCalledTimes(3);
  });

  it("is none of an empty mask", async () => {
    expect(await sliceWithObject(9, async () => emptyMask(2, 2))).toBeNull();
  });
});
