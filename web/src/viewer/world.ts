// Between voxels of a NIfTI file and millimetres. Files count x, y, z; the page counts z, y, x.

import type { Zyx } from "../api/types";
import { clamp } from "./geometry";

/** Rows of a 4 x 4 matrix that takes (x, y, z, 1) of voxels to millimetres. */
export type Affine = readonly (readonly number[])[];
export type Mm = [number, number, number];

export function toWorld(affine: Affine, [z, y, x]: Zyx): Mm {
  const row = (i: number) => {
    const [a = 0, b = 0, c = 0, d = 0] = affine[i] ?? [];
    return a * x + b * y + c * z + d;
  };
  return [row(0), row(1), row(2)];
}

/** The voxel that lies nearest to a place; null where the matrix is flat. */
export function toVoxel(affine: Affine, mm: readonly number[]): Zyx | null {
  const m = (i: number, j: number) => affine[i % 3]?.[j % 3] ?? 0;
  const by = [0, 1, 2].map((i) => (mm[i] ?? 0) - (affine[i]?.[3] ?? 0));
  // Cramer's rule: the inverse by cofactors, whose indices go round.
  const cofactor = (i: number, j: number) => m(i + 1, j + 1) * m(i + 2, j + 2) - m(i + 1, j + 2) * m(i + 2, j + 1);
  const determinant = [0, 1, 2].reduce((sum, j) => sum + m(0, j) * cofactor(0, j), 0);
  if (Math.abs(determinant) < 1e-12) return null;
  const [x = 0, y = 0, z = 0] = [0, 1, 2].map((j) =>
    // Adding nothing turns a negative zero into zero.
    Math.round([0, 1, 2].reduce((sum, i) => sum + cofactor(i, j) * (by[i] ?? 0), 0) / determinant) + 0,
  );
  return [z, y, x];
}

/** Inside a volume, at its border at most. */
export function within([z, y, x]: Zyx, shape: readonly number[]): Zyx {
  const held = (at: number, count = 1) => clamp(at, 0, count - 1);
  return [held(z, shape[0]), held(y, shape[1]), held(x, shape[2])];
}
