// Sends waiting answers one after another, and again when no reply came. The server knows a
// repeated answer by its round, so that sending twice stores once.

import { Refused, isOutdated, isPassing, isTooLong } from "../api/client";
import type { Answer, Proposal } from "../api/types";
import { words } from "../words";
import * as box from "./pending";
import { type Address, type Pending, type Step, isShown, nextRound } from "./session";
import type { Store } from "./store";

const FIRST_WAIT_S = 1;
const LONGEST_WAIT_S = 10;

export interface Server {
  answer(waiting: Pending): Promise<Proposal>;
  /** Go from a round to another; null where there is none to go to. */
  step(from: Proposal, step: Step): Promise<Proposal> | null;
  /** Which database this page speaks of; null before any reply. */
  store(): string | null;
}

export class Sender {
  private isSending = false;
  private waitS = FIRST_WAIT_S;
  private timer: ReturnType<typeof setTimeout> | null = null;
  /** What was not stored while no image was shown that it could be said above. */
  private lost: string[] = [];
  private place: box.Place | null = null;
  /** A step that got no reply: the server may have done it although. */
  private unsure: Step | null = null;

  constructor(
    private readonly store: Store,
    private readonly storage: Storage,
    private readonly server: Server,
    private readonly onUnauthorised: () => void,
  ) {}

  /**
   * Leave what is shown for an image. What was marked on that one before there was a proposal for it,
   * and never sent, is there again. Without a place it is only looked at.
   */
  open(place: Omit<box.Place, "store"> | null): void {
    const store = this.server.store();
    this.place = place && store !== null ? { store, ...place } : null;
    this.store.dispatch({ type: "closed", kept: this.place ? box.marksAt(this.storage, this.place) : [] });
  }

  /** Keep an answer, and send it once there is a proposal; false when it cannot be given now. */
  give(answer: Answer): boolean {
    const before = nextRound(this.store.get());
    this.store.dispatch({ type: "answered", answer });
    if (nextRound(this.store.get()) === before) return false;
    this.sendUntried();
    return true;
  }

  /**
   * Show the first proposal of an image, and send what was given before it came. Say what was lost
   * on the way here, else what opening it found.
   */
  begin(proposal: Proposal, found: string | null = null): void {
    const { kept } = this.store.get();
    this.store.dispatch({ type: "shown", proposal });
    const isDropped = kept.length > 0 && this.store.get().pending.length === 0;
    const told = [...this.lost, isDropped ? words.acceptedElsewhere : found].filter(Boolean);
    this.lost = [];
    if (told.length > 0) this.store.tell("problem", told.join(" "));
    if (kept.length > 0) this.sendUntried();
  }

  /** Take the last answer back when it was never sent; false when the server must be asked. */
  takeBack(): boolean {
    const { kept, pending, steps } = this.store.get();
    const last = pending.at(-1);
    if (kept.length === 0 && (!last || last.tried || steps.length > 0)) return false;
    this.store.dispatch({ type: "dropped" });
    if (last && kept.length === 0) box.forget(this.storage, last);
    this.keepUntried();
    return true;
  }

  /** Undo and the like: done after what was given before, one after the other. */
  ask(step: Step): void {
    const before = this.store.get();
    if (!before.proposal) return;
    this.store.dispatch({ type: "asked", step });
    if (this.store.get() === before) return this.store.tell("info", words.waitForServer);
    void this.flush();
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
      for (;;) {
        const { pending, steps, proposal } = this.store.get();
        const [first] = pending;
        const [step] = steps;
        if (!first && (!step || !proposal)) return;
        if (first) this.store.dispatch({ type: "tried" });
        const goesOn = first ? await this.send(first) : step && proposal && (await this.go(proposal, step));
        if (!goesOn) return;
      }
    } finally {
      this.isSending = false;
    }
  }

  /**
   * Send what an earlier visit left over, before a session is opened. What the server refuses of it
   * is said once an image is shown: the image was answered elsewhere since, the weights are others,
   * or it took too long. What is meant for another database stays until that one is served again.
   */
  async sendLeftOver(): Promise<void> {
    const store = this.server.store();
    if (store === null) return;
    for (const answers of box.waiting(this.storage, store).values()) {
      try {
        for (const left of answers) {
          await this.server.answer(left);
          box.forget(this.storage, left);
        }
      } catch (error) {
        if (isPassing(error)) throw error;
        this.giveUpElsewhere(answers[0], error);
      }
    }
  }

  private sendUntried(): void {
    this.keepUntried();
    void this.flush();
  }

  /** Keep in the browser what was not sent yet, for after a reload. */
  private keepUntried(): void {
    for (const waiting of this.store.get().pending) if (!waiting.tried) box.keep(this.storage, waiting);
    if (this.place) box.keepMarks(this.storage, this.place, this.store.get().kept);
  }

  /** Do a step, then give what was marked meanwhile. */
  private async go(from: Proposal, step: Step): Promise<boolean> {
    try {
      this.arrive(step, await this.server.step(from, step));
    } catch (error) {
      if (isPassing(error)) {
        this.unsure = step;
        this.wait(error);
        return false;
      }
      const current = error instanceof Refused && error.code === "stale" ? error.current : null;
      const isDone = current !== null && this.unsure === step && current.round === from.round + (step.kind === "undo" ? -1 : 1);
      if (isDone) this.arrive(step, current);
      else this.halt(from, error);
    }
    return true;
  }

  private arrive(step: Step, proposal: Proposal | null): void {
    const { kept } = this.store.get();
    this.unsure = null;
    this.waitS = FIRST_WAIT_S;
    if (proposal) this.store.dispatch({ type: "found" });
    this.store.dispatch({ type: "stepped", step, proposal });
    const now = this.store.get();
    const isDropped = kept.length > 0 && now.kept.length === 0 && now.pending.length === 0;
    if (isDropped && now.proposal) this.store.tell("problem", words.markedOnAccepted);
    this.keepUntried();
  }

  /** The server will not take a step: those after it were meant from there, so they go too. */
  private halt(from: Proposal, error: unknown): void {
    this.unsure = null;
    this.waitS = FIRST_WAIT_S;
    this.store.dispatch({ type: "found" });
    if (isShown(this.store.get(), from)) return this.settle(from, error, words.steppedElsewhere);
    this.tellLater(words.notDone(from.image.name, whyLost(error)));
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
      if (isPassing(error)) {
        this.wait(error);
        return false;
      }
      this.giveUp(waiting, error);
      return true;
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

  /** The server will not take it: later answers to the same session were given after it, so they go too. */
  private giveUp(refused: Pending, error: unknown): void {
    this.waitS = FIRST_WAIT_S;
    this.store.dispatch({ type: "found" });
    const { proposal, pending } = this.store.get();
    if (!isShown({ proposal }, refused)) return this.giveUpElsewhere(refused, error);
    this.forget([refused, ...pending]);
    this.settle(refused, error, words.answeredElsewhere, isTooLong(error) ? words.tooLong(pending.length) : null);
  }

  /** Show what holds after a refusal in the session on screen, and give to it what was marked meanwhile. */
  private settle(to: Address, error: unknown, elsewhere: string, told: string | null = null): void {
    const said = error instanceof Refused ? error.message : words.unexpected;
    const current = error instanceof Refused && error.code === "stale" ? error.current : null;
    if (isOutdated(error)) this.store.dispatch({ type: "outdated", to });
    else if (current) this.store.dispatch({ type: "stale", proposal: current, notice: elsewhere });
    else this.store.dispatch({ type: "refused", to, notice: told ?? said });
    this.keepUntried();
  }

  /** Refused on an image that is not shown any more: nothing changes here, but the person is told which. */
  private giveUpElsewhere(refused: Pending | undefined, error: unknown): void {
    if (!refused) return;
    const left = box.waiting(this.storage, refused.store).get(refused.session) ?? [];
    // Without any it was refused, and said, before.
    if (left.length === 0) return;
    this.forget(left);
    this.tellLater(words.notStored(refused.image, left.length, whyLost(error)));
  }

  /** Say what concerns another image: above the one shown, or the next one. */
  private tellLater(notice: string): void {
    if (this.store.get().proposal) this.store.tell("problem", notice);
    else this.lost.push(notice);
  }

  private forget(answers: readonly Pending[]): void {
    for (const waiting of answers) box.forget(this.storage, waiting);
  }
}

/** Why an answer was not stored, where its image is not shown. */
function whyLost(error: unknown): string {
  if (isOutdated(error)) return words.lostTo.otherWeights;
  if (isTooLong(error)) return words.lostTo.time;
  if (!(error instanceof Refused)) return words.unexpected;
  return error.code === "stale" ? words.lostTo.otherWindow : error.message;
}
