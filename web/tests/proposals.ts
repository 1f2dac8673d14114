// A proposal to test with, as the server sends one.

import type { Alternative, Proposal } from "../src/api/types";

export function alternative(index: number): Alternative {
  return {
    index,
    tag: "looser, +2.1 mm",
    slice: 0,
    crop: { y: 0, x: 0, height: 2, width: 2 },
    added: { shape: [2, 2], runs: [4] },
    removed: { shape: [2, 2], runs: [4] },
    voxels: 1,
    predicted_dice: 0.8,
    dice: 0.9,
  };
}

export function proposal(changes: Partial<Proposal> = {}): Proposal {
  return {
    store: "one",
    session: 7,
    task: 9,
    image: { id: 3, project: 1, path: "b.png", name: "b.png", kind: "png", shape: [1, 4, 4], is_volume: false, digest: "d" },
    target: "object",
    person: "me",
    method: "posterior",
    listens: ["accept", "box", "click", "judge", "pick", "scribble"],
    round: 0,
    rounds: 0,
    page: 0,
    is_accepted: false,
    is_empty: false,
    slice: 0,
    recommendation: { slice: 0, rle: { shape: [4, 4], runs: [16] }, slices: [0, 0], voxels: 0, area_mm2: null, volume_ml: null },
    predicted_dice: 0.9,
    alternatives: [alternative(0), alternative(1)],
    challenger: 1,
    uncertainty: { url: "", mean: 0 },
    context: 0,
    profile: "",
    log: [],
    ...changes,
  };
}
