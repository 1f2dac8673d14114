import { describe, expect, it } from "vitest";
import { nextItem } from "../src/panels/Targets";

const NAMES = ["disc 1 of 4 done", "liver", "lesion", "New target…"];

describe("keys in the menu of targets", () => {
  it("go round with the arrows, and to the ends", () => {
    expect([0, 1, 3].map((at) => nextItem("ArrowDown", at, NAMES))).toEqual([1, 2, 0]);
    expect([3, 1, 0].map((at) => nextItem("ArrowUp", at, NAMES))).toEqual([2, 0, 3]);
    expect([nextItem("Home", 2, NAMES), nextItem("End", 2, NAMES)]).toEqual([0, 3]);
  });

  it("begin at an end where nothing has the focus", () => {
    expect([nextItem("ArrowDown", -1, NAMES), nextItem("ArrowUp", -1, NAMES)]).toEqual([0, 3]);
  });

  it("find the next item by its letter, and leave other keys alone", () => {
    expect([nextItem("l", 0, NAMES), nextItem("l", 1, NAMES), nextItem("L", 2, NAMES)]).toEqual([1, 2, 1]);
    expect([nextItem("x", 1, NAMES), nextItem("F5", 1, NAMES)]).toEqual([null, null]);
  });
});
