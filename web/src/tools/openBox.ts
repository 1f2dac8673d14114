// A box in a volume that is not given yet: drawn on one slice, then taken over several.

import type { Prompt, Zyx } from "../api/types";

export interface OpenBox {
  low_zyx: Zyx;
  /** The first index beyond. */
  high_zyx: Zyx;
}

/** As it was drawn; null for anything but a box in a volume, which is given at once. */
export function begunBox(prompt: Prompt, isVolume: boolean): OpenBox | null {
  if (prompt.kind !== "box" || !isVolume) return null;
  return { low_zyx: prompt.low_zyx, high_zyx: prompt.high_zyx };
}

/** With a slice, and all between; it never gets thinner by this. */
export function including(box: OpenBox, slice: number): OpenBox {
  return ranged(box, Math.min(box.low_zyx[0], slice), Math.max(box.high_zyx[0] - 1, slice));
}

/** From one slice to another, both included, in whichever order. */
export function ranged(box: OpenBox, one: number, other: number): OpenBox {
  const [, top, left] = box.low_zyx;
  const [, bottom, right] = box.high_zyx;
  return {
    low_zyx: [Math.min(one, other), top, left],
    high_zyx: [Math.max(one, other) + 1, bottom, right],
  };
}

export function boxPrompt(box: OpenBox): Prompt {
  return { kind: "box", ...box };
}
