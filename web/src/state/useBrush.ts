// Painting by hand, the last resort: strokes over the recommendation until the mask is accepted.

import { useEffect, useMemo, useRef, useState } from "react";
import type { ImageDetail, Rle } from "../api/types";
import { BLANK, Drawer, type Painting, encodeVolume, painted, redoStroke, resized, thinned, undoStroke, withStroke } from "../tools/brush";
import { type Point, aspectOf } from "../viewer/geometry";
import { type MaskSource, maskOf } from "../viewer/pictures";
import { sentence } from "./insist";
import { mayPaint } from "./session";
import type { Desk } from "./useDesk";

export interface Brush {
  /** The mask with what was painted; the recommendation where nothing was. */
  source: MaskSource | null;
  strokes: number;
  mayRedo: boolean;
  mayPaint: boolean;
  /** In columns of the image. */
  radius: number;
  adds: boolean;
  /** Whether the mask is being put together to be sent. */
  isSending: boolean;
  stroke(slice: number, points: readonly Point[], isErasing: boolean): void;
  undo(): void;
  redo(): void;
  resize(by: 1 | -1): void;
  setRadius(radius: number): void;
  turn(): void;
  discard(): void;
  /** Accept the mask as it was painted. */
  accept(): void;
}

const FIRST_RADIUS = 5;

export function useBrush(
  desk: Desk,
  recommended: MaskSource | null,
  onAccept: (edited: Rle) => void,
): Brush {
  const { state, detail } = desk;
  const { proposal } = state;
  const { store = null, session = 0, round = 0 } = proposal ?? {};
  const drawer = useMemo(
    () => (store === null ? null : new Drawer(localStorage, store, session, round)),
    [store, session, round],
  );
  const [held, setHeld] = useState<{ drawer: Drawer | null; painting: Painting; version: number }>({
    drawer: null,
    painting: BLANK,
    version: 0,
  });
  // What was kept for another round is not what is painted here.
  const painting = held.drawer === drawer ? held.painting : BLANK;
  useEffect(() => {
    setHeld((old) => ({ drawer, painting: drawer?.read() ?? BLANK, version: old.version + 1 }));
  }, [drawer]);
  const change = (next: Painting) => {
    drawer?.write(next);
    setHeld((old) => ({ drawer, painting: next, version: old.version + 1 }));
  };

  const [radius, setRadius] = useState(FIRST_RADIUS);
  const [adds, setAdds] = useState(true);
  const [isSending, setIsSending] = useState(false);
  const source = useMemo(
    () => paintedSource(recommended, painting, held.version, detail),
    [recommended, painting, held.version, detail],
  );
  const send = useRef(onAccept);
  send.current = onAccept;
  const accept = async () => {
    if (!source || !detail || isSending || !mayPaint(state)) return;
    setIsSending(true);
    try {
      send.current(await desk.during("paint", encodeVolume(detail.shape, source.slice)));
    } catch (error) {
      desk.store.tell("problem", sentence(error));
    } finally {
      setIsSending(false);
    }
  };
  return {
    source,
    strokes: painting.strokes.length,
    mayRedo: painting.undone.length > 0,
    mayPaint: mayPaint(state),
    radius,
    adds,
    isSending,
    stroke: (slice, points, isErasing) => {
      if (!mayPaint(state)) return;
      change(withStroke(painting, { slice, points: thinned(points, radius), radius, adds: adds !== isErasing }));
    },
    undo: () => change(undoStroke(painting)),
    redo: () => change(redoStroke(painting)),
    resize: (by) => setRadius((old) => resized(old, by)),
    setRadius,
    turn: () => setAdds((old) => !old),
    discard: () => change(BLANK),
    accept: () => void accept(),
  };
}

function paintedSource(
  recommended: MaskSource | null,
  painting: Painting,
  version: number,
  detail: ImageDetail | null,
): MaskSource | null {
  if (!recommended || !detail || painting.strokes.length === 0) return recommended;
  const aspect = aspectOf(detail);
  return {
    key: `${recommended.key}.painted.${version}`,
    slice: async (index) => painted(await maskOf(recommended, index), painting, index, aspect),
  };
}
