// Which part of an image a card shows: the whole of both masks, or, where they differ by less than
// an eye would see there, the place where they differ most, larger.

import type { Alternative, Crop } from "../api/types";
import { type Camera, type Size, toScreen } from "./geometry";
import { type Mask, decode } from "./rle";

/** Pixels of the screen that the thickest difference takes, the line between both masks included. */
const SEEN = 12;
/** Where less of a magnification would do, the overview is worth more. */
const WORTH = 1.4;
/** How much larger at most, so that enough around it is in sight. */
const MOST = 4;

/** Screen pixels per column with which a crop fits a card. */
export function fitting(crop: Crop, card: Size, aspect: number): number {
  return Math.min(card.width / crop.width, card.height / (crop.height * aspect));
}

/** The part of the crop to show closer, in coordinates of the image; null where all of it will do. */
export function closeUp(alternative: Alternative, card: Size, aspect: number): Crop | null {
  const { crop } = alternative;
  const depth = depths(decode(alternative.added), decode(alternative.removed));
  // A difference of one depth is one pixel thick, of two depths three.
  const thickness = 2 * depth.most - 1;
  const whole = fitting(crop, card, aspect);
  const scale = Math.min(SEEN / thickness, MOST * whole);
  if (depth.most === 0 || scale < WORTH * whole) return null;
  const height = Math.min(Math.round(card.height / (scale * aspect)), crop.height);
  const width = Math.min(Math.round(card.width / scale), crop.width);
  const { x, y } = fullest(depth, { height, width });
  return { x: crop.x + x, y: crop.y + y, height, width };
}

/** Whether less of the difference lies in the lower left corner of a card than in the lower right. */
export function isLeftFreer({ crop, ...alternative }: Alternative, camera: Camera, card: Size, corner: Size): boolean {
  const [added, removed] = [decode(alternative.added), decode(alternative.removed)];
  let balance = 0;
  added.pixels.forEach((isAdded, i) => {
    if (!isAdded && !removed.pixels[i]) return;
    const at = toScreen(camera, { x: crop.x + (i % crop.width) + 0.5, y: crop.y + Math.floor(i / crop.width) + 0.5 });
    if (at.y < card.height - corner.height || at.y > card.height) return;
    if (at.x >= 0 && at.x < corner.width) balance--;
    if (at.x <= card.width && at.x > card.width - corner.width) balance++;
  });
  return balance > 0;
}

interface Depths extends Size {
  /** How far each pixel lies inside the difference, along rows and columns; 0 outside. */
  values: Uint16Array;
  most: number;
}

function depths(added: Mask, removed: Mask): Depths {
  const { height, width } = added;
  const values = new Uint16Array(height * width);
  const at = (row: number, column: number) =>
    row < 0 || column < 0 || row >= height || column >= width ? 0 : (values[row * width + column] ?? 0);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const i = row * width + column;
      if (added.pixels[i] || removed.pixels[i]) values[i] = Math.min(at(row - 1, column), at(row, column - 1)) + 1;
    }
  }
  let most = 0;
  for (let row = height - 1; row >= 0; row--) {
    for (let column = width - 1; column >= 0; column--) {
      const i = row * width + column;
      if (!values[i]) continue;
      values[i] = Math.min(values[i] ?? 0, at(row + 1, column) + 1, at(row, column + 1) + 1);
      most = Math.max(most, values[i] ?? 0);
    }
  }
  return { height, width, values, most };
}

/** The corner of the frame that holds most of the difference, the thick of it before the thin, in its middle. */
function fullest({ height, width, values }: Depths, frame: Size): { x: number; y: number } {
  const sums = new Float64Array((height + 1) * (width + 1));
  const sum = (y: number, x: number) => sums[y * (width + 1) + x] ?? 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const value = values[y * width + x] ?? 0;
      sums[(y + 1) * (width + 1) + x + 1] = value ** 3 + sum(y, x + 1) + sum(y + 1, x) - sum(y, x);
    }
  }
  let best = { x: 0, y: 0, holds: -1 };
  for (let y = 0; y + frame.height <= height; y++) {
    for (let x = 0; x + frame.width <= width; x++) {
      const holds = sum(y + frame.height, x + frame.width) - sum(y, x + frame.width) - sum(y + frame.height, x) + sum(y, x);
      if (holds > best.holds) best = { x, y, holds };
    }
  }
  let [weight, atX, atY] = [0, 0, 0];
  for (let y = best.y; y < best.y + frame.height; y++) {
    for (let x = best.x; x < best.x + frame.width; x++) {
      const value = (values[y * width + x] ?? 0) ** 3;
      weight += value;
      atX += value * (x + 0.5);
      atY += value * (y + 0.5);
    }
  }
  const within = (middle: number, size: number, whole: number) =>
    Math.min(Math.max(Math.round(middle - size / 2), 0), whole - size);
  return { x: within(atX / weight, frame.width, width), y: within(atY / weight, frame.height, height) };
}
