// Which key does what. One table for the listener and for the map on screen.

import { words } from "./words";

export type Command =
  | { do: "pick"; card: number }
  | { do: "acceptCard"; card: number }
  | { do: "judge"; answer: "better" | "worse" | "cannot_tell" }
  | { do: "tool"; tool: Tool }
  | { do: "step"; by: number }
  | {
      do:
        | "accept"
        | "none"
        | "more"
        | "undo"
        | "redo"
        | "next"
        | "previous"
        | "skip"
        | "help"
        | "context"
        | "uncertainty"
        | "hide"
        | "fill"
        | "fit"
        | "planes"
        | "aim"
        | "escape"
        | "larger"
        | "smaller"
        | "turnBrush";
    };

export type Tool = "point" | "box" | "scribble" | "erase" | "brush";

export interface Pressed {
  key: string;
  code?: string;
  ctrlKey: boolean;
  metaKey: boolean;
  shiftKey: boolean;
  altKey: boolean;
}

const LETTERS: Record<string, Command> = {
  "0": { do: "none" },
  enter: { do: "accept" },
  m: { do: "more" },
  p: { do: "tool", tool: "point" },
  b: { do: "tool", tool: "box" },
  s: { do: "tool", tool: "scribble" },
  e: { do: "tool", tool: "erase" },
  d: { do: "tool", tool: "brush" },
  x: { do: "turnBrush" },
  "[": { do: "smaller" },
  "]": { do: "larger" },
  n: { do: "next" },
  k: { do: "skip" },
  u: { do: "uncertainty" },
  h: { do: "hide" },
  c: { do: "fill" },
  f: { do: "fit" },
  v: { do: "planes" },
  i: { do: "aim" },
  "=": { do: "judge", answer: "cannot_tell" },
  l: { do: "context" },
  "?": { do: "help" },
  escape: { do: "escape" },
};

/** What a pressed key means; null for keys that are the browser's own. */
export function commandOf(
  pressed: Pressed,
  shown: { isVolume: boolean; hasChallenger: boolean },
): Command | null {
  const key = pressed.key.toLowerCase();
  if (pressed.ctrlKey || pressed.metaKey) {
    if (key === "z") return { do: pressed.shiftKey ? "redo" : "undo" };
    return key === "y" ? { do: "redo" } : null;
  }
  if (pressed.altKey) return null;
  const digit = /^(?:Digit|Numpad)([1-4])$/.exec(pressed.code ?? "")?.[1] ?? /^[1-4]$/.exec(key)?.[0];
  if (digit) {
    const card = Number(digit) - 1;
    return pressed.shiftKey ? { do: "acceptCard", card } : { do: "pick", card };
  }
  if (key === "n" && pressed.shiftKey) return { do: "previous" };
  // Where brackets are elsewhere, the keys in their place do.
  const bracket = { BracketLeft: "[", BracketRight: "]" }[pressed.code ?? ""] ?? "";
  return arrow(key, shown) ?? LETTERS[key] ?? LETTERS[bracket] ?? null;
}

/** How far keys go through the slices of a volume. */
const STEPS: Record<string, number> = { arrowleft: -1, arrowright: 1, pageup: -5, pagedown: 5 };

/** Up and down are answers wherever they are anything: they never move through slices. */
function arrow(key: string, shown: { isVolume: boolean; hasChallenger: boolean }): Command | null {
  const by = STEPS[key];
  if (by !== undefined) return shown.isVolume ? { do: "step", by } : null;
  if (key !== "arrowup" && key !== "arrowdown") return null;
  return shown.hasChallenger ? { do: "judge", answer: key === "arrowup" ? "better" : "worse" } : null;
}

const SMALL: readonly Command["do"][] = ["step", "larger", "smaller"];
const BACK: readonly Command["do"][] = ["undo", "redo"];

/**
 * Whether a command is given again and again while its key is held. An answer is given once: the next
 * proposal was not looked at by then. Undo goes on once the step before is taken.
 */
export function mayRepeat({ do: what }: Command, isBusy: boolean): boolean {
  return SMALL.includes(what) || (BACK.includes(what) && !isBusy);
}

/** The map that ? shows, in groups. */
export const KEY_MAP: readonly { title: string; rows: readonly (readonly [string, string])[] }[] = [
  {
    title: words.keys.choose,
    rows: [
      ["1 – 4", words.keys.pick],
      ["Enter", words.keys.accept],
      ["Shift 1 – 4", words.keys.acceptCard],
      ["0", words.keys.none],
      ["M", words.keys.more],
      ["↑  ↓", words.keys.judge],
      ["=", words.keys.cannotTell],
    ],
  },
  {
    title: words.keys.draw,
    rows: [
      ["P", words.keys.point],
      ["B", words.keys.box],
      ["S", words.keys.scribble],
      ["E", words.keys.erase],
      ["D", words.keys.brush],
      ["[  ]  X", words.keys.brushSize],
      ["I  ←↑↓→", words.keys.reach],
      ["Space  X", words.keys.mark],
      ["Esc", words.keys.escape],
    ],
  },
  {
    title: words.keys.look,
    rows: [
      ["←  →", words.keys.step],
      ["PgUp  PgDn", words.keys.leap],
      ["U", words.keys.uncertainty],
      ["C", words.keys.fill],
      ["H", words.keys.hide],
      ["F", words.keys.fit],
      ["V", words.keys.planes],
    ],
  },
  {
    title: words.keys.move,
    rows: [
      ["Ctrl Z", words.keys.undo],
      ["Ctrl Shift Z", words.keys.redo],
      ["N", words.keys.next],
      ["Shift N", words.keys.previous],
      ["K", words.keys.skip],
      ["L", words.keys.context],
      ["?", words.keys.help],
    ],
  },
];
