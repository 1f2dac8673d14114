// One person's work on one image, as the page knows it. Pure: a new value for every event.
// What the server acknowledged is `proposal`; what it has not yet is `pending`; undo and the like, which
// come after that, are `steps`; what was drawn before there was a proposal to answer, or while steps are
// on their way to one, is `kept`.

import type { Answer, LogEntry, Prompt, Proposal } from "../api/types";

/** Which session of which database; sessions are numbered from 1 in each. */
export interface Address {
  store: string;
  session: number;
}

export interface Pending extends Address {
  /** The name of the image, to speak of once another is shown. */
  image: string;
  answer: Answer;
  /** Whether it was sent at least once: then the server may know it although no reply came. */
  tried: boolean;
}

/** Another round of the same history. */
export type Step = { kind: "undo" } | { kind: "redo" } | { kind: "go-to"; round: number };

export type Notice = { kind: "info" | "problem"; text: string };

export interface SessionState {
  proposal: Proposal | null;
  /** Counts proposals received: what was drawn for an earlier one is out of date. */
  stamp: number;
  /** Counts the times that an image was opened. */
  visit: number;
  /** Whether an answer was given in this visit. */
  hasAnswered: boolean;
  /** Oldest first; rounds follow one another from `proposal.round`. */
  pending: readonly Pending[];
  /** Asked for after what is pending, oldest first; each begins once the one before it is done. */
  steps: readonly Step[];
  /** Prompts given while the round they follow is not there yet, oldest first; their rounds are set once it is. */
  kept: readonly Answer[];
  isOnline: boolean;
  /** Whether the server is there but refuses for a time, as with a full disk; the notice says why. */
  isRefusing: boolean;
  notice: Notice | null;
  /** The session that other weights ended, and how many answers to it were dropped. */
  outdated: { session: number; dropped: number } | null;
}

export type SessionEvent =
  | { type: "shown"; proposal: Proposal }
  | { type: "closed"; kept?: readonly Answer[] }
  | { type: "answered"; answer: Answer }
  | { type: "dropped" }
  | { type: "tried" }
  | { type: "asked"; step: Step }
  | { type: "stepped"; step: Step; proposal: Proposal | null }
  | { type: "acknowledged"; round: number; proposal: Proposal }
  | { type: "stale"; proposal: Proposal; notice: string }
  | { type: "refused"; to: Address; notice: string }
  | { type: "outdated"; to: Address }
  | { type: "lost"; notice?: string }
  | { type: "found" }
  | { type: "reached" }
  | { type: "told"; notice: Notice | null };

export const initialState: SessionState = {
  proposal: null,
  stamp: 0,
  visit: 0,
  hasAnswered: false,
  pending: [],
  steps: [],
  kept: [],
  isOnline: true,
  isRefusing: false,
  notice: null,
  outdated: null,
};

export function reduce(state: SessionState, event: SessionEvent): SessionState {
  switch (event.type) {
    case "shown":
      return show(state, event.proposal);
    case "closed":
      return {
        ...initialState,
        kept: event.kept ?? [],
        stamp: state.stamp + 1,
        visit: state.visit + 1,
        isOnline: state.isOnline,
        isRefusing: state.isRefusing,
      };
    case "answered":
      return answered(state, event.answer);
    case "dropped": {
      if (state.kept.length > 0) return { ...state, kept: state.kept.slice(0, -1) };
      const last = state.pending[state.pending.length - 1];
      return last && !last.tried ? { ...state, pending: state.pending.slice(0, -1) } : state;
    }
    case "asked":
      if (!state.proposal || state.outdated || state.kept.length > 0) return state;
      return { ...state, hasAnswered: true, steps: [...state.steps, event.step], notice: null };
    case "stepped":
      return stepped(state, event.step, event.proposal);
    case "tried":
      return {
        ...state,
        pending: state.pending.map((waiting, i) => (i ? waiting : { ...waiting, tried: true })),
      };
    case "acknowledged":
      return acknowledged(state, event.round, event.proposal);
    case "stale":
      if (!isShown(state, event.proposal)) return state;
      return {
        ...show({ ...state, pending: [], steps: [] }, event.proposal),
        notice: { kind: "problem", text: event.notice },
      };
    case "refused":
      if (!isShown(state, event.to)) return state;
      return {
        ...giveKept({ ...state, pending: [], steps: [] }),
        notice: { kind: "problem", text: event.notice },
      };
    case "outdated":
      return isShown(state, event.to) ? outdated(state) : state;
    case "lost":
      return {
        ...state,
        isOnline: false,
        isRefusing: event.notice !== undefined,
        notice: event.notice ? { kind: "problem", text: event.notice } : null,
      };
    case "found":
      return found(state);
    case "reached":
      return state.isRefusing ? state : found(state);
    case "told":
      return { ...state, notice: event.notice };
  }
}

/** Answers follow one another; those that do not fit what is shown are no longer meant. */
function show(state: SessionState, proposal: Proposal): SessionState {
  const pending = state.pending.filter((waiting) => isTo(waiting, proposal));
  const fits = pending.every((waiting, i) => waiting.answer.round === proposal.round + i);
  const shown: SessionState = {
    ...state,
    proposal,
    stamp: state.stamp + 1,
    pending: fits ? pending : [],
    kept: state.proposal ? state.kept : state.kept.map((kept) => afterLog(kept, promptsIn(proposal))),
    outdated: null,
  };
  return giveKept(shown);
}

/**
 * What a mark was taken back by counts the marks in sight, which before the first proposal are only
 * those that are kept.
 */
function afterLog(kept: Answer, given: number): Answer {
  return kept.kind === "correct" ? { ...kept, removed: kept.removed.map((position) => position + given) } : kept;
}

/** Give what was kept to what is shown, unless that is accepted already; not before the last step is done. */
function giveKept(state: SessionState): SessionState {
  if (state.kept.length === 0 || state.steps.length > 0) return state;
  const begin: SessionState = { ...state, kept: [] };
  return state.kept.reduce((now, kept) => answered(now, { ...kept, round: nextRound(now) }), begin);
}

/** Without a proposal, where there was nothing to undo or redo. */
function stepped(state: SessionState, step: Step, proposal: Proposal | null): SessionState {
  const [first, ...rest] = state.steps;
  if (first !== step || (proposal && !isShown(state, proposal))) return state;
  const done: SessionState = { ...state, steps: rest };
  return proposal ? show({ ...done, isOnline: true, isRefusing: false }, proposal) : giveKept(done);
}

function found(state: SessionState): SessionState {
  return state.isOnline ? state : { ...state, isOnline: true, isRefusing: false, notice: null };
}

/** The image stays as it looks until a new session shows it. */
function outdated(state: SessionState): SessionState {
  if (!state.proposal || state.outdated) return state;
  const { session } = state.proposal;
  return { ...state, pending: [], steps: [], outdated: { session, dropped: state.pending.length } };
}

function answered(state: SessionState, answer: Answer): SessionState {
  const isPainted = answer.kind === "accept" && answer.choice === "edited";
  if (answer.kind === "correct" && mayKeep(state, answer)) {
    return { ...state, kept: [...state.kept, answer], notice: null };
  }
  if (!state.proposal || !(isPainted ? mayPaint(state) : mayAnswer(state, answer.kind))) return state;
  if (answer.round !== nextRound(state)) return state;
  const { store, session, image } = state.proposal;
  const waiting: Pending = { store, session, image: image.name, answer, tried: false };
  return { ...state, hasAnswered: true, pending: [...state.pending, waiting], notice: null };
}

/** A mark is not taken back while steps are on their way: it may be gone with one of them. */
function mayKeep({ proposal, steps, outdated: over }: SessionState, answer: Answer & { kind: "correct" }): boolean {
  if (!proposal) return true;
  return steps.length > 0 && over === null && answer.removed.length === 0;
}

function acknowledged(state: SessionState, round: number, proposal: Proposal): SessionState {
  const [first, ...rest] = state.pending;
  if (!first || !isTo(first, proposal) || first.answer.round !== round) return state;
  return show({ ...state, isOnline: true, isRefusing: false, pending: rest }, proposal);
}

function isTo(waiting: Pending, { store, session }: Proposal): boolean {
  return waiting.store === store && waiting.session === session;
}

/** Whether that session is the one on screen: what happens to another changes nothing here. */
export function isShown({ proposal }: Pick<SessionState, "proposal">, { store, session }: Address): boolean {
  return proposal?.store === store && proposal.session === session;
}

/** What was given and the server has not acknowledged, oldest first. */
export function waitingAnswers({ pending, kept }: Pick<SessionState, "pending" | "kept">): readonly Answer[] {
  return [...pending.map(({ answer }) => answer), ...kept];
}

/** The round that an answer given now belongs to. */
export function nextRound(state: SessionState): number {
  return (state.proposal?.round ?? 0) + waitingAnswers(state).length;
}

/**
 * Whether an answer of this kind can be given. While one waits, only prompts can: they are true
 * of the image whatever is proposed next, where a choice is not.
 */
export function mayAnswer(state: SessionState, kind: Answer["kind"]): boolean {
  const { proposal, pending, steps } = state;
  if (!proposal || proposal.is_accepted || state.outdated) return false;
  if (pending.some((waiting) => waiting.answer.kind === "accept") || steps.length > 0) return false;
  if (kind === "correct") return true;
  if (pending.length > 0) return false;
  if (kind === "accept") return !proposal.is_empty;
  if (kind === "judge") return proposal.challenger !== null && proposal.listens.includes("judge");
  return proposal.alternatives.length > 0 && proposal.listens.includes("pick");
}

/** Whether a mask painted by hand can be accepted; it needs no proposal to begin with. */
export function mayPaint({ proposal, pending, steps, outdated }: SessionState): boolean {
  return proposal !== null && !proposal.is_accepted && outdated === null && pending.length + steps.length === 0;
}

function promptsIn({ log }: Proposal): number {
  return log.reduce((sum, { holds, answer }) => sum + (holds && answer.kind === "correct" ? answer.prompts.length : 0), 0);
}

export interface PlacedPrompt {
  prompt: Prompt;
  /** Position among all prompts of the history, which is how it can be taken back. */
  position: number;
  isWaiting: boolean;
}

/** Prompts that hold, those that still wait included. */
export function placedPrompts(state: SessionState): PlacedPrompt[] {
  const log: Pick<LogEntry, "answer" | "holds">[] = state.proposal?.log ?? [];
  const given = log.filter((entry) => entry.holds).map((entry) => entry.answer);
  const placed: PlacedPrompt[] = [];
  const removed = new Set<number>();
  let position = 0;
  [...given, ...waitingAnswers(state)].forEach((answer, i) => {
    if (answer.kind !== "correct") return;
    for (const prompt of answer.prompts) {
      placed.push({ prompt, position: position++, isWaiting: i >= given.length });
    }
    for (const gone of answer.removed ?? []) removed.add(gone);
  });
  return placed.filter((entry) => !removed.has(entry.position));
}
