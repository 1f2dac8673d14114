// What was dropped or chosen, sorted into what goes out in one request: a picture or volume by itself, and
// the files of a DICOM series together, as a TAR file that is never copied: its parts are read when sent.

import { words } from "../words";

export interface Parcel {
  name: string;
  body: Blob;
  /** Whether it is an archive with the files of DICOM series. */
  isSeries: boolean;
}

export interface Found {
  file: File;
  /** In which folder it was found, from the one that was dropped or chosen; "" for a file by itself. */
  folder: string;
}

const BLOCK = 512;
const JUNK = /^(\..*|thumbs\.db|desktop\.ini|dicomdir)$/i;
const IMAGES = /\.(png|jpe?g|bmp|tiff?|nii|nii\.gz|nrrd|mha|zip|tar)$/i;
const SLICES = /(^[^.]*|\.dcm|\.dicom|\.ima)$/i;
const encoder = new TextEncoder();

/** What goes out for these files. Of a folder's files those of unknown kinds are passed over. */
export async function parcelsOf(found: readonly Found[]): Promise<Parcel[]> {
  const parcels: Parcel[] = [];
  const slices = new Map<string, File[]>();
  for (const { file, folder } of found) {
    if (folder !== "" && JUNK.test(file.name)) continue;
    const kind = await kindOf(file);
    // A slice without content is missed by nobody unless the server is told of it.
    const isSlice = kind === "dicom" || (folder !== "" && file.size === 0 && SLICES.test(file.name));
    if (isSlice) {
      const together = slices.get(folder) ?? [];
      together.push(file);
      slices.set(folder, together);
    } else if (folder === "" || IMAGES.test(file.name)) {
      parcels.push({ name: file.name, body: file, isSeries: kind === "archive" });
    }
  }
  for (const [folder, files] of slices) {
    const [first] = files;
    if (!first) continue;
    const name = folder === "" ? words.filesTogether(first.name, files.length) : lastTwo(folder);
    parcels.push(files.length === 1 ? { name: first.name, body: first, isSeries: false } : { name, body: tar(files), isSeries: true });
  }
  return parcels;
}

/** The files in what was dropped, folders looked through. */
export async function filesIn(entry: FileSystemEntry, folder = ""): Promise<Found[]> {
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
    return [{ file, folder }];
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const here = folder === "" ? entry.name : `${folder}/${entry.name}`;
  const found: Found[] = [];
  for (;;) {
    // Some at a time; none are left when none come.
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return found;
    for (const below of some) found.push(...(await filesIn(below, here)));
  }
}

/** The files of a folder that was chosen. */
export function filesChosen(files: Iterable<File>): Found[] {
  return [...files].map((file) => ({ file, folder: file.webkitRelativePath.split("/").slice(0, -1).join("/") }));
}

/** A TAR file of these; its parts are read from the disk only when it is sent. */
export function tar(files: readonly File[]): Blob {
  const parts = files.flatMap((file) => [header(file), file, new Uint8Array(-file.size & (BLOCK - 1))]);
  return new Blob([...parts, new Uint8Array(2 * BLOCK)]);
}

function header({ name, size }: File): Uint8Array<ArrayBuffer> {
  const block = new Uint8Array(BLOCK);
  const put = (text: string, at: number) => block.set(encoder.encode(text), at);
  encoder.encodeInto(name, block.subarray(0, 100));
  put("0000644\0" + "0000000\0".repeat(2), 100);
  put(size.toString(8).padStart(11, "0") + "\0" + "0".repeat(11) + "\0", 124);
  // The sum counts its own place as blanks.
  put(" ".repeat(8) + "0", 148);
  put("ustar\0" + "00", 257);
  const sum = block.reduce((all, value) => all + value, 0);
  put(sum.toString(8).padStart(6, "0") + "\0 ", 148);
  return block;
}

async function kindOf(file: File): Promise<"dicom" | "archive" | "other"> {
  const head = new Uint8Array(await file.slice(0, 262).arrayBuffer());
  const says = (text: string, at: number) => encoder.encode(text).every((value, index) => head[at + index] === value);
  if (says("DICM", 128)) return "dicom";
  return says("PK\x03\x04", 0) || says("ustar", 257) ? "archive" : "other";
}

function lastTwo(folder: string): string {
  return folder.split("/").slice(-2).join(" ");
}
