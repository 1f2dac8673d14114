import { describe, expect, it } from "vitest";
import type { Alternative } from "../src/api/types";
import { closeUp, fitting, isLeftFreer } from "../src/viewer/closeup";
import { UPRIGHT } from "../src/viewer/geometry";
import { alternative } from "./proposals";

const CARD = { width: 140, height: 100 };
const SIZE = 100;

/** An alternative on a crop of 100 x 100 at (x, y) = (30, 20), which adds where `adds` says. */
function adding(adds: (x: number, y: number) => boolean): Alternative {
  const runs: number[] = [];
  let inside = false;
  let run = 0;
  for (let i = 0; i < SIZE * SIZE; i++) {
    if (adds(i % SIZE, Math.floor(i / SIZE)) !== inside) {
      runs.push(run);
      run = 0;
      inside = !inside;
    }
    run++;
  }
  runs.push(run);
  const shape = [SIZE, SIZE];
  return { ...alternative(0), crop: { y: 20, x: 30, height: SIZE, width: SIZE }, added: { shape, runs }, removed: { shape, runs: [SIZE * SIZE] } };
}

const ring = (radius: number, x: number, y: number) => Math.abs(Math.hypot(x - 50, y - 50) - radius) < 0.5;

describe("what a card shows", () => {
  it("is all of both masks where an eye sees how they differ", () => {
    expect(closeUp(adding((x, y) => x > 10 && x < 40 && y > 10 && y < 40), CARD, 1)).toBeNull();
    expect(closeUp(adding(() => false), CARD, 1)).toBeNull();
  });

  it("is a part of it, larger, where they differ by a line", () => {
    const shown = adding((x, y) => ring(35, x, y));
    const part = closeUp(shown, CARD, 1);
    if (!part) throw new Error("A difference of one pixel is shown as small as it is.");
    expect(fitting(part, CARD, 1)).toBeGreaterThan(3 * fitting(shown.crop, CARD, 1));
    // Within the crop, and with some of the line in it.
    expect(part.x).toBeGreaterThanOrEqual(30);
    expect(part.y).toBeGreaterThanOrEqual(20);
    expect(part.x + part.width).toBeLessThanOrEqual(130);
    expect(part.y + part.height).toBeLessThanOrEqual(120);
  });

  it("has the place where they differ most in its middle", () => {
    const part = closeUp(adding((x, y) => ring(35, x, y) || (Math.abs(x - 75) <= 2 && Math.abs(y - 25) <= 2)), CARD, 1);
    if (!part) throw new Error("A difference of five pixels is shown as small as it is.");
    expect(Math.abs(part.x + part.width / 2 - 105)).toBeLessThan(6);
    expect(Math.abs(part.y + part.height / 2 - 45)).toBeLessThan(6);
  });

  it("keeps its map off what differs, also where the image is shown the other way round", () => {
    const right = adding((x, y) => x > 80 && y > 80);
    const corner = { width: 30, height: 30 };
    const camera = { scale: 1, aspect: 1, left: -30, top: -20, turned: UPRIGHT };
    const card = { width: SIZE, height: SIZE };
    expect(isLeftFreer(right, camera, card, corner)).toBe(true);
    expect(isLeftFreer(adding((x, y) => x < 20 && y > 80), camera, card, corner)).toBe(false);
    expect(isLeftFreer(adding((x, y) => x > 80 && y < 20), camera, card, corner)).toBe(false);
    // Columns 30 to 130 of an image of 160, turned, lie from 30 on.
    expect(isLeftFreer(right, { ...camera, turned: { x: 160, y: null } }, card, corner)).toBe(false);
  });

  it("looks as it should where pixels are taller than wide", () => {
    const part = closeUp(adding((x, y) => ring(35, x, y)), CARD, 2);
    if (!part) throw new Error("A difference of one pixel is shown as small as it is.");
    expect(part.width / (2 * part.height)).toBeCloseTo(CARD.width / CARD.height, 0);
  });
});
