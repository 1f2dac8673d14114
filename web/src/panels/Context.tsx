// What the next image learns from: finished images, each of which can be left out.

import { useCallback, useEffect, useState } from "react";
import { api, url } from "../api/client";
import type { ContextEntry } from "../api/types";
import { sentence } from "../state/insist";
import { words } from "../words";
import { Dialog } from "./Dialog";

interface Props {
  project: number;
  target: string;
  onClose(): void;
}

export function Context({ project, target, onClose }: Props) {
  const [entries, setEntries] = useState<ContextEntry[] | null>(null);
  const [asked, setAsked] = useState<number | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const load = useCallback(
    () =>
      api.context(project, target).then(setEntries, (error: unknown) => setProblem(sentence(error))),
    [project, target],
  );
  useEffect(() => void load(), [load]);
  const remove = (entry: number) => {
    setAsked(null);
    setProblem(null);
    api.removeEntry(entry).then(load, (error: unknown) => setProblem(sentence(error)));
  };
  return (
    <Dialog title={words.contextTitle} className="context" onClose={onClose}>
      <header className="panel-head">
        <h2>{words.contextTitle}</h2>
        <button type="button" onClick={onClose}>
          {words.close} <kbd>Esc</kbd>
        </button>
      </header>
      <p className="hint">{words.contextMeaning}</p>
      {problem && (
        <p className="problem" role="alert">
          {problem}
        </p>
      )}
      {entries?.length === 0 && <p className="context-none">{words.contextNone}</p>}
      <ul className="context-list">
        {/* The newest first: it is the one that is doubted. */}
        {[...(entries ?? [])].reverse().map((entry) => (
          <li key={entry.id}>
            <img src={url.thumbnail(entry.image.id, 96)} alt="" loading="lazy" width={56} height={56} />
            <span className="context-name" title={entry.image.path}>
              {entry.image.name}
            </span>
            {asked === entry.id ? (
              <span className="context-ask" role="group" aria-label={words.removeAsk(entry.image.name)}>
                <button type="button" autoFocus onClick={() => remove(entry.id)}>
                  {words.removeSure}
                </button>
                <button type="button" className="quiet" onClick={() => setAsked(null)}>
                  {words.keepIt}
                </button>
              </span>
            ) : (
              <button type="button" className="quiet" aria-label={words.removeAsk(entry.image.name)} onClick={() => setAsked(entry.id)}>
                {words.remove}
              </button>
            )}
          </li>
        ))}
      </ul>
    </Dialog>
  );
}
