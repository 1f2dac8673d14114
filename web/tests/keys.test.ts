import { describe, expect, it } from "vitest";
import { type Command, KEY_MAP, type Pressed, commandOf, mayRepeat } from "../src/keys";
import { once } from "../src/panels/once";
import { formatRoute, parseRoute } from "../src/state/route";
import { fraction } from "../src/state/busy";
import { answerText } from "../src/words";

const press = (key: string, more: Partial<Pressed> = {}): Pressed => ({
  key,
  ctrlKey: false,
  metaKey: false,
  shiftKey: false,
  altKey: false,
  ...more,
});
const flat = { isVolume: false, hasChallenger: false };

describe("keys", () => {
  it("pick the card with their number, and with Shift accept it, on any layout", () => {
    expect(commandOf(press("3", { code: "Digit3" }), flat)).toEqual({ do: "pick", card: 2 });
    expect(commandOf(press("&", { code: "Digit1" }), flat)).toEqual({ do: "pick", card: 0 });
    const shifted = press("#", { code: "Digit3", shiftKey: true });
    expect(commandOf(shifted, flat)).toEqual({ do: "acceptCard", card: 2 });
    expect(commandOf(press("5", { code: "Digit5" }), flat)).toBeNull();
  });

  it("judge with up and down where there is a challenger, and do nothing else with them", () => {
    for (const isVolume of [false, true]) {
      const judged = { isVolume, hasChallenger: true };
      expect(commandOf(press("ArrowUp"), judged)).toEqual({ do: "judge", answer: "better" });
      expect(commandOf(press("ArrowDown"), judged)).toEqual({ do: "judge", answer: "worse" });
      expect(commandOf(press("ArrowUp"), { isVolume, hasChallenger: false })).toBeNull();
    }
  });

  it("step through a volume with left and right, and by five with the page keys", () => {
    const volume = { isVolume: true, hasChallenger: true };
    const steps = ["ArrowLeft", "ArrowRight", "PageUp", "PageDown"];
    expect(steps.map((key) => commandOf(press(key), volume))).toEqual([-1, 1, -5, 5].map((by) => ({ do: "step", by })));
    expect(steps.map((key) => commandOf(press(key), flat))).toEqual([null, null, null, null]);
    expect(KEY_MAP.flatMap(({ rows }) => rows.map(([key]) => key))).toContain("PgUp  PgDn");
  });

  it("that are held answer once, and go on through slices and back", () => {
    const answers = ["1", "0", "m", "=", "n", "k", "enter", "h"].map((key) => commandOf(press(key), flat));
    const judged = commandOf(press("ArrowDown"), { isVolume: true, hasChallenger: true });
    const accepted = commandOf(press("#", { code: "Digit3", shiftKey: true }), flat);
    const repeats = (isBusy: boolean) => (command: Command | null) => command !== null && mayRepeat(command, isBusy);
    expect([...answers, judged, accepted].map(repeats(false))).toEqual(Array(10).fill(false));
    const moves: Command[] = [{ do: "step", by: 1 }, { do: "larger" }, { do: "undo" }, { do: "redo" }];
    expect(moves.map(repeats(false))).toEqual([true, true, true, true]);
    // One step back at a time.
    expect(moves.map(repeats(true))).toEqual([true, true, false, false]);
  });

  it("show three planes", () => {
    expect(commandOf(press("v"), { ...flat, isVolume: true })).toEqual({ do: "planes" });
  });

  it("reach the image without a mouse", () => {
    expect(commandOf(press("i"), flat)).toEqual({ do: "aim" });
  });

  it("set the brush", () => {
    expect(commandOf(press("d"), flat)).toEqual({ do: "tool", tool: "brush" });
    expect(commandOf(press("["), flat)).toEqual({ do: "smaller" });
    expect(commandOf(press("]"), flat)).toEqual({ do: "larger" });
    expect(commandOf(press("ü", { code: "BracketLeft" }), flat)).toEqual({ do: "smaller" });
    expect(commandOf(press("x"), flat)).toEqual({ do: "turnBrush" });
  });

  it("that open a list or the map are not those of a tool", () => {
    expect(commandOf(press("l"), flat)).toEqual({ do: "context" });
    expect(commandOf(press("L", { ctrlKey: true }), flat)).toBeNull();
  });

  it("go on and back", () => {
    expect(commandOf(press("n"), flat)).toEqual({ do: "next" });
    expect(commandOf(press("N"), flat)).toEqual({ do: "next" });
    expect(commandOf(press("N", { shiftKey: true }), flat)).toEqual({ do: "previous" });
  });

  it("undo and redo with Ctrl or Command", () => {
    expect(commandOf(press("z", { ctrlKey: true }), flat)).toEqual({ do: "undo" });
    expect(commandOf(press("Z", { metaKey: true, shiftKey: true }), flat)).toEqual({ do: "redo" });
  });

  it("of the browser stay the browser's", () => {
    expect(commandOf(press("p", { ctrlKey: true }), flat)).toBeNull();
    expect(commandOf(press("1", { code: "Digit1", ctrlKey: true }), flat)).toBeNull();
    expect(commandOf(press("s", { altKey: true }), flat)).toBeNull();
    expect(commandOf(press("Tab"), flat)).toBeNull();
  });
});

describe("a double click", () => {
  it("answers once, and a click by key always", () => {
    const said: number[] = [];
    for (const detail of [0, 1, 2, 3]) once(() => said.push(detail))({ detail });
    expect(said).toEqual([0, 1]);
  });
});

describe("the address", () => {
  it("holds where the page is, whatever the target is called", () => {
    const route = { project: 2, target: "left / right é", task: 11 };
    expect(parseRoute(formatRoute(route))).toEqual(route);
  });

  it("that makes no sense leads to the beginning", () => {
    expect(parseRoute("#/x/%E0%A4%A/-3")).toEqual({ project: null, target: null, task: null });
    expect(formatRoute(parseRoute(""))).toBe("#/");
    // Another folder is chosen before its targets are looked at.
    expect(formatRoute({ project: 4, target: null, task: null })).toBe("#/4");
  });
});

describe("the bar of work in progress", () => {
  it("grows and never claims to be done", () => {
    expect(fraction(0, 250)).toBe(0);
    expect(fraction(250, 250)).toBeGreaterThan(0.7);
    expect(fraction(60_000, 250)).toBeLessThanOrEqual(1);
    expect(fraction(500, 250)).toBeGreaterThan(fraction(250, 250));
  });
});

describe("the log", () => {
  it("says what was answered", () => {
    expect(answerText({ kind: "pick", round: 0, candidate: 1, page: 0 })).toBe("Picked 2");
    expect(answerText({ kind: "pick", round: 0, candidate: null, page: 0 })).toBe("None of these");
    const gone = { kind: "correct", round: 1, prompts: [], removed: [0] } as const;
    expect(answerText({ ...gone, prompts: [], removed: [0] })).toBe("1 mark taken back");
  });
});
