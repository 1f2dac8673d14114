// Acceptance by key or click: only of what was seen, and never lost without a word.

import { words } from "../words";
import { type Sight, isNothing, pressed } from "./sight";
import type { Desk } from "./useDesk";

export interface Looked {
  sight: Sight;
  /** Which mask is shown; null without one. */
  sourceKey: string | null;
  /** Whether masks are hidden on the person's wish. */
  isHidden: boolean;
}

export function useAccepting(
  { store, detail, shownTask }: Desk,
  { sight, sourceKey, isHidden }: Looked,
  accept: (choice: "recommended" | number) => void,
) {
  /** Do what accepts a mask if that mask was seen; else say why not. */
  const whenSeen = (act: () => void, { isOwn = false, isNothing = false, isClick = false } = {}) => {
    if (!detail) return;
    const { visit, hasAnswered } = store.get();
    const sought = { visit, hasAnswered, key: sourceKey, isOwn, isNothing, isHidden, isClick };
    const seen = sight.press(sought, performance.now());
    if (seen === "seen") return act();
    store.tell("info", words.unseen[seen](shownTask?.target ?? ""));
  };

  const press = (choice: "recommended" | number, isClick = false) => {
    const now = store.get();
    const means = pressed(now);
    if (means === "done") return;
    if (means === "first") return store.tell("info", words.notYet);
    if (means === "picked") return store.tell("info", words.pickedFirst);
    if (means === "waits") return store.tell("info", words.waitForServer);
    const meansNone = choice === "recommended" && now.proposal !== null && isNothing(now.proposal);
    whenSeen(() => accept(choice), { isNothing: meansNone, isClick });
  };
  return { press, whenSeen };
}
