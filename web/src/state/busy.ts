// What takes long enough to be noticed, and how far it probably is.

import { useCallback, useState } from "react";

export type Work = "open" | "first" | "answer" | "undo" | "go-to" | "more" | "paint";

export interface Busy {
  work: Work;
  since: number;
  /** How long the same took lately, in milliseconds: the measure of the bar. */
  usualMs: number;
}

/** First guesses, until something was measured. */
const usual: Record<Work, number> = { open: 400, first: 900, answer: 250, undo: 250, "go-to": 400, more: 250, paint: 400 };

/** How full the bar is: it slows down near the end instead of claiming to be done. */
export function fraction(elapsedMs: number, usualMs: number): number {
  return 1 - Math.exp((-1.6 * elapsedMs) / Math.max(usualMs, 1));
}

export function useBusy() {
  const [busy, setBusy] = useState<Busy | null>(null);
  const during = useCallback(async <R,>(work: Work, promise: Promise<R>): Promise<R> => {
    const mine: Busy = { work, since: performance.now(), usualMs: usual[work] };
    setBusy(mine);
    try {
      return await promise;
    } finally {
      usual[work] = 0.7 * usual[work] + 0.3 * (performance.now() - mine.since);
      setBusy((shown) => (shown === mine ? null : shown));
    }
  }, []);
  return { busy, during };
}
