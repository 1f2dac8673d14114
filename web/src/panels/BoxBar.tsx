// Over which slices a box goes, before it is given.

import { type OpenBox, ranged } from "../tools/openBox";
import { clamp } from "../viewer/geometry";
import { words } from "../words";

interface Props {
  box: OpenBox;
  depth: number;
  onChange(box: OpenBox): void;
  onUse(): void;
  onDiscard(): void;
}

export function BoxBar({ box, depth, onChange, onUse, onDiscard }: Props) {
  const first = box.low_zyx[0];
  const last = box.high_zyx[0] - 1;
  const within = (text: string) => clamp(Math.round(Number(text)) - 1, 0, depth - 1);
  const byKey = (event: React.KeyboardEvent) => {
    // On a button Enter does what the button says.
    if (event.key === "Enter" && event.target instanceof HTMLInputElement) onUse();
    else if (event.key === "Escape") onDiscard();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <section className="tool-bar" aria-label={words.boxBar} onKeyDown={byKey}>
      <label>
        {words.boxFrom}
        <input
          type="number"
          min={1}
          max={last + 1}
          value={first + 1}
          onChange={(event) => event.target.value && onChange(ranged(box, Math.min(within(event.target.value), last), last))}
        />
      </label>
      <label>
        {words.boxTo}
        <input
          type="number"
          min={first + 1}
          max={depth}
          value={last + 1}
          onChange={(event) => event.target.value && onChange(ranged(box, first, Math.max(within(event.target.value), first)))}
        />
      </label>
      <p className="hint">{words.boxHint}</p>
      <button type="button" onClick={onDiscard}>
        {words.discard} <kbd>Esc</kbd>
      </button>
      <button type="button" className="primary" onClick={onUse} aria-keyshortcuts="Enter">
        {words.boxUse} <kbd>↵</kbd>
      </button>
    </section>
  );
}
