// Where a pixel of the image lies on the screen, and back. Sizes of the screen are CSS pixels.

import type { ImageDetail, Zyx } from "../api/types";

/**
 * A view of one slice. `scale` is screen pixels per column; a row takes `scale * aspect`, so that
 * voxels that are taller than wide look so. `left` and `top` are where the image's corner lies.
 */
export interface Camera {
  scale: number;
  aspect: number;
  left: number;
  top: number;
  /** Columns and rows of the image along axes that are shown the other way round, else null. */
  turned: { x: number | null; y: number | null };
}

export const UPRIGHT: Camera["turned"] = { x: null, y: null };

export interface Size {
  height: number;
  width: number;
}

export interface Point {
  x: number;
  y: number;
}

/** How tall a voxel is, in its widths. */
export function aspectOf(detail: Pick<ImageDetail, "spacing_mm" | "is_calibrated">): number {
  const [, row, column] = detail.spacing_mm ?? [];
  return detail.is_calibrated && row && column ? row / column : 1;
}

const MARGIN = 12;
const SMALLEST = 0.5;
const LARGEST = 64;

/** The whole slice, as large as fits, in the middle. */
export function fit(image: Size, screen: Size, aspect: number, turned = UPRIGHT): Camera {
  const scale = Math.min(
    Math.max(screen.width - 2 * MARGIN, 1) / image.width,
    Math.max(screen.height - 2 * MARGIN, 1) / (image.height * aspect),
  );
  return {
    scale,
    aspect,
    turned,
    left: (screen.width - image.width * scale) / 2,
    top: (screen.height - image.height * scale * aspect) / 2,
  };
}

export function toScreen(camera: Camera, at: Point): Point {
  return {
    x: camera.left + along(at.x, camera.turned.x) * camera.scale,
    y: camera.top + along(at.y, camera.turned.y) * camera.scale * camera.aspect,
  };
}

export function toImage(camera: Camera, at: Point): Point {
  return {
    x: along((at.x - camera.left) / camera.scale, camera.turned.x),
    y: along((at.y - camera.top) / (camera.scale * camera.aspect), camera.turned.y),
  };
}

/** From the other end where the axis is turned; its own inverse. */
function along(at: number, length: number | null): number {
  return length === null ? at : length - at;
}

/** What takes image coordinates to the screen, as a 2D canvas wants it. */
export function matrixOf({ scale, aspect, left, top, turned }: Camera): [number, number, number, number, number, number] {
  const tall = scale * aspect;
  return [
    turned.x === null ? scale : -scale,
    0,
    0,
    turned.y === null ? tall : -tall,
    left + (turned.x ?? 0) * scale,
    top + (turned.y ?? 0) * tall,
  ];
}

/** Zoom by a factor while the point of the image under `at` stays there. */
export function zoomAt(camera: Camera, at: Point, factor: number, fitted: Camera): Camera {
  const low = fitted.scale * SMALLEST;
  const high = Math.max(LARGEST, fitted.scale * 4);
  const scale = Math.min(Math.max(camera.scale * factor, low), high);
  const ratio = scale / camera.scale;
  return {
    ...camera,
    scale,
    left: at.x - (at.x - camera.left) * ratio,
    top: at.y - (at.y - camera.top) * ratio,
  };
}

/** Move by screen pixels; a part of the image always stays in sight. */
export function pan(camera: Camera, by: Point, image: Size, screen: Size): Camera {
  const keep = 48;
  const width = image.width * camera.scale;
  const height = image.height * camera.scale * camera.aspect;
  return {
    ...camera,
    left: clamp(camera.left + by.x, keep - width, screen.width - keep),
    top: clamp(camera.top + by.y, keep - height, screen.height - keep),
  };
}

export function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high);
}

/** The pixel under a point of the image, or null outside. */
export function pixelAt(point: Point, image: Size): { row: number; column: number } | null {
  const row = Math.floor(point.y);
  const column = Math.floor(point.x);
  const inside = row >= 0 && column >= 0 && row < image.height && column < image.width;
  return inside ? { row, column } : null;
}

/** Pixels on the line between two points of the image, ends included; those outside are left out. */
export function line(from: Point, to: Point, image: Size): [number, number][] {
  const steps = Math.max(
    1,
    Math.ceil(2 * Math.max(Math.abs(to.x - from.x), Math.abs(to.y - from.y))),
  );
  const pixels: [number, number][] = [];
  for (let step = 0; step <= steps; step++) {
    const t = step / steps;
    const at = pixelAt(
      { x: from.x + (to.x - from.x) * t, y: from.y + (to.y - from.y) * t },
      image,
    );
    const last = pixels[pixels.length - 1];
    if (at && (!last || last[0] !== at.row || last[1] !== at.column)) {
      pixels.push([at.row, at.column]);
    }
  }
  return pixels;
}

/** Voxels under a stroke of points of the image, each once, in the order drawn. */
export function strokeVoxels(stroke: readonly Point[], slice: number, image: Size): Zyx[] {
  const seen = new Set<number>();
  const voxels: Zyx[] = [];
  stroke.forEach((point, i) => {
    for (const [row, column] of line(stroke[Math.max(i - 1, 0)] ?? point, point, image)) {
      const key = row * image.width + column;
      if (seen.has(key)) continue;
      seen.add(key);
      voxels.push([slice, row, column]);
    }
  });
  return voxels;
}

/** The box between two corners, clipped to the image; null when nothing of it is inside. */
export function boxBetween(
  one: Point,
  other: Point,
  slice: number,
  image: Size,
): { low_zyx: Zyx; high_zyx: Zyx } | null {
  const low = {
    x: clamp(Math.floor(Math.min(one.x, other.x)), 0, image.width),
    y: clamp(Math.floor(Math.min(one.y, other.y)), 0, image.height),
  };
  const high = {
    x: clamp(Math.ceil(Math.max(one.x, other.x)), 0, image.width),
    y: clamp(Math.ceil(Math.max(one.y, other.y)), 0, image.height),
  };
  if (high.x - low.x < 2 || high.y - low.y < 2) return null;
  return { low_zyx: [slice, low.y, low.x], high_zyx: [slice + 1, high.y, high.x] };
}
