// A folder in which nothing is known yet: what looks through it is followed until there is an image.

import { useEffect, useState } from "react";
import { api } from "../api/client";
import type { Job } from "../api/types";

const SHORTEST_MS = 500;
const LONGEST_MS = 5000;

/** How long to wait before looking again: at short intervals while something is found. */
export function waitMs(asked: number, isScanning: boolean): number {
  return isScanning ? 2 * SHORTEST_MS : Math.min(SHORTEST_MS * 2 ** asked, LONGEST_MS);
}

/**
 * The scan of a folder to tell of, of any one while none is known: one that goes on, else the last
 * one that came to its end; null without any.
 */
export function scanOf(jobs: readonly Job[], project: number | null): Job | null {
  const scans = jobs.filter((job) => job.kind === "scan" && (project === null || job.project === project));
  const goesOn = scans.find(({ state }) => state === "running") ?? scans.find(({ state }) => state === "waiting");
  return goesOn ?? scans.reduce<Job | null>((last, job) => (last && last.id > job.id ? last : job), null);
}

export function goesOn(job: Job | null): boolean {
  return job?.state === "running" || job?.state === "waiting";
}

/** The scan, while nothing is there to be shown; `look` asks anew for what there is. */
export function useScan(project: number | null, isEmpty: boolean, look: () => Promise<void>): Job | null {
  const [scan, setScan] = useState<Job | null>(null);
  useEffect(() => {
    if (!isEmpty) return;
    let isWanted = true;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const follow = async (asked: number) => {
      const found = await api.jobs().then((jobs) => scanOf(jobs, project), () => null);
      if (isWanted) setScan(found);
      // Asked for after the job: what it had found when it ended is there.
      if (isWanted) await look();
      if (isWanted) timer = setTimeout(() => void follow(asked + 1), waitMs(asked, goesOn(found)));
    };
    void follow(0);
    return () => {
      isWanted = false;
      clearTimeout(timer);
    };
  }, [project, isEmpty, look]);
  return isEmpty ? scan : null;
}
