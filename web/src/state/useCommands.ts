// What keys and buttons do, in one place.

import { useCallback, useEffect, useRef, useState } from "react";
import { api } from "../api/client";
import type { Answer, Prompt, Rle, Task } from "../api/types";
import { type Command, type Tool, commandOf, mayRepeat } from "../keys";
import type { ViewSettings } from "../viewer/Stage";
import { words } from "../words";
import { sentence } from "./insist";
import { nextTask } from "./review";
import { mayAnswer, nextRound } from "./session";
import { type Looked, useAccepting } from "./useAccepting";
import type { Brush } from "./useBrush";
import type { Desk } from "./useDesk";
import type { Review } from "./useReview";

interface View extends Looked {
  /** What is only looked at; answers do not apply to it. */
  review: Review | null;
  onTool(tool: Tool): void;
  onStep(by: number): void;
  onFit(): void;
  onPlanes(): void;
  onAim(): void;
  onHelp(): void;
  onContext(): void;
  onEscape(): void;
  /** A box that Enter gives; null without one. */
  useBox: (() => void) | null;
  /** What is painted by hand; null while another tool is used. */
  brush: Brush | null;
  onSettings(change: (old: ViewSettings) => ViewSettings): void;
}

export function useCommands(desk: Desk, person: string, view: View) {
  const answers = useAnswers(desk);
  const moves = useMoves(desk, person);
  const accepting = useAccepting(desk, view, answers.accept);
  const { review, brush } = view;
  const commands = {
    ...answers, ...moves, accept: accepting.press, ...painting(desk, brush), ...looking(desk, review),
    /** Vouch for a mask that is only looked at. */
    confirm: (isClick: boolean) => review && accepting.whenSeen(review.confirm, { isNothing: review.isNothing, isClick }),
    acceptStrokes: (isClick: boolean) => brush && accepting.whenSeen(brush.accept, { isOwn: true, isClick }),
  };

  const run = (command: Command) => {
    switch (command.do) {
      case "pick":
        return commands.pick(command.card);
      case "acceptCard":
        return commands.accept(command.card);
      case "judge":
        return commands.judge(command.answer);
      case "tool":
        return view.onTool(command.tool);
      case "step":
        return view.onStep(command.by);
      case "accept":
        if (view.useBox) return view.useBox();
        if (review) return review.by === "me" ? review.next() : commands.confirm(false);
        if (brush && brush.strokes > 0) return commands.acceptStrokes(false);
        return desk.state.proposal?.is_accepted ? commands.next() : commands.accept("recommended");
      case "larger":
      case "smaller":
        return brush?.resize(command.do === "larger" ? 1 : -1);
      case "turnBrush":
        return brush?.turn();
      case "none":
        return commands.pick(null);
      case "help":
        return view.onHelp();
      case "context":
        return view.onContext();
      case "fit":
        return view.onFit();
      case "planes":
        return view.onPlanes();
      case "aim":
        return view.onAim();
      case "escape":
        // Arrows are for judging and for slices again.
        if (document.activeElement instanceof HTMLCanvasElement) document.activeElement.blur();
        return view.onEscape();
      case "uncertainty":
        return view.onSettings((old) => ({ ...old, showsUncertainty: !old.showsUncertainty }));
      case "hide":
        return view.onSettings((old) => ({ ...old, isHidden: !old.isHidden }));
      case "fill":
        return view.onSettings((old) => ({ ...old, isFilled: !old.isFilled }));
      default:
        return commands[command.do]();
    }
  };
  useKeys(desk, run);
  return commands;
}

/** What takes the place of answers once something is painted: strokes are undone, nothing else is given. */
function painting({ store }: Desk, brush: Brush | null) {
  if (!brush) return {};
  if (brush.strokes === 0) return brush.mayRedo ? { redo: brush.redo } : {};
  const decline = () => store.tell("info", words.paintingFirst);
  return {
    undo: brush.undo, redo: brush.redo,
    pick: decline, judge: decline, accept: decline, prompts: decline, goTo: decline, more: decline,
  };
}

/** What takes the place of answers and moves while a mask is only looked at. */
function looking({ store }: Desk, review: Review | null) {
  if (!review) return {};
  const decline = () => store.tell("info", words.onlyLookedAt);
  return {
    pick: decline, judge: decline, accept: decline, prompts: decline,
    undo: review.reopen, redo: () => {}, more: decline, next: review.next,
  };
}

const CLICKABLE = "button, summary, input[type=range], input[type=checkbox]";

/** Whichever part of the page opened one, its keys are its own. */
const DIALOG = "dialog[open]";

function useKeys(desk: Desk, run: (command: Command) => void): void {
  const now = useRef({ desk, run });
  now.current = { desk, run };
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      const { desk: shown, run: act } = now.current;
      if (event.defaultPrevented || document.querySelector(DIALOG)) return;
      if (event.repeat && event.key === "Enter") {
        // Held down it would press the button that has the focus again and again.
        if (event.target instanceof HTMLButtonElement) event.preventDefault();
        return;
      }
      if (isOwnKey(event)) return;
      const command = commandOf(event, {
        isVolume: shown.detail?.is_volume ?? false,
        hasChallenger: mayAnswer(shown.state, "judge"),
      });
      if (!command) return;
      event.preventDefault();
      if (event.repeat && !mayRepeat(command, shown.busy !== null)) return;
      act(command);
    };
    // A control that was clicked gives the keys back; one reached by Tab keeps them.
    const release = ({ detail }: MouseEvent) => {
      const held = document.activeElement;
      if (detail > 0 && held instanceof HTMLElement && held.matches(CLICKABLE)) held.blur();
    };
    addEventListener("keydown", listen);
    addEventListener("click", release);
    return () => {
      removeEventListener("keydown", listen);
      removeEventListener("click", release);
    };
  }, []);
}

/** Keys that the focused control needs for itself: text, sliders, and Enter on a button. */
function isOwnKey(event: KeyboardEvent): boolean {
  const element = event.target;
  if (!(element instanceof HTMLElement)) return false;
  if (element.matches("input[type=range]")) return event.key.startsWith("Arrow") || event.key.startsWith("Page");
  if (element.matches("input:not([type=checkbox]), textarea, select")) return true;
  if (event.key === "Enter") return element.matches("button, summary, a, input");
  return false;
}

type Given = Answer extends infer A ? (A extends Answer ? Omit<A, "round"> : never) : never;

function useAnswers({ store, sender, shownTask }: Desk) {
  const give = useCallback(
    (answer: Given) => {
      // Prompts are kept for the first proposal, but what was accepted may be shown only to look at.
      const isKept = answer.kind === "correct" && shownTask?.state !== "accepted";
      if (!store.get().proposal && !isKept) return store.tell("info", words.notYet);
      const isGiven = sender.give({ ...answer, round: nextRound(store.get()) } as Answer);
      const { pending, steps, isOnline } = store.get();
      if (!isGiven && (steps.length > 0 || (pending.length > 0 && !isOnline))) {
        store.tell("info", words.waitForServer);
      }
    },
    [store, sender, shownTask],
  );
  const shown = () => store.get().proposal;
  const has = (candidate: number) => shown()?.alternatives.some(({ index }) => index === candidate) ?? false;
  const page = () => shown()?.page ?? 0;
  return {
    pick: (candidate: number | null) => {
      if (candidate === null || has(candidate)) give({ kind: "pick", candidate, page: page() });
    },
    judge: (answer: "better" | "worse" | "cannot_tell") => give({ kind: "judge", answer, page: page() }),
    accept: (choice: "recommended" | number) => {
      if (choice === "recommended" || has(choice)) give({ kind: "accept", choice, page: page(), edited: null });
    },
    acceptPainted: (edited: Rle) => give({ kind: "accept", choice: "edited", page: page(), edited }),
    prompts: (prompts: Prompt[], removed: number[]) => give({ kind: "correct", prompts, removed }),
  };
}

function useMoves(desk: Desk, person: string) {
  const { store, sender, more, shownTask, openTask, refresh } = desk;
  const tell = (error: unknown) => store.tell("problem", sentence(error));
  const { previous, state } = desk;
  // Ctrl Z where nothing was answered yet may mean the image before.
  const [asked, setAsked] = useState<{ stamp: number; task: Task } | null>(null);
  const isAsked = asked?.stamp === state.stamp && state.pending.length === 0;
  const shownNow = useRef(shownTask);
  shownNow.current = shownTask;
  const next = async () => {
    const queue = await refresh();
    // Whoever went somewhere else meanwhile stays there.
    if (shownNow.current?.id !== shownTask?.id) return;
    const found = nextTask(queue?.tasks ?? [], shownTask, desk.lost);
    if (found) openTask(found);
    else if (queue) store.tell("info", words.allDone);
  };
  return {
    /** The image to go back to, while Ctrl Z asks for it; null else. */
    offered: isAsked ? asked.task : null,
    decline: () => setAsked(null),
    previous: () => {
      if (previous) openTask(previous);
      else store.tell("info", words.noPrevious);
    },
    undo: () => {
      const now = store.get();
      if (now.proposal?.round === 0 && now.pending.length + now.steps.length === 0) {
        if (previous?.state === "accepted") setAsked({ stamp: now.stamp, task: previous });
        else store.tell("info", words.nothingToUndo);
        return;
      }
      if (!sender.takeBack()) sender.ask({ kind: "undo" });
    },
    redo: () => sender.ask({ kind: "redo" }),
    goTo: (round: number) => sender.ask({ kind: "go-to", round }),
    more: () => void more(),
    next: () => void next(),
    skip: () => {
      if (!shownTask) return;
      const isSkipped = shownTask.state === "skipped";
      api.skip(shownTask.id, !isSkipped).then(() => void (isSkipped ? refresh() : next()), tell);
    },
    forgetProfile: () => void api.forgetProfile(person).then(() => void refresh(), tell),
  };
}
