// The image, large, with what is proposed over it and what is drawn on it.

import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import type { Alternative, ImageDetail, Prompt, Proposal, Zyx } from "../api/types";
import type { Tool } from "../keys";
import type { PlacedPrompt } from "../state/session";
import { type CursorKeys, useCursor } from "../tools/cursor";
import { type Draft, useGestures } from "../tools/gestures";
import { type OpenBox, begunBox, boxPrompt } from "../tools/openBox";
import { clickPrompt, draftPrompt, promptUnder } from "../tools/prompts";
import { words } from "../words";
import { type Camera, type Point, type Size, UPRIGHT, aspectOf, fit, pan, toScreen, zoomAt } from "./geometry";
import { edges, turnedOf } from "./orientation";
import * as paint from "./paint";
import { type MaskSource, type SlicePicture, useMask, useSlice, useUncertainty } from "./pictures";
import { decode } from "./rle";
import { useSize } from "./useSize";
import { type Window, dragged } from "./window";

/** What is to be painted, told to those who look at the page from outside. */
function paintKey(source: MaskSource | null, slice: number): string {
  return source ? `${source.key}.${slice}` : "nothing";
}

export interface ViewSettings {
  opacity: number;
  isFilled: boolean;
  isHidden: boolean;
  showsUncertainty: boolean;
}

interface Props {
  detail: ImageDetail;
  proposal: Proposal | null;
  source: MaskSource | null;
  stamp: number;
  slice: number;
  window: Window;
  settings: ViewSettings;
  tool: Tool;
  placed: readonly PlacedPrompt[];
  /** The alternative looked at right now, on the slice shown. */
  preview: Alternative | null;
  /** Counts requests to show the whole image again. */
  fitRequest: number;
  /** Counts requests for the cross that is moved by keys. */
  aimRequest: number;
  /** A box that is not given yet. */
  openBox: OpenBox | null;
  /** In columns of the image; null while nothing is painted by hand. */
  brush: { radius: number; adds: boolean } | null;
  /** Where the three planes cross, while they are shown. */
  crosshair: Zyx | null;
  /** The picture and the mask of that key are on screen; null while either is missing. */
  onPainted(key: string | null): void;
  onWindow(window: Window): void;
  onSlice(slice: number): void;
  onPrompts(prompts: Prompt[], removed: number[]): void;
  onBox(box: OpenBox): void;
  onStroke(points: readonly Point[], isErasing: boolean): void;
}

/** The camera, fitted anew for another image or on request, kept in proportion on resizing. */
function useCamera(image: Size, key: string, detail: ImageDetail, screen: Size | null) {
  const aspect = aspectOf(detail);
  const [camera, setCamera] = useState<Camera | null>(null);
  const { x, y } = turnedOf(detail);
  const fitted = useMemo(() => screen && fit(image, screen, aspect, { x, y }), [image, screen, aspect, x, y]);
  useLayoutEffect(() => setCamera(fitted), [fitted, key]);
  return { camera, fitted, setCamera };
}

export function Stage(props: Props) {
  const { detail, proposal, slice, tool, placed } = props;
  const frame = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const screen = useSize(frame);
  const [, height = 1, width = 1] = detail.shape;
  const image = useMemo(() => ({ height, width }), [height, width]);
  const fitKey = `${detail.id}.${props.fitRequest}`;
  const { camera, fitted, setCamera } = useCamera(image, fitKey, detail, screen);
  const startWindow = useRef(props.window);
  const picture = useSlice(detail, slice, props.window);
  const isMissing = useLate(picture === null, UNLOADED_MS);

  const give = (prompt: Prompt | null) => prompt && props.onPrompts([prompt], []);
  // Whoever marks means what is in sight: nothing is given on a slice that is not.
  const onClick = (at: Point, isPositive: boolean) => {
    if (!picture) return;
    if (tool === "brush") return props.onStroke([at], !isPositive);
    const mark = tool === "erase" && camera ? promptUnder(toScreen(camera, at), slice, camera, placed) : null;
    if (mark) props.onPrompts([], [mark.position]);
    else give(clickPrompt(at, slice, image, isPositive));
  };
  const onDrawn = (draft: Draft) => {
    if (!picture) return;
    if (draft.tool === "brush") return props.onStroke(draft.points, draft.isNegative ?? false);
    const prompt = draftPrompt(draft, slice, image);
    const box = prompt && begunBox(prompt, detail.is_volume);
    if (box) props.onBox(box);
    else give(prompt);
  };
  const draft = useGestures(canvas, camera, tool, {
    onPan: (by) => setCamera((old) => old && screen && pan(old, by, image, screen)),
    onZoom: (at, factor) => setCamera((old) => old && fitted && zoomAt(old, at, factor, fitted)),
    onWindow: (by, isStart) => {
      if (isStart) startWindow.current = props.window;
      else props.onWindow(dragged(startWindow.current, by, detail.high - detail.low));
    },
    onClick,
    onDrawn,
    onWheelSlice: (by) => props.onSlice(slice + by),
  });
  const keys = useCursor(image, tool, camera?.turned ?? UPRIGHT, onClick, onDrawn);
  usePainting({ canvas, screen, camera, picture, draft, keys }, props);
  const aimed = useRef(props.aimRequest);
  useEffect(() => {
    if (aimed.current !== props.aimRequest) canvas.current?.focus();
    aimed.current = props.aimRequest;
  }, [props.aimRequest]);

  return (
    <div className="stage" ref={frame}>
      <canvas
        ref={canvas}
        className={`stage-canvas tool-${tool}`}
        tabIndex={0}
        role="application"
        aria-label={words.stageLabel(detail.name, slice + 1, detail.shape[0] ?? 1, proposal?.round ?? 0)}
        aria-describedby="stage-help"
        data-stamp={paintKey(props.source, slice)}
        onFocus={keys.onFocus}
        onBlur={keys.onBlur}
        onKeyDown={(event) => {
          if (event.ctrlKey || event.metaKey || event.altKey || !keys.onKey(event)) return;
          event.preventDefault();
          event.stopPropagation();
        }}
      />
      {isMissing && (
        <p className="empty" role="status">
          {words.sliceMissing(slice + 1, detail.shape[0] ?? 1)}
        </p>
      )}
      <Edges detail={detail} />
      {props.brush && camera && <Ring frame={frame} diameter={2 * props.brush.radius * camera.scale} />}
      <p id="stage-help" className="unseen">
        {words.stageHelp}
      </p>
    </div>
  );
}

/** How long the slice before may stay in sight, and until it is said that the next one is not there. */
const LINGER_MS = 150;
const UNLOADED_MS = 400;

/** Whether something has been so for a while. */
function useLate(isSo: boolean, ms: number): boolean {
  const [isLate, setLate] = useState(false);
  useEffect(() => {
    setLate(false);
    if (!isSo) return;
    const timer = setTimeout(() => setLate(true), ms);
    return () => clearTimeout(timer);
  }, [isSo, ms]);
  return isSo && isLate;
}

interface Canvas {
  canvas: React.RefObject<HTMLCanvasElement | null>;
  screen: Size | null;
  camera: Camera | null;
  picture: SlicePicture | null;
  draft: Draft | null;
  keys: CursorKeys;
}

function usePainting({ canvas, screen, camera, picture, draft, keys }: Canvas, props: Props): void {
  const { detail, proposal, source, stamp, slice, settings, placed, preview, openBox, crosshair } = props;
  const painted = useRef(props.onPainted);
  painted.current = props.onPainted;
  const unloadedSince = useRef<number | null>(null);
  const inSight = useRef<number | null>(null);
  const mask = useMask(source, slice);
  const uncertainty = useUncertainty(proposal, stamp, slice, settings.showsUncertainty);
  const recommended = useMemo(() => mask && paint.outline(mask), [mask]);
  const difference = useMemo(() => {
    if (!preview || preview.slice !== slice) return { added: null, removed: null };
    const { x, y } = preview.crop;
    return {
      added: paint.outline(decode(preview.added), { x, y }),
      removed: paint.outline(decode(preview.removed), { x, y }),
    };
  }, [preview, slice]);

  useEffect(() => {
    const shown = canvas.current;
    if (!shown || !screen || !camera) return;
    // Nothing is missing: the picture and the mask are those of the slice.
    const isWhole = picture !== null && mask !== null;
    unloadedSince.current = picture ? null : (unloadedSince.current ?? performance.now());
    const mayLinger = unloadedSince.current !== null && inSight.current === detail.id;
    const lingerMs = mayLinger ? (unloadedSince.current ?? 0) + LINGER_MS - performance.now() : 0;
    if (!isWhole) {
      shown.dataset.painted = "";
      painted.current(null);
    }
    const scene = () => {
      const context = paint.prepare(shown, screen);
      if (!context) return;
      const [, height = 1, width = 1] = detail.shape;
      paint.paintScene(context, {
        image: picture?.source ?? null,
        size: { height, width },
        camera,
        overlay: settings.isHidden || !picture
          ? { recommended: null, added: null, removed: null }
          : { recommended, ...difference },
        isFilled: settings.isFilled && !preview,
        opacity: settings.opacity,
        uncertainty: picture && uncertainty,
      });
      inSight.current = picture && detail.id;
      if (!picture) return;
      if (!settings.isHidden) paint.paintPrompts(context, camera, slice, placed);
      if (openBox) paint.paintPrompts(context, camera, slice, [{ prompt: boxPrompt(openBox), position: -1, isWaiting: false }]);
      if (crosshair) {
        const [, row, column] = crosshair;
        paint.paintCrosshair(context, toScreen(camera, { x: column + 0.5, y: row + 0.5 }), screen);
      }
      if (draft) paintDraft(context, camera, draft, props.brush);
      if (keys.cursor) paintKeys(context, camera, keys.cursor, props.tool, props.brush);
      shown.dataset.painted = isWhole ? paintKey(source, slice) : "";
      if (isWhole && source && !settings.isHidden) painted.current(source.key);
    };
    if (lingerMs > 0) {
      const timer = setTimeout(scene, lingerMs);
      return () => clearTimeout(timer);
    }
    const request = requestAnimationFrame(scene);
    return () => cancelAnimationFrame(request);
  }, [canvas, screen, camera, detail, picture, mask, source, recommended, difference, preview, settings, uncertainty, slice, placed, draft, keys.cursor, props.tool, props.brush, openBox, crosshair]);
}

/** Which side of the patient is where. */
function Edges({ detail }: { detail: ImageDetail }) {
  const found = edges(detail);
  if (!found) return null;
  return (
    <div className="edges" role="img" aria-label={words.edges(found)}>
      {(["top", "right", "bottom", "left"] as const).map((side) => (
        <span key={side} className={`edge is-${side}`} aria-hidden="true">
          {found[side]}
        </span>
      ))}
    </div>
  );
}

/** How large the brush is, where the pointer is. */
function Ring({ frame, diameter }: { frame: React.RefObject<HTMLDivElement | null>; diameter: number }) {
  const ring = useRef<HTMLSpanElement>(null);
  useEffect(() => {
    const element = frame.current;
    if (!element) return;
    const follow = (event: PointerEvent) => {
      const box = element.getBoundingClientRect();
      const shown = ring.current;
      if (!shown) return;
      shown.style.translate = `${event.clientX - box.left}px ${event.clientY - box.top}px`;
      shown.hidden = event.pointerType === "touch";
    };
    const hide = () => ring.current && (ring.current.hidden = true);
    element.addEventListener("pointermove", follow);
    element.addEventListener("pointerleave", hide);
    return () => {
      element.removeEventListener("pointermove", follow);
      element.removeEventListener("pointerleave", hide);
    };
  }, [frame]);
  const size = Math.max(diameter, 3);
  return <span ref={ring} className="brush-ring" hidden aria-hidden="true" style={{ width: size, height: size, margin: -size / 2 }} />;
}

function paintDraft(
  context: CanvasRenderingContext2D,
  camera: Camera,
  draft: Draft,
  brush: Props["brush"],
): void {
  const points = draft.points.map((point) => toScreen(camera, point));
  if (draft.tool === "brush") {
    const adds = brush?.adds !== (draft.isNegative ?? false);
    return paint.paintBrush(context, points, 2 * (brush?.radius ?? 1) * camera.scale, adds);
  }
  const [first, second] = points;
  if (draft.tool !== "box") paint.paintStroke(context, points, draft.tool === "scribble");
  else if (first && second) paint.paintBox(context, first, second);
}

function paintKeys(
  context: CanvasRenderingContext2D,
  camera: Camera,
  cursor: NonNullable<CursorKeys["cursor"]>,
  tool: Tool,
  brush: Props["brush"],
): void {
  if (cursor.begun.length > 0 && tool !== "point") {
    const points = tool === "box" ? [cursor.begun[0] ?? cursor.at, cursor.at] : cursor.begun;
    paintDraft(context, camera, { tool, points }, brush);
  }
  paint.paintCursor(context, toScreen(camera, cursor.at));
}
