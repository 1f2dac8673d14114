// The wire types that the page uses, by shorter names; what they mean is in docs/reference/rest.md.

import type { components } from "./types.gen";

type Schemas = components["schemas"];

export type Rle = Schemas["Rle"];
export type ImageInfo = Schemas["Image"];
export type Series = Schemas["Series"];
export type ImageDetail = Schemas["ImageDetail"];
export type Project = Schemas["Project"];
export type FileProblem = Schemas["FileProblem"];
export type Task = Schemas["Task"];
export type TaskState = Task["state"];
export type Queue = Schemas["Queue"];
export type Counts = Schemas["Counts"];
export type Progress = Schemas["Progress"];
export type Zyx = [number, number, number];
export type Prompt = Schemas["ClickIn"] | Schemas["ScribbleIn"] | Schemas["BoxIn"];
export type Answer =
  | Schemas["PickIn"]
  | Schemas["JudgeIn"]
  | Schemas["CorrectIn"]
  | Schemas["AcceptIn"];
export type Crop = Schemas["Crop"];
export type Alternative = Schemas["Alternative"];
export type LogEntry = Schemas["LogEntry"];
export type Proposal = Schemas["Proposal"];
export type Readers = Schemas["Readers"];
export type Reader = Schemas["Reader"];
export type ContextEntry = Schemas["ContextEntry"];
export type Profile = Schemas["Profile"];
export type Job = Schemas["Job"];
export type JobState = Job["state"];
