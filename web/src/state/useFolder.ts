// The folder that is worked on: its targets, and what is known of its images for one of them.

import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { api } from "../api/client";
import type { FileProblem, Profile, Progress, Project, Queue } from "../api/types";
import { insist } from "./insist";
import { lostOf } from "./problems";
import type { Route } from "./route";
import { useScan } from "./scan";
import type { Store } from "./store";

interface Wanted {
  route: Route;
  person: string;
  /** Counts the times that everything is to be asked for anew. */
  attempt: number;
}

/** What the server said of one folder, target and person. */
export interface Known {
  /** Which folder, target and person it is about. */
  of: string;
  /** Counts the times that it was asked for: replies may overtake one another. */
  asked: number;
  queue: Queue | null;
  progress: Progress | null;
  profile: Profile | null;
  problems: FileProblem[] | null;
}

/** What is known after a reply: an older one, and one about something else than is wanted, tell nothing. */
export function informed(old: Known | null, reply: Known, wanted: string): Known | null {
  if (reply.of !== wanted) return old;
  if (old?.of !== reply.of) return reply;
  if (old.asked > reply.asked) return old;
  // What could not be had this time stays as it was.
  return {
    ...reply,
    queue: reply.queue ?? old.queue,
    progress: reply.progress ?? old.progress,
    profile: reply.profile ?? old.profile,
    problems: reply.problems ?? old.problems,
  };
}

export function useFolder({ route, person, attempt }: Wanted, store: Store, onUnauthorised: () => void) {
  const [projects, setProjects] = useState<Project[] | null>(null);
  const [held, setHeld] = useState<Known | null>(null);

  const project = projects?.find((known) => known.id === route.project) ?? projects?.[0] ?? null;
  const target = project?.targets.find((name) => name === route.target) ?? project?.targets[0] ?? null;
  const projectId = project?.id ?? null;
  const of = JSON.stringify([projectId, target, person]);
  const wanted = useRef(of);
  wanted.current = of;
  const asked = useRef(0);

  useEffect(() => {
    let isWanted = true;
    void insist(store, api.projects, () => isWanted, onUnauthorised).then((found) => {
      if (isWanted && found) setProjects(found);
    });
    return () => void (isWanted = false);
  }, [store, attempt, onUnauthorised]);

  /** Queue, effort, profile and problems, as they are now; null where something else is wanted by the time they are here. */
  const refresh = useCallback(async (): Promise<Queue | null> => {
    if (projectId === null || target === null) return null;
    const mine = ++asked.current;
    const isWanted = () => wanted.current === of;
    const [queue, progress, profile, problems] = await Promise.all([
      insist(store, () => api.queue(projectId, target), isWanted, onUnauthorised),
      insist(store, () => api.progress(projectId, target), isWanted, onUnauthorised),
      insist(store, () => api.profile(person), isWanted, onUnauthorised),
      insist(store, () => api.problems(projectId), isWanted, onUnauthorised),
    ]);
    setHeld((old) => informed(old, { of, asked: mine, queue, progress, profile, problems }, wanted.current));
    return isWanted() ? queue : null;
  }, [store, projectId, target, person, of, onUnauthorised]);

  useEffect(() => {
    setHeld(null);
    void refresh();
  }, [refresh]);

  // Until the new list is here, that of another folder or target is none of this one.
  const known = held?.of === of ? held : null;
  const queue = known?.queue ?? null;
  const problems = known?.problems ?? null;
  const lost = useMemo(() => lostOf(problems ?? []), [problems]);

  // A new folder is being looked through, or somebody is about to put images into it.
  const isEmpty = projects !== null && (target === null || queue?.tasks.length === 0);
  const lookAgain = useCallback(async () => {
    const found = await insist(store, api.projects, () => true, onUnauthorised);
    if (found) setProjects(found);
    await refresh();
  }, [store, refresh, onUnauthorised]);
  const scan = useScan(projectId, isEmpty, lookAgain);
  return {
    project, projects, target, queue, progress: known?.progress ?? null, profile: known?.profile ?? null, refresh,
    /** Images in the queue whose files cannot be opened. */
    lost,
    /** Whether there is nothing to show yet, and the job that looks for something. */
    isEmpty, scan,
    /** A project as it is now, where a target came or went. */
    renew: (now: Project) => setProjects((old) => old?.map((known) => (known.id === now.id ? now : known)) ?? null),
  };
}
