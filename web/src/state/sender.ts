// Sends waiting answers one after another, and again when no reply came. The server knows a
// repeated answer by its round, so that sending twice stores once.

import { Refused, isOutdated, isPassing, isTooLong } from "../api/client";
import type { Answer, Proposal } from "../api/types";
import { words } from "../words";
import * as box from "./pending";
import { type Pending, nextRound } from "./session";
import type { Store } from "./store";

const FIRST_WAIT_S = 1;
const LONGEST_WAIT_S = 10;

export interface Server {
  answer(waiting: Pending): Promise<Proposal>;
  /** Which database this page speaks of; null before any reply. */
  store(): string | null;
}

export class Sender {
  private isSending = false;
  private waitS = FIRST_WAIT_S;
  private timer: ReturnType<typeof setTimeout> | null = null;

  constructor(
    private readonly store: Store,
    private readonly storage: Storage,
    private readonly server: Server,
    private readonly onUnauthorised: () => void,
  ) {}

  /** Keep an answer, and send it once there is a proposal; false when it cannot be given now. */
  give(answer: Answer): boolean {
    const before = nextRound(this.store.get());
    this.store.dispatch({ type: "answered", answer });
    if (nextRound(this.store.get()) === before) return false;
    this.sendUntried();
    return true;
  }

  /** Show the first proposal of an image, and send what was given before it came. */
  begin(proposal: Proposal): void {
    const { kept } = this.store.get();
    this.store.dispatch({ type: "shown", proposal });
    if (kept.length === 0) return;
    if (this.store.get().pending.length === 0) this.store.tell("problem", words.acceptedElsewhere);
    this.sendUntried();
  }

  /** Take the last answer back when it was never sent; false when the server must be asked. */
  takeBack(): boolean {
    const { kept, pending } = this.store.get();
    const last = pending.at(-1);
    if (kept.length === 0 && (!last || last.tried)) return false;
    this.store.dispatch({ type: "dropped" });
    if (last && kept.length === 0) box.forget(this.storage, last);
    return true;
  }

  /** Try at once, as when the network or the window comes back. */
  retryNow(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    void this.flush();
  }

  async flush(): Promise<void> {
    if (this.isSending || this.timer !== null) return;
    this.isSending = true;
    try {
      let first = this.store.get().pending[0];
      while (first) {
        this.store.dispatch({ type: "tried" });
        if (!(await this.send(first))) return;
        first = this.store.get().pending[0];
      }
    } finally {
      this.isSending = false;
    }
  }

  /**
   * Send what an earlier visit left over, before a session is opened. Returns a sentence when the
   * server refused some of it: the image was answered elsewhere since, the weights are others, or
   * it took too long. What is meant for another database stays until that one is served again.
   */
  async sendLeftOver(): Promise<string | null> {
    let lost: string | null = null;
    const store = this.server.store();
    if (store === null) return null;
    for (const answers of box.waiting(this.storage, store).values()) {
      try {
        for (const left of answers) {
          await this.server.answer(left);
          box.forget(this.storage, left);
        }
      } catch (error) {
        if (isPassing(error)) throw error;
        this.forget(answers);
        lost = whyLost(error);
      }
    }
    return lost;
  }

  private sendUntried(): void {
    for (const waiting of this.store.get().pending) if (!waiting.tried) box.keep(this.storage, waiting);
    void this.flush();
  }

  private async send(waiting: Pending): Promise<boolean> {
    try {
      const proposal = await this.server.answer(waiting);
      box.forget(this.storage, waiting);
      this.waitS = FIRST_WAIT_S;
      this.store.dispatch({ type: "found" });
      this.store.dispatch({ type: "acknowledged", round: waiting.answer.round, proposal });
      return true;
    } catch (error) {
      if (isPassing(error)) this.wait(error);
      else this.giveUp(error);
      return false;
    }
  }

  private wait(error: unknown): void {
    let waitS = this.waitS;
    if (error instanceof Refused) {
      if (error.status === 401) return this.onUnauthorised();
      waitS = error.retryAfterSeconds ?? waitS;
      this.store.dispatch({ type: "lost", notice: error.message });
    } else {
      this.store.dispatch({ type: "lost" });
    }
    this.waitS = Math.min(this.waitS * 2, LONGEST_WAIT_S);
    this.timer = setTimeout(() => {
      this.timer = null;
      void this.flush();
    }, waitS * 1000);
  }

  /** The server will not take it: later answers were given after it, so they go too. */
  private giveUp(error: unknown): void {
    const { pending } = this.store.get();
    this.forget(pending);
    this.waitS = FIRST_WAIT_S;
    this.store.dispatch({ type: "found" });
    if (isOutdated(error)) return this.store.dispatch({ type: "outdated" });
    if (error instanceof Refused && error.code === "stale" && error.current) {
      this.store.dispatch({ type: "stale", proposal: error.current, notice: words.answeredElsewhere });
      return;
    }
    const told = error instanceof Refused ? error.message : words.unexpected;
    this.store.dispatch({ type: "refused", notice: isTooLong(error) ? words.tooLong(pending.length) : told });
  }

  private forget(answers: readonly Pending[]): void {
    for (const waiting of answers) box.forget(this.storage, waiting);
  }
}

/** Why what waited in this browser was not applied. */
function whyLost(error: unknown): string {
  if (isTooLong(error)) return words.leftOverTooLong;
  return isOutdated(error) ? words.answerToOtherWeights : words.answeredElsewhere;
}
