import { describe, expect, it } from "vitest";
import type { Prompt } from "../src/api/types";
import { begunBox, boxPrompt, including, ranged } from "../src/tools/openBox";
import { toVoxel, toWorld, within } from "../src/viewer/world";

const drawn: Prompt = { kind: "box", low_zyx: [7, 10, 20], high_zyx: [8, 31, 51] };

describe("a box in a volume", () => {
  const box = begunBox(drawn, true) ?? { low_zyx: [0, 0, 0], high_zyx: [0, 0, 0] };

  it("is not given before its slices are known; on a flat image it is given at once", () => {
    expect(boxPrompt(box)).toEqual(drawn);
    expect(begunBox(drawn, false)).toBeNull();
    expect(begunBox({ kind: "click", at_zyx: [7, 1, 1], positive: true }, true)).toBeNull();
  });

  it("grows with the slices gone through, both ways, and keeps its sides", () => {
    const grown = including(including(including(box, 9), 8), 5);
    expect(grown).toEqual({ low_zyx: [5, 10, 20], high_zyx: [10, 31, 51] });
    expect(including(grown, 7)).toEqual(grown);
  });

  it("takes a range in whichever order", () => {
    expect(ranged(box, 9, 4)).toEqual({ low_zyx: [4, 10, 20], high_zyx: [10, 31, 51] });
    expect(ranged(box, 3, 3).high_zyx[0]).toBe(4);
  });
});

describe("places in a volume", () => {
  // Radiological order, oblique, anisotropic.
  const oblique = [
    [-0.7, 0.1, 0.3, 90],
    [0.05, -0.68, 0.4, 120],
    [0.02, 0.2, 2.9, -300],
    [0, 0, 0, 1],
  ];

  it("go to millimetres by the file's own matrix, x first", () => {
    const plain = [[2, 0, 0, -10], [0, 3, 0, 0], [0, 0, 4, 5], [0, 0, 0, 1]];
    expect(toWorld(plain, [1, 10, 100])).toEqual([190, 30, 9]);
  });

  it("come back to the voxel they came from, also from near it", () => {
    for (const voxel of [[0, 0, 0], [12, 200, 31], [99, 5, 511]] as [number, number, number][]) {
      const [x, y, z] = toWorld(oblique, voxel);
      expect(toVoxel(oblique, [x, y, z])).toEqual(voxel);
      expect(toVoxel(oblique, [x + 0.1, y - 0.1, z])).toEqual(voxel);
    }
  });

  it("are none where the matrix is flat", () => {
    expect(toVoxel([[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0, 0]], [1, 2, 3])).toBeNull();
  });

  it("outside end at the border", () => {
    expect(within([-4, 12, 900], [10, 20, 30])).toEqual([0, 12, 29]);
  });
});
