// Opens the session of an image. One that was made with other weights is over; a new one takes its
// place.

import { isOutdated } from "../api/client";
import type { Proposal } from "../api/types";

export interface Opened {
  proposal: Proposal;
  /** Whether an earlier session had to be left because of its weights. */
  isAnew: boolean;
}

/**
 * Ask for the session that goes on, and for a new one only when there is none to go on with:
 * another window may have begun it already. `ended` is the session known to be over.
 */
export async function openSession(
  ask: (isNew: boolean) => Promise<Proposal>,
  ended: number | null,
): Promise<Opened> {
  try {
    const proposal = await ask(false);
    if (proposal.session !== ended) return { proposal, isAnew: ended !== null };
  } catch (error) {
    if (!isOutdated(error)) throw error;
  }
  return { proposal: await ask(true), isAnew: true };
}
