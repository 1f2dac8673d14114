// Names of the wire types that the page uses; what they mean is in docs/reference/rest.md.

export interface Rle {
  shape: number[];
  runs: number[];
}

export interface ImageInfo {
  id: number;
  project: number;
  path: string;
  name: string;
  kind: string;
  shape: number[];
  is_volume: boolean;
  digest: string;
}

export interface ImageDetail extends ImageInfo {
  channels: number;
  modality: string | null;
  orientation: string | null;
  spacing_mm: number[];
  is_calibrated: boolean;
  low: number;
  high: number;
  window: { center: number; width: number };
}

export interface Project {
  id: number;
  name: string;
  targets: string[];
  images: number;
  created_at: string;
}

export type TaskState = "open" | "accepted" | "skipped";

export interface Task {
  id: number;
  image: ImageInfo;
  target: string;
  state: TaskState;
  predicted_dice: number | null;
  is_prefetched: boolean;
}

export interface Counts {
  open: number;
  accepted: number;
  skipped: number;
}

export interface Queue {
  target: string;
  counts: Counts;
  tasks: Task[];
}

export interface Effort {
  task: number;
  image: number;
  name: string;
  session: number;
  answers: number;
  actions: Record<string, number>;
  seconds: number;
  accepted_at: string;
}

export interface Progress {
  target: string;
  counts: Counts;
  effort: Effort[];
}

export type Zyx = [number, number, number];

export type Prompt =
  | { kind: "click"; at_zyx: Zyx; positive: boolean }
  | { kind: "scribble"; points_zyx: Zyx[]; positive: boolean }
  | { kind: "box"; low_zyx: Zyx; high_zyx: Zyx };

export type Answer =
  | { kind: "pick"; round: number; candidate: number | null; page: number }
  | { kind: "judge"; round: number; answer: "better" | "worse" | "cannot_tell"; page: number }
  | { kind: "correct"; round: number; prompts: Prompt[]; removed: number[] }
  | {
      kind: "accept";
      round: number;
      choice: "recommended" | "edited" | number;
      page: number;
      edited: Rle | null;
    };

export interface Crop {
  y: number;
  x: number;
  height: number;
  width: number;
}

export interface Alternative {
  index: number;
  tag: string;
  slice: number;
  crop: Crop;
  added: Rle;
  removed: Rle;
  voxels: number;
  predicted_dice: number;
  dice: number;
}

export interface LogEntry {
  round: number;
  answer: Answer;
  holds: boolean;
}

export interface Proposal {
  session: number;
  task: number;
  image: ImageInfo;
  target: string;
  person: string;
  method: string;
  listens: string[];
  round: number;
  rounds: number;
  page: number;
  is_accepted: boolean;
  is_empty: boolean;
  slice: number;
  recommendation: {
    slice: number;
    rle: Rle;
    slices: number[];
    voxels: number;
    area_mm2: number | null;
    volume_ml: number | null;
  };
  predicted_dice: number;
  alternatives: Alternative[];
  challenger: number | null;
  uncertainty: { url: string; mean: number };
  context: number;
  profile: string;
  log: LogEntry[];
}

export interface Profile {
  person: string;
  method: string;
  says: string;
  images: number;
  numbers: unknown;
  saved_at: string | null;
}

export type JobState = "waiting" | "running" | "done" | "failed" | "cancelled";

export interface Job {
  id: number;
  kind: string;
  state: JobState;
  progress: number;
  detail: string;
  created_at: string;
  changed_at: string;
}
