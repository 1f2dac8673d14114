// What lies in the folder and is not in the list, and why; looking again once that was mended.

import { useCallback, useEffect, useRef, useState } from "react";
import { api } from "../api/client";
import { type Missing, missingOf } from "../state/problems";
import { goesOn } from "../state/scan";
import { sentence } from "../state/insist";
import { words } from "../words";
import { Dialog } from "./Dialog";

const AGAIN_MS = 3000;
const JOB_MS = 500;

interface Props {
  project: number;
  /** The folder was looked through: there may be other images now. */
  onLooked(): void;
}

const pause = (ms: number) => new Promise((resume) => setTimeout(resume, ms));

function useMissing(project: number, onLooked: () => void) {
  const [missing, setMissing] = useState<Missing | null>(null);
  const looked = useRef(onLooked);
  looked.current = onLooked;
  const load = useCallback(
    () => api.problems(project).then((found) => setMissing(missingOf(found)), () => undefined),
    [project],
  );
  useEffect(() => void load(), [load]);
  const waits = missing?.whole ?? null;
  useEffect(() => {
    if (waits === null) return;
    // Either the first scan goes on, or somebody may be filling the folder.
    const timer = setInterval(() => void load(), AGAIN_MS);
    return () => {
      clearInterval(timer);
      looked.current();
    };
  }, [waits, load]);
  return { missing, load };
}

export function Problems({ project, onLooked }: Props) {
  const { missing, load } = useMissing(project, onLooked);
  const [isOpen, setOpen] = useState(false);
  const [isLooking, setLooking] = useState(false);
  const [refused, setRefused] = useState<string | null>(null);
  const look = async () => {
    setLooking(true);
    setRefused(null);
    try {
      for (let job = await api.rescan(project); goesOn(job); job = await api.job(job.id)) await pause(JOB_MS);
      await load();
      onLooked();
    } catch (error) {
      setRefused(sentence(error));
    }
    setLooking(false);
  };
  const named = missing ? [...missing.files, ...missing.folders] : [];
  return (
    <div className="jobs missing">
      {missing?.whole && <p className="hint">{missing.whole}</p>}
      {refused && (
        <p className="problem" role="alert">
          {refused}
        </p>
      )}
      {missing && named.length > 0 && (
        <button type="button" className="link" onClick={() => setOpen(true)}>
          {words.missing(missing.files.length, missing.folders.length)}
        </button>
      )}
      <button type="button" className="link" disabled={isLooking} title={words.lookAgainLong} onClick={() => void look()}>
        {isLooking ? words.looking : words.lookAgain}
      </button>
      {isOpen && (
        <Dialog title={words.missingTitle} className="context" onClose={() => setOpen(false)}>
          <header className="panel-head">
            <h2>{words.missingTitle}</h2>
            <button type="button" onClick={() => setOpen(false)}>
              {words.close} <kbd>Esc</kbd>
            </button>
          </header>
          <dl className="missing-list">
            {named.map(({ path, detail }) => (
              <div key={path}>
                <dt>{path}</dt>
                <dd>{detail}</dd>
              </div>
            ))}
          </dl>
        </Dialog>
      )}
    </div>
  );
}
