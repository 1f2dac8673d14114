// Answers that the server has not acknowledged, kept in the browser until it has. One entry an
// answer, so that two tabs on two images never overwrite each other.

import type { Answer } from "../api/types";
import type { Pending } from "./session";

const PREFIX = "assent.pending.";

const key = (session: number, round: number) => `${PREFIX}${session}.${round}`;

export function keep(storage: Storage, waiting: Pending): void {
  try {
    storage.setItem(key(waiting.session, waiting.answer.round), JSON.stringify(waiting));
  } catch {
    // Full or forbidden: the answer is still in memory and sent from there.
  }
}

export function forget(storage: Storage, session: number, round: number): void {
  storage.removeItem(key(session, round));
}

/** All answers that wait, by session, each oldest first. Entries that cannot be read are dropped. */
export function waiting(storage: Storage): Map<number, Pending[]> {
  const sessions = new Map<number, Pending[]>();
  const names = Array.from({ length: storage.length }, (_, i) => storage.key(i) ?? "");
  for (const name of names.filter((name) => name.startsWith(PREFIX))) {
    const found = read(storage.getItem(name));
    if (!found) {
      storage.removeItem(name);
      continue;
    }
    sessions.set(found.session, [...(sessions.get(found.session) ?? []), found]);
  }
  for (const answers of sessions.values()) answers.sort((a, b) => a.answer.round - b.answer.round);
  return sessions;
}

function read(text: string | null): Pending | null {
  try {
    const value = JSON.parse(text ?? "") as Partial<Pending>;
    const answer = value.answer as Answer | undefined;
    if (typeof value.session !== "number" || typeof answer?.round !== "number") return null;
    // It may have been sent before the page was closed.
    return { session: value.session, answer, tried: true };
  } catch {
    return null;
  }
}
