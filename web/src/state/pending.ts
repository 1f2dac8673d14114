// Answers that the server has not acknowledged, kept in the browser until it has. One entry an
// answer, so that two tabs on two images never overwrite each other. Sessions are numbered from 1 in
// every database: an answer belongs to one, and to no other that is served here later.

import type { Answer } from "../api/types";
import type { Pending } from "./session";

const PREFIX = "assent.pending.";
const KEPT = "assent.kept.";

const key = ({ store, session, answer }: Pending) => `${PREFIX}${store}.${session}.${answer.round}`;

export function keep(storage: Storage, waiting: Pending): void {
  try {
    storage.setItem(key(waiting), JSON.stringify(waiting));
  } catch {
    // Full or forbidden: the answer is still in memory and sent from there.
  }
}

export function forget(storage: Storage, waiting: Pending): void {
  storage.removeItem(key(waiting));
}

/**
 * All answers that wait for a database, by session, each oldest first. Entries that cannot be read, or
 * do not say for which, are dropped.
 */
export function waiting(storage: Storage, store: string): Map<number, Pending[]> {
  const sessions = new Map<number, Pending[]>();
  const names = Array.from({ length: storage.length }, (_, i) => storage.key(i) ?? "");
  for (const name of names.filter((name) => name.startsWith(PREFIX))) {
    const found = read(storage.getItem(name));
    if (!found) {
      storage.removeItem(name);
      continue;
    }
    if (found.store !== store) continue;
    sessions.set(found.session, [...(sessions.get(found.session) ?? []), found]);
  }
  for (const answers of sessions.values()) answers.sort((a, b) => a.answer.round - b.answer.round);
  return sessions;
}

/** What an answer is given to before there is a session for it. */
export interface Place {
  store: string;
  image: number;
  target: string;
  person: string;
}

const placeKey = ({ store, image, target, person }: Place) => `${KEPT}${store}.${image}.${JSON.stringify([target, person])}`;

/** Keep what was marked at a place while no round is there to give it to, in place of what was kept before. */
export function keepMarks(storage: Storage, place: Place, marks: readonly Answer[]): void {
  if (marks.length === 0) return storage.removeItem(placeKey(place));
  try {
    storage.setItem(placeKey(place), JSON.stringify(marks));
  } catch {
    // As above.
  }
}

/** What was kept for a place, oldest first; nothing where it cannot be read. */
export function marksAt(storage: Storage, place: Place): readonly Answer[] {
  try {
    const marks = JSON.parse(storage.getItem(placeKey(place)) ?? "[]") as (Partial<Answer> | null)[];
    return marks.filter(isMark);
  } catch {
    return [];
  }
}

function isMark(value: Partial<Answer> | null): value is Answer {
  return value?.kind === "correct" && Array.isArray(value.prompts) && Array.isArray(value.removed);
}

function read(text: string | null): Pending | null {
  try {
    const value = JSON.parse(text ?? "") as Partial<Pending>;
    const answer = value.answer as Answer | undefined;
    if (typeof value.store !== "string" || typeof value.session !== "number") return null;
    if (typeof answer?.round !== "number") return null;
    // It may have been sent before the page was closed.
    const image = typeof value.image === "string" ? value.image : "";
    return { store: value.store, session: value.session, image, answer, tried: true };
  } catch {
    return null;
  }
}
