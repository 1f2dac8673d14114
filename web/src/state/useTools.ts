// Which tool is held, and what it has begun: a box over several slices, a mask painted by hand.

import { useMemo, useState } from "react";
import type { ImageDetail, Prompt, Proposal, Rle } from "../api/types";
import type { Tool } from "../keys";
import { type OpenBox, boxPrompt, including } from "../tools/openBox";
import { clamp } from "../viewer/geometry";
import type { MaskSource } from "../viewer/pictures";
import { words } from "../words";
import { useBrush } from "./useBrush";
import type { Desk } from "./useDesk";

interface Shown {
  /** What is worked on; null while a mask is only looked at. */
  proposal: Proposal | null;
  recommended: MaskSource | null;
  slice: number;
  onSlice(slice: number): void;
  onBox(prompt: Prompt): void;
  onPainted(edited: Rle): void;
}

export function useTools(desk: Desk, shown: Shown) {
  const { proposal, recommended, slice } = shown;
  const image = desk.detail?.id;
  const [chosen, setChosen] = useState<{ tool: Tool; image?: number }>({ tool: "point" });
  const setTool = (tool: Tool) => setChosen({ tool, image });
  // Painting is for one image; the next one begins with choosing again.
  const held = chosen.tool === "brush" && chosen.image !== image ? "point" : chosen.tool;
  const box = useOpenBox(desk.detail, slice, shown.onSlice);
  const brush = useBrush(desk, recommended, (edited) => {
    shown.onPainted(edited);
    setTool("point");
  });
  // Strokes that are not accepted yet keep the brush, also after a reload.
  const mayGoOn = proposal !== null && !proposal.is_accepted;
  const isPainting = mayGoOn && (held === "brush" || brush.strokes > 0);
  const hasStrokes = isPainting && brush.strokes > 0;
  const { radius, adds } = brush;
  const pen = useMemo(() => (isPainting ? { radius, adds } : null), [isPainting, radius, adds]);

  const choose = (wanted: Tool) => {
    box.setOpenBox(null);
    if (!hasStrokes) return setTool(wanted);
    if (wanted === "brush") return;
    desk.store.tell("info", words.paintingFirst);
  };
  const given = box.openBox;
  return {
    ...box,
    tool: isPainting ? "brush" : held === "brush" ? "point" : held,
    brush: isPainting ? brush : null,
    /** What the stage must know of the brush. */
    pen,
    hasStrokes,
    source: isPainting ? brush.source : recommended,
    choose,
    /** Let go of what is held, or of what waits for the first proposal, as long as nothing else is lost by it. */
    escape: () => {
      if (given) return box.setOpenBox(null);
      if (desk.state.proposal || !desk.sender.takeBack()) choose("point");
    },
    /** Stop painting, once nothing is painted any more. */
    leave: () => setTool("point"),
    useBox: given && (() => {
      box.setOpenBox(null);
      shown.onBox(boxPrompt(given));
    }),
  } as const;
}

/** A box in the making: stepping through slices takes them in. It belongs to one image. */
function useOpenBox(detail: ImageDetail | null, slice: number, onSlice: (slice: number) => void) {
  const [drawn, setDrawn] = useState<{ image: number; box: OpenBox } | null>(null);
  const openBox = drawn && drawn.image === detail?.id ? drawn.box : null;
  const setOpenBox = (box: OpenBox | null) => setDrawn(box && detail && { image: detail.id, box });
  const stepTo = (wanted: number) => {
    onSlice(wanted);
    const next = clamp(wanted, 0, (detail?.shape[0] ?? 1) - 1);
    if (openBox && next !== slice) setOpenBox(including(openBox, next));
  };
  return { openBox, setOpenBox, stepTo };
}
