import { describe, expect, it } from "vitest";
import type { Job } from "../src/api/types";
import { goesOn, scanOf, waitMs } from "../src/state/scan";
import { follow } from "../src/state/trail";
import { words } from "../src/words";

const job = (id: number, state: Job["state"], kind = "scan"): Job => ({
  id, kind, project: 1, target: "disc", state, progress: 0.5, detail: "a.png", created_at: "", changed_at: "", result: null,
});

describe("a folder that is being looked through", () => {
  it("is followed by the scan that goes on, whatever else is done", () => {
    const jobs = [job(1, "done"), job(2, "running"), job(3, "waiting"), job(4, "running", "export")];
    expect(scanOf(jobs, 1)?.id).toBe(2);
    expect(goesOn(scanOf(jobs, 1))).toBe(true);
    expect(scanOf([job(3, "waiting"), job(1, "done")], 1)?.id).toBe(3);
    // That of another folder is told of only while no folder is known.
    expect(scanOf(jobs, 2)).toBeNull();
    expect(scanOf(jobs, null)?.id).toBe(2);
  });

  it("has what came of its last scan", () => {
    const last = scanOf([job(1, "done"), job(5, "failed"), job(2, "done"), job(9, "done", "export")], 1);
    expect(last?.id).toBe(5);
    expect(goesOn(last)).toBe(false);
    expect(scanOf([job(9, "running", "export")], 1)).toBeNull();
    expect(goesOn(null)).toBe(false);
  });

  it("is asked about often while something is found, and ever more rarely else", () => {
    expect(waitMs(40, true)).toBe(1000);
    expect([0, 1, 2].map((asked) => waitMs(asked, false))).toEqual([500, 1000, 2000]);
    expect(waitMs(400, false)).toBe(5000);
  });

  it("says how far it is, and at which file", () => {
    expect(words.lookingThrough(0.432, "a.png")).toBe("Looking through the folder: 43 %, now at a.png");
    expect(words.lookingThrough(0, "")).toBe("Looking through the folder …");
  });
});

describe("the way back", () => {
  const after = (...shown: number[]) => shown.reduce(follow, [] as readonly number[]);

  it("leads to the image left last, and from there to the one before it", () => {
    expect(after(1, 2, 3).at(-2)).toBe(2);
    expect(after(1, 2, 3, 2).at(-2)).toBe(1);
    expect(after(1, 2, 3, 2, 5).at(-2)).toBe(2);
    expect(after(1).at(-2)).toBeUndefined();
  });

  it("is no longer for looking at the same image again", () => {
    const trail = after(1, 2);
    expect(follow(trail, 2)).toBe(trail);
  });
});
