// Three planes and the volume itself, drawn by NiiVue. Loaded only when a volume asks for it.

import { MULTIPLANAR_TYPE, NVImage, Niivue, SHOW_RENDER } from "@niivue/niivue";
import { useEffect, useRef, useState } from "react";
import { request, url } from "../api/client";
import type { ImageDetail, Proposal } from "../api/types";
import { sentence } from "../state/useDesk";
import { words } from "../words";
import type { Window } from "./window";

interface Props {
  detail: ImageDetail;
  proposal: Proposal | null;
  stamp: number;
  window: Window;
  opacity: number;
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

export default function Planes({ detail, proposal, stamp, window, opacity }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const viewer = useRef<Niivue | null>(null);
  const [share, setShare] = useState<number | null>(0);
  const [isReady, setIsReady] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);

  useEffect(() => {
    const stop = new AbortController();
    const shown = new Niivue({
      backColor: [0.05, 0.06, 0.07, 1],
      crosshairColor: [0.21, 0.82, 0.65, 0.8],
      show3Dcrosshair: true,
      isResizeCanvas: true,
      dragAndDropEnabled: false,
      multiplanarLayout: MULTIPLANAR_TYPE.GRID,
      multiplanarShowRender: SHOW_RENDER.ALWAYS,
    });
    const load = async () => {
      if (!canvas.current) return;
      await shown.attachToCanvas(canvas.current);
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
    const overlay = async () => {
      const bytes = await download(url.maskVolume(session, round), () => {}, stop.signal);
      const mask = await NVImage.loadFromUrl({ url: bytes, name: "mask.nii", colormap: "green", opacity });
      if (stop.signal.aborted) return;
      const old = shown.volumes[1];
      if (old) shown.removeVolume(old);
      mask.cal_min = 0.5;
      mask.cal_max = 1;
      shown.addVolume(mask);
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

  return (
    <div className="planes">
      <canvas ref={canvas} aria-label={words.planesLabel(detail.name)} />
      {share !== null && !problem && (
        <p className="planes-load">
          <progress max={1} value={share} aria-label={words.loadingVolume} /> {words.loadingVolumeShare(share)}
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
