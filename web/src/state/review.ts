// Masks that a rule accepted and nobody looked at yet: which they are, and where to look first.

import type { Proposal, Readers, Task } from "../api/types";
import type { Mask } from "../viewer/rle";

export function isToReview(task: Task | null): boolean {
  return task?.state === "accepted" && task.accepted_by === "rule";
}

/**
 * Whether the mask that holds is this person's, but the session shown is not where it was
 * accepted: it was confirmed, or accepted with other weights. Then that mask is what to show.
 */
export function isMineFromElsewhere(
  task: Task | null,
  proposal: Proposal | null,
  readers: Readers | null,
  person: string,
): boolean {
  if (task?.state !== "accepted" || !proposal || proposal.task !== task.id) return false;
  const isFresh = !proposal.is_accepted && proposal.rounds === 0;
  return isFresh && readers?.image === task.image.id && readers.person === person;
}

/** Those to review, the least sure first. */
export function toReview(tasks: readonly Task[]): Task[] {
  return tasks
    .filter(isToReview)
    .sort((a, b) => (a.predicted_dice ?? 0) - (b.predicted_dice ?? 0) || a.id - b.id);
}

/** The one to review after a task, from the beginning again after the last; null without another. */
export function nextToReview(tasks: readonly Task[], shown: Task | null): Task | null {
  const listed = toReview(tasks);
  const at = listed.findIndex(({ id }) => id === shown?.id);
  const next = listed[(at + 1) % Math.max(listed.length, 1)];
  return next && next.id !== shown?.id ? next : null;
}

/**
 * Where to go from an image: on with the review from one to review, else to what is open first.
 * Images that are `lost`, since their files are, are passed over.
 */
export function nextTask(tasks: readonly Task[], shown: Task | null, lost: ReadonlySet<number>): Task | null {
  const there = tasks.filter(({ image }) => !lost.has(image.id));
  const open = there.find(({ state, id }) => state === "open" && id !== shown?.id) ?? null;
  const unseen = nextToReview(there, shown);
  return isToReview(shown) ? (unseen ?? open) : (open ?? unseen);
}

const PROBES = 24;

/** The middle of a volume, then ever finer between, so that no large object is missed for long. */
export function probes(depth: number): number[] {
  const found: number[] = [];
  for (let parts = 2; found.length < Math.min(depth, PROBES) && parts <= 2 * depth; parts *= 2) {
    for (let part = 1; part < parts && found.length < PROBES; part += 2) {
      const at = Math.floor((depth * part) / parts);
      if (!found.includes(at)) found.push(at);
    }
  }
  return found;
}

/** A slice that shows the object, near the middle if there is one; null where none was found. */
export async function sliceWithObject(
  depth: number,
  maskAt: (slice: number) => Promise<Mask>,
): Promise<number | null> {
  for (const at of probes(depth)) {
    if ((await maskAt(at)).pixels.includes(1)) return at;
  }
  return null;
}
