import { describe, expect, it } from "vitest";
import { lostOf, missingOf } from "../src/state/problems";
import { words } from "../src/words";

const of = (...paths: string[]) => missingOf(paths.map((path) => ({ path, detail: `about ${path}`, image: null })));

describe("what is in the list and cannot be opened", () => {
  it("is known by its image", () => {
    const told = [{ path: "a.png", detail: "gone", image: 4 }, { path: "b.png", detail: "broken", image: null }];
    expect([...lostOf(told)]).toEqual([4]);
  });
});

describe("what is not in the list", () => {
  it("tells files from folders and from what is said of the whole folder", () => {
    const found = of("", "p1/", "scans/broken.png", "z.dcm");
    expect(found.whole).toBe("about ");
    expect(found.files.map(({ path }) => path)).toEqual(["scans/broken.png", "z.dcm"]);
    expect(found.folders.map(({ path }) => path)).toEqual(["p1/"]);
  });

  it("says nothing of the whole folder where only a file is broken", () => {
    expect(of("a.png").whole).toBeNull();
  });

  it("is counted in words", () => {
    expect(words.missing(3, 0)).toBe("3 files could not be read");
    expect(words.missing(1, 2)).toBe("1 file could not be read, 2 folders were passed over");
    expect(words.missing(0, 1)).toBe("1 folder was passed over");
  });
});
