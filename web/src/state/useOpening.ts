// Opens the image that is shown: its picture, then the session of it, then what others made of it.

import { useEffect, useRef, useState } from "react";
import { api } from "../api/client";
import type { ImageDetail, Proposal, Readers, Task } from "../api/types";
import { words } from "../words";
import type { useBusy } from "./busy";
import { insist } from "./insist";
import { openSession } from "./opening";
import { isToReview } from "./review";
import type { Sender } from "./sender";
import type { SessionState } from "./session";
import type { Store } from "./store";

interface Wanted {
  task: Task | null;
  target: string | null;
  person: string;
  /** Counts the times that the same image is to be opened anew. */
  attempt: number;
}

interface Means {
  store: Store;
  sender: Sender;
  during: ReturnType<typeof useBusy>["during"];
  onUnauthorised(): void;
}

/** The image shown, null while it is on its way, and the readers of it, null where nobody asked. */
export function useOpening({ task, target, person, attempt }: Wanted, { store, sender, during, onUnauthorised }: Means) {
  const [detail, setDetail] = useState<ImageDetail | null>(null);
  const [readers, setReaders] = useState<Readers | null>(null);
  const image = task?.image.id ?? null;
  const isReviewed = isToReview(task);
  const wasAccepted = useRef(false);
  wasAccepted.current = task?.state === "accepted";
  useEffect(() => {
    if (image === null || target === null) return;
    let isWanted = true;
    const { outdated } = store.get();
    sender.open(isReviewed ? null : { image, target, person });
    setDetail((shown) => (shown?.id === image ? shown : null));
    setReaders(null);
    const open = async () => {
      await sender.sendLeftOver();
      return begin({ image, target, person, wasAccepted: () => wasAccepted.current }, outdated);
    };
    // The image is shown as soon as it is there; the first proposal of a volume takes its time.
    const looked = insist(store, () => api.image(image), () => isWanted, onUnauthorised).then((found) => {
      if (isWanted && found) setDetail(found);
    });
    const opened = during("open", looked);
    if (!isReviewed) {
      const asked = insist(store, open, () => isWanted, onUnauthorised).then((reply) => {
        if (!isWanted) return;
        setReaders(reply?.others ?? null);
        show({ store, sender }, reply);
      });
      void opened.then(() => {
        if (isWanted) void during("first", asked);
      });
    }
    return () => void (isWanted = false);
  }, [image, target, person, isReviewed, store, sender, attempt, during, onUnauthorised]);

  const isDone = store.get().proposal?.is_accepted ?? false;
  const accepted = isDone && task?.state === "accepted" ? image : null;
  useEffect(() => {
    if (accepted === null || target === null) return;
    let isWanted = true;
    api.readers(accepted, target).then((found) => isWanted && setReaders(found), () => null);
    return () => void (isWanted = false);
  }, [accepted, target]);
  return { detail, readers };
}

/** What opening a session found. */
interface Opening {
  told: string | null;
  others: Readers | null;
  proposal: Proposal;
}

interface Place {
  image: number;
  target: string;
  person: string;
  wasAccepted(): boolean;
}

async function begin({ image, target, person, wasAccepted }: Place, ended: SessionState["outdated"]): Promise<Opening> {
  const ask = (isNew: boolean) => api.open(image, target, person, usesProfile(), isNew);
  const opened = await openSession(ask, ended?.session ?? null);
  // Where this session is what was accepted, they are asked for once it is shown.
  const isElsewhere = wasAccepted() && !opened.proposal.is_accepted;
  const [proposal, others] = await Promise.all([
    turnToPage(opened.proposal),
    isElsewhere ? api.readers(image, target).catch(() => null) : null,
  ]);
  return { told: opened.isAnew ? words.otherWeights(ended?.dropped ?? 0) : null, others, proposal };
}

function show({ store, sender }: Pick<Means, "store" | "sender">, found: Opening | null): void {
  // Nothing was opened that could take what was kept for it: it stays, and why is said.
  if (!found) return;
  // That it was not there yet holds no more.
  if (store.get().notice?.kind === "info") store.dispatch({ type: "told", notice: null });
  sender.begin(found.proposal, found.told);
}

const PAGE_KEY = "assent.page";

/** Which set of alternatives is shown, so that a reload lands there. */
export function keepPage({ session, round, page }: Proposal): void {
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
