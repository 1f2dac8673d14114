// Run lengths: alternating runs in row order, the first of which is background and may be 0.

import type { Rle } from "../api/types";

/** Pixels of one slice or crop: 1 inside, 0 outside, row by row. */
export interface Mask {
  height: number;
  width: number;
  pixels: Uint8Array;
}

export function emptyMask(height: number, width: number): Mask {
  return { height, width, pixels: new Uint8Array(height * width) };
}

/** Throws when the runs do not add up, so that a wrong picture is never shown. */
export function decode(rle: Rle): Mask {
  const [height, width] = rle.shape.slice(-2);
  if (height === undefined || width === undefined) throw new RangeError("A mask has two sizes.");
  const mask = emptyMask(height, width);
  let at = 0;
  let inside = 0;
  for (const run of rle.runs) {
    if (inside) mask.pixels.fill(1, at, at + run);
    at += run;
    inside = 1 - inside;
  }
  if (at !== mask.pixels.length) {
    throw new RangeError(`The runs of a mask cover ${at} of ${mask.pixels.length} pixels.`);
  }
  return mask;
}
