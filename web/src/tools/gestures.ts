// Pointer events (mouse, pen, fingers) to what they mean: pan, zoom, window, or something drawn.

import { type RefObject, useEffect, useRef, useState } from "react";
import type { Tool } from "../keys";
import { type Camera, type Point, toImage } from "../viewer/geometry";

/** What is being drawn, in image coordinates. */
export interface Draft {
  tool: Exclude<Tool, "point">;
  points: Point[];
  /** Drawn with Shift or Alt: the opposite of what the tool does otherwise. */
  isNegative?: boolean;
}

export interface Actions {
  onPan(by: Point): void;
  onZoom(at: Point, factor: number): void;
  onWindow(by: Point, isStart: boolean): void;
  onClick(at: Point, isPositive: boolean): void;
  onDrawn(draft: Draft): void;
  onWheelSlice(by: number): void;
}

type Mode = "idle" | "press" | "pan" | "window" | "draw" | "pinch";

const CLICK_PX = 4;

interface Gesture {
  mode: Mode;
  button: number;
  start: Point;
  last: Point;
  isNegative: boolean;
  fingers: Map<number, Point>;
}

const resting = (): Gesture => ({
  mode: "idle",
  button: 0,
  start: { x: 0, y: 0 },
  last: { x: 0, y: 0 },
  isNegative: false,
  fingers: new Map(),
});

/** Returns what is being drawn right now, to be painted. */
export function useGestures(
  target: RefObject<HTMLElement | null>,
  camera: Camera | null,
  tool: Tool,
  actions: Actions,
): Draft | null {
  const [draft, setDraft] = useState<Draft | null>(null);
  // Listeners are attached once; they look up here what holds at the time.
  const now = useRef({ camera, tool, actions, draft });
  now.current = { camera, tool, actions, draft };

  useEffect(() => {
    const element = target.current;
    if (!element) return;
    const draw = (next: Draft | null) => {
      now.current.draft = next;
      setDraft(next);
    };
    return listen(element, now, draw);
  }, [target]);
  return draft;
}

interface Now {
  current: { camera: Camera | null; tool: Tool; actions: Actions; draft: Draft | null };
}

function listen(element: HTMLElement, now: Now, draw: (draft: Draft | null) => void): () => void {
  const gesture = resting();
  const at = (event: MouseEvent): Point => {
    const box = element.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };
  const handlers: { [name: string]: (event: never) => void } = {
    pointerdown: (event: PointerEvent) => down(gesture, now, draw, event, at(event), element),
    pointermove: (event: PointerEvent) => move(gesture, now, draw, event, at(event)),
    pointerup: (event: PointerEvent) => up(gesture, now, draw, event),
    pointercancel: (event: PointerEvent) => {
      gesture.fingers.delete(event.pointerId);
      gesture.mode = "idle";
      draw(null);
    },
    wheel: (event: WheelEvent) => wheel(now, event, at(event)),
    contextmenu: (event: Event) => event.preventDefault(),
    // The stage takes the focus by Tab only, so that arrows go on to mean better and worse.
    mousedown: (event: Event) => event.preventDefault(),
  };
  for (const [name, handler] of Object.entries(handlers)) {
    element.addEventListener(name, handler as EventListener, { passive: false });
  }
  return () => {
    for (const [name, handler] of Object.entries(handlers)) {
      element.removeEventListener(name, handler as EventListener);
    }
  };
}

function down(
  gesture: Gesture,
  now: Now,
  draw: (draft: Draft | null) => void,
  event: PointerEvent,
  at: Point,
  element: HTMLElement,
): void {
  const { camera, tool } = now.current;
  if (!camera) return;
  if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
  element.setPointerCapture(event.pointerId);
  gesture.fingers.set(event.pointerId, at);
  if (gesture.fingers.size === 2) {
    gesture.mode = "pinch";
    return draw(null);
  }
  Object.assign(gesture, { button: event.button, start: at, last: at });
  gesture.isNegative = event.button === 2 || event.shiftKey || event.altKey || tool === "erase";
  if (event.button === 1) gesture.mode = "pan";
  else if (event.button === 2 || tool === "point") gesture.mode = "press";
  else {
    gesture.mode = "draw";
    draw({ tool, points: [toImage(camera, at)], isNegative: gesture.isNegative });
  }
}

function move(
  gesture: Gesture,
  now: Now,
  draw: (draft: Draft | null) => void,
  event: PointerEvent,
  at: Point,
): void {
  const { camera, actions, draft } = now.current;
  if (gesture.mode === "idle" || !camera) return;
  if (gesture.mode === "pinch") return pinch(gesture, actions, event.pointerId, at);
  gesture.fingers.set(event.pointerId, at);
  const by = { x: at.x - gesture.last.x, y: at.y - gesture.last.y };
  if (gesture.mode === "press" && distance(at, gesture.start) >= CLICK_PX) {
    gesture.mode = gesture.button === 2 ? "window" : "pan";
    if (gesture.mode === "window") actions.onWindow({ x: 0, y: 0 }, true);
  }
  if (gesture.mode === "pan") actions.onPan(by);
  if (gesture.mode === "window") {
    actions.onWindow({ x: at.x - gesture.start.x, y: at.y - gesture.start.y }, false);
  }
  if (gesture.mode === "draw" && draft) {
    const point = toImage(camera, at);
    const first = draft.points[0] ?? point;
    const points = draft.tool === "box" ? [first, point] : [...draft.points, point];
    draw({ ...draft, points });
  }
  gesture.last = at;
}

function pinch(gesture: Gesture, actions: Actions, finger: number, at: Point): void {
  const before = [...gesture.fingers.values()];
  gesture.fingers.set(finger, at);
  const after = [...gesture.fingers.values()];
  const [a, b] = before;
  const [c, d] = after;
  if (!a || !b || !c || !d) return;
  const middle = { x: (c.x + d.x) / 2, y: (c.y + d.y) / 2 };
  actions.onPan({ x: middle.x - (a.x + b.x) / 2, y: middle.y - (a.y + b.y) / 2 });
  actions.onZoom(middle, distance(c, d) / Math.max(distance(a, b), 1));
}

function up(
  gesture: Gesture,
  now: Now,
  draw: (draft: Draft | null) => void,
  event: PointerEvent,
): void {
  const { camera, actions, draft } = now.current;
  gesture.fingers.delete(event.pointerId);
  const { mode } = gesture;
  // A finger left on the screen after a pinch must not start to draw.
  gesture.mode = gesture.fingers.size > 0 ? "pinch" : "idle";
  draw(null);
  if (!camera || mode === "pinch") return;
  const isStill = distance(gesture.last, gesture.start) < CLICK_PX;
  if (mode === "press") actions.onClick(toImage(camera, gesture.start), !gesture.isNegative);
  else if (mode === "draw" && isStill && draft?.tool !== "box") {
    actions.onClick(toImage(camera, gesture.start), !gesture.isNegative);
  } else if (mode === "draw" && draft && !isStill) actions.onDrawn(draft);
}

function wheel(now: Now, event: WheelEvent, at: Point): void {
  event.preventDefault();
  const { actions } = now.current;
  const along = event.deltaY || event.deltaX;
  if (event.shiftKey) return actions.onWheelSlice(Math.sign(along));
  // A line counts as 16 pixels, as browsers scroll.
  const pixels = event.deltaMode === 1 ? along * 16 : along;
  actions.onZoom(at, Math.exp(-Math.max(-120, Math.min(120, pixels)) / 400));
}

function distance(one: Point, other: Point): number {
  return Math.hypot(one.x - other.x, one.y - other.y);
}
