// How a slice lies in the patient, and how radiologists want to see it.

import type { ImageDetail } from "../api/types";
import type { Camera } from "./geometry";

const OPPOSITE: Record<string, string> = { L: "R", R: "L", P: "A", A: "P", S: "I", I: "S" };

/** Which axes of a slice are turned for the screen. */
export interface Mirror {
  x: boolean;
  y: boolean;
}

type Placed = Pick<ImageDetail, "is_volume" | "orientation" | "kind">;

/** Stacks of these come from microscopes and cameras: there is no patient to lie in. */
const PICTURES = ["tif", "tiff", "png", "jpg", "jpeg", "bmp", "gif"];

function liesInPatient({ is_volume, kind }: Placed): boolean {
  return is_volume && !PICTURES.includes(kind);
}

/**
 * As in every reading room: the patient's left on the right, the front on top or on the left, the
 * head on top. Files are stored in any order. Pictures are shown as they are.
 */
export function mirrorOf(image: Placed): Mirror {
  if (!liesInPatient(image)) return { x: false, y: false };
  const { orientation } = image;
  return { x: "RA".includes(orientation[2] || "-"), y: "AS".includes(orientation[1] || "-") };
}

/** The same, as a camera wants it. */
export function turnedOf(image: Placed & Pick<ImageDetail, "shape">): Camera["turned"] {
  const { x, y } = mirrorOf(image);
  const [, height = 1, width = 1] = image.shape;
  return { x: x ? width : null, y: y ? height : null };
}

/** What lies at each edge of the screen, as the letters that scanners print there. */
export function edges(image: Placed): Record<"top" | "right" | "bottom" | "left", string> | null {
  const [, row = "", column = ""] = image.orientation;
  if (!liesInPatient(image) || !OPPOSITE[row] || !OPPOSITE[column]) return null;
  const { x, y } = mirrorOf(image);
  const turned = (letter: string, isTurned: boolean) => (isTurned ? (OPPOSITE[letter] ?? "") : letter);
  return {
    bottom: turned(row, y),
    top: turned(row, !y),
    right: turned(column, x),
    left: turned(column, !x),
  };
}
