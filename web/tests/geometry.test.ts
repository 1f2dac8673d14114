import { describe, expect, it } from "vitest";
import * as geometry from "../src/viewer/geometry";
import { edges, mirrorOf } from "../src/viewer/orientation";
import { decode } from "../src/viewer/rle";
import { tagAsShown } from "../src/words";
import { dragged, fullRange, isInHounsfield, openingWindow, remap } from "../src/viewer/window";

const IMAGE = { height: 100, width: 200 };
const SCREEN = { height: 324, width: 424 };

describe("camera", () => {
  it("fits the whole image in the middle", () => {
    const camera = geometry.fit(IMAGE, SCREEN, 1);
    expect(camera).toEqual({ scale: 2, aspect: 1, left: 12, top: 62, turned: geometry.UPRIGHT });
  });

  it("gives tall voxels their height", () => {
    const camera = geometry.fit({ height: 50, width: 100 }, { height: 324, width: 424 }, 3);
    expect(camera.scale * camera.aspect * 50).toBeCloseTo(300);
    expect(camera.top).toBeCloseTo(12);
  });

  it("goes from the image to the screen and back, whatever the zoom", () => {
    const point = { x: 12.25, y: 80.5 };
    for (const turned of [geometry.UPRIGHT, { x: 200, y: null }, { x: 200, y: 100 }]) {
      const camera = { scale: 3.7, aspect: 1.6, left: -40, top: 15, turned };
      const back = geometry.toImage(camera, geometry.toScreen(camera, point));
      expect(back.x).toBeCloseTo(point.x);
      expect(back.y).toBeCloseTo(point.y);
    }
  });

  it("paints where it points, the other way round too", () => {
    for (const turned of [geometry.UPRIGHT, { x: 200, y: 100 }]) {
      const camera = { ...geometry.fit(IMAGE, SCREEN, 1.5, turned) };
      const [a, , , d, e, f] = geometry.matrixOf(camera);
      const at = geometry.toScreen(camera, { x: 30, y: 70 });
      expect(a * 30 + e).toBeCloseTo(at.x);
      expect(d * 70 + f).toBeCloseTo(at.y);
    }
    const turned = geometry.fit(IMAGE, SCREEN, 1, { x: 200, y: null });
    expect(geometry.toScreen(turned, { x: 0, y: 0 })).toEqual({ x: 412, y: 62 });
  });

  it("keeps what is under the pointer while zooming a turned image", () => {
    const fitted = geometry.fit(IMAGE, SCREEN, 1.5, { x: 200, y: 100 });
    const at = { x: 300, y: 100 };
    const before = geometry.toImage(fitted, at);
    const after = geometry.toImage(geometry.zoomAt(fitted, at, 2.5, fitted), at);
    expect(after.x).toBeCloseTo(before.x);
    expect(after.y).toBeCloseTo(before.y);
  });

  it("keeps what is under the pointer there while zooming", () => {
    const fitted = geometry.fit(IMAGE, SCREEN, 1.5);
    const at = { x: 300, y: 100 };
    const before = geometry.toImage(fitted, at);
    const after = geometry.toImage(geometry.zoomAt(fitted, at, 2.5, fitted), at);
    expect(after.x).toBeCloseTo(before.x);
    expect(after.y).toBeCloseTo(before.y);
  });

  it("does not zoom beyond its bounds, nor drift there", () => {
    const fitted = geometry.fit(IMAGE, SCREEN, 1);
    const small = geometry.zoomAt(fitted, { x: 0, y: 0 }, 1e-9, fitted);
    expect(small.scale).toBeCloseTo(fitted.scale / 2);
    expect(geometry.zoomAt(small, { x: 9, y: 9 }, 0.5, fitted).left).toBeCloseTo(small.left);
  });

  it("never loses the image while moving", () => {
    const fitted = geometry.fit(IMAGE, SCREEN, 1);
    const far = geometry.pan(fitted, { x: 1e6, y: -1e6 }, IMAGE, SCREEN);
    expect(far.left).toBe(SCREEN.width - 48);
    expect(far.top + IMAGE.height * far.scale).toBe(48);
  });
});

describe("how a slice lies in the patient", () => {
  const volume = (orientation: string) => ({ is_volume: true, orientation, kind: "gz" });

  it("has the left on the right and the front on top, however it is stored", () => {
    for (const stored of ["SPL", "SAR", "SAL", "IPR"]) {
      expect(edges(volume(stored))).toEqual({ right: "L", left: "R", top: "A", bottom: "P" });
    }
    expect(mirrorOf(volume("SPL"))).toEqual({ x: false, y: false });
    expect(mirrorOf(volume("SAR"))).toEqual({ x: true, y: true });
  });

  it("has the head on top in coronal and sagittal stacks, the front on the left of the latter", () => {
    expect(edges(volume("ASR"))).toEqual({ right: "L", left: "R", top: "S", bottom: "I" });
    expect(edges(volume("RSA"))).toEqual({ right: "P", left: "A", top: "S", bottom: "I" });
  });

  it("turns the words of a tag with it, and only those", () => {
    const both = { x: true, y: true };
    expect(tagAsShown("larger on the left, shifted up", both)).toBe("larger on the right, shifted down");
    expect(tagAsShown("smaller at the top, in the last slices", both)).toBe("smaller at the bottom, in the last slices");
    expect(tagAsShown("larger on the left, shifted up", { x: true, y: false })).toBe("larger on the right, shifted up");
    expect(tagAsShown("split, without the satellite", both)).toBe("split, without the satellite");
    expect(tagAsShown("larger on the left", { x: false, y: false })).toBe("larger on the left");
  });

  it("is nothing to speak of for a picture, a stack of them, or where it is unknown", () => {
    for (const picture of [{ is_volume: false, kind: "gz" }, { is_volume: true, kind: "tif" }]) {
      expect(edges({ ...picture, orientation: "SAR" })).toBeNull();
      expect(mirrorOf({ ...picture, orientation: "SAR" })).toEqual({ x: false, y: false });
    }
    expect(edges(volume(""))).toBeNull();
    expect(mirrorOf(volume(""))).toEqual({ x: false, y: false });
  });
});

describe("what is drawn", () => {
  it("hits the pixel under it and nothing outside", () => {
    expect(geometry.pixelAt({ x: 199.9, y: 0 }, IMAGE)).toEqual({ row: 0, column: 199 });
    expect(geometry.pixelAt({ x: 200, y: 0 }, IMAGE)).toBeNull();
    expect(geometry.pixelAt({ x: 5, y: -0.1 }, IMAGE)).toBeNull();
  });

  it("leaves no gap between two points of a fast stroke", () => {
    const voxels = geometry.strokeVoxels([{ x: 2.5, y: 3.5 }, { x: 9.5, y: 7.5 }], 4, IMAGE);
    expect(voxels[0]).toEqual([4, 3, 2]);
    expect(voxels.at(-1)).toEqual([4, 7, 9]);
    voxels.slice(1).forEach((voxel, i) => {
      const before = voxels[i] ?? voxel;
      expect(Math.abs(voxel[1] - before[1])).toBeLessThanOrEqual(1);
      expect(Math.abs(voxel[2] - before[2])).toBeLessThanOrEqual(1);
    });
  });

  it("names every voxel of a stroke once, and only those inside", () => {
    const there = { x: -3, y: 5 };
    const back = { x: 4, y: 5 };
    const voxels = geometry.strokeVoxels([back, there, back], 0, IMAGE);
    expect(voxels).toEqual([[0, 5, 4], [0, 5, 3], [0, 5, 2], [0, 5, 1], [0, 5, 0]]);
  });

  it("makes a box of any two corners, clipped, one slice deep", () => {
    expect(geometry.boxBetween({ x: 50.2, y: 30.6 }, { x: -9, y: 10.1 }, 7, IMAGE)).toEqual({
      low_zyx: [7, 10, 0],
      high_zyx: [8, 31, 51],
    });
    expect(geometry.boxBetween({ x: 5.2, y: 5.2 }, { x: 5.8, y: 30 }, 0, IMAGE)).toBeNull();
  });
});

describe("run lengths", () => {
  it("start with background, which may be empty", () => {
    expect([...decode({ shape: [2, 3], runs: [0, 2, 3, 1] }).pixels]).toEqual([1, 1, 0, 0, 0, 1]);
    expect([...decode({ shape: [1, 2, 2], runs: [3, 1] }).pixels]).toEqual([0, 0, 0, 1]);
  });

  it("that do not add up are refused", () => {
    expect(() => decode({ shape: [2, 3], runs: [5] })).toThrow("5 of 6");
    expect(() => decode({ shape: [2, 3], runs: [5, 2] })).toThrow("7 of 6");
  });
});

describe("window and level", () => {
  it("covers the full range", () => {
    expect(fullRange(-1000, 3000)).toEqual({ center: 1000, width: 4000 });
  });

  it("widens to the right, darkens upwards, and never collapses", () => {
    const start = { center: 40, width: 400 };
    expect(dragged(start, { x: 30, y: 0 }, 4000)).toEqual({ center: 40, width: 440 });
    expect(dragged(start, { x: 0, y: -30 }, 4000).center).toBe(0);
    expect(dragged(start, { x: -1e5, y: 0 }, 4000).width).toBe(4);
  });

  it("shifts grays as the exact picture would be, where nothing was clipped", () => {
    const table = remap({ center: 100, width: 200 }, { center: 150, width: 100 });
    expect(table[128]).toBeLessThanOrEqual(1);
    expect(table[191]).toBeGreaterThan(125);
    expect(table[191]).toBeLessThan(130);
    expect(table[255]).toBe(255);
  });

  it("offers Hounsfield presets for what can only be a CT", () => {
    expect(isInHounsfield({ modality: "", low: -1024 })).toBe(true);
    expect(isInHounsfield({ modality: "CT", low: 0 })).toBe(true);
    expect(isInHounsfield({ modality: "MR", low: -1024 })).toBe(false);
    expect(isInHounsfield({ modality: "", low: 0 })).toBe(false);
  });

  it("opens a CT in the window of soft tissue unless the server knows better, anything else in its own", () => {
    const [tissue, lung] = [{ center: 40, width: 400 }, { center: -600, width: 1500 }];
    const image = { window: { center: -385, width: 1280 }, file_window: null };
    expect(openingWindow({ ...image, modality: "", low: -1024 })).toEqual(tissue);
    expect(openingWindow({ ...image, modality: "CT", low: -896 })).toEqual(tissue);
    expect(openingWindow({ ...image, modality: "CT", low: -1024, window: lung })).toBe(lung);
    expect(openingWindow({ ...image, modality: "CT", low: 0 })).toBe(image.window);
    expect(openingWindow({ ...image, modality: "MR", low: -1024 })).toBe(image.window);
    expect(openingWindow({ ...image, modality: "", low: 0 })).toBe(image.window);
  });

  it("opens an image in the window that its file asks for", () => {
    const [window, file_window] = [{ center: -385, width: 1280 }, { center: 60, width: 150 }];
    for (const modality of ["CT", "MR", ""])
      expect(openingWindow({ modality, low: -1024, window, file_window })).toBe(file_window);
  });
});
