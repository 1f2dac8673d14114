// The folder that is worked on: its targets, and what is known of its images for one of them.

import { useCallback, useEffect, useState } from "react";
import { api } from "../api/client";
import type { Profile, Progress, Project, Queue } from "../api/types";
import { insist } from "./insist";
import type { Route } from "./route";
import { useScan } from "./scan";
import type { Store } from "./store";

interface Wanted {
  route: Route;
  person: string;
  /** Counts the times that everything is to be asked for anew. */
  attempt: number;
}

export function useFolder({ route, person, attempt }: Wanted, store: Store, onUnauthorised: () => void) {
  const [projects, setProjects] = useState<Project[] | null>(null);
  const [queue, setQueue] = useState<Queue | null>(null);
  const [progress, setProgress] = useState<Progress | null>(null);
  const [profile, setProfile] = useState<Profile | null>(null);

  const project = projects?.find((known) => known.id === route.project) ?? projects?.[0] ?? null;
  const target = project?.targets.find((name) => name === route.target) ?? project?.targets[0] ?? null;
  const projectId = project?.id ?? null;

  useEffect(() => {
    let isWanted = true;
    void insist(store, api.projects, () => isWanted, onUnauthorised).then((found) => {
      if (isWanted && found) setProjects(found);
    });
    return () => void (isWanted = false);
  }, [store, attempt, onUnauthorised]);

  /** Queue, effort and profile, as they are now. */
  const refresh = useCallback(async (): Promise<Queue | null> => {
    if (projectId === null || target === null) return null;
    const [tasks, done, learned] = await Promise.all([
      insist(store, () => api.queue(projectId, target), () => true, onUnauthorised),
      insist(store, () => api.progress(projectId, target), () => true, onUnauthorised),
      insist(store, () => api.profile(person), () => true, onUnauthorised),
    ]);
    if (tasks) setQueue(tasks);
    if (done) setProgress(done);
    if (learned) setProfile(learned);
    return tasks;
  }, [store, projectId, target, person, onUnauthorised]);

  useEffect(() => {
    setQueue(null);
    void refresh();
  }, [refresh]);

  // A new folder is being looked through, or somebody is about to put images into it.
  const isEmpty = projects !== null && (target === null || queue?.tasks.length === 0);
  const lookAgain = useCallback(async () => {
    const found = await insist(store, api.projects, () => true, onUnauthorised);
    if (found) setProjects(found);
    await refresh();
  }, [store, refresh, onUnauthorised]);
  const scan = useScan(isEmpty, lookAgain);
  return {
    project, projects, target, queue, progress, profile, refresh,
    /** Whether there is nothing to show yet, and the job that looks for something. */
    isEmpty, scan,
    /** A project as it is now, where a target came or went. */
    renew: (now: Project) => setProjects((old) => old?.map((known) => (known.id === now.id ? now : known)) ?? null),
  };
}
