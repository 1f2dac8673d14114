// Pictures and masks from the server, each fetched once and kept while likely to be shown again.

import { useEffect, useMemo, useRef, useState } from "react";
import { api, request, url } from "../api/client";
import type { ImageDetail, Proposal, Task } from "../api/types";
import { tintUncertainty } from "./paint";
import { persist } from "./persist";
import { type Mask, decode, emptyMask } from "./rle";
import { type Window, isSame, remap } from "./window";

/** A bounded cache of promises; a failed one is forgotten, so that it is tried again. */
export class Cache<Value> {
  private readonly entries = new Map<string, Promise<Value>>();
  private readonly settled = new WeakMap<Promise<Value>, Value>();

  constructor(private readonly limit: number) {}

  get(key: string, make: () => Promise<Value>): Promise<Value> {
    const known = this.entries.get(key);
    if (known) {
      this.entries.delete(key);
      this.entries.set(key, known);
      return known;
    }
    const made = make();
    this.entries.set(key, made);
    made.then(
      (value) => this.settled.set(made, value),
      () => this.entries.delete(key),
    );
    const oldest = this.entries.keys().next().value;
    if (this.entries.size > this.limit && oldest !== undefined) this.entries.delete(oldest);
    return made;
  }

  /** What is there already; undefined while it is on its way, or nobody asked. */
  peek(key: string): Value | undefined {
    const known = this.entries.get(key);
    return known && this.settled.get(known);
  }
}

const slices = new Cache<ImageBitmap>(96);
const masks = new Cache<Mask>(256);

async function bitmap(address: string, init?: RequestInit): Promise<ImageBitmap> {
  const response = await request(address, init);
  return createImageBitmap(await response.blob());
}

function fetchSlice(image: number, index: number, window: Window): Promise<ImageBitmap> {
  const address = url.slice(image, index, window);
  return slices.get(address, () => bitmap(address));
}

const SETTLE_MS = 70;
const AHEAD = [1, -1, 2, -2];

export interface SlicePicture {
  source: CanvasImageSource;
  index: number;
}

/**
 * The picture of that slice and of no other under a window; null until it is there. While one under
 * another window is known, it stands in with its grays shifted.
 */
export function useSlice(
  detail: ImageDetail | null,
  index: number,
  window: Window | null,
): SlicePicture | null {
  const last = useRef<{ image: number; index: number; window: Window; bitmap: ImageBitmap } | null>(null);
  const [shown, setShown] = useState<(SlicePicture & { image: number }) | null>(null);
  const id = detail?.id ?? null;
  const depth = detail?.shape[0] ?? 1;

  useEffect(() => {
    if (id === null || !window) return setShown(null);
    const known = last.current;
    const isWindowing = known?.image === id && known.index === index && !isSame(known.window, window);
    if (known && isWindowing) {
      setShown({ image: id, index, source: shifted(known.bitmap, remap(known.window, window)) });
    }
    const show = (loaded: ImageBitmap) => {
      last.current = { image: id, index, window, bitmap: loaded };
      setShown({ image: id, index, source: loaded });
      for (const step of depth > 1 ? AHEAD : []) {
        const near = index + step;
        if (near >= 0 && near < depth) void fetchSlice(id, near, window).catch(() => null);
      }
    };
    let stop = () => {};
    const load = () => void (stop = persist(() => fetchSlice(id, index, window), show));
    const timer = setTimeout(load, isWindowing ? SETTLE_MS : 0);
    return () => {
      clearTimeout(timer);
      stop();
    };
  }, [id, index, window, depth]);

  const isThere = shown !== null && shown.image === id && shown.index === index;
  // What was fetched ahead is there with the step to it.
  const ahead = isThere || id === null || !window ? undefined : slices.peek(url.slice(id, index, window));
  const stepped = useMemo(() => (ahead ? { source: ahead, index } : null), [ahead, index]);
  return isThere ? shown : stepped;
}

function shifted(source: ImageBitmap, table: Uint8ClampedArray): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  canvas.width = source.width;
  canvas.height = source.height;
  const context = canvas.getContext("2d");
  if (!context) return canvas;
  context.drawImage(source, 0, 0);
  const pixels = context.getImageData(0, 0, canvas.width, canvas.height);
  for (let at = 0; at < pixels.data.length; at++) {
    if (at % 4 !== 3) pixels.data[at] = table[pixels.data[at] ?? 0] ?? 0;
  }
  context.putImageData(pixels, 0, 0);
  return canvas;
}

/** Where the mask comes from that is shown: a slice at a time, each under a key of its own. */
export interface MaskSource {
  key: string;
  slice(index: number): Promise<Mask>;
}

/** The recommendation of a proposal. */
export function proposed(proposal: Proposal, stamp: number): MaskSource {
  return { key: String(stamp), slice: (index) => fetchMask(proposal, index) };
}

/** The mask that holds for a task, whoever accepted it. */
export function held(task: Task, stamp: number): MaskSource {
  return {
    key: `held.${task.id}.${stamp}`,
    slice: async (index) => decode((await api.heldMask(task.id, index)).rle),
  };
}

/** A mask on one slice, fetched once whoever asks for it. */
export function maskOf(source: MaskSource, slice: number): Promise<Mask> {
  return masks.get(`${source.key}.${slice}`, () => source.slice(slice));
}

/** A mask on one slice; null while it is on its way. */
export function useMask(source: MaskSource | null, slice: number): Mask | null {
  const [mask, setMask] = useState<{ key: string; mask: Mask } | null>(null);
  const key = source ? `${source.key}.${slice}` : "";

  useEffect(() => {
    if (!source) return setMask(null);
    return persist(
      () => maskOf(source, slice),
      (found) => setMask({ key, mask: found }),
    );
  }, [key, source, slice]);
  return mask?.key === key ? mask.mask : null;
}

async function fetchMask(proposal: Proposal, slice: number): Promise<Mask> {
  const { recommendation } = proposal;
  if (slice === recommendation.slice) return decode(recommendation.rle);
  const [first = 0, beyond = 0] = recommendation.slices;
  const [, height = 1, width = 1] = proposal.image.shape;
  if (slice < first || slice >= beyond) return emptyMask(height, width);
  return decode((await api.mask(proposal.session, proposal.round, slice)).rle);
}

/** The uncertainty of a slice as a picture to lay over it; null unless wanted and there. */
export function useUncertainty(
  proposal: Proposal | null,
  stamp: number,
  slice: number,
  isWanted: boolean,
): HTMLCanvasElement | null {
  const [shown, setShown] = useState<HTMLCanvasElement | null>(null);
  const session = proposal?.session ?? null;
  const round = proposal?.round ?? 0;

  useEffect(() => {
    setShown(null);
    if (session === null || !isWanted) return;
    const stop = new AbortController();
    // The same address means another picture after an undo and another answer.
    const init: RequestInit = { cache: "no-cache", signal: stop.signal };
    bitmap(url.uncertainty(session, round, slice), init).then(
      (gray) => setShown(tintUncertainty(gray)),
      () => null,
    );
    return () => stop.abort();
  }, [session, round, stamp, slice, isWanted]);
  return shown;
}
