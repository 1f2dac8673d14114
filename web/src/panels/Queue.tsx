// The images of the folder: what is done, what comes next, and the effort each one took.

import { useEffect, useMemo, useRef, useState } from "react";
import { url } from "../api/client";
import type { Progress, Queue as QueueOf, Task } from "../api/types";
import { isToReview, toReview } from "../state/review";
import { words } from "../words";
import { Effort } from "./Effort";

interface Props {
  queue: QueueOf | null;
  progress: Progress | null;
  shown: Task | null;
  /** Images whose files cannot be opened. */
  lost: ReadonlySet<number>;
  onOpen(task: Task): void;
  /** Beside the title. */
  add?: React.ReactNode;
  children?: React.ReactNode;
}

export function Queue({ queue, progress, shown, lost, onOpen, add, children }: Props) {
  const current = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    // In braces, since newer browsers return a promise here.
    current.current?.scrollIntoView({ block: "nearest" });
  }, [shown?.id]);
  const [wantsReview, setWantsReview] = useState(false);
  const waiting = toReview(queue?.tasks ?? []);
  // What a rule accepted took nobody's answers, and would make the curve fall by itself.
  const worked = useMemo(() => progress?.effort.filter(({ session }) => session !== null) ?? [], [progress]);
  const isReviewing = wantsReview && waiting.length > 0;
  return (
    <nav className="queue" aria-label={words.queue}>
      <header className="panel-head">
        <h2>{words.queue}</h2>
        {queue && <span className="count">{words.queueCount(queue.counts.accepted, total(queue) - waitingFor(lost, queue))}</span>}
        <span className="spacer" />
        {add}
      </header>
      {queue && waiting.length > 0 && (
        <div className="filter" role="group" aria-label={words.filter}>
          <button type="button" aria-pressed={!isReviewing} onClick={() => setWantsReview(false)}>
            {words.filterAll(total(queue))}
          </button>
          <button
            type="button"
            aria-pressed={isReviewing}
            onClick={() => {
              setWantsReview(true);
              if (!isToReview(shown) && waiting[0]) onOpen(waiting[0]);
            }}
          >
            {words.filterReview(waiting.length)}
          </button>
        </div>
      )}
      <ul className="queue-list">
        {(isReviewing ? waiting : (queue?.tasks ?? [])).map((task) => (
          <li key={task.id}>
            <button
              type="button"
              ref={task.id === shown?.id ? current : undefined}
              className={`queue-item is-${task.state}`}
              title={lost.has(task.image.id) ? words.fileLostLong : undefined}
              aria-current={task.id === shown?.id ? "true" : undefined}
              onClick={() => onOpen(task)}
            >
              {lost.has(task.image.id) ? (
                <span className="no-picture" />
              ) : (
                <img src={url.thumbnail(task.image.id, 96)} alt="" loading="lazy" width={44} height={44} />
              )}
              <span className="queue-text">
                <Name name={task.image.name} path={task.image.path} />
                <TaskLine task={task} isLost={lost.has(task.image.id)} />
              </span>
            </button>
          </li>
        ))}
      </ul>
      {queue?.tasks.length === 0 && <p className="hint">{words.emptyQueue}</p>}
      {worked.length > 0 && <Effort effort={worked} />}
      {children}
    </nav>
  );
}

const TAIL = 11;

/** Shortened in the middle, since names of one series differ at their end. */
function Name({ name, path }: { name: string; path: string }) {
  return (
    <span className="queue-name" title={path}>
      <span className="name-head">{name.slice(0, -TAIL)}</span>
      <span>{name.slice(-TAIL)}</span>
    </span>
  );
}

function TaskLine({ task, isLost }: { task: Task; isLost: boolean }) {
  const quality = task.predicted_dice;
  const isUnseen = isToReview(task);
  return (
    <span className="queue-line">
      <span className={`dot is-${isLost ? "lost" : isUnseen ? "unseen-yet" : task.state}`} aria-hidden="true" />
      {isLost && task.state === "open" ? words.fileLost : isUnseen ? words.toReview : words.taskState[task.state]}
      {isLost && task.state !== "open" && <span className="quality">{words.fileLost}</span>}
      {!isLost && quality !== null && (task.state === "open" || isUnseen) && (
        <span className="quality" title={words.qualityLong(quality)}>
          <span className="quality-bar" aria-hidden="true">
            <span style={{ width: `${Math.round(quality * 100)}%` }} />
          </span>
          {words.percent(quality)}
        </span>
      )}
    </span>
  );
}

/** How many of the open ones cannot be done before their files are back. */
function waitingFor(lost: ReadonlySet<number>, { tasks }: QueueOf): number {
  return tasks.filter(({ state, image }) => state === "open" && lost.has(image.id)).length;
}

function total(queue: QueueOf): number {
  return queue.counts.open + queue.counts.accepted + queue.counts.skipped;
}
