// Window and level: which intensities are black and which white.

import { ctPresetNames } from "../words";

export interface Window {
  center: number;
  width: number;
}

const SOFT_TISSUE: Window = { center: 40, width: 400 };

/** Hounsfield units, as radiologists set them. */
export const CT_PRESETS: readonly { name: string; window: Window }[] = [
  { name: ctPresetNames.softTissue, window: SOFT_TISSUE },
  { name: ctPresetNames.lung, window: { center: -600, width: 1500 } },
  { name: ctPresetNames.bone, window: { center: 400, width: 1800 } },
  { name: ctPresetNames.brain, window: { center: 40, width: 80 } },
  { name: ctPresetNames.liver, window: { center: 60, width: 160 } },
];

/** NIfTI does not say what a CT is; but nothing else is as dark as air. */
export function isInHounsfield(image: { modality: string; low: number }): boolean {
  return image.modality === "CT" || (image.modality !== "MR" && image.low <= -800);
}

/** How an image is shown first: as its file asks for, else a CT as a CT is read. */
export function openingWindow(image: {
  modality: string;
  low: number;
  window: Window;
  file_window: Window | null;
}): Window {
  if (image.file_window) return image.file_window;
  // The server chooses a preset where it sees air, and percentiles where it does not.
  const isChosen = CT_PRESETS.some((preset) => isSame(preset.window, image.window));
  return isInHounsfield(image) && image.low < 0 && !isChosen ? SOFT_TISSUE : image.window;
}

export function fullRange(low: number, high: number): Window {
  return { center: (low + high) / 2, width: Math.max(high - low, Number.EPSILON) };
}

/** A drag by screen pixels: to the right widens, upwards darkens; the step follows the width. */
export function dragged(start: Window, by: { x: number; y: number }, range: number): Window {
  const step = Math.max(start.width, range / 100) / 300;
  const width = Math.max(start.width + by.x * step, range / 1000);
  return { center: round(start.center + by.y * step), width: round(width) };
}

function round(value: number): number {
  return Number(value.toPrecision(5));
}

/**
 * How gray values under one window look under another: an 8-bit table. What the old window
 * clipped stays clipped, so this only bridges the time until the exact picture arrives.
 */
export function remap(from: Window, to: Window): Uint8ClampedArray {
  const table = new Uint8ClampedArray(256);
  for (let value = 0; value < 256; value++) {
    const intensity = from.center + (value / 255 - 0.5) * from.width;
    table[value] = 255 * ((intensity - to.center) / to.width + 0.5);
  }
  return table;
}

export function isSame(one: Window, other: Window): boolean {
  return one.center === other.center && one.width === other.width;
}
