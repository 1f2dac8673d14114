// Every sentence and word that a person reads on the page. Sentences of the server (errors, tags,
// what a profile says) are shown as they come.

import type { Answer, JobState, TaskState } from "./api/types";
import type { Tool } from "./keys";
import type { SessionState } from "./state/session";
import { isNothing } from "./state/sight";

const plural = (n: number, one: string, many: string) => `${n} ${n === 1 ? one : many}`;
const percent = (fraction: number) => `${Math.round(fraction * 100)} %`;
const grouped = new Intl.NumberFormat("en-GB");
const upTo = (digits: number) => new Intl.NumberFormat("en-GB", { maximumFractionDigits: digits });
const significant = new Intl.NumberFormat("en-GB", { maximumSignificantDigits: 3 });

export const ctPresetNames = {
  softTissue: "Soft tissue",
  lung: "Lung",
  bone: "Bone",
  brain: "Brain",
  liver: "Liver",
};

export const words = {
  product: "Assent",
  defaultPerson: "me",

  // Server
  unreachable: "The server does not answer. This page goes on trying.",
  keptAnswers: (n: number) =>
    `${n === 1 ? "Your answer is" : `Your ${n} answers are`} kept in this browser and will be sent when it returns.`,
  waitForServer: "Your last answer is still on its way; this goes on once it has arrived. Points and scribbles can be added meanwhile.",
  answeredElsewhere: "This image was answered in another window meanwhile. What you see now is its current state; your last answer was not applied.",
  steppedElsewhere: "This image was answered in another window meanwhile. What you see now is its current state; nothing was taken back or given again.",
  markedOnAccepted: "This image is accepted now; what you marked meanwhile was not applied.",
  acceptedElsewhere: "This image was accepted in another window meanwhile; what you marked before it was shown was not applied.",
  otherWeights: (dropped: number) => {
    const anew = "The server works with other weights now, so this image begins anew; what was done before is kept.";
    if (dropped === 0) return anew;
    return `${anew} ${dropped === 1 ? "An answer" : `${dropped} answers`} on the way belonged to the earlier proposal and ${dropped === 1 ? "was" : "were"} not applied.`;
  },
  notStored: (image: string, n: number, why: string) =>
    `${n > 1 ? `Your last ${n} answers` : "Your last answer"} to ${image || "an image"} ${n > 1 ? "were" : "was"} not stored. ${why}`,
  notDone: (image: string, why: string) => `What you asked for on ${image} was not done. ${why}`,
  lostTo: {
    otherWindow: "That image was answered in another window meanwhile.",
    otherWeights: "The server works with other weights now.",
    time: "The server took too long to compute.",
  },
  tooLong: (dropped: number) =>
    `${dropped > 1 ? `Your last ${dropped} answers were` : "Your last answer was"} not applied, because the server took too long to compute: undo a step, answer differently or use a smaller image.`,
  unexpected: "Something went wrong on this page. Reload it; nothing that was acknowledged is lost.",
  reload: "Reload",
  token: "Token of this server",
  tokenHint: "The person who started the server knows it.",
  signIn: "Sign in",
  close: "Close",
  busy: {
    open: "Opening the image",
    first: "Computing the first proposal",
    answer: "Computing the next proposal",
    undo: "Going back",
    "go-to": "Going there",
    more: "Looking for more options",
    paint: "Putting the painted mask together",
  },
  busyFor: (what: string, seconds: number) => `${what} · ${seconds.toFixed(1)} s`,

  // Header
  project: "Folder",
  target: "What is segmented",
  targetNow: (target: string) => `What is segmented: ${target}`,
  newTarget: "New target",
  targetName: "Name of the target",
  targetMeaning: "What is to be segmented, such as nucleus or liver. Each image of this folder is then to be done for it too.",
  removeThisTarget: "Remove this target",
  removeTarget: (target: string) => `Remove “${target}”`,
  removeTargetMeaning: "The images stay, and nothing in it is accepted yet. Added again, it is as it was.",
  cancel: "Cancel",
  skip: "Skip",
  unskip: "Bring back",
  next: "Next",
  previous: "Previous image",
  previousTitle: (name: string) => `Back to ${name} (Shift N)`,
  noPrevious: "No image was shown before this one.",
  theme: (theme: "light" | "dark") => (theme === "dark" ? "Light theme" : "Dark theme"),
  side: "Numbers, answers and profile",

  // Queue
  queue: "Images",
  queueCount: (done: number, all: number) => `${done} of ${all} done`,
  lookingThrough: (progress: number, file: string) =>
    file ? `Looking through the folder: ${percent(progress)}, now at ${file}` : "Looking through the folder …",
  noImages: "There is no image here yet. Add some, or drop them here.",
  emptyQueue: "No images yet: the folder is being looked through, or it is empty.",
  toReview: "To review",
  filter: "Which images are listed",
  filterAll: (n: number) => `All ${n}`,
  filterReview: (n: number) => `To review ${n}`,
  fileLost: "No file",
  fileLostLong: "Its file is not there any more, or cannot be read. Look again once it is back.",
  taskState: { open: "Open", accepted: "Accepted", skipped: "Skipped" } satisfies Record<TaskState, string>,
  qualityLong: (dice: number) => `Expected overlap with what you want: ${percent(dice)}`,
  percent,
  effort: "Answers per image",
  effortLast: (n: number) => `${n} last time`,
  effortSoon: "A curve appears after two finished images.",
  effortLabel: (answers: number[]) => `Answers per finished image, oldest first: ${answers.join(", ")}`,

  // What is not in the list
  missing: (files: number, folders: number) =>
    [
      files > 0 && `${plural(files, "file", "files")} could not be read`,
      folders > 0 && `${plural(folders, "folder was", "folders were")} passed over`,
    ]
      .filter(Boolean)
      .join(", "),
  missingTitle: "What is not in the list, and why",
  lookAgain: "Look again",
  lookAgainLong: "Look through the folder for new and changed images",
  looking: "Looking through the folder …",

  // Jobs
  wholeFolder: "Whole folder",
  predictOpen: "Predict open images",
  exportMasks: "Export masks",
  autoAccept: (risk: number) => `Accept the surest (${risk * 100} % risk)`,
  autoAcceptLong: (risk: number) =>
    `Accepts by itself as many images as keep the share of bad ones among all at ${risk * 100} %. They are listed for review, and teach nothing before you confirm them.`,
  jobKind: (kind: string) =>
    ({ export: "Export", propagate: "Prediction", scan: "Scan" })[kind] ?? kind,
  jobProgress: (name: string, percent: number) => `${name} · ${percent} %`,
  jobState: (name: string, state: JobState) =>
    `${name} ${{ waiting: "waits", running: "runs", done: "done", failed: "failed", cancelled: "stopped" }[state]}`,
  stop: "Stop",
  download: "Download the masks",

  // Adding images
  add: "Add",
  addImages: "Add images",
  dropHere: "Drop images here to add them to this folder",
  addFolder: "Folder",
  addFolderLong: "Add a folder; the files of a DICOM series in it become one image",
  emptyFolder: "There is no image in this folder.",
  brokenFolder: "This folder cannot be read. Add the files in it instead.",
  filesTogether: (first: string, all: number) => `${first} and ${all - 1} more`,
  uploadKnown: (sent: string, names: readonly string[]) => {
    const others = names.filter((name) => name !== sent);
    return others.length > 0 ? `This image is here already, as ${others.join(", ")}.` : "This image is here already.";
  },
  uploadBroke: "The connection broke off on the way. Add the file again.",
  uploading: (done: number, all: number, percent: number) => `Adding ${Math.min(done + 1, all)} of ${all} · ${percent} %`,
  uploaded: (done: number) => `${plural(done, "image", "images")} added`,
  sentImage: "This image was added here.",
  uploadChecked: (name: string) => `${name} is being read`,

  // Tools
  tools: "Tools",
  toolName: { point: "Point", box: "Box", scribble: "Scribble", erase: "Erase", brush: "Paint" } satisfies Record<Tool, string>,
  toolTitle: (tool: Tool, key: string) =>
    `${
      {
        point: "Point at what belongs; right click at what does not; drag to move the image",
        box: "Draw a box around the object",
        scribble: "Draw over what belongs",
        erase: "Draw over what does not belong, or click a mark to take it back",
        brush: "Paint the mask itself by hand; with Shift erase",
      }[tool]
    } (${key})`,
  toggleFill: "Filled or outline (C)",
  opacity: "Opacity",
  toggleUncertainty: "Where it is unsure (U)",
  toggleHide: "Hide all overlays (H)",
  fit: "Whole image (F)",
  planes: "3D",
  togglePlanes: "Three planes and volume (V)",
  planesLabel: (name: string) => `Three planes and volume of ${name}`,
  loadingViewer: "Loading the volume viewer",
  loadingVolume: "Loading the volume",
  loadingMask: (share: number) => (share > 0 ? `Loading the mask · ${percent(share)}` : "Loading the mask"),
  loadingVolumeShare: (share: number) => `Loading the volume · ${percent(share)}`,
  windowTitle: "Window and level",
  windowPresets: "Presets",
  windowFile: "As in the file",
  windowAuto: "Auto",
  windowFull: "Full range",
  windowOwn: "Own window",
  windowHint: "Or drag on the image with the right mouse button.",
  level: "Level",
  width: "Width",
  intensity: (value: number, isCt: boolean) => `${significant.format(value)}${isCt ? " HU" : ""}`,

  // Stage
  edges: ({ top, right, bottom, left }: Record<"top" | "right" | "bottom" | "left", string>) => {
    const named: Record<string, string> = { L: "left", R: "right", A: "front", P: "back", S: "head", I: "feet" };
    return `On the screen the patient’s ${named[right]} is on the right, ${named[left]} on the left, ${named[top]} on top, ${named[bottom]} below`;
  },
  stageLabel: (name: string, slice: number, depth: number, round: number) =>
    `${name}${depth > 1 ? `, slice ${slice} of ${depth}` : ""}, round ${round}`,
  stageHelp:
    "Arrow keys move a cross, with Shift by ten. Space marks with the chosen tool, X marks what does not belong.",
  slice: "Slice",
  sliceMissing: (slice: number, depth: number) => (depth > 1 ? `Slice ${slice} is not loaded yet.` : "The image is not loaded yet."),
  sliceOf: (slice: number, depth: number) => `${slice} / ${depth}`,
  sliceShort: (slice: number) => `slice ${slice}`,
  whereTheyDiffer: "Where they differ",
  added: "added",
  removed: "removed",
  sure: "sure",
  unsure: "unsure",

  boxBar: "Slices of the box",
  boxFrom: "Box from slice",
  boxTo: "to",
  boxHint: "← → or Shift and wheel take more slices in.",
  boxUse: "Use this box",
  discard: "Discard",

  // Painting by hand
  painting: "Painting by hand",
  paintingHint: "The mask becomes exactly what you paint, and teaches no border beyond it. Points and scribbles usually take less time.",
  paintedStrokes: (n: number) => `${plural(n, "stroke", "strokes")}. Nothing is accepted before you say so.`,
  brushDoes: "What the brush does",
  brushAdds: "Add",
  brushErases: "Erase",
  brushSize: "Size",
  brushRadius: (radius: number) => `${upTo(1).format(2 * radius)} px`,
  undoStroke: "Undo the stroke (Ctrl Z)",
  redoStroke: "Redo the stroke (Ctrl Shift Z)",
  acceptPainted: "Accept as painted",
  leavePainting: "Stop painting",
  discardStrokes: (n: number) => `Discard ${plural(n, "stroke", "strokes")}`,
  paintingFirst: "Accept or discard what you painted first.",
  acceptedPainted: "Accepted, painted by hand.",

  // Cards
  alternatives: "Alternatives",
  challenger: "Judge this one with the arrow keys",
  sayWhichObject: (target: string) => `Which object is meant? Point at the ${target}, or draw a box.`,
  noAlternatives: "Nothing clearly different is plausible. Accept this mask, or point at what is wrong.",
  noMoreOptions: "There are no more options. Point at what is wrong, or go back to the first ones.",
  accept: "Accept",
  acceptNone: "Accept: none here",
  nothingProposed: (target: string) => `Nothing of the ${target} is proposed here.`,
  nothingElse: (target: string) => `Nothing of the ${target} is proposed here. Point at it if there is one.`,
  notYet: "The first proposal is still being computed; this can be done once it is there.",
  keptForFirst: "Kept until the first proposal is there.",
  unseen: {
    hasty: () => "This image is new: look at it, then press again.",
    absent: () => "The mask is not on screen yet: press again once you see it.",
    hidden: () => "The mask is hidden: show it again with H, then press again.",
    nothing: (target: string) => `Nothing of the ${target} is proposed here. Press again to accept that there is none.`,
  },
  pickedFirst: "Your choice is on its way: press again once you see the mask that follows from it. Shift and its number accepts an alternative as it is.",
  acceptedBy: (person: string) => `Accepted by ${person}; your acceptance takes its place, theirs is kept.`,
  nothingToUndo: "Nothing was answered here that could be taken back.",
  undoPrevious: (name: string) => `Nothing was answered here yet. ${name} was accepted before.`,
  goBack: "Go back to it",
  none: "None of these",
  more: "More options",
  firstOptions: "First options",
  judgeLabel: (number: number) => `Is ${number} better than the mask shown?`,
  judgeAsk: (number: number) => `Is ${number} better than the mask?`,
  better: "Better",
  worse: "Worse",
  cannotTell: "Can’t tell (=)",
  accepted: "Accepted.",
  acceptedMore: "It is on disk, and the next images learn from it.",
  nextImage: "Next image",
  reopen: "Reopen",
  review: "Review",
  acceptedByRule: "Accepted automatically. Nobody looked at it yet.",
  acceptedByRuleMore: (dice: number | null) =>
    `${dice === null ? "" : `Its expected overlap is ${percent(dice)}. `}Only once you confirm it do the next images learn from it.`,
  madeBy: (method: string, weights: string, threshold: number | null, risk: number | null) => {
    const made = `Made by ${method}${weights && `, weights ${weights.slice(0, 12)}`}.`;
    if (threshold === null || risk === null) return made;
    const [from, at] = [threshold, risk].map((share) => `${Number((100 * share).toFixed(2))} %`);
    return `${made} Accepted from ${from} on, at a risk of ${at}.`;
  },
  acceptedBefore: "This is the mask that you accepted or confirmed earlier.",
  confirm: "Confirm",
  workAnew: "Work on it anew",
  onlyLookedAt: "This mask is only shown. Reopen the image to change it (Ctrl Z).",
  lastToReview: "This is the last image to review.",
  allDone: "All images of this folder are done.",

  // Right side
  log: "Answers",
  undo: "Undo (Ctrl Z)",
  redo: "Redo (Ctrl Shift Z)",
  opened: "Opened",
  undone: "(taken back)",
  waits: "waits",
  numbers: "Mask",
  quality: "Expected overlap",
  qualityMeaning: "How far this mask is expected to overlap with the one you want (Dice)",
  volume: "Volume",
  area: "Area",
  areaOfSlice: (slice: number) => `Area, slice ${slice}`,
  voxels: (isVolume: boolean) => (isVolume ? "Voxels" : "Pixels"),
  uncertainty: "Mean uncertainty",
  uncertaintyMeaning: "Over the image: 0 bit where nothing is open, 1 bit where inside and outside are as likely",
  context: "Learned from",
  contextImages: (n: number) => plural(n, "image", "images"),
  notCalibrated: "not calibrated",
  notCalibratedLong: "The file does not say how large a pixel is, so there is no size in millimetres.",
  numbersPainted: "Mask before painting",
  readers: "Other readers",
  you: "you",
  readerHolds: "accepted, holds",
  readersWith: (person: string | null, isMine: boolean) =>
    isMine || person === null ? "Overlap with your mask" : `Overlap with the mask of ${person}, which holds`,
  readersByRule: "Overlap with the mask that was accepted automatically",
  readerSize: (difference: number | null, isVolume: boolean) => {
    if (difference === null) return "";
    const size = Math.abs(difference);
    if (Math.round(size * 100) === 0) return isVolume ? "same volume" : "same area";
    return `${percent(size)} ${difference > 0 ? "larger" : "smaller"}`;
  },
  readersMedian: (difference: number) =>
    `In the median ${percent(Math.abs(difference))} ${difference >= 0 ? "larger" : "smaller"}.`,
  contextTitle: "What the next image learns from",
  contextMeaning:
    "A removed image keeps its mask. It only stops informing images that are opened from now on; those begun before stay as they are.",
  contextNone: "Nothing yet. Each image that you accept is added here.",
  remove: "Remove",
  removeSure: "Remove it",
  removeAsk: (name: string) => `Remove ${name} from what is learned from`,
  millilitres: (ml: number) => `${significant.format(ml)} ml`,
  area_mm2: (mm2: number) => `${upTo(mm2 < 10 ? 2 : mm2 < 100 ? 1 : 0).format(mm2)} mm²`,
  whole: (n: number) => grouped.format(n),
  bits: (bits: number) => `${bits.toFixed(3)} bit`,
  profile: "Profile",
  person: "Your name: each person has a profile of their own",
  habit: (says: string) => `${says.charAt(0).toUpperCase()}${says.slice(1)}${/[.!?]$/.test(says) ? "" : "."}`,
  noHabit: "What is special about the way you draw appears here after a few images.",
  useProfile: "Start new images from it",
  profileImages: (n: number) => `Learned from ${plural(n, "image", "images")}`,
  forget: "Forget",
  forgetSure: "Forget it",
  keepIt: "Keep it",

  // First run
  welcomeTitle: "Segment by choosing, not drawing",
  welcomeSentence:
    "Assent proposes a mask; you choose the better one, and after a few answers it draws the border the way you would.",
  pictureLook: "Point at the object. Enter accepts the proposal.",
  pictureChoose: "Not quite? Press 1 to 4 for the one that is closer.",
  pictureLearn: "Each finished image makes the next one quicker.",
  begin: "Begin",
  notADevice: "For research. Not a medical device.",
  tour: "Show the introduction again",

  keys: {
    title: "Keyboard",
    choose: "Choose",
    draw: "Draw",
    look: "Look",
    move: "Move on",
    pick: "Pick this alternative",
    accept: "Accept; then next image",
    acceptCard: "Accept this alternative",
    none: "None of these",
    more: "More options",
    judge: "Better, worse",
    cannotTell: "Can’t tell",
    point: "Point",
    box: "Box",
    scribble: "Scribble",
    erase: "Erase",
    brush: "Paint by hand",
    brushSize: "Brush: size; add, erase",
    reach: "Without a mouse: a cross",
    mark: "Mark there: inside, outside",
    escape: "Back to pointing",
    step: "Slice before, after",
    leap: "Five slices at once",
    uncertainty: "Where it is unsure",
    fill: "Filled or outline",
    hide: "Hide overlays",
    fit: "Whole image",
    planes: "Three planes, 3D",
    undo: "Undo",
    redo: "Redo",
    next: "Next image",
    previous: "Previous image",
    skip: "Skip image",
    context: "What is learned from",
    help: "This map",
  },
  mouseHelp:
    "Wheel: zoom, with Shift through slices. Drag: move. Click: belongs; right click: does not. Right drag: window and level. Two fingers zoom and move.",
};

const OTHER_WAY: Record<"x" | "y", Record<string, string>> = {
  x: { left: "right", right: "left" },
  y: { top: "bottom", bottom: "top", up: "down", down: "up" },
};

/**
 * A tag of the server, which speaks of the slice as it is stored, for the way it is shown; numbers
 * keep their unit beside them.
 */
export function tagAsShown(tag: string, mirror: { x: boolean; y: boolean }): string {
  return tag
    .replace(
      /\b(left|right|top|bottom|up|down)\b/g,
      (side) => (mirror.x && OTHER_WAY.x[side]) || (mirror.y && OTHER_WAY.y[side]) || side,
    )
    .replace(/-(?=\d)/g, "\u2212")
    .replace(/(?<=\d) (?=mm|µm|px|%)/g, "\u00a0");
}

/** One line of the answer log. */
export function answerText(answer: Answer): string {
  switch (answer.kind) {
    case "pick":
      return answer.candidate === null ? "None of these" : `Picked ${answer.candidate + 1}`;
    case "judge":
      return { better: "Better", worse: "Worse", cannot_tell: "Can’t tell" }[answer.answer];
    case "accept":
      if (typeof answer.choice === "number") return `Accepted ${answer.choice + 1}`;
      return answer.choice === "edited" ? "Accepted, painted by hand" : "Accepted";
    case "correct":
      return correctionText(answer);
  }
}

function correctionText(answer: Answer & { kind: "correct" }): string {
  const said = answer.prompts.map((prompt) => {
    if (prompt.kind === "box") return "Box";
    const where = prompt.positive ? "inside" : "outside";
    return prompt.kind === "click" ? `Point ${where}` : `Scribble ${where}`;
  });
  const gone = answer.removed.length;
  if (gone > 0) said.push(`${plural(gone, "mark", "marks")} taken back`);
  return said.join(", ");
}

/** What a screen reader says when the picture changes. */
export function announce({ proposal, pending, kept }: SessionState, review: "rule" | "me" | null): string {
  if (review === "rule") return "Accepted automatically. Enter confirms, Control Z reopens.";
  if (review === "me") return words.acceptedBefore;
  if (kept.length > 0) return words.keptForFirst;
  if (!proposal || pending.length > 0) return "";
  if (proposal.is_accepted) return "Accepted. Press N for the next image.";
  if (proposal.is_empty) return words.sayWhichObject(proposal.target);
  if (isNothing(proposal)) return words.nothingProposed(proposal.target);
  const options = plural(proposal.alternatives.length, "alternative", "alternatives");
  return `Round ${proposal.round}. Expected overlap ${words.percent(proposal.predicted_dice)}. ${options}.`;
}
