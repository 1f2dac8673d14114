import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { BLANK, Drawer, type Stroke, encodeVolume, painted, redoStroke, resized, thinned, undoStroke, withStroke } from "../src/tools/brush";
import { type Mask, decode, emptyMask } from "../src/viewer/rle";
import { Memory } from "./memory";

const stroke = (points: [number, number][], more: Partial<Stroke> = {}): Stroke => ({
  slice: 0,
  points: points.map(([x, y]) => ({ x, y })),
  radius: 1,
  adds: true,
  ...more,
});
const on = (...strokes: Stroke[]) => strokes.reduce(withStroke, BLANK);
const rows = ({ pixels, width }: Mask) =>
  Array.from({ length: pixels.length / width }, (_, row) =>
    [...pixels.slice(row * width, (row + 1) * width)].map((value) => (value ? "#" : ".")).join(""),
  );

describe("a stroke", () => {
  it("fills what lies under a round brush on its way, without gaps", () => {
    expect(rows(painted(emptyMask(5, 9), on(stroke([[1.5, 2.5], [6.5, 2.5]])), 0, 1))).toEqual([
      ".........",
      ".######..",
      "########.",
      ".######..",
      ".........",
    ]);
  });

  it("erases in its turn, and strokes after it paint over it", () => {
    const painting = on(
      stroke([[0, 0.5], [4, 0.5]]),
      stroke([[2.5, 0.5]], { radius: 0.5, adds: false }),
    );
    expect(rows(painted(emptyMask(1, 5), painting, 0, 1))).toEqual(["##.##"]);
    const again = withStroke(painting, stroke([[2.5, 0.5]], { radius: 0.5 }));
    expect(rows(painted(emptyMask(1, 5), again, 0, 1))).toEqual(["#####"]);
  });

  it("stays on its slice, leaves the recommendation as it was, and ends at the border", () => {
    const base = emptyMask(2, 2);
    expect(painted(base, on(stroke([[0, 0]], { slice: 3 })), 0, 1).pixels).toEqual(base.pixels);
    expect([...painted(base, on(stroke([[-2, -2], [9, 9]])), 0, 1).pixels]).toEqual([1, 1, 1, 1]);
    expect([...base.pixels]).toEqual([0, 0, 0, 0]);
  });

  it("is round on the screen where voxels are taller than wide", () => {
    const mask = painted(emptyMask(9, 9), on(stroke([[4.5, 4.5]], { radius: 3 })), 0, 3);
    expect(rows(mask).filter((row) => row.includes("#"))).toEqual(["....#....", ".#######.", "....#...."]);
  });

  it("drawn slowly covers what it would with all its points, in a fraction of the room", () => {
    const slow = Array.from({ length: 400 }, (_, i): [number, number] => [4 + i / 20, 8 + 5 * Math.sin(i / 40)]);
    const all = stroke(slow, { radius: 3 });
    const few = { ...all, points: thinned(all.points, 3) };
    expect(few.points.length).toBeLessThan(80);
    expect(few.points.at(-1)).toEqual({ x: 24, y: 5.4 });
    const one = painted(emptyMask(20, 30), on(all), 0, 1).pixels;
    const other = painted(emptyMask(20, 30), on(few), 0, 1).pixels;
    expect(one.filter((value, i) => value !== other[i]).length).toBeLessThanOrEqual(2);
  });

  it("that is a dab, or is drawn with a fine brush, keeps its points", () => {
    expect(thinned([{ x: 3, y: 4 }], 10)).toEqual([{ x: 3, y: 4 }]);
    expect(thinned([{ x: 0, y: 0 }, { x: 0.5, y: 0 }, { x: 1, y: 0 }], 0.5).length).toBe(3);
  });

  it("of a brush smaller than a pixel paints the pixel it is on", () => {
    expect(rows(painted(emptyMask(1, 3), on(stroke([[1.95, 0.05]], { radius: 0.1 })), 0, 1))).toEqual([".#."]);
  });
});

describe("undo of strokes", () => {
  const a = stroke([[0, 0]]);
  const b = stroke([[1, 1]]);

  it("takes the last one back and brings it again, in order", () => {
    const back = undoStroke(undoStroke(on(a, b)));
    expect(back.strokes).toEqual([]);
    expect(redoStroke(back).strokes).toEqual([a]);
    expect(redoStroke(redoStroke(back)).strokes).toEqual([a, b]);
  });

  it("ends where there is nothing more, and a new stroke replaces what was taken back", () => {
    expect(undoStroke(BLANK)).toEqual(BLANK);
    expect(redoStroke(BLANK)).toEqual(BLANK);
    expect(withStroke(undoStroke(on(a)), b)).toEqual({ strokes: [b], undone: [] });
  });
});

describe("the size of the brush", () => {
  it("changes with every step and stays within its bounds", () => {
    for (const radius of [0.5, 1, 2.5, 5, 40]) expect(resized(radius, 1)).toBeGreaterThan(radius);
    for (const radius of [1, 2.5, 5, 40]) expect(resized(radius, -1)).toBeLessThan(radius);
    expect(resized(0.5, -1)).toBe(0.5);
    expect(resized(128, 1)).toBe(128);
  });
});

describe("a painted volume as run lengths", () => {
  it("is what it was, read slice by slice", async () => {
    const planes = ["##..", "....", "..##"].map((row) => ({
      height: 2,
      width: 2,
      pixels: Uint8Array.from(row, (letter) => (letter === "#" ? 1 : 0)),
    }));
    const sent = await encodeVolume([3, 2, 2], async (index) => planes[index] ?? emptyMask(2, 2));
    expect(sent).toEqual({ shape: [3, 2, 2], runs: [0, 2, 8, 2] });
    const whole = decode({ shape: [6, 2], runs: sent.runs });
    expect([...whole.pixels]).toEqual(planes.flatMap(({ pixels }) => [...pixels]));
  });

  it("of nothing is one run", async () => {
    expect((await encodeVolume([1, 2, 3], async () => emptyMask(2, 3))).runs).toEqual([6]);
  });

  it("is refused when a slice has another size", async () => {
    await expect(encodeVolume([1, 2, 3], async () => emptyMask(3, 3))).rejects.toThrow("9 pixels");
  });
});

describe("what was painted", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("is there again after a reload, for its round only, until it is discarded", () => {
    const storage = new Memory();
    const painting = on(stroke([[1, 2]]));
    new Drawer(storage, "one", 7, 2).write(painting);
    expect(new Drawer(storage, "one", 7, 2).read()).toMatchObject(painting);
    expect(new Drawer(storage, "one", 7, 3).read()).toEqual(BLANK);
    expect(new Drawer(storage, "another", 7, 2).read()).toEqual(BLANK);
    new Drawer(storage, "one", 7, 2).write(BLANK);
    expect(storage.length).toBe(0);
  });

  it("of long ago goes, and what cannot be read is nothing", () => {
    const storage = new Memory();
    storage.setItem("assent.theme", "dark");
    for (let session = 1; session <= 15; session++) {
      vi.setSystemTime(session);
      new Drawer(storage, "one", session, 0).write(on(stroke([[1, 2]])));
    }
    expect(storage.length).toBe(13);
    expect(new Drawer(storage, "one", 3, 0).read()).toEqual(BLANK);
    expect(new Drawer(storage, "one", 4, 0).read().strokes.length).toBe(1);
    storage.setItem("assent.painting.99.0", "{broken");
    expect(new Drawer(storage, "one", 99, 0).read()).toEqual(BLANK);
  });
});
