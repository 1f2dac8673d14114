// Asks the server until it answers, and says what it refused.

import { Refused, Unreachable, isPassing } from "../api/client";
import { words } from "../words";
import type { Store } from "./store";

const RETRY_MS = 2000;

/** Keeps asking while the server is away; says anything else that went wrong. */
export async function insist<R>(
  store: Store,
  ask: () => Promise<R>,
  isWanted: () => boolean,
  onUnauthorised: () => void,
): Promise<R | null> {
  while (isWanted()) {
    try {
      const reply = await ask();
      store.dispatch({ type: "found" });
      return reply;
    } catch (error) {
      if (error instanceof Refused && error.status === 401) {
        onUnauthorised();
        return null;
      }
      if (!isPassing(error)) {
        store.tell("problem", sentence(error));
        return null;
      }
      store.dispatch({ type: "lost", notice: error instanceof Refused ? error.message : undefined });
      await new Promise((resume) => setTimeout(resume, RETRY_MS));
    }
  }
  return null;
}

export function sentence(error: unknown): string {
  if (error instanceof Refused) return error.message;
  return error instanceof Unreachable ? words.unreachable : words.unexpected;
}
