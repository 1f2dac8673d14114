// The desk: which image of a folder is open, and what can be asked of the server.

import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { api, isOutdated } from "../api/client";
import { onConnection } from "../api/connection";
import type { Queue, Task } from "../api/types";
import { words } from "../words";
import { useBusy } from "./busy";
import { sentence } from "./insist";
import { nextTask } from "./review";
import { formatRoute, parseRoute, type Route } from "./route";
import { Sender, type Server } from "./sender";
import { Store, useStore } from "./store";
import { useTrail } from "./trail";
import { useFolder } from "./useFolder";
import { keepPage, useOpening } from "./useOpening";

const PROBE_MS = 3000;

export function useRoute(): [Route, (route: Route) => void] {
  const [route, setRoute] = useState(() => parseRoute(location.hash));
  useEffect(() => {
    const listen = () => setRoute(parseRoute(location.hash));
    addEventListener("hashchange", listen);
    return () => removeEventListener("hashchange", listen);
  }, []);
  const go = useCallback((next: Route) => {
    if (location.hash !== formatRoute(next)) location.hash = formatRoute(next);
  }, []);
  return [route, go];
}

export function useDesk(person: string) {
  const [route, go] = useRoute();
  const [needsToken, setNeedsToken] = useState(false);
  const [attempt, setAttempt] = useState(0);
  const { busy, during } = useBusy();
  const store = useMemo(() => new Store(), []);
  const sender = useMemo(
    () => new Sender(store, localStorage, server, () => setNeedsToken(true)),
    [store],
  );
  const state = useStore(store);
  const unauthorised = useCallback(() => setNeedsToken(true), []);

  const folder = useFolder({ route, person, attempt }, store, unauthorised);
  const { target, queue, refresh, lost } = folder;
  const project = folder.project?.id ?? null;

  const openTask = useCallback(
    (task: Task | null) => go({ project, target, task: task?.id ?? null }),
    [go, project, target],
  );
  const shownTask = queue?.tasks.find((task) => task.id === route.task) ?? null;
  useEffect(() => {
    if (queue && !shownTask) openTask(nextTask(queue.tasks, null, lost) ?? queue.tasks[0] ?? null);
  }, [queue, shownTask, openTask, lost]);

  const previous = useTrail(shownTask, queue);

  const opened = { task: shownTask, target, person, attempt };
  const { detail, readers } = useOpening(opened, { store, sender, during, onUnauthorised: unauthorised });

  // Once a session is over because of its weights, its image is opened again.
  const isOver = state.outdated !== null;
  useEffect(() => {
    if (isOver) setAttempt((old) => old + 1);
  }, [isOver]);

  useSideEffects(store, sender, refresh, during);
  useConnection(store, sender);

  const more = useMore(store, during);
  return {
    ...folder, store, sender, state, busy, detail, readers, shownTask,
    /** The image that was left for this one; null where this is the first. */
    previous,
    needsToken, openTask, more, during, go,
    /** Everything anew, as after signing in. */
    restart: () => {
      setNeedsToken(false);
      setAttempt((old) => old + 1);
      void refresh();
      sender.retryNow();
    },
  };
}

export type Desk = ReturnType<typeof useDesk>;

/** More options for the round that is shown: asked for at once, and dropped where that round is no longer shown. */
function useMore(store: Store, during: ReturnType<typeof useBusy>["during"]) {
  return useCallback(async () => {
    const { proposal, pending, steps } = store.get();
    if (!proposal) return;
    if (pending.length + steps.length > 0) return store.tell("info", words.waitForServer);
    const page = proposal.page > 0 && proposal.alternatives.length === 0 ? 0 : proposal.page + 1;
    const isStill = () => store.get().proposal === proposal && store.get().pending.length + store.get().steps.length === 0;
    try {
      const reply = await during("more", api.proposal(proposal.session, page));
      if (!isStill()) return;
      store.dispatch({ type: "shown", proposal: reply });
      store.dispatch({ type: "told", notice: null });
    } catch (error) {
      if (isOutdated(error)) store.dispatch({ type: "outdated", to: proposal });
      else if (isStill()) store.tell("problem", sentence(error));
    }
  }, [store, during]);
}

/** The server, as the sender knows it. */
const server: Server = {
  answer: api.answer,
  store: api.store,
  step: ({ session, round, rounds }, step) => {
    if (step.kind === "go-to") return api.goTo(session, step.round);
    if (step.kind === "undo") return round > 0 ? api.undo(session, round) : null;
    return round < rounds ? api.redo(session, round) : null;
  },
};

/** Whoever reaches the server, or does not, tells everybody; while it is away somebody keeps asking. */
function useConnection(store: Store, sender: Sender): void {
  const { isOnline } = useStore(store);
  useEffect(
    () =>
      onConnection((isReached) => {
        const { isOnline: wasOnline } = store.get();
        if (isReached === wasOnline) return;
        store.dispatch({ type: isReached ? "reached" : "lost" });
        if (isReached && store.get().isOnline) sender.retryNow();
      }),
    [store, sender],
  );
  useEffect(() => {
    if (isOnline) return;
    const timer = setInterval(() => void api.projects().catch(() => null), PROBE_MS);
    return () => clearInterval(timer);
  }, [isOnline]);
}

/** What follows from answers and from coming back: fresh numbers, and what another tab did. */
function useSideEffects(
  store: Store,
  sender: Sender,
  refresh: () => Promise<Queue | null>,
  during: ReturnType<typeof useBusy>["during"],
): void {
  const { proposal, pending, steps } = useStore(store);
  const isAccepted = proposal?.is_accepted ?? false;
  const accepted = useRef({ session: 0, isAccepted });
  useEffect(() => {
    if (proposal) keepPage(proposal);
  }, [proposal]);
  useEffect(() => {
    const before = accepted.current;
    accepted.current = { session: proposal?.session ?? 0, isAccepted };
    if (before.session === proposal?.session && before.isAccepted !== isAccepted) void refresh();
  }, [proposal, isAccepted, refresh]);

  const waitingSince = pending[0]?.answer ?? steps[0];
  const isStep = pending.length === 0;
  useEffect(() => {
    if (!waitingSince) return;
    let finish = () => {};
    const work = !isStep ? "answer" : waitingSince.kind === "go-to" ? "go-to" : "undo";
    void during(work, new Promise<void>((resolve) => (finish = resolve)));
    return () => finish();
  }, [waitingSince, isStep, during]);

  useEffect(() => {
    const back = () => {
      if (document.visibilityState !== "visible") return;
      sender.retryNow();
      const { proposal: shown, pending: waiting, steps: asked } = store.get();
      if (!shown || waiting.length + asked.length > 0) return;
      api.proposal(shown.session).then(
        (now) => {
          const held = store.get();
          const isNews = now.round !== shown.round || now.rounds !== shown.rounds;
          if (held.proposal === shown && held.pending.length + held.steps.length === 0 && isNews) {
            store.dispatch({ type: "shown", proposal: now });
          }
        },
        (error: unknown) => {
          if (isOutdated(error) && store.get().proposal === shown) store.dispatch({ type: "outdated", to: shown });
        },
      );
    };
    addEventListener("online", back);
    addEventListener("focus", back);
    document.addEventListener("visibilitychange", back);
    return () => {
      removeEventListener("online", back);
      removeEventListener("focus", back);
      document.removeEventListener("visibilitychange", back);
    };
  }, [store, sender]);
}
