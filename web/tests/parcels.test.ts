// @ts-expect-error The page has no types of Node.js.
import { execFileSync } from "node:child_process";
// @ts-expect-error The page has no types of Node.js.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
// @ts-expect-error The page has no types of Node.js.
import { tmpdir } from "node:os";
// @ts-expect-error The page has no types of Node.js.
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type Found, filesChosen, filesIn, parcelsOf, tar } from "../src/state/parcels";

const DICOM = new Uint8Array(600);
DICOM.set(new TextEncoder().encode("DICM"), 128);

const found = (name: string, content: BlobPart, folder = ""): Found => ({ file: new File([content], name), folder });
const told = async (all: readonly Found[]) =>
  (await parcelsOf(all)).map(({ name, isSeries }) => `${name} ${isSeries ? "series" : "single"}`);

describe("what was dropped", () => {
  it("goes out one by one where it is no slice", async () => {
    const all = [found("a.png", "x"), found("b.nii.gz", "y"), found("one.dcm", DICOM), found("odd", "z")];
    expect(await told(all)).toEqual(["a.png single", "b.nii.gz single", "odd single", "one.dcm single"]);
  });

  it("is one series for each folder of slices", async () => {
    const all = [
      found("IM1", DICOM, "study/ct"),
      found("IM1", DICOM, "study/mr/t1"),
      found("IM2", DICOM, "study/ct"),
      found("IM2", DICOM, "study/mr/t1"),
      found("a.png", "x", "study"),
    ];
    expect(await told(all)).toEqual(["a.png single", "study ct series", "mr t1 series"]);
  });

  it("is one series where slices were dropped by themselves", async () => {
    const all = [found("IM1", DICOM), found("a.png", "x"), found("IM2", DICOM), found("IM3", DICOM)];
    expect(await told(all)).toEqual(["a.png single", "IM1 and 2 more series"]);
  });

  it("goes out as it is where it is packed already", async () => {
    const packed = tar([new File([DICOM], "IM1")]);
    const all = [found("ct.zip", "PK\x03\x04rest"), found("ct.tar", packed), found("word.zip", "PK")];
    expect(await told(all)).toEqual(["ct.zip series", "ct.tar series", "word.zip single"]);
  });

  it("is passed over where it lies in a folder and is no image", async () => {
    const all = ["DICOMDIR", ".DS_Store", "Thumbs.db", "report.pdf", "README"].map((name) => found(name, "text", "cd"));
    expect(await told([...all, found("DICOMDIR", DICOM, "cd")])).toEqual([]);
  });

  it("keeps slices without content, so that the server misses them", async () => {
    const [parcel] = await parcelsOf([found("IM1", DICOM, "ct"), found("IM2.dcm", "", "ct"), found("notes.txt", "", "ct")]);
    expect(parcel).toMatchObject({ name: "ct", isSeries: true });
    expect(await names(parcel?.body)).toEqual(["IM1", "IM2.dcm"]);
  });
});

/** Names of the files of an archive, by the system's own program. */
async function names(archive: Blob | undefined): Promise<string[]> {
  return inFolder(async (folder) => {
    writeFileSync(join(folder, "a.tar"), new Uint8Array(await archive!.arrayBuffer()));
    const told = execFileSync("tar", ["--quoting-style=literal", "-tf", join(folder, "a.tar")], { encoding: "utf8" });
    return String(told).trim().split("\n");
  });
}

async function inFolder<R>(work: (folder: string) => Promise<R>): Promise<R> {
  const folder = mkdtempSync(join(tmpdir(), "parcels-"));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe("an archive", () => {
  it("is one that other programs unpack, whatever the size of its files", async () => {
    const sizes = [0, 1, 511, 512, 513, 5000];
    const files = sizes.map((size) => new File([new Uint8Array(size).fill(size % 251)], `IM${size}`));
    await inFolder(async (folder) => {
      writeFileSync(join(folder, "a.tar"), new Uint8Array(await tar(files).arrayBuffer()));
      execFileSync("tar", ["-xf", "a.tar"], { cwd: folder });
      for (const size of sizes) {
        expect(new Uint8Array(readFileSync(join(folder, `IM${size}`)))).toEqual(new Uint8Array(size).fill(size % 251));
      }
    });
  });

  it("holds names in any script, shortened where they are long", async () => {
    const long = "肝".repeat(50);
    expect(await names(tar([new File(["x"], "Größe"), new File(["y"], long)]))).toEqual(["Größe", "肝".repeat(33)]);
  });
});

describe("a folder", () => {
  const leaf = (name: string) => ({ isFile: true, name, file: (take: (file: File) => void) => take(new File(["x"], name)) });
  const folder = (name: string, below: object[]) => ({
    isFile: false,
    name,
    createReader: () => {
      const left = [...below];
      return { readEntries: (take: (some: object[]) => void) => take(left.splice(0, 2)) };
    },
  });
  const look = async (entry: object) =>
    (await filesIn(entry as FileSystemEntry)).map((one) => `${one.folder}: ${one.file.name}`);

  it("is looked through to its end, though browsers tell it in parts", async () => {
    const below = [leaf("1"), leaf("2"), leaf("3"), folder("b", [leaf("4"), leaf("5"), leaf("6")]), leaf("7")];
    expect(await look(folder("a", below))).toEqual(["a: 1", "a: 2", "a: 3", "a/b: 4", "a/b: 5", "a/b: 6", "a: 7"]);
  });

  it("that cannot be read is no empty one", async () => {
    const broken = { isFile: false, name: "a", createReader: () => ({ readEntries: (_: unknown, fail: (error: Error) => void) => fail(new Error("no")) }) };
    await expect(look(broken)).rejects.toThrow("no");
  });

  it("that was chosen says where each file lay", () => {
    const chosen = new File(["x"], "1");
    Object.defineProperty(chosen, "webkitRelativePath", { value: "a/b/1" });
    expect(filesChosen([chosen])).toEqual([{ file: chosen, folder: "a/b" }]);
  });
});
