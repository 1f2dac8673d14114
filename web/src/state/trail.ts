// Which images were shown one after the other, so that there is a way back to the one before.

import { useState } from "react";
import type { Queue, Task } from "../api/types";

/** The trail once a task is shown: one step longer, or a step shorter where it was the one before. */
export function follow(trail: readonly number[], shown: number): readonly number[] {
  if (trail.at(-1) === shown) return trail;
  return trail.at(-2) === shown ? trail.slice(0, -1) : [...trail, shown];
}

/** The image that was left for the one shown, as it is now; null without one. */
export function useTrail(shown: Task | null, queue: Queue | null): Task | null {
  const [trail, setTrail] = useState<readonly number[]>([]);
  const now = shown ? follow(trail, shown.id) : trail;
  if (now !== trail) setTrail(now);
  const before = now.at(-2);
  return queue?.tasks.find(({ id }) => id === before) ?? null;
}
