// Sends images to the server, one after the other, each with its share; what fails says why.

import { words } from "../words";
import type { Parcel } from "./parcels";

export interface Upload {
  id: number;
  name: string;
  bytes: number;
  sent: number;
  state: "waiting" | "sending" | "done" | "known" | "failed" | "cancelled";
  /** Images that came of it: of an archive perhaps several. */
  images: number;
  /** Why it, or a part of it, was not added. */
  problem: string | null;
}

/** What came of something that was sent. */
export interface Arrived {
  /** None where all of it was there already. */
  images: number;
  /** What those that came of it, or were there already, are called in the list. */
  names: readonly string[];
  /** Why a part of it cannot be used. */
  problems: readonly string[];
}

/** Brings something there. */
export interface Send {
  (parcel: Parcel, onSent: (bytes: number) => void, signal: AbortSignal): Promise<Arrived>;
}

export class Uploader {
  private uploads: readonly Upload[] = [];
  private readonly parcels = new Map<number, Parcel>();
  private readonly listeners = new Set<() => void>();
  private stop: AbortController | null = null;
  private count = 0;

  /** `onAdded` hears of each that arrived; `say` puts an error into words. */
  constructor(
    private readonly send: Send,
    private readonly onAdded: () => void,
    private readonly say: (error: unknown) => string,
  ) {}

  readonly get = (): readonly Upload[] => this.uploads;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  add(parcels: readonly Parcel[]): void {
    const added = parcels.map((parcel): Upload => {
      const id = this.count++;
      this.parcels.set(id, parcel);
      return { id, name: parcel.name, bytes: parcel.body.size, sent: 0, state: "waiting", images: 0, problem: null };
    });
    this.set([...this.uploads, ...added]);
    void this.work();
  }

  /** What was dropped but cannot be sent, such as an empty folder. */
  refuse(name: string, problem: string): void {
    const refused = { id: this.count++, name, bytes: 0, sent: 0, state: "failed", images: 0, problem } as const;
    this.set([...this.uploads, refused]);
  }

  /** Stop what is on its way and what waits; what arrived stays. */
  cancel(): void {
    this.set(this.uploads.map((one) => (one.state === "waiting" ? { ...one, state: "cancelled" } : one)));
    this.stop?.abort();
  }

  /** Forget what is over. */
  clear(): void {
    this.set(this.uploads.filter(isUnderWay));
  }

  private async work(): Promise<void> {
    if (this.stop) return;
    let next = this.uploads.find((one) => one.state === "waiting");
    while (next) {
      await this.one(next.id);
      next = this.uploads.find((one) => one.state === "waiting");
    }
  }

  private async one(id: number): Promise<void> {
    const parcel = this.parcels.get(id);
    if (!parcel) return this.change(id, { state: "failed", problem: words.unexpected });
    const stop = new AbortController();
    this.stop = stop;
    this.change(id, { state: "sending" });
    try {
      const { images, names, problems } = await this.send(parcel, (sent) => this.change(id, { sent }), stop.signal);
      const isNew = images > 0;
      const said = isNew ? problems : [words.uploadKnown(parcel.name, names), ...problems];
      const problem = said.length > 0 ? said.join(" ") : null;
      this.change(id, { state: isNew ? "done" : "known", sent: parcel.body.size, images, problem });
      this.onAdded();
    } catch (error) {
      if (stop.signal.aborted) this.change(id, { state: "cancelled" });
      else this.change(id, { state: "failed", problem: this.say(error) });
    } finally {
      this.parcels.delete(id);
      this.stop = null;
    }
  }

  private change(id: number, changes: Partial<Upload>): void {
    this.set(this.uploads.map((one) => (one.id === id ? { ...one, ...changes } : one)));
  }

  private set(uploads: readonly Upload[]): void {
    this.uploads = uploads;
    for (const listener of this.listeners) listener();
  }
}

export function isUnderWay({ state }: Upload): boolean {
  return state === "waiting" || state === "sending";
}

export interface Summary {
  done: number;
  all: number;
  /** Images that are new. */
  images: number;
  /** Of the bytes, in [0, 1]; by files where all are empty. */
  share: number;
  isUnderWay: boolean;
}

export function summary(uploads: readonly Upload[]): Summary {
  const meant = uploads.filter(({ state }) => ["waiting", "sending", "done"].includes(state));
  const bytes = meant.reduce((sum, one) => sum + one.bytes, 0);
  const sent = meant.reduce((sum, one) => sum + Math.min(one.sent, one.bytes), 0);
  const done = meant.filter(({ state }) => state === "done").length;
  const share = bytes > 0 ? sent / bytes : done / Math.max(meant.length, 1);
  const images = meant.reduce((sum, one) => sum + one.images, 0);
  return { done, all: meant.length, images, share, isUnderWay: uploads.some(isUnderWay) };
}
