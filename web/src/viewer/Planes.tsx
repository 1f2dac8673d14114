// Three planes and the volume itself, drawn by NiiVue. Loaded only when a volume asks for it.

import { MULTIPLANAR_TYPE, NVImage, type NiiVueLocation, Niivue, SHOW_RENDER } from "@niivue/niivue";
import { useEffect, useRef, useState } from "react";
import { request, url } from "../api/client";
import type { ImageDetail, Proposal, Zyx } from "../api/types";
import { sentence } from "../state/insist";
import { words } from "../words";
import type { Window } from "./window";
import { type Affine, toVoxel, toWorld, within } from "./world";

interface Props {
  detail: ImageDetail;
  proposal: Proposal | null;
  stamp: number;
  window: Window;
  opacity: number;
  /** Where the crosshair is. */
  at: Zyx;
  onAt(at: Zyx): void;
}

/** The colour of the recommendation on the slices, as NiiVue wants it. */
const MASK_COLOURS = "recommended";
const MASK_COLOURS_TABLE = { R: [0, 53], G: [0, 208], B: [0, 165], A: [0, 160], I: [0, 255] };

/** NiiVue also reports places that nobody chose, such as the middle of a volume just loaded. */
const CHOSEN_MS = 500;
const CHOOSING = ["pointerdown", "pointermove", "wheel", "keydown"] as const;

/** Joins the crosshair of the planes with the slice and place of the page, both ways. */
function useCrosshair(
  canvas: React.RefObject<HTMLCanvasElement | null>,
  viewer: React.RefObject<Niivue | null>,
  isReady: boolean,
  { detail, at, onAt }: Props,
): void {
  const now = useRef({ shape: detail.shape, at, onAt });
  now.current = { shape: detail.shape, at, onAt };
  useEffect(() => {
    const shown = viewer.current;
    const element = canvas.current;
    const affine = shown?.volumes[0]?.getAffine() as Affine | undefined;
    if (!isReady || !shown || !element || !affine) return;
    let touched = -Infinity;
    const touch = (event: Event) => {
      if (event instanceof PointerEvent && event.type === "pointermove" && event.buttons === 0) return;
      touched = performance.now();
    };
    for (const name of CHOOSING) element.addEventListener(name, touch, { passive: true });
    shown.onLocationChange = (location) => {
      if (performance.now() - touched > CHOSEN_MS) return;
      const voxel = toVoxel(affine, [...(location as NiiVueLocation).mm]);
      if (voxel) now.current.onAt(within(voxel, now.current.shape));
    };
    return () => {
      shown.onLocationChange = () => {};
      for (const name of CHOOSING) element.removeEventListener(name, touch);
    };
  }, [canvas, viewer, isReady]);

  const [z, y, x] = at;
  useEffect(() => {
    const shown = viewer.current;
    const affine = shown?.volumes[0]?.getAffine() as Affine | undefined;
    if (!isReady || !shown || !affine) return;
    const held = toVoxel(affine, [...shown.frac2mm(shown.scene.crosshairPos, 0, true)]);
    // Where the crosshair is on this voxel it stays as finely placed as it was.
    if (held && held[0] === z && held[1] === y && held[2] === x) return;
    const [right, front, up] = toWorld(affine, [z, y, x]);
    shown.scene.crosshairPos = shown.mm2frac([right, front, up], 0, true);
    shown.drawScene();
  }, [viewer, isReady, z, y, x]);
}

/** The bytes of an address, told as a share of all while they come. */
async function download(
  address: string,
  onShare: (share: number) => void,
  signal: AbortSignal,
): Promise<ArrayBuffer> {
  const response = await request(address, { signal, cache: "no-cache" });
  const whole = Number(response.headers.get("Content-Length"));
  const reader = response.body?.getReader();
  if (!reader || !whole) return response.arrayBuffer();
  const bytes = new Uint8Array(whole);
  let at = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    bytes.set(value, at);
    at += value.length;
    onShare(at / whole);
  }
  return bytes.buffer;
}

export default function Planes(props: Props) {
  const { detail, proposal, stamp, window, opacity } = props;
  const canvas = useRef<HTMLCanvasElement>(null);
  const viewer = useRef<Niivue | null>(null);
  const [share, setShare] = useState<number | null>(0);
  const [isReady, setIsReady] = useState(false);
  const [maskShare, setMaskShare] = useState<number | null>(null);
  const [problem, setProblem] = useState<string | null>(null);

  useEffect(() => {
    const stop = new AbortController();
    const shown = new Niivue({
      backColor: [0.05, 0.06, 0.07, 1],
      crosshairColor: [0.9, 0.92, 0.93, 0.7],
      crosshairWidth: 0.6,
      // A letter at the middle of each edge, as on the slice beside it.
      isCornerOrientationText: false,
      fontMinPx: 13,
      fontColor: [0.9, 0.92, 0.93, 1],
      show3Dcrosshair: true,
      // As on the slice beside it.
      isRadiologicalConvention: true,
      sagittalNoseLeft: true,
      isResizeCanvas: true,
      dragAndDropEnabled: false,
      multiplanarLayout: MULTIPLANAR_TYPE.GRID,
      multiplanarShowRender: SHOW_RENDER.ALWAYS,
    });
    const load = async () => {
      if (!canvas.current) return;
      await shown.attachToCanvas(canvas.current);
      shown.addColormap(MASK_COLOURS, MASK_COLOURS_TABLE);
      const bytes = await download(url.volume(detail.id), setShare, stop.signal);
      shown.addVolume(await NVImage.loadFromUrl({ url: bytes, name: "image.nii" }));
      shown.setSliceType(shown.sliceTypeMultiplanar);
      viewer.current = shown;
      setShare(null);
      setIsReady(true);
    };
    load().catch((error: unknown) => {
      if (!stop.signal.aborted) setProblem(sentence(error));
    });
    return () => {
      stop.abort();
      viewer.current = null;
      shown.cleanup();
    };
  }, [detail.id]);

  useEffect(() => {
    const image = viewer.current?.volumes[0];
    if (!isReady || !image) return;
    image.cal_min = window.center - window.width / 2;
    image.cal_max = window.center + window.width / 2;
    viewer.current?.updateGLVolume();
  }, [isReady, window]);

  const session = proposal?.session ?? null;
  const round = proposal?.round ?? 0;
  useEffect(() => {
    const shown = viewer.current;
    if (!isReady || !shown || session === null) return;
    const stop = new AbortController();
    setMaskShare(0);
    const overlay = async () => {
      const bytes = await download(url.maskVolume(session, round), setMaskShare, stop.signal);
      const mask = await NVImage.loadFromUrl({ url: bytes, name: "mask.nii", colormap: MASK_COLOURS, opacity });
      if (stop.signal.aborted) return;
      const old = shown.volumes[1];
      if (old) shown.removeVolume(old);
      mask.cal_min = 0.5;
      mask.cal_max = 1;
      shown.addVolume(mask);
      setMaskShare(null);
    };
    overlay().catch((error: unknown) => {
      if (!stop.signal.aborted) setProblem(sentence(error));
    });
    return () => stop.abort();
    // The opacity is followed below without loading the mask again.
  }, [isReady, session, round, stamp]);

  useEffect(() => {
    if (isReady && viewer.current?.volumes[1]) viewer.current.setOpacity(1, opacity);
  }, [isReady, opacity]);

  useCrosshair(canvas, viewer, isReady, props);

  return (
    <div className="planes">
      <canvas ref={canvas} aria-label={words.planesLabel(detail.name)} />
      {share !== null && !problem && (
        <p className="planes-load">
          <progress max={1} value={share} aria-label={words.loadingVolume} /> {words.loadingVolumeShare(share)}
        </p>
      )}
      {share === null && maskShare !== null && !problem && (
        <p className="planes-load is-mask" role="status">
          {words.loadingMask(maskShare)}
        </p>
      )}
      {problem && (
        <p className="problem" role="alert">
          {problem}
        </p>
      )}
    </div>
  );
}
