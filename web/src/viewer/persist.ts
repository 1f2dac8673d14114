// Asks for what is to be shown until it comes or is not wanted any more.

import { Refused, Unreachable, isPassing } from "../api/client";
import { onConnection, tellConnection } from "../api/connection";

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 10_000;

/**
 * Ask again after growing pauses, and at once when the network or the server is back. What the
 * server refuses for good is not asked for again. Returns what ends it.
 */
export function persist<Value>(
  ask: () => Promise<Value>,
  onValue: (value: Value) => void,
  network: Pick<EventTarget, "addEventListener" | "removeEventListener"> = globalThis,
): () => void {
  let isWanted = true;
  let pauseMs = FIRST_PAUSE_MS;
  let timer: ReturnType<typeof setTimeout> | null = null;
  const attempt = () => {
    timer = null;
    ask().then(
      (value) => {
        if (!isWanted) return;
        end();
        onValue(value);
      },
      (error: unknown) => {
        if (!isWanted) return;
        if (error instanceof Refused && error.status < 500 && !isPassing(error)) return end();
        timer = setTimeout(attempt, pauseMs);
        pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS);
        if (error instanceof Unreachable) tellConnection(false);
      },
    );
  };
  const hurry = () => {
    if (timer === null) return;
    clearTimeout(timer);
    pauseMs = FIRST_PAUSE_MS;
    attempt();
  };
  const forget = onConnection((isReached) => isReached && hurry());
  network.addEventListener("online", hurry);
  const end = () => {
    isWanted = false;
    if (timer !== null) clearTimeout(timer);
    forget();
    network.removeEventListener("online", hurry);
  };
  attempt();
  return end;
}
