import { describe, expect, it } from "vitest";
import type { Job } from "../src/api/types";
import { jobOf } from "../src/state/jobs";

const job = (id: number, kind: string, state: Job["state"], project = 1, target = "disc"): Job => ({
  id, kind, project, target, state, progress: 1, detail: "", created_at: "", changed_at: "", result: null,
});
const of = (...jobs: Job[]) => jobOf(jobs, 1, "disc")?.id ?? null;

describe("the work told of below the list", () => {
  it("is what goes on, before what was exported", () => {
    expect(of(job(5, "export", "done"), job(4, "propagate", "running"))).toBe(4);
  });

  it("is the export finished last, so that its masks can be fetched after a reload", () => {
    expect(of(job(6, "export", "failed"), job(5, "export", "done"), job(4, "export", "done"), job(3, "scan", "done"))).toBe(5);
  });

  it("is of this folder and target", () => {
    expect(of(job(5, "propagate", "running", 2), job(4, "export", "done", 1, "ring"))).toBeNull();
    expect(of(job(3, "scan", "done"))).toBeNull();
  });
});
