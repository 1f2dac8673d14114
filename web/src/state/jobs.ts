// Which long work is told of below the list.

import type { Job } from "../api/types";

export function isFinal({ state }: Job): boolean {
  return state === "done" || state === "failed" || state === "cancelled";
}

/**
 * Of a folder and target, the work that goes on, whoever began it; else the export that was finished
 * last, since its masks can still be fetched; null without either. `jobs` are the newest first.
 */
export function jobOf(jobs: readonly Job[], project: number, target: string): Job | null {
  const own = jobs.filter((job) => job.project === project && job.target === target);
  return own.find((job) => !isFinal(job)) ?? own.find(({ kind, state }) => kind === "export" && state === "done") ?? null;
}
