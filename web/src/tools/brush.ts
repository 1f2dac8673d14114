// Painting by hand: strokes of a round brush over a mask, as pixels and as run lengths.

import type { Rle } from "../api/types";
import { type Point, clamp, pixelAt } from "../viewer/geometry";
import type { Mask } from "../viewer/rle";

export interface Stroke {
  slice: number;
  /** In image coordinates. */
  points: readonly Point[];
  /** In columns. */
  radius: number;
  adds: boolean;
}

export interface Painting {
  strokes: readonly Stroke[];
  /** Taken back, the next one to bring again last. */
  undone: readonly Stroke[];
}

export const BLANK: Painting = { strokes: [], undone: [] };

export function withStroke(painting: Painting, stroke: Stroke): Painting {
  return { strokes: [...painting.strokes, stroke], undone: [] };
}

export function undoStroke({ strokes, undone }: Painting): Painting {
  const last = strokes[strokes.length - 1];
  return last ? { strokes: strokes.slice(0, -1), undone: [...undone, last] } : { strokes, undone };
}

export function redoStroke({ strokes, undone }: Painting): Painting {
  const last = undone[undone.length - 1];
  return last ? { strokes: [...strokes, last], undone: undone.slice(0, -1) } : { strokes, undone };
}

/** The points of a stroke that matter to a brush of this size, to a tenth of a pixel. */
export function thinned(points: readonly Point[], radius: number): Point[] {
  const apart = Math.max(radius / 4, 0.3);
  const kept: Point[] = [];
  points.forEach(({ x, y }, i) => {
    const last = kept[kept.length - 1];
    const isFar = !last || Math.hypot(x - last.x, y - last.y) >= apart;
    if (isFar || i === points.length - 1) kept.push({ x: Math.round(x * 10) / 10, y: Math.round(y * 10) / 10 });
  });
  return kept;
}

const SMALLEST = 0.5;
const LARGEST = 128;

/** Larger or smaller by one step, as fingers on [ and ] expect. */
export function resized(radius: number, by: 1 | -1): number {
  const next = by > 0 ? Math.max(radius * 1.25, radius + 0.5) : Math.min(radius / 1.25, radius - 0.5);
  return clamp(Math.round(next * 2) / 2, SMALLEST, LARGEST);
}

/** A mask with the strokes on it that were painted on its slice, in their order. */
export function painted(base: Mask, painting: Painting, slice: number, aspect: number): Mask {
  const mask = { ...base, pixels: base.pixels.slice() };
  for (const stroke of painting.strokes) if (stroke.slice === slice) apply(mask, stroke, aspect);
  return mask;
}

/** The pixels whose middle lies under the brush; `aspect` is the height of a voxel in its widths. */
function apply(mask: Mask, { points, radius, adds }: Stroke, aspect: number): void {
  points.forEach((point, i) => {
    const from = points[Math.max(i - 1, 0)] ?? point;
    const tall = radius / aspect;
    const top = Math.max(0, Math.floor(Math.min(from.y, point.y) - tall));
    const bottom = Math.min(mask.height - 1, Math.ceil(Math.max(from.y, point.y) + tall));
    const left = Math.max(0, Math.floor(Math.min(from.x, point.x) - radius));
    const right = Math.min(mask.width - 1, Math.ceil(Math.max(from.x, point.x) + radius));
    for (let row = top; row <= bottom; row++) {
      for (let column = left; column <= right; column++) {
        const at = { x: column + 0.5, y: row + 0.5 };
        if (distance(at, from, point, aspect) <= radius) mask.pixels[row * mask.width + column] = adds ? 1 : 0;
      }
    }
    // A brush smaller than a pixel still paints the one it is on.
    const under = pixelAt(point, mask);
    if (under) mask.pixels[under.row * mask.width + under.column] = adds ? 1 : 0;
  });
}

/** From a point to a stretch between two others, rows counted as tall as they are. */
function distance(at: Point, from: Point, to: Point, aspect: number): number {
  const along = { x: to.x - from.x, y: (to.y - from.y) * aspect };
  const off = { x: at.x - from.x, y: (at.y - from.y) * aspect };
  const length = along.x ** 2 + along.y ** 2;
  const share = length === 0 ? 0 : clamp((off.x * along.x + off.y * along.y) / length, 0, 1);
  return Math.hypot(off.x - along.x * share, off.y - along.y * share);
}

/** Run lengths of a whole volume, taken a slice at a time. */
export async function encodeVolume(
  shape: readonly number[],
  sliceAt: (index: number) => Promise<Mask>,
): Promise<Rle> {
  const [depth = 1, height = 1, width = 1] = shape;
  const runs: number[] = [];
  let value = 0;
  let run = 0;
  for (let index = 0; index < depth; index++) {
    const { pixels } = await sliceAt(index);
    if (pixels.length !== height * width) throw new RangeError(`Slice ${index} has ${pixels.length} pixels.`);
    for (const pixel of pixels) {
      if (pixel !== value) {
        runs.push(run);
        value = pixel;
        run = 0;
      }
      run++;
    }
  }
  runs.push(run);
  return { shape: [depth, height, width], runs };
}

const PREFIX = "assent.painting.";
const KEPT = 12;

/**
 * What was painted in a round, kept in the browser: a reload loses nothing, and an acceptance that
 * is taken back finds the strokes again. The newest few paintings are kept.
 */
export class Drawer {
  private readonly key: string;

  constructor(
    private readonly storage: Storage,
    store: string,
    session: number,
    round: number,
  ) {
    this.key = `${PREFIX}${store}.${session}.${round}`;
  }

  read(): Painting {
    try {
      const kept = JSON.parse(this.storage.getItem(this.key) ?? "null") as Painting | null;
      return kept && Array.isArray(kept.strokes) && Array.isArray(kept.undone) ? kept : BLANK;
    } catch {
      return BLANK;
    }
  }

  write(painting: Painting): void {
    try {
      if (painting.strokes.length === 0) this.storage.removeItem(this.key);
      else this.storage.setItem(this.key, JSON.stringify({ ...painting, at: Date.now() }));
      this.prune();
    } catch {
      // Full or forbidden: the strokes live on this page only.
    }
  }

  private prune(): void {
    const keys = Array.from({ length: this.storage.length }, (_, i) => this.storage.key(i) ?? "");
    const dated = keys
      .filter((key) => key.startsWith(PREFIX))
      .map((key) => ({ key, at: (JSON.parse(this.storage.getItem(key) ?? "{}") as { at?: number }).at ?? 0 }));
    dated.sort((a, b) => b.at - a.at);
    for (const { key } of dated.slice(KEPT)) this.storage.removeItem(key);
  }
}
