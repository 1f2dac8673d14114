// What the colours over an image mean, while they are on screen.

import { words } from "../words";

/** The two that tell an alternative from the mask shown. */
export function Colours() {
  return (
    <>
      <span className="swatch is-added" /> {words.added}
      <span className="swatch is-removed" /> {words.removed}
    </>
  );
}

interface Props {
  /** Of the alternative that is looked at. */
  tag: string | null;
  showsUncertainty: boolean;
}

export function Legend({ tag, showsUncertainty }: Props) {
  return (
    <div className="legends">
      {tag !== null && (
        <p className="legend">
          <strong>{tag}</strong>
          <Colours />
        </p>
      )}
      {showsUncertainty && (
        <p className="legend">
          {words.sure} <span className="swatch is-unsure" /> {words.unsure}
        </p>
      )}
    </div>
  );
}
