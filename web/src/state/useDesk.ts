// The desk: which project, target and image are open, and what can be asked of the server.

import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { Refused, Unreachable, api, isOutdated, isPassing } from "../api/client";
import type { ImageDetail, Profile, Progress, Project, Proposal, Queue, Readers, Task } from "../api/types";
import { words } from "../words";
import { useBusy } from "./busy";
import { openSession } from "./opening";
import { isToReview } from "./review";
import { formatRoute, parseRoute, type Route } from "./route";
import { useScan } from "./scan";
import { Sender } from "./sender";
import { nextRound } from "./session";
import { Store, useStore } from "./store";
import { useTrail } from "./trail";

const RETRY_MS = 2000;

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

/** Keeps asking while the server is away; says anything else that went wrong. */
async function insist<R>(
  store: Store,
  ask: () => Promise<R>,
  isWanted: () => boolean,
  onUnauthorised: () => void,
): Promise<R | null> {
  while (isWanted()) {
    try {
      const reply = await ask();
      store.dispatch({ type: "found" });
      return reply;
    } catch (error) {
      if (error instanceof Refused && error.status === 401) {
        onUnauthorised();
        return null;
      }
      if (!isPassing(error)) {
        store.tell("problem", sentence(error));
        return null;
      }
      store.dispatch({ type: "lost", notice: error instanceof Refused ? error.message : undefined });
      await new Promise((resume) => setTimeout(resume, RETRY_MS));
    }
  }
  return null;
}

export function sentence(error: unknown): string {
  if (error instanceof Refused) return error.message;
  return error instanceof Unreachable ? words.unreachable : words.unexpected;
}

export function useDesk(person: string) {
  const [route, go] = useRoute();
  const [needsToken, setNeedsToken] = useState(false);
  const [projects, setProjects] = useState<Project[] | null>(null);
  const [queue, setQueue] = useState<Queue | null>(null);
  const [progress, setProgress] = useState<Progress | null>(null);
  const [profile, setProfile] = useState<Profile | null>(null);
  const [detail, setDetail] = useState<ImageDetail | null>(null);
  const [readers, setReaders] = useState<Readers | null>(null);
  const [attempt, setAttempt] = useState(0);
  const { busy, during } = useBusy();
  const store = useMemo(() => new Store(), []);
  const sender = useMemo(
    () => new Sender(store, localStorage, api, () => setNeedsToken(true)),
    [store],
  );
  const state = useStore(store);
  const unauthorised = useCallback(() => setNeedsToken(true), []);

  const project = projects?.find((known) => known.id === route.project) ?? projects?.[0] ?? null;
  const target = project?.targets.find((name) => name === route.target) ?? project?.targets[0] ?? null;
  const projectId = project?.id ?? null;

  useEffect(() => {
    let isWanted = true;
    void insist(store, api.projects, () => isWanted, unauthorised).then((found) => {
      if (isWanted && found) setProjects(found);
    });
    return () => void (isWanted = false);
  }, [store, attempt, unauthorised]);

  /** Queue, effort and profile, as they are now. */
  const refresh = useCallback(async (): Promise<Queue | null> => {
    if (projectId === null || target === null) return null;
    const [tasks, done, learned] = await Promise.all([
      insist(store, () => api.queue(projectId, target), () => true, unauthorised),
      insist(store, () => api.progress(projectId, target), () => true, unauthorised),
      insist(store, () => api.profile(person), () => true, unauthorised),
    ]);
    if (tasks) setQueue(tasks);
    if (done) setProgress(done);
    if (learned) setProfile(learned);
    return tasks;
  }, [store, projectId, target, person, unauthorised]);

  useEffect(() => {
    setQueue(null);
    void refresh();
  }, [refresh]);

  // A new folder is being looked through, or somebody is about to put images into it.
  const isEmpty = projects !== null && (target === null || queue?.tasks.length === 0);
  const lookAgain = useCallback(async () => {
    const found = await insist(store, api.projects, () => true, unauthorised);
    if (found) setProjects(found);
    await refresh();
  }, [store, refresh, unauthorised]);
  const scan = useScan(isEmpty, lookAgain);

  const openTask = useCallback(
    (task: Task | null) => go({ project: projectId, target, task: task?.id ?? null }),
    [go, projectId, target],
  );
  const shownTask = queue?.tasks.find((task) => task.id === route.task) ?? null;
  useEffect(() => {
    if (queue && !shownTask) openTask(queue.tasks.find((task) => task.state === "open") ?? queue.tasks[0] ?? null);
  }, [queue, shownTask, openTask]);

  const previous = useTrail(shownTask, queue);

  const imageId = shownTask?.image.id ?? null;
  const isReviewed = isToReview(shownTask);
  const wasAccepted = useRef(false);
  wasAccepted.current = shownTask?.state === "accepted";
  useEffect(() => {
    if (imageId === null || target === null) return;
    let isWanted = true;
    const ended = store.get().outdated;
    store.dispatch({ type: "closed" });
    setDetail((shown) => (shown?.id === imageId ? shown : null));
    setReaders(null);
    let lost: string | null = null;
    const open = async (): Promise<Opening> => {
      // Asked again, it has nothing left to send, and what it said before still counts.
      lost = (await sender.sendLeftOver()) ?? lost;
      const ask = (isNew: boolean) => api.open(imageId, target, person, usesProfile(), isNew);
      const opened = await openSession(ask, ended?.session ?? null);
      const anew = opened.isAnew ? words.otherWeights(ended?.dropped ?? 0) : null;
      // Where this session is what was accepted, they are asked for once it is shown.
      const isElsewhere = wasAccepted.current && !opened.proposal.is_accepted;
      const [proposal, others] = await Promise.all([
        turnToPage(opened.proposal),
        isElsewhere ? api.readers(imageId, target).catch(() => null) : null,
      ]);
      return { told: lost ?? anew, others, proposal };
    };
    // The image is shown as soon as it is there; the first proposal of a volume takes its time.
    const looked = insist(store, () => api.image(imageId), () => isWanted, unauthorised).then((found) => {
      if (isWanted && found) setDetail(found);
    });
    const opened = during("open", looked);
    if (!isReviewed) {
      const asked = insist(store, open, () => isWanted, unauthorised).then((reply) => {
        if (!isWanted) return;
        if (!reply) {
          // Nothing was opened that could take what was kept for it; why is said.
          while (sender.takeBack());
          return;
        }
        setReaders(reply.others);
        // That it was not there yet holds no more.
        if (store.get().notice?.kind === "info") store.dispatch({ type: "told", notice: null });
        sender.begin(reply.proposal);
        if (reply.told) store.tell("problem", reply.told);
      });
      void opened.then(() => {
        if (isWanted) void during("first", asked);
      });
    }
    return () => void (isWanted = false);
  }, [imageId, target, person, isReviewed, store, sender, attempt, during, unauthorised]);

  // Once a session is over because of its weights, its image is opened again.
  const isOver = state.outdated !== null;
  useEffect(() => {
    if (isOver) setAttempt((old) => old + 1);
  }, [isOver]);

  const isDone = state.proposal?.is_accepted ?? false;
  const acceptedImage = isDone && shownTask?.state === "accepted" ? imageId : null;
  useEffect(() => {
    if (acceptedImage === null || target === null) return;
    let isWanted = true;
    api.readers(acceptedImage, target).then((found) => isWanted && setReaders(found), () => null);
    return () => void (isWanted = false);
  }, [acceptedImage, target]);

  useSideEffects(store, sender, refresh, during);

  const ask = useAsk(store, during);
  return {
    store, sender, state, busy, project, projects, target, queue, progress, profile, detail, readers, shownTask,
    /** The image that was left for this one; null where this is the first. */
    previous,
    /** Whether there is nothing to show yet, and the job that looks for something. */
    isEmpty, scan,
    needsToken, openTask, refresh, ask, during, go,
    /** A project as it is now, where a target came or went. */
    renew: (now: Project) => setProjects((old) => old?.map((known) => (known.id === now.id ? now : known)) ?? null),
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

/** What opening a session found. */
interface Opening {
  told: string | null;
  others: Readers | null;
  proposal: Proposal;
}

const PAGE_KEY = "assent.page";

/** Which set of alternatives is shown, so that a reload lands there. */
function keepPage({ session, round, page }: Proposal): void {
  sessionStorage.setItem(PAGE_KEY, `${session}.${round}.${page}`);
}

async function turnToPage(proposal: Proposal): Promise<Proposal> {
  const { session, round } = proposal;
  const kept = sessionStorage.getItem(PAGE_KEY) ?? "";
  const page = kept.startsWith(`${session}.${round}.`) ? Number(kept.split(".")[2]) : 0;
  return page > 0 ? api.proposal(session, page) : proposal;
}

const PROFILE_KEY = "assent.use-profile";

export function usesProfile(): boolean {
  return localStorage.getItem(PROFILE_KEY) !== "no";
}

export function chooseProfile(isUsed: boolean): void {
  localStorage.setItem(PROFILE_KEY, isUsed ? "yes" : "no");
}

/** Undo and the like: they ask the server at once and wait for its word. */
function useAsk(store: Store, during: ReturnType<typeof useBusy>["during"]) {
  return useCallback(
    async (kind: "undo" | "go-to" | "more", request: (shown: Proposal) => Promise<Proposal>) => {
      const { proposal, pending } = store.get();
      if (!proposal) return;
      if (pending.length > 0) {
        store.tell("info", words.waitForServer);
        return;
      }
      try {
        const reply = await during(kind, request(proposal));
        if (store.get().proposal?.session !== reply.session) return;
        if (nextRound(store.get()) === proposal.round) store.dispatch({ type: "shown", proposal: reply });
        store.dispatch({ type: "told", notice: null });
      } catch (error) {
        if (isOutdated(error)) {
          store.dispatch({ type: "outdated" });
        } else if (error instanceof Refused && error.current) {
          store.dispatch({ type: "stale", proposal: error.current, notice: words.answeredElsewhere });
        } else {
          store.tell("problem", sentence(error));
        }
      }
    },
    [store, during],
  );
}

/** What follows from answers and from coming back: fresh numbers, and what another tab did. */
function useSideEffects(
  store: Store,
  sender: Sender,
  refresh: () => Promise<Queue | null>,
  during: ReturnType<typeof useBusy>["during"],
): void {
  const { proposal, pending } = useStore(store);
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

  const waitingSince = pending[0]?.answer;
  useEffect(() => {
    if (!waitingSince) return;
    let finish = () => {};
    void during("answer", new Promise<void>((resolve) => (finish = resolve)));
    return () => finish();
  }, [waitingSince, during]);

  useEffect(() => {
    const back = () => {
      if (document.visibilityState !== "visible") return;
      sender.retryNow();
      const { proposal: shown, pending: waiting } = store.get();
      if (!shown || waiting.length > 0) return;
      api.proposal(shown.session).then(
        (now) => {
          const held = store.get();
          const isNews = now.round !== shown.round || now.rounds !== shown.rounds;
          if (held.proposal === shown && held.pending.length === 0 && isNews) {
            store.dispatch({ type: "shown", proposal: now });
          }
        },
        (error: unknown) => {
          if (isOutdated(error) && store.get().proposal === shown) store.dispatch({ type: "outdated" });
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
