// Under a mask that is only looked at: who accepted it, and what can be done about it.

import type { Review } from "../state/useReview";
import { words } from "../words";
import { once } from "./once";

export function ReviewBar({ review, onConfirm }: { review: Review; onConfirm(): void }) {
  const { task, by } = review;
  const { mask } = task;
  return (
    <section className="cards accepted" aria-label={words.review}>
      <p>
        <strong>{by === "rule" ? words.acceptedByRule : words.accepted}</strong>{" "}
        {by === "rule" ? words.acceptedByRuleMore(mask?.predicted_dice ?? task.predicted_dice) : words.acceptedBefore}
        {mask?.method && (
          <>
            <br />
            <span className="hint">{words.madeBy(mask.method, mask.weights_digest, mask.threshold, mask.risk)}</span>
          </>
        )}
      </p>
      <div className="accepted-choices">
        {by === "rule" ? (
          <button type="button" className="primary" onClick={once(onConfirm)} aria-keyshortcuts="Enter">
            {words.confirm} <kbd>↵</kbd>
          </button>
        ) : (
          <button type="button" className="primary" onClick={once(review.next)} aria-keyshortcuts="N Enter">
            {words.nextImage} <kbd>↵</kbd>
          </button>
        )}
        <button type="button" onClick={once(review.reopen)} aria-keyshortcuts="Control+Z">
          {by === "rule" ? words.reopen : words.workAnew} <kbd>Ctrl Z</kbd>
        </button>
      </div>
    </section>
  );
}
