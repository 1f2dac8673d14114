// Masks that hold although this session did not lead to them: those that a rule accepted are
// confirmed or opened again; one's own are looked at until somebody wants to work on them anew.

import { useEffect, useMemo, useState } from "react";
import { api } from "../api/client";
import type { Task } from "../api/types";
import { type MaskSource, held, maskOf } from "../viewer/pictures";
import { words } from "../words";
import { sentence } from "./insist";
import { isMineFromElsewhere, isToReview, nextTask, sliceWithObject } from "./review";
import type { Desk } from "./useDesk";

export interface Review {
  task: Task;
  by: "rule" | "me";
  source: MaskSource;
  /** A slice that shows the object; null while it is looked for. */
  slice: number | null;
  /** Whether no slice shows the object. */
  isNothing: boolean;
  /** Vouch for the mask; of one's own there is nothing to confirm, and it goes on. */
  confirm(): void;
  /** Work on the image. */
  reopen(): void;
  next(): void;
}

/** What is only looked at, or null where the image is worked on. */
export function useReview(desk: Desk, person: string): Review | null {
  const { shownTask, detail, state, store, openTask, refresh } = desk;
  const [isBusy, setIsBusy] = useState(false);
  const [begunAnew, setBegunAnew] = useState<number | null>(null);
  const isMine = isMineFromElsewhere(shownTask, state.proposal, desk.readers, person);
  const by = isToReview(shownTask) ? "rule" : isMine && begunAnew !== shownTask?.id ? "me" : null;
  const task = by === null ? null : shownTask;
  const id = task?.id ?? null;
  const source = useMemo(
    () => (task ? held(task, state.stamp) : null),
    // The task's other facts change while it is looked at; its mask does not.
    [id, state.stamp],
  );
  const isHere = task !== null && detail?.id === task.image.id;
  const { slice, isNothing } = useFirstSlice(source, isHere ? (detail.shape[0] ?? 1) : null);
  if (!task || !source || by === null) return null;

  const goOn = (otherwise: string) => {
    const found = nextTask(desk.queue?.tasks ?? [], task, desk.lost);
    if (found) openTask(found);
    else store.tell("info", otherwise);
  };
  const next = () => goOn(by === "rule" ? words.lastToReview : words.allDone);
  const decide = async (request: () => Promise<Task>, onDone: () => void) => {
    if (isBusy) return;
    setIsBusy(true);
    try {
      await request();
      onDone();
    } catch (error) {
      store.tell("problem", sentence(error));
    } finally {
      setIsBusy(false);
      void refresh();
    }
  };
  return {
    task,
    by,
    source,
    slice,
    isNothing,
    confirm: by === "me" ? next : () => void decide(() => api.confirm(task.id, person), () => goOn(words.allDone)),
    reopen: by === "me" ? () => setBegunAnew(task.id) : () => void decide(() => api.reopen(task.id, person), () => {}),
    next,
  };
}

function useFirstSlice(source: MaskSource | null, depth: number | null) {
  const [found, setFound] = useState<{ key: string; slice: number; isNothing: boolean } | null>(null);
  useEffect(() => {
    if (!source || depth === null) return;
    let isWanted = true;
    const look = (slice: number | null, isNothing: boolean) => {
      if (isWanted) setFound({ key: source.key, slice: slice ?? Math.floor(depth / 2), isNothing });
    };
    sliceWithObject(depth, (at) => maskOf(source, at)).then(
      (slice) => look(slice, slice === null),
      () => look(null, false),
    );
    return () => void (isWanted = false);
  }, [source, depth]);
  return found && found.key === source?.key ? found : { slice: null, isNothing: false };
}
