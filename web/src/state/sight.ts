// Whether the mask that a key would accept was seen: it is on screen, and either its image has been
// there with a proposal for a moment, or it was answered there. What is accepted teaches the images
// to come, so nothing is accepted in passing.

import type { Answer, Proposal } from "../api/types";
import type { SessionState } from "./session";

export const LOOK_MS = 700;

/** `hasty`: pressed as the image came; `absent`: not on screen; `nothing`: it has to be meant. */
export type Seen = "seen" | "hasty" | "absent" | "nothing";

/** What a key would accept. */
export interface Sought {
  /** Which opening of an image this is. */
  visit: number;
  /** Whether an answer was given in this visit: then its image was looked at. */
  hasAnswered: boolean;
  key: string | null;
  /** Whether the person chose it, and so saw it on its card. */
  isOwn: boolean;
  isNothing: boolean;
}

export class Sight {
  private visit: number | null = null;
  private key: string | null = null;
  private since = 0;
  private meant: string | null = null;

  /** The image of that visit and the mask of that key are on screen, be it one of nothing. */
  painted(visit: number, key: string, now: number): void {
    if (visit !== this.visit) this.since = now;
    this.visit = visit;
    this.key = key;
  }

  /** A press that does not count begins the moment anew, so that hammering accepts nothing. */
  press({ visit, hasAnswered, key, isOwn, isNothing }: Sought, now: number): Seen {
    if (visit !== this.visit || (key !== this.key && !isOwn)) return "absent";
    const isHasty = !hasAnswered && now - this.since < LOOK_MS;
    const isMeant = !isNothing || this.meant === key;
    if (!isHasty && isMeant) return "seen";
    this.since = now;
    if (isHasty) return "hasty";
    this.meant = key;
    return "nothing";
  }
}

/** Whether the mask proposed is one without the object, although it is known which is meant. */
export function isNothing({ is_empty, recommendation }: Proposal): boolean {
  return !is_empty && recommendation.voxels === 0;
}

/** Whether what is proposed follows from the alternative that the person picked last. */
export function isPicked(proposal: Proposal): boolean {
  const last = proposal.log.filter(({ holds }) => holds).at(-1)?.answer;
  return last?.kind === "pick" && last.candidate !== null;
}

/** An answer that is to be accepted once the server has taken it. */
export interface Promised {
  session: number;
  answer: Answer;
}

/** The alternative that was picked and is the only answer on its way; null without one. */
export function pickOnItsWay({ pending }: SessionState): Promised | null {
  const [first, second] = pending;
  if (!first || second || first.answer.kind !== "pick" || first.answer.candidate === null) return null;
  return { session: first.session, answer: first.answer };
}

/** Whether what was promised is there now, waits still, or came differently. */
export function outcome(state: SessionState, { session, answer }: Promised): "kept" | "waits" | "broken" {
  const { proposal, pending } = state;
  if (proposal?.session !== session) return "broken";
  if (pickOnItsWay(state)?.answer === answer) return "waits";
  const isNext = proposal.round === answer.round + 1 && isPicked(proposal);
  return pending.length === 0 && isNext && !proposal.is_accepted ? "kept" : "broken";
}
