import { createElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, it } from "vitest";
import type { Readers } from "../src/api/types";
import { numbersOf } from "../src/panels/Facts";
import { Readers as ReadersPanel, comparedWith, holderOf } from "../src/panels/Readers";
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

  it("expect no overlap of a mask without the object", () => {
    const nothing = proposal({ image: volume, recommendation: { ...recommendation, voxels: 0, volume_ml: 0 } });
    expect(valueOf(nothing, words.quality)).toBeUndefined();
    expect(valueOf(nothing, words.volume)).toBe("0 ml");
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

  const shown = (held: Readers) =>
    renderToStaticMarkup(createElement(ReadersPanel, { readers: held, person: "me", isVolume: false }));
  const reader = (person: string, dice: number, difference: number) => ({
    person, dice, difference, accepted_at: "2026-01-01T00:00:00Z", voxels: 10,
  });

  it("take no room where there is nobody else", () => {
    expect(shown(readers)).toBe("");
  });

  it("include the one whose mask holds, where nobody else has one", () => {
    const held = { ...readers, person: "Ann" };
    expect(shown(held)).toContain(words.readerHolds);
    expect(shown(held)).not.toContain("Overlap with");
    expect([held, { ...held, person: "me" }, { ...held, accepted_by: "rule" as const, person: null }, null].map((one) => holderOf(one, "me"))).toEqual(["Ann", null, null, null]);
  });

  it("are listed by name, as text, with overlap and size", () => {
    const html = shown({ ...readers, readers: [reader("<b>Ann</b>", 0.914, 0.12)], median_difference: 0.12 });
    expect(html).toContain("&lt;b&gt;Ann&lt;/b&gt;");
    expect(html).toContain("91 %");
    expect(html).toContain("12 % larger");
    // The median of one is that one.
    expect(html).not.toContain("median");
  });

  it("are summed up from three on, and one's own mask is called so", () => {
    const three = [reader("me", 0.9, 0.1), reader("Bo", 0.8, -0.2), reader("Cy", 0.7, -0.3)];
    const html = shown({ ...readers, person: "Ann", readers: three, median_difference: -0.2 });
    expect(html).toContain(words.readersMedian(-0.2));
    expect(html).toContain(`>${words.you}<`);
    expect(html).toContain("mask of Ann");
  });

  it("draw larger, smaller, or the same", () => {
    expect(words.readerSize(0.123, false)).toBe("12 % larger");
    expect(words.readerSize(-0.06, true)).toBe("6 % smaller");
    expect(words.readerSize(0.001, true)).toBe("same volume");
    expect(words.readerSize(null, true)).toBe("");
  });
});
