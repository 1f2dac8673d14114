// Long work on the whole folder: predict what is open, export what is done. With progress, and a
// way to stop it.

import { useCallback, useEffect, useRef, useState } from "react";
import { api, url } from "../api/client";
import type { Job } from "../api/types";
import { sentence } from "../state/insist";
import { isFinal, jobOf } from "../state/jobs";
import { words } from "../words";

/** What a published study calls acceptable: one image in twenty below the bar. */
const RISK = 0.05;

interface Props {
  project: number;
  target: string;
  person: string;
  onDone(): void;
}

function useJob(project: number, target: string, onDone: () => void) {
  const [job, setJob] = useState<Job | null>(null);
  const done = useRef(onDone);
  done.current = onDone;
  useEffect(() => {
    // Work begun before a reload, or by the server itself, is followed too.
    api.jobs().then(
      (jobs) => setJob((shown) => shown ?? jobOf(jobs, project, target)),
      () => null,
    );
  }, [project, target]);
  const id = job?.id ?? null;
  const isOver = job === null || isFinal(job);
  useEffect(() => {
    if (id === null || isOver) return;
    const events = new EventSource(url.jobEvents(id));
    events.addEventListener("job", (event) => {
      const news = JSON.parse((event as MessageEvent<string>).data) as Job;
      setJob(news);
      if (!isFinal(news)) return;
      events.close();
      done.current();
    });
    return () => events.close();
  }, [id, isOver]);
  return { job, setJob };
}

export function Jobs({ project, target, person, onDone }: Props) {
  const [accepts, setAccepts] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const { job, setJob } = useJob(project, target, onDone);
  const isRunning = job !== null && !isFinal(job);
  const begin = useCallback(
    (request: Promise<Job>) => {
      setProblem(null);
      request.then(setJob, (error: unknown) => setProblem(sentence(error)));
    },
    [setJob],
  );
  return (
    <div className="jobs">
      {job && <JobLine job={job} onCancel={() => begin(api.cancel(job.id))} onClose={() => setJob(null)} />}
      {problem && (
        <p className="problem" role="alert">
          {problem}
        </p>
      )}
      {!isRunning && (
        <details>
          <summary>{words.wholeFolder}</summary>
          <label className="check" title={words.autoAcceptLong(RISK)}>
            <input type="checkbox" checked={accepts} onChange={(event) => setAccepts(event.target.checked)} />
            {words.autoAccept(RISK)}
          </label>
          <div className="job-buttons">
            <button type="button" onClick={() => begin(api.propagate(project, target, person, accepts ? RISK : null))}>
              {words.predictOpen}
            </button>
            <button type="button" onClick={() => begin(api.exportMasks(project, target))}>
              {words.exportMasks}
            </button>
          </div>
        </details>
      )}
    </div>
  );
}

function JobLine({ job, onCancel, onClose }: { job: Job; onCancel(): void; onClose(): void }) {
  const percent = Math.round(100 * job.progress);
  const name = words.jobKind(job.kind);
  return (
    <div className="job" role="status">
      <p className="job-head">
        <span>{isFinal(job) ? words.jobState(name, job.state) : words.jobProgress(name, percent)}</span>
        {isFinal(job) ? (
          <button type="button" className="link" onClick={onClose}>
            {words.close}
          </button>
        ) : (
          <button type="button" className="link" onClick={onCancel}>
            {words.stop}
          </button>
        )}
      </p>
      {!isFinal(job) && <progress max={100} value={percent} aria-label={name} />}
      {job.detail && <p className="job-detail">{job.detail}</p>}
      {job.state === "done" && job.kind === "export" && (
        <a className="download" href={url.archive(job.id)} download>
          {words.download}
        </a>
      )}
    </div>
  );
}
