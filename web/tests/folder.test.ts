import { describe, expect, it } from "vitest";
import type { Queue } from "../src/api/types";
import { type Known, informed } from "../src/state/useFolder";

const list = (target: string): Queue => ({ target, counts: { open: 1, accepted: 0, skipped: 0 }, tasks: [] });
const reply = (of: string, asked: number, queue: Queue | null): Known => ({ of, asked, queue, progress: null, profile: null, problems: null });

describe("what is known of a folder", () => {
  it("is not changed by a late list of another one, or of another target", () => {
    const liver = reply("1 liver", 4, list("liver"));
    expect(informed(liver, reply("2 nucleus", 3, list("nucleus")), "1 liver")).toBe(liver);
    expect(informed(null, reply("2 nucleus", 3, list("nucleus")), "1 liver")).toBeNull();
  });

  it("is that of the newest request, whichever reply comes last", () => {
    const newer = reply("1 liver", 4, list("liver"));
    expect(informed(newer, reply("1 liver", 3, list("liver")), "1 liver")).toBe(newer);
    expect(informed(newer, reply("1 liver", 5, list("tumour")), "1 liver")?.queue?.target).toBe("tumour");
  });

  it("stays where the server could not say it anew, and goes with the folder", () => {
    const old = reply("1 liver", 4, list("liver"));
    expect(informed(old, reply("1 liver", 5, null), "1 liver")?.queue).toBe(old.queue);
    expect(informed(old, reply("2 liver", 5, null), "2 liver")?.queue).toBeNull();
  });
});
