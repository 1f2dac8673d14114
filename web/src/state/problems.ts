// What the server says of files that are not in the list, put in order for the list's panel.

import type { FileProblem } from "../api/types";

export interface Missing {
  /** What is said of the whole folder; null where it was looked through and holds an image. */
  whole: string | null;
  files: FileProblem[];
  /** Folders whose images are not taken in; their paths end with a slash. */
  folders: FileProblem[];
}

/** The images in the list that cannot be opened, by their ids. */
export function lostOf(problems: readonly FileProblem[]): ReadonlySet<number> {
  return new Set(problems.flatMap(({ image }) => image ?? []));
}

export function missingOf(problems: readonly FileProblem[]): Missing {
  const named = problems.filter(({ path }) => path !== "");
  return {
    whole: problems.find(({ path }) => path === "")?.detail ?? null,
    files: named.filter(({ path }) => !path.endsWith("/")),
    folders: named.filter(({ path }) => path.endsWith("/")),
  };
}
