// Answers that the server has not acknowledged, kept in the browser until it has. One entry an
// answer, so that two tabs on two images never overwrite each other. Sessions are numbered from 1 in
// every database: an answer belongs to one, and to no other that is served here later.

import type { Answer } from "../api/types";
import type { Pending } from "./session";

const PREFIX = "assent.pending.";

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
