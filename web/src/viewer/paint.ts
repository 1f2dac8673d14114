// Paints one slice and what lies over it on a 2D canvas. Knows nothing of methods or servers.

import type { Crop } from "../api/types";
import type { PlacedPrompt } from "../state/session";
import { addSmoothLoops, trace } from "./contour";
import { type Camera, type Point, type Size, matrixOf, toScreen } from "./geometry";
import type { Mask } from "./rle";

/** Okabe and Ito's colours, which people with any colour vision tell apart, lightened for gray. */
export const INK = {
  recommended: "#35d0a5",
  added: "#56b4e9",
  removed: "#ff9d3c",
  uncertain: [240, 228, 66] as const,
  prompt: "#ffffff",
  halo: "rgba(0, 0, 0, 0.65)",
};

export interface Overlay {
  recommended: Path2D | null;
  added: Path2D | null;
  removed: Path2D | null;
}

export interface Scene {
  image: CanvasImageSource | null;
  size: Size;
  camera: Camera;
  overlay: Overlay;
  isFilled: boolean;
  /** Of the fills, in [0, 1]; outlines stay visible. */
  opacity: number;
  uncertainty: CanvasImageSource | null;
  /** Of the line around the recommendation, in pixels of the screen. */
  lineWidth?: number;
}

/** The outline of a mask in image coordinates, moved by the corner of its crop. */
export function outline(mask: Mask, at: Point = { x: 0, y: 0 }): Path2D {
  const path = new Path2D();
  addSmoothLoops(path, trace(mask));
  if (at.x === 0 && at.y === 0) return path;
  const moved = new Path2D();
  moved.addPath(path, new DOMMatrix([1, 0, 0, 1, at.x, at.y]));
  return moved;
}

/** Make a canvas as sharp as the screen; returns a context that counts in CSS pixels. */
export function prepare(canvas: HTMLCanvasElement, size: Size): CanvasRenderingContext2D | null {
  const ratio = window.devicePixelRatio || 1;
  const width = Math.max(1, Math.round(size.width * ratio));
  const height = Math.max(1, Math.round(size.height * ratio));
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width;
    canvas.height = height;
  }
  const context = canvas.getContext("2d");
  context?.setTransform(ratio, 0, 0, ratio, 0, 0);
  context?.clearRect(0, 0, size.width, size.height);
  // A stroke painted before would round the ends of the next picture's lines.
  if (context) context.lineCap = context.lineJoin = "round";
  return context;
}

export function paintScene(context: CanvasRenderingContext2D, scene: Scene): void {
  const { camera, size } = scene;
  // Blocks are honest once a voxel is large; below, smoothing is easier on the eye.
  context.imageSmoothingEnabled = camera.scale < 12;
  context.imageSmoothingQuality = "high";
  context.save();
  context.transform(...matrixOf(camera));
  if (scene.image) context.drawImage(scene.image, 0, 0, size.width, size.height);
  if (scene.uncertainty) context.drawImage(scene.uncertainty, 0, 0, size.width, size.height);
  context.restore();
  paintOverlay(context, scene);
}

function paintOverlay(context: CanvasRenderingContext2D, scene: Scene): void {
  const { overlay, camera, opacity } = scene;
  const recommended = overlay.recommended && placed(overlay.recommended, camera);
  if (recommended && scene.isFilled) {
    context.globalAlpha = opacity;
    context.fillStyle = INK.recommended;
    context.fill(recommended, "evenodd");
    context.globalAlpha = 1;
  }
  if (overlay.added) paintAdded(context, placed(overlay.added, camera));
  if (overlay.removed) paintRemoved(context, placed(overlay.removed, camera));
  if (recommended) stroke(context, recommended, INK.recommended, scene.lineWidth ?? 1.75);
}

function placed(path: Path2D, camera: Camera): Path2D {
  const onScreen = new Path2D();
  onScreen.addPath(path, new DOMMatrix(matrixOf(camera)));
  return onScreen;
}

function stroke(
  context: CanvasRenderingContext2D,
  path: Path2D,
  colour: string,
  width: number,
): void {
  context.lineJoin = "round";
  context.lineWidth = 2 * width;
  context.strokeStyle = INK.halo;
  context.stroke(path);
  context.lineWidth = width;
  context.strokeStyle = colour;
  context.stroke(path);
}

function paintAdded(context: CanvasRenderingContext2D, path: Path2D): void {
  context.globalAlpha = 0.6;
  context.fillStyle = INK.added;
  context.fill(path, "evenodd");
  context.globalAlpha = 1;
  context.lineWidth = 1;
  context.strokeStyle = INK.added;
  context.stroke(path);
}

/** Hatched, so that added and removed differ in more than colour. */
function paintRemoved(context: CanvasRenderingContext2D, path: Path2D): void {
  context.globalAlpha = 0.2;
  context.fillStyle = INK.removed;
  context.fill(path, "evenodd");
  context.globalAlpha = 1;
  const pattern = hatch(context);
  if (pattern) {
    context.fillStyle = pattern;
    context.fill(path, "evenodd");
  }
  context.lineWidth = 1;
  context.strokeStyle = INK.removed;
  context.stroke(path);
}

let hatching: HTMLCanvasElement | null = null;

function hatch(context: CanvasRenderingContext2D): CanvasPattern | null {
  if (!hatching) {
    hatching = document.createElement("canvas");
    hatching.width = hatching.height = 6;
    const ink = hatching.getContext("2d");
    if (ink) {
      ink.strokeStyle = INK.removed;
      ink.lineWidth = 1.6;
      ink.beginPath();
      for (const shift of [-6, 0, 6]) {
        ink.moveTo(shift - 1, 7);
        ink.lineTo(shift + 7, -1);
      }
      ink.stroke();
    }
  }
  return context.createPattern(hatching, "repeat");
}

/** Clicks, scribbles and boxes that lie on this slice. */
export function paintPrompts(
  context: CanvasRenderingContext2D,
  camera: Camera,
  slice: number,
  placedPrompts: readonly PlacedPrompt[],
): void {
  for (const { prompt, isWaiting } of placedPrompts) {
    context.globalAlpha = isWaiting ? 0.6 : 1;
    if (prompt.kind === "click") {
      const [z, row, column] = prompt.at_zyx;
      if (z === slice) paintClick(context, centre(camera, row, column), prompt.positive);
    } else if (prompt.kind === "scribble") {
      const points = prompt.points_zyx
        .filter(([z]) => z === slice)
        .map(([, row, column]) => centre(camera, row, column));
      paintStroke(context, points, prompt.positive);
    } else if (prompt.low_zyx[0] <= slice && slice < prompt.high_zyx[0]) {
      const [, top, left] = prompt.low_zyx;
      const [, bottom, right] = prompt.high_zyx;
      paintBox(context, toScreen(camera, { x: left, y: top }), toScreen(camera, { x: right, y: bottom }));
    }
  }
  context.globalAlpha = 1;
}

function centre(camera: Camera, row: number, column: number): Point {
  return toScreen(camera, { x: column + 0.5, y: row + 0.5 });
}

function paintClick(context: CanvasRenderingContext2D, at: Point, isInside: boolean): void {
  const radius = 6.5;
  context.beginPath();
  context.arc(at.x, at.y, radius, 0, 2 * Math.PI);
  context.fillStyle = isInside ? "#0d6b54" : "#9a4a00";
  context.fill();
  context.lineWidth = 1.5;
  context.strokeStyle = INK.prompt;
  context.stroke();
  context.beginPath();
  context.moveTo(at.x - 3, at.y);
  context.lineTo(at.x + 3, at.y);
  if (isInside) {
    context.moveTo(at.x, at.y - 3);
    context.lineTo(at.x, at.y + 3);
  }
  context.stroke();
}

/** Lays a round line through points, to be stroked; one point alone becomes a dot. */
function trail(context: CanvasRenderingContext2D, points: readonly Point[]): void {
  context.beginPath();
  points.forEach((point, i) => {
    if (i === 0) context.moveTo(point.x, point.y);
    context.lineTo(point.x + 0.01, point.y);
  });
  context.lineCap = context.lineJoin = "round";
}

/** A stroke as a line through points that follow one another, with gaps where they do not. */
export function paintStroke(
  context: CanvasRenderingContext2D,
  points: readonly Point[],
  isInside: boolean,
): void {
  trail(context, points);
  context.setLineDash(isInside ? [] : [2, 7]);
  context.lineWidth = 6;
  context.strokeStyle = INK.halo;
  context.stroke();
  context.lineWidth = 3.5;
  context.strokeStyle = isInside ? INK.recommended : INK.removed;
  context.stroke();
  context.setLineDash([]);
}

/** A stroke of the brush while it is drawn, as wide as it will be. */
export function paintBrush(
  context: CanvasRenderingContext2D,
  points: readonly Point[],
  width: number,
  adds: boolean,
): void {
  trail(context, points);
  context.lineWidth = Math.max(width, 1);
  context.globalAlpha = 0.55;
  context.strokeStyle = adds ? INK.recommended : INK.removed;
  context.stroke();
  context.globalAlpha = 1;
}

export function paintBox(context: CanvasRenderingContext2D, one: Point, other: Point): void {
  const left = Math.min(one.x, other.x);
  const top = Math.min(one.y, other.y);
  context.setLineDash([7, 5]);
  for (const [width, colour] of [[3.5, INK.halo], [1.5, INK.prompt]] as const) {
    context.lineWidth = width;
    context.strokeStyle = colour;
    context.strokeRect(left, top, Math.abs(other.x - one.x), Math.abs(other.y - one.y));
  }
  context.setLineDash([]);
}

/** The cross that marks where drawing by keys would happen. */
export function paintCursor(context: CanvasRenderingContext2D, at: Point): void {
  context.beginPath();
  for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]] as const) {
    context.moveTo(at.x + dx * 4, at.y + dy * 4);
    context.lineTo(at.x + dx * 14, at.y + dy * 14);
  }
  context.lineWidth = 3.5;
  context.strokeStyle = INK.halo;
  context.stroke();
  context.lineWidth = 1.5;
  context.strokeStyle = INK.prompt;
  context.stroke();
}

/** Thin lines through a place, open around it. */
export function paintCrosshair(context: CanvasRenderingContext2D, at: Point, screen: Size): void {
  const gap = 14;
  context.beginPath();
  for (const [from, to] of [[0, at.x - gap], [at.x + gap, screen.width]] as const) {
    context.moveTo(from, at.y);
    context.lineTo(Math.max(from, to), at.y);
  }
  for (const [from, to] of [[0, at.y - gap], [at.y + gap, screen.height]] as const) {
    context.moveTo(at.x, from);
    context.lineTo(at.x, Math.max(from, to));
  }
  context.globalAlpha = 0.6;
  context.lineWidth = 1;
  context.strokeStyle = INK.recommended;
  context.stroke();
  context.globalAlpha = 1;
}

/** Where in the whole a close-up lies: the outline, small, and a frame around what is shown large. */
export function paintMap(
  context: CanvasRenderingContext2D,
  camera: Camera,
  outlined: Path2D | null,
  whole: Crop,
  part: Crop,
): void {
  context.globalAlpha = 0.72;
  context.fillStyle = "#0b0d0f";
  context.fillRect(...rectangle(camera, whole));
  context.globalAlpha = 1;
  context.lineWidth = 1;
  context.strokeStyle = INK.recommended;
  if (outlined) context.stroke(placed(outlined, camera));
  context.strokeStyle = INK.prompt;
  context.strokeRect(...rectangle(camera, part));
}

/** Left, top, width and height of a part of the image on the screen. */
function rectangle(camera: Camera, part: Crop): [number, number, number, number] {
  const one = toScreen(camera, part);
  const other = toScreen(camera, { x: part.x + part.width, y: part.y + part.height });
  return [Math.min(one.x, other.x), Math.min(one.y, other.y), Math.abs(other.x - one.x), Math.abs(other.y - one.y)];
}

/** Gray values as one yellow of growing strength: 255 is where the method knows least. */
export function tintUncertainty(gray: ImageBitmap): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  canvas.width = gray.width;
  canvas.height = gray.height;
  const context = canvas.getContext("2d");
  if (!context) return canvas;
  context.drawImage(gray, 0, 0);
  const pixels = context.getImageData(0, 0, canvas.width, canvas.height);
  const [red, green, blue] = INK.uncertain;
  for (let at = 0; at < pixels.data.length; at += 4) {
    const value = pixels.data[at] ?? 0;
    pixels.data.set([red, green, blue, value * 0.8], at);
  }
  context.putImageData(pixels, 0, 0);
  return canvas;
}
