// Acceptance by key: only of what was seen, and never lost without a word.

import { useEffect, useRef, useState } from "react";
import { words } from "../words";
import { type Promised, type Sight, isNothing, isPicked, outcome, pickOnItsWay } from "./sight";
import type { Desk } from "./useDesk";

export interface Looked {
  sight: Sight;
  /** Which mask is shown; null without one. */
  sourceKey: string | null;
  /** Whether masks are hidden on the person's wish. */
  isHidden: boolean;
}

export function useAccepting(
  { store, state, detail }: Desk,
  { sight, sourceKey, isHidden }: Looked,
  accept: (choice: "recommended" | number) => void,
) {
  const [promised, setPromised] = useState<Promised | null>(null);

  /** Do what accepts a mask if that mask was seen; else say why not. */
  const whenSeen = (act: () => void, isOwn = false, isToBeMeant = false) => {
    if (!detail) return;
    const { visit, hasAnswered } = store.get();
    const sought = { visit, hasAnswered, key: sourceKey, isOwn, isNothing: isToBeMeant };
    const seen = sight.press(sought, performance.now());
    if (seen === "seen") return act();
    const target = store.get().proposal?.target ?? "";
    store.tell("info", seen === "absent" && isHidden ? words.unseen.hidden : words.unseen[seen](target));
  };

  const press = (choice: "recommended" | number) => {
    const now = store.get();
    const { proposal, pending } = now;
    if (!proposal) return store.tell("info", words.notYet);
    if (proposal.is_accepted || proposal.is_empty || pending.some(({ answer }) => answer.kind === "accept")) return;
    const picked = choice === "recommended" ? pickOnItsWay(now) : null;
    if (pending.length > 0 && !picked) return store.tell("info", words.waitForServer);
    if (!picked) {
      const isOne = choice === "recommended";
      return whenSeen(() => accept(choice), isOne && isPicked(proposal), isOne && isNothing(proposal));
    }
    whenSeen(() => {
      setPromised(picked);
      store.tell("info", words.acceptedSoon);
    }, true);
  };

  const pressed = useRef(press);
  pressed.current = press;
  useEffect(() => {
    const came = promised && outcome(state, promised);
    if (came === null || came === "waits") return;
    setPromised(null);
    if (store.get().notice?.text === words.acceptedSoon) store.dispatch({ type: "told", notice: null });
    if (came === "kept") pressed.current("recommended");
  }, [store, state, promised]);
  return { press, whenSeen };
}
