import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Refused, Unreachable } from "../src/api/client";
import { onConnection, tellConnection } from "../src/api/connection";
import type { Prompt } from "../src/api/types";
import { begunBox, boxPrompt, including, ranged } from "../src/tools/openBox";
import { persist } from "../src/viewer/persist";
import { Cache } from "../src/viewer/pictures";
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

describe("the picture of a slice that does not come", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());
  const gone = () => Promise.reject(new Unreachable("gone"));
  const asking = (...replies: (() => Promise<string>)[]) => {
    const ask = vi.fn(() => (replies.shift() ?? gone)());
    const network = new EventTarget();
    const came: string[] = [];
    const stop = persist(ask, (value) => came.push(value), network);
    return { ask, network, came, stop };
  };

  it("is asked for again after growing pauses, until it is there", async () => {
    const { ask, came } = asking(gone, gone, gone, () => Promise.resolve("slice"));
    await vi.advanceTimersByTimeAsync(500 + 1000 + 1999);
    expect(ask).toHaveBeenCalledTimes(3);
    expect(came).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(came).toEqual(["slice"]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(ask).toHaveBeenCalledTimes(4);
  });

  it("is asked for at once when the network is back, or the server was reached", async () => {
    const { ask, network, came } = asking(gone, gone, () => Promise.resolve("slice"));
    await vi.advanceTimersByTimeAsync(0);
    network.dispatchEvent(new Event("online"));
    expect(ask).toHaveBeenCalledTimes(2);
    await vi.advanceTimersByTimeAsync(0);
    tellConnection(true);
    await vi.advanceTimersByTimeAsync(0);
    expect(came).toEqual(["slice"]);
  });

  it("tells the page that the server is away", async () => {
    const told: boolean[] = [];
    const forget = onConnection((isReached) => told.push(isReached));
    const { stop } = asking();
    await vi.advanceTimersByTimeAsync(0);
    expect(told).toEqual([false]);
    stop();
    forget();
  });

  it("is not asked for once another slice is wanted, nor where the server refuses it for good", async () => {
    const left = asking();
    const refused = asking(() => Promise.reject(new Refused(409, "round", "", null, null)));
    await vi.advanceTimersByTimeAsync(0);
    left.stop();
    left.network.dispatchEvent(new Event("online"));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(left.ask).toHaveBeenCalledTimes(1);
    expect(refused.ask).toHaveBeenCalledTimes(1);
  });

  it("is there with the step to it where it was fetched ahead, and only then", async () => {
    const cache = new Cache<string>(2);
    const fetched = cache.get("21", () => Promise.resolve("slice"));
    expect(cache.peek("21")).toBeUndefined();
    await fetched;
    expect(cache.peek("21")).toBe("slice");
    await cache.get("22", gone).catch(() => null);
    expect(cache.peek("22")).toBeUndefined();
  });
});
