// What the brush does, and what becomes of what was painted.

import { useState } from "react";
import type { Brush } from "../state/useBrush";
import { words } from "../words";

export function PaintBar({ brush, onAccept, onLeave }: { brush: Brush; onAccept(): void; onLeave(): void }) {
  const [isAsking, setIsAsking] = useState(false);
  const { strokes } = brush;
  return (
    <section className="cards painting" aria-label={words.painting}>
      <div className="paint-tools">
        <p>
          <strong>{words.painting}</strong> {strokes > 0 ? words.paintedStrokes(strokes) : words.paintingHint}
        </p>
        <div className="paint-line">
          <div className="filter" role="group" aria-label={words.brushDoes}>
            <button type="button" aria-pressed={brush.adds} onClick={() => !brush.adds && brush.turn()} aria-keyshortcuts="X">
              {words.brushAdds}
            </button>
            <button type="button" aria-pressed={!brush.adds} onClick={() => brush.adds && brush.turn()} aria-keyshortcuts="X">
              {words.brushErases} <kbd>X</kbd>
            </button>
          </div>
          <label className="brush-size">
            {words.brushSize} <kbd>[</kbd>
            <input
              type="range"
              min={0.5}
              max={64}
              step={0.5}
              value={Math.min(brush.radius, 64)}
              aria-valuetext={words.brushRadius(brush.radius)}
              onChange={(event) => brush.setRadius(Number(event.target.value))}
            />
            <kbd>]</kbd>
            <output>{words.brushRadius(brush.radius)}</output>
          </label>
          <span className="head-buttons">
            <button type="button" className="icon" disabled={strokes === 0} onClick={brush.undo} title={words.undoStroke} aria-label={words.undoStroke} aria-keyshortcuts="Control+Z">
              ↶
            </button>
            <button type="button" className="icon" disabled={!brush.mayRedo} onClick={brush.redo} title={words.redoStroke} aria-label={words.redoStroke} aria-keyshortcuts="Control+Shift+Z">
              ↷
            </button>
          </span>
        </div>
      </div>
      <div className="choices">
        <button type="button" className="primary" disabled={strokes === 0 || !brush.mayPaint || brush.isSending} onClick={onAccept} aria-keyshortcuts="Enter">
          {words.acceptPainted} <kbd>↵</kbd>
        </button>
        {strokes === 0 ? (
          <button type="button" onClick={onLeave}>
            {words.leavePainting} <kbd>Esc</kbd>
          </button>
        ) : isAsking ? (
          <div className="paint-ask" role="group" aria-label={words.discardStrokes(strokes)}>
            <button
              type="button"
              autoFocus
              onClick={() => {
                setIsAsking(false);
                brush.discard();
                onLeave();
              }}
            >
              {words.discardStrokes(strokes)}
            </button>
            <button type="button" onClick={() => setIsAsking(false)}>
              {words.keepIt}
            </button>
          </div>
        ) : (
          <button type="button" onClick={() => setIsAsking(true)}>
            {words.discard}
          </button>
        )}
      </div>
    </section>
  );
}
