// How an image is looked at: which slice, under which window, beside which alternative.

import { useCallback, useEffect, useMemo, useState } from "react";
import { api } from "../api/client";
import type { Alternative, ImageDetail, Zyx } from "../api/types";
import { clamp } from "../viewer/geometry";
import { type Window, isInHounsfield, openingWindow } from "../viewer/window";
import type { SessionState } from "./session";

/**
 * The slice shown: where the person left it, else where to look first, once that is known; until
 * then the middle.
 */
export function useShownSlice(detail: ImageDetail | null, first: number | null) {
  const [held, setHeld] = useState<{ image: number; slice: number } | null>(null);
  const key = `assent.slice.${detail?.id}`;
  const depth = detail?.shape[0] ?? 1;
  const within = (wanted: number) => clamp(wanted, 0, depth - 1);
  const left = detail && held?.image !== detail.id ? sessionStorage.getItem(key) : null;
  if (detail && first !== null && held?.image !== detail.id) {
    setHeld({ image: detail.id, slice: within(Number(left ?? first)) });
  }
  const show = useCallback(
    (wanted: number) => {
      if (!detail) return;
      const next = clamp(wanted, 0, depth - 1);
      sessionStorage.setItem(key, String(next));
      setHeld({ image: detail.id, slice: next });
    },
    [detail, depth, key],
  );
  return [held && held.image === detail?.id ? held.slice : within(Number(left ?? depth >> 1)), show] as const;
}

/** Window and level of the image shown; a choice made on one CT is kept for the next. */
export function useShownWindow(detail: ImageDetail | null) {
  const [chosen, setChosen] = useState<{ image: number; isCt: boolean; window: Window } | null>(null);
  const choose = useCallback(
    (window: Window) => detail && setChosen({ image: detail.id, isCt: isInHounsfield(detail), window }),
    [detail],
  );
  if (!detail) return [null, choose] as const;
  const holds = chosen && (chosen.image === detail.id || (chosen.isCt && isInHounsfield(detail)));
  return [holds ? chosen.window : openingWindow(detail), choose] as const;
}

/** The alternative that is looked at, or was just picked, as it is on the slice shown. */
export function usePreview(state: SessionState, looked: Alternative | null, slice: number): Alternative | null {
  const { proposal, pending } = state;
  const waiting = pending[0]?.answer;
  const picked = waiting?.kind === "pick" && waiting.candidate !== null ? waiting.candidate : null;
  const meant = looked ?? proposal?.alternatives.find(({ index }) => index === picked) ?? null;
  const [elsewhere, setElsewhere] = useState<Alternative | null>(null);
  const isHere = meant === null || meant.slice === slice;
  useEffect(() => {
    setElsewhere(null);
    if (!proposal || !meant || isHere) return;
    const stop = new AbortController();
    api.alternative(proposal, meant.index, slice, stop.signal).then(setElsewhere, () => null);
    return () => stop.abort();
  }, [proposal, meant, slice, isHere]);
  if (!meant || !proposal?.alternatives.includes(meant)) return null;
  return isHere ? meant : elsewhere;
}

/** Where the three planes cross: on the slice shown, and in it where a plane was clicked last. */
export function useCrossing(detail: ImageDetail | null, slice: number, onSlice: (slice: number) => void) {
  const [place, setPlace] = useState<{ image: number; at: Zyx } | null>(null);
  const at = useMemo((): Zyx => {
    const [, height = 1, width = 1] = detail?.shape ?? [];
    const [, row, column] = place && place.image === detail?.id ? place.at : [0, height >> 1, width >> 1];
    return [slice, row, column];
  }, [detail, place, slice]);
  const goTo = (chosen: Zyx) => {
    if (detail) setPlace({ image: detail.id, at: chosen });
    onSlice(chosen[0]);
  };
  return [at, goTo] as const;
}

/** Whether the three planes are shown beside the slice; they are for one image. */
export function usePlanes(detail: ImageDetail | null) {
  const [image, setImage] = useState<number | null>(null);
  const show = (shows: boolean) => setImage(shows && detail ? detail.id : null);
  return [detail !== null && image === detail.id, show] as const;
}
