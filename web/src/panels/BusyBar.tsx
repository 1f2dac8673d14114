import { useEffect, useState } from "react";
import { type Busy, fraction } from "../state/busy";
import { words } from "../words";

const PATIENCE_MS = 300;
const TICK_MS = 100;

/** Nothing for the first moment, then what is being done, for how long, and how far it may be. */
export function BusyBar({ busy }: { busy: Busy | null }) {
  const [elapsed, setElapsed] = useState(0);
  useEffect(() => {
    setElapsed(0);
    if (!busy) return;
    const timer = setInterval(() => setElapsed(performance.now() - busy.since), TICK_MS);
    return () => clearInterval(timer);
  }, [busy]);
  if (!busy || elapsed < PATIENCE_MS) return null;
  const percent = Math.round(100 * fraction(elapsed, busy.usualMs));
  return (
    <div className="busy" role="progressbar" aria-valuenow={percent} aria-valuemin={0} aria-valuemax={100} aria-label={words.busy[busy.work]}>
      <span className="busy-bar" style={{ width: `${percent}%` }} />
      <span className="busy-text">{words.busyFor(words.busy[busy.work], elapsed / 1000)}</span>
    </div>
  );
}
