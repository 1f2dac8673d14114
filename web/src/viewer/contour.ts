// Outlines of a mask as closed loops of pixel corners, and as smooth paths to paint.
// Faces connect and corners do not, as everywhere in the product.

import type { Mask } from "./rle";

const STEP_X = [1, 0, -1, 0];
const STEP_Y = [0, 1, 0, -1];

/** For every pixel corner, the directions (bits: east, south, west, north) an outline leaves in. */
function outgoing(mask: Mask): Uint8Array {
  const { height, width, pixels } = mask;
  const stride = width + 1;
  const out = new Uint8Array(stride * (height + 1));
  const mark = (corner: number, direction: number) => {
    out[corner] = (out[corner] ?? 0) | (1 << direction);
  };
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = y * width + x;
      if (!pixels[at]) continue;
      const corner = y * stride + x;
      if (y === 0 || !pixels[at - width]) mark(corner, 0);
      if (x === width - 1 || !pixels[at + 1]) mark(corner + 1, 1);
      if (y === height - 1 || !pixels[at + width]) mark(corner + stride + 1, 2);
      if (x === 0 || !pixels[at - 1]) mark(corner + stride, 3);
    }
  }
  return out;
}

/**
 * Closed loops of corners [x0, y0, x1, y1, ...], one unit step apart, the object on the right.
 * The first corner is not repeated at the end.
 */
export function trace(mask: Mask): number[][] {
  const out = outgoing(mask);
  const stride = mask.width + 1;
  const loops: number[][] = [];
  for (let start = 0; start < out.length; start++) {
    while (out[start]) {
      const loop: number[] = [];
      let corner = start;
      let direction = lowestBit(out[start] ?? 0);
      do {
        loop.push(corner % stride, Math.floor(corner / stride));
        out[corner] = (out[corner] ?? 0) & ~(1 << direction);
        corner += (STEP_X[direction] ?? 0) + (STEP_Y[direction] ?? 0) * stride;
        direction = turn(out[corner] ?? 0, direction);
      } while (corner !== start);
      loops.push(loop);
    }
  }
  return loops;
}

function lowestBit(bits: number): number {
  return Math.log2(bits & -bits);
}

/** Right first, so that two pixels that meet at a corner get outlines of their own. */
function turn(bits: number, direction: number): number {
  for (const change of [1, 0, 3]) {
    const next = (direction + change) % 4;
    if (bits & (1 << next)) return next;
  }
  return -1;
}

/** What of a canvas path is used here, so that it can be tested without a browser. */
export interface PathLike {
  moveTo(x: number, y: number): void;
  quadraticCurveTo(cx: number, cy: number, x: number, y: number): void;
  closePath(): void;
}

/** Every corner a quarter of the way towards each of its neighbours. */
function relaxed(loop: readonly number[]): number[] {
  const count = loop.length;
  return loop.map((value, i) => {
    const before = loop[(i + count - 2) % count] ?? value;
    const after = loop[(i + 2) % count] ?? value;
    return (before + 2 * value + after) / 4;
  });
}

/**
 * Draw loops as curves through the middles of their relaxed steps. Straight edges stay straight,
 * staircases become smooth; no point leaves the outline by more than half a pixel.
 */
export function addSmoothLoops(path: PathLike, loops: readonly number[][]): void {
  for (const loop of loops.map(relaxed)) {
    const count = loop.length / 2;
    const x = (i: number) => loop[(i % count) * 2] ?? 0;
    const y = (i: number) => loop[(i % count) * 2 + 1] ?? 0;
    path.moveTo((x(0) + x(1)) / 2, (y(0) + y(1)) / 2);
    for (let i = 1; i <= count; i++) {
      path.quadraticCurveTo(x(i), y(i), (x(i) + x(i + 1)) / 2, (y(i) + y(i + 1)) / 2);
    }
    path.closePath();
  }
}
