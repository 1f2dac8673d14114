import { describe, expect, it } from "vitest";
import { type PathLike, addSmoothLoops, trace } from "../src/viewer/contour";
import type { Mask } from "../src/viewer/rle";

function maskOf(...rows: string[]): Mask {
  const width = rows[0]?.length ?? 0;
  const pixels = Uint8Array.from(rows.join(""), (letter) => (letter === "#" ? 1 : 0));
  return { height: rows.length, width, pixels };
}

/** Twice the signed area inside a loop of corners. */
function doubleArea(loop: readonly number[]): number {
  let sum = 0;
  for (let i = 0; i < loop.length; i += 2) {
    const [x0 = 0, y0 = 0] = loop.slice(i, i + 2);
    const next = (i + 2) % loop.length;
    sum += x0 * (loop[next + 1] ?? 0) - (loop[next] ?? 0) * y0;
  }
  return sum;
}

/** Repeatable numbers in [0, 1). */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return state / 2147483648;
  };
}

describe("outlines", () => {
  it("go once around a pixel, the pixel on the right", () => {
    expect(trace(maskOf("...", ".#.", "..."))).toEqual([[1, 1, 2, 1, 2, 2, 1, 2]]);
  });

  it("of nothing are none", () => {
    expect(trace(maskOf("..", ".."))).toEqual([]);
  });

  it("follow the border of the image where the object touches it", () => {
    const [loop = []] = trace(maskOf("##", "##"));
    expect(loop.length / 2).toBe(8);
    expect(doubleArea(loop)).toBe(8);
  });

  it("of a hole run the other way", () => {
    const loops = trace(maskOf("###", "#.#", "###"));
    expect(loops.map(doubleArea)).toEqual([18, -2]);
  });

  it("keep pixels apart that meet at a corner only, either way", () => {
    expect(trace(maskOf("#.", ".#")).map(doubleArea)).toEqual([2, 2]);
    expect(trace(maskOf(".#", "#.")).map(doubleArea)).toEqual([2, 2]);
  });

  it("enclose as many pixels as the mask has, whatever its shape", () => {
    const next = random(7);
    for (let trial = 0; trial < 40; trial++) {
      const pixels = Uint8Array.from({ length: 99 }, () => (next() < 0.55 ? 1 : 0));
      const loops = trace({ height: 9, width: 11, pixels });
      const inside = pixels.reduce((sum, value) => sum + value, 0);
      expect(loops.reduce((sum, loop) => sum + doubleArea(loop), 0)).toBe(2 * inside);
      const steps = loops.every((loop) => loop.length >= 8);
      expect(steps).toBe(true);
    }
  });
});

describe("smooth outlines", () => {
  function drawn(loop: number[]): number[][] {
    const points: number[][] = [];
    const path: PathLike = {
      moveTo: (x, y) => void points.push([x, y]),
      quadraticCurveTo: (_cx, _cy, x, y) => void points.push([x, y]),
      closePath: () => void points.push([]),
    };
    addSmoothLoops(path, [loop]);
    return points;
  }

  it("close where they began", () => {
    const points = drawn([1, 1, 2, 1, 2, 2, 1, 2]);
    expect(points[0]).toEqual([1.5, 1.25]);
    expect(points.at(-2)).toEqual(points[0]);
    expect(points.at(-1)).toEqual([]);
  });

  it("stay within half a pixel of the steps, straight edges on them", () => {
    const [loop = []] = trace(maskOf("........", ".#####..", ".######.", ".######.", "........"));
    const points = drawn(loop).slice(0, -1);
    points.forEach(([x = 0, y = 0], i) => {
      const at = (2 * i) % loop.length;
      const next = (2 * i + 2) % loop.length;
      const middle = [((loop[at] ?? 0) + (loop[next] ?? 0)) / 2, ((loop[at + 1] ?? 0) + (loop[next + 1] ?? 0)) / 2];
      expect(Math.hypot(x - (middle[0] ?? 0), y - (middle[1] ?? 0))).toBeLessThanOrEqual(0.5);
    });
    expect(points).toContainEqual([3.5, 1]);
  });
});
