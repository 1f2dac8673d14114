// Whether the mask that a key or a click would accept was seen: it is on screen, and either its image
// has been there with a proposal for a moment, or it was answered there. What is accepted teaches the images
// to come, so nothing is accepted in passing.

import type { Proposal } from "../api/types";
import type { SessionState } from "./session";

export const LOOK_MS = 700;
/** A click is aimed, so it takes a shorter look. */
export const AIM_MS = 300;

/**
 * `hasty`: pressed as the image came; `absent`: not on screen yet; `hidden`: not on screen on the
 * person's wish; `nothing`: it has to be meant.
 */
export type Seen = "seen" | "hasty" | "absent" | "hidden" | "nothing";

/** What a key or a click would accept. */
export interface Sought {
  /** Which opening of an image this is. */
  visit: number;
  /** Whether an answer was given in this visit: then its image was looked at. */
  hasAnswered: boolean;
  key: string | null;
  /** Whether the person painted it by hand, and so saw it as it came about. */
  isOwn: boolean;
  isNothing: boolean;
  isHidden: boolean;
  isClick: boolean;
}

export class Sight {
  private visit: number | null = null;
  private key: string | null = null;
  private since = 0;
  private meant: string | null = null;

  /**
   * The image of that visit and the mask of that key are on screen, be it one of nothing; no key
   * while the picture or the mask of the slice is missing.
   */
  painted(visit: number, key: string | null, now: number): void {
    if (key === null) {
      this.key = null;
      return;
    }
    if (visit !== this.visit) this.since = now;
    this.visit = visit;
    this.key = key;
  }

  /** A press that does not count begins the moment anew, so that hammering accepts nothing. */
  press({ visit, hasAnswered, key, isOwn, isNothing, isHidden, isClick }: Sought, now: number): Seen {
    if (isHidden) return "hidden";
    if (visit !== this.visit || (key !== this.key && !isOwn)) return "absent";
    const isHasty = !hasAnswered && now - this.since < (isClick ? AIM_MS : LOOK_MS);
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

/**
 * What a press that accepts comes to: nothing, since it is done or nothing is there to accept; a
 * wait; or a look at whether the mask was seen. While a pick is on its way nothing is promised: the
 * mask that follows from it is not the card, and nobody saw it yet.
 */
export function pressed({ proposal, pending, steps, kept }: SessionState): "done" | "first" | "picked" | "waits" | "look" {
  if (!proposal) return "first";
  if (proposal.is_accepted || proposal.is_empty || pending.some(({ answer }) => answer.kind === "accept")) return "done";
  if (steps.length > 0) return "waits";
  const last = [...pending.map(({ answer }) => answer), ...kept].at(-1);
  if (!last) return "look";
  return last.kind === "pick" && last.candidate !== null ? "picked" : "waits";
}
