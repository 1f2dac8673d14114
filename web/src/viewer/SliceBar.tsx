// Moves through the slices of a volume, and shows where the object lies.

import type { Proposal } from "../api/types";
import type { OpenBox } from "../tools/openBox";
import { words } from "../words";

interface Props {
  depth: number;
  slice: number;
  proposal: Proposal | null;
  box: OpenBox | null;
  onSlice(slice: number): void;
}

export function SliceBar({ depth, slice, proposal, box, onSlice }: Props) {
  const [first = 0, beyond = 0] = proposal?.recommendation.slices ?? [];
  const percent = (at: number) => `${(100 * at) / depth}%`;
  return (
    <div className="slice-bar">
      <label>
        <span className="unseen">{words.slice}</span>
        <span className="slice-track" aria-hidden="true">
          {beyond > first && <span className="slice-object" style={{ left: percent(first), width: percent(beyond - first) }} />}
          {box && <span className="slice-box" style={{ left: percent(box.low_zyx[0]), width: percent(box.high_zyx[0] - box.low_zyx[0]) }} />}
          {proposal && !proposal.is_empty && <span className="slice-differs" style={{ left: percent(proposal.slice + 0.5) }} />}
        </span>
        <input
          type="range"
          min={0}
          max={depth - 1}
          step={1}
          value={slice}
          aria-valuetext={words.sliceOf(slice + 1, depth)}
          onChange={(event) => onSlice(Number(event.target.value))}
        />
      </label>
      <output>{words.sliceOf(slice + 1, depth)}</output>
      {proposal && !proposal.is_empty && (
        <button type="button" className="link" disabled={slice === proposal.slice} onClick={() => onSlice(proposal.slice)}>
          {words.whereTheyDiffer}
        </button>
      )}
    </div>
  );
}
