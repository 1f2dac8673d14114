// What was drawn, as prompts that the server understands, and prompts found under a click.

import type { Prompt } from "../api/types";
import type { PlacedPrompt } from "../state/session";
import { type Camera, type Point, type Size, boxBetween, pixelAt, strokeVoxels, toScreen } from "../viewer/geometry";
import type { Draft } from "./gestures";

export function clickPrompt(
  at: Point,
  slice: number,
  image: Size,
  isPositive: boolean,
): Prompt | null {
  const pixel = pixelAt(at, image);
  if (!pixel) return null;
  return { kind: "click", at_zyx: [slice, pixel.row, pixel.column], positive: isPositive };
}

export function draftPrompt(draft: Draft, slice: number, image: Size): Prompt | null {
  if (draft.tool === "box") {
    const [one, other] = draft.points;
    const box = one && other ? boxBetween(one, other, slice, image) : null;
    return box && { kind: "box", ...box };
  }
  const voxels = strokeVoxels(draft.points, slice, image);
  if (voxels.length === 0) return null;
  return { kind: "scribble", points_zyx: voxels, positive: draft.tool === "scribble" };
}

const REACH_PX = 9;

/** The prompt whose mark lies under a point of the screen, latest first. */
export function promptUnder(
  at: Point,
  slice: number,
  camera: Camera,
  placed: readonly PlacedPrompt[],
): PlacedPrompt | null {
  const isNear = (row: number, column: number) => {
    const mark = toScreen(camera, { x: column + 0.5, y: row + 0.5 });
    return Math.hypot(mark.x - at.x, mark.y - at.y) <= REACH_PX;
  };
  const isUnder = ({ prompt }: PlacedPrompt): boolean => {
    if (prompt.kind === "click") {
      return prompt.at_zyx[0] === slice && isNear(prompt.at_zyx[1], prompt.at_zyx[2]);
    }
    if (prompt.kind === "scribble") {
      return prompt.points_zyx.some(([z, row, column]) => z === slice && isNear(row, column));
    }
    return prompt.low_zyx[0] <= slice && slice < prompt.high_zyx[0] && isOnEdge(prompt, at, camera);
  };
  return [...placed].reverse().find((entry) => !entry.isWaiting && isUnder(entry)) ?? null;
}

function isOnEdge(
  box: { low_zyx: number[]; high_zyx: number[] },
  at: Point,
  camera: Camera,
): boolean {
  const low = toScreen(camera, { x: box.low_zyx[2] ?? 0, y: box.low_zyx[1] ?? 0 });
  const high = toScreen(camera, { x: box.high_zyx[2] ?? 0, y: box.high_zyx[1] ?? 0 });
  const isWithin = (by: number) =>
    at.x >= low.x - by && at.x <= high.x + by && at.y >= low.y - by && at.y <= high.y + by;
  return isWithin(REACH_PX) && !isWithin(-REACH_PX);
}
