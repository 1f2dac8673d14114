import { describe, expect, it } from "vitest";
import type { Readers } from "../src/api/types";
import { numbersOf } from "../src/panels/Facts";
import { comparedWith } from "../src/panels/Readers";
import { words } from "../src/words";
import { proposal } from "./proposals";

const recommendation = { slice: 8, rle: { shape: [4, 4], runs: [16] }, slices: [2, 12], voxels: 40_321, area_mm2: 812.5, volume_ml: 14.237 };
const volume = { ...proposal().image, shape: [16, 96, 96], is_volume: true };
const valueOf = (shown: Parameters<typeof numbersOf>[0], name: string) =>
  numbersOf(shown).find(([known]) => known === name)?.[1];

describe("the numbers of a mask", () => {
  it("have units where a voxel has a size", () => {
    const shown = proposal({ image: volume, recommendation });
    expect(valueOf(shown, words.volume)).toBe("14.2 ml");
    // Counted from one, as the slider does.
    expect(valueOf(shown, words.areaOfSlice(9))).toBe("813 mm²");
    expect(valueOf(shown, words.voxels(true))).toBe("40,321");
    expect(valueOf(proposal({ recommendation }), words.area)).toBe("813 mm²");
  });

  it("say that there is no size where it is unknown, and give no area of one slice then", () => {
    const unknown = { ...recommendation, area_mm2: null, volume_ml: null };
    expect(valueOf(proposal({ recommendation: unknown }), words.area)).toBe("not calibrated");
    const shown = proposal({ image: volume, recommendation: unknown });
    expect(valueOf(shown, words.volume)).toBe("not calibrated");
    expect(numbersOf(shown).some(([name]) => name.startsWith(words.area))).toBe(false);
  });

  it("are none before the object is named", () => {
    expect(numbersOf(proposal({ is_empty: true }))).toEqual([]);
  });
});

describe("other readers", () => {
  const readers: Readers = {
    image: 3, target: "object", person: "me", accepted_by: "person", voxels: 9, readers: [], median_difference: null,
  };

  it("are compared with the mask that holds, and it is said whose that is", () => {
    expect(comparedWith(readers, "me")).toBe("Overlap with your mask");
    expect(comparedWith({ ...readers, person: "Ann" }, "me")).toContain("Ann");
    expect(comparedWith({ ...readers, person: "automatic", accepted_by: "rule" }, "me")).toContain("automatically");
  });

  it("draw larger, smaller, or the same", () => {
    expect(words.readerSize(0.123, false)).toBe("12 % larger");
    expect(words.readerSize(-0.06, true)).toBe("6 % smaller");
    expect(words.readerSize(0.001, true)).toBe("same volume");
    expect(words.readerSize(null, true)).toBe("");
  });
});
