// Drawing by keys, while the stage has the focus: arrows move a cross, Space and X mark with it.

import { useState } from "react";
import type { Tool } from "../keys";
import { type Camera, type Point, type Size, clamp } from "../viewer/geometry";
import type { Draft } from "./gestures";

export interface Cursor {
  at: Point;
  /** Where a box or stroke was begun; its points so far. */
  begun: Point[];
}

const MOVES: Record<string, Point> = {
  ArrowLeft: { x: -1, y: 0 },
  ArrowRight: { x: 1, y: 0 },
  ArrowUp: { x: 0, y: -1 },
  ArrowDown: { x: 0, y: 1 },
};

type CursorKey = Pick<KeyboardEvent, "key" | "shiftKey" | "repeat">;

export interface CursorKeys {
  cursor: Cursor | null;
  onFocus(): void;
  onBlur(): void;
  /** True when the key was meant for the cursor. */
  onKey(event: CursorKey): boolean;
}

export function useCursor(
  image: Size,
  tool: Tool,
  turned: Camera["turned"],
  onClick: (at: Point, isPositive: boolean) => void,
  onDrawn: (draft: Draft) => void,
): CursorKeys {
  const [cursor, setCursor] = useState<Cursor | null>(null);

  const mark = (shown: Cursor, isPositive: boolean) => {
    if (tool === "point" || !isPositive) return onClick(shown.at, isPositive && tool !== "erase");
    if (shown.begun.length === 0) return setCursor({ ...shown, begun: [shown.at] });
    setCursor({ ...shown, begun: [] });
    const first = shown.begun[0] ?? shown.at;
    const points = tool === "box" ? [first, shown.at] : [...shown.begun, shown.at];
    onDrawn({ tool, points });
  };

  const onKey = (event: CursorKey): boolean => {
    if (!cursor) return false;
    const step = MOVES[event.key];
    if (step) {
      const by = event.shiftKey ? 10 : 1;
      const at = {
        x: clamp(cursor.at.x + step.x * by * (turned.x === null ? 1 : -1), 0.5, image.width - 0.5),
        y: clamp(cursor.at.y + step.y * by * (turned.y === null ? 1 : -1), 0.5, image.height - 0.5),
      };
      const isStroke = cursor.begun.length > 0 && tool !== "box";
      setCursor({ at, begun: isStroke ? [...cursor.begun, at] : cursor.begun });
      return true;
    }
    // A key that is held moves the cross on, and marks once.
    if (event.repeat && [" ", "x", "X"].includes(event.key)) return true;
    if (event.key === " ") mark(cursor, true);
    else if (event.key.toLowerCase() === "x") mark(cursor, false);
    else if (event.key === "Escape" && cursor.begun.length > 0) setCursor({ ...cursor, begun: [] });
    else return false;
    return true;
  };

  return {
    cursor,
    onFocus: () =>
      setCursor({
        at: { x: Math.floor(image.width / 2) + 0.5, y: Math.floor(image.height / 2) + 0.5 },
        begun: [],
      }),
    onBlur: () => setCursor(null),
    onKey,
  };
}
