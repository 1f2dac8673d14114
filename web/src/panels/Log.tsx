// What was answered, oldest first; every line leads back to the moment after it.

import { useEffect, useRef } from "react";
import { type SessionState, waitingAnswers } from "../state/session";
import { answerText, words } from "../words";

interface Props {
  state: SessionState;
  onGoTo(round: number): void;
  onUndo(): void;
  onRedo(): void;
}

export function Log({ state, onGoTo, onUndo, onRedo }: Props) {
  const { proposal } = state;
  const waiting = waitingAnswers(state);
  const end = useRef<HTMLLIElement>(null);
  const round = proposal?.round ?? 0;
  useEffect(() => {
    // In braces, since newer browsers return a promise here.
    end.current?.scrollIntoView({ block: "nearest" });
  }, [round, waiting.length]);
  const isStill = waiting.length > 0;
  return (
    <section className="log" aria-label={words.log}>
      <header className="panel-head">
        <h2>{words.log}</h2>
        <span className="head-buttons">
          <button type="button" className="icon" disabled={round === 0 && !isStill} onClick={onUndo} title={words.undo} aria-label={words.undo} aria-keyshortcuts="Control+Z">
            ↶
          </button>
          <button type="button" className="icon" disabled={isStill || round >= (proposal?.rounds ?? 0)} onClick={onRedo} title={words.redo} aria-label={words.redo} aria-keyshortcuts="Control+Shift+Z">
            ↷
          </button>
        </span>
      </header>
      <ol className="log-list">
        {proposal && (
          <li ref={round === 0 ? end : undefined}>
            <button type="button" className="log-item" aria-current={round === 0 && !isStill ? "step" : undefined} disabled={isStill} onClick={() => onGoTo(0)}>
              <span className="log-round">0</span>
              {words.opened}
            </button>
          </li>
        )}
        {proposal?.log.map((entry) => (
          <li key={entry.round} ref={entry.round + 1 === round ? end : undefined}>
            <button
              type="button"
              className={`log-item${entry.holds ? "" : " is-undone"}`}
              aria-current={entry.round + 1 === round && !isStill ? "step" : undefined}
              disabled={isStill}
              onClick={() => onGoTo(entry.round + 1)}
            >
              <span className="log-round">{entry.round + 1}</span>
              {answerText(entry.answer)}
              {!entry.holds && <span className="unseen"> {words.undone}</span>}
            </button>
          </li>
        ))}
        {waiting.map((answer, i) => (
          <li key={`waiting-${answer.round}`} ref={i === waiting.length - 1 ? end : undefined}>
            <span className="log-item is-waiting">
              <span className="log-round">{answer.round + 1}</span>
              {answerText(answer)}
              {(!state.isOnline || !proposal) && <span className="log-wait">{words.waits}</span>}
            </span>
          </li>
        ))}
      </ol>
    </section>
  );
}
