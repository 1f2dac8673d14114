// Sends files to the server, one after the other, each with its share; what fails says why.

import { words } from "../words";

export interface Upload {
  id: number;
  name: string;
  bytes: number;
  sent: number;
  state: "waiting" | "sending" | "done" | "known" | "failed" | "cancelled";
  /** Why it was not added, in one sentence. */
  problem: string | null;
}

/** Brings one file there; false when it was there already. */
export interface Send {
  (file: File, onSent: (bytes: number) => void, signal: AbortSignal): Promise<boolean>;
}

export class Uploader {
  private uploads: readonly Upload[] = [];
  private readonly files = new Map<number, File>();
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

  add(files: readonly File[]): void {
    const added = files.map((file): Upload => {
      const id = this.count++;
      this.files.set(id, file);
      return { id, name: file.name, bytes: file.size, sent: 0, state: "waiting", problem: null };
    });
    this.set([...this.uploads, ...added]);
    void this.work();
  }

  /** What was dropped but cannot be sent, such as a folder. */
  refuse(name: string, problem: string): void {
    const refused = { id: this.count++, name, bytes: 0, sent: 0, state: "failed", problem } as const;
    this.set([...this.uploads, refused]);
  }

  /** Stop the file on its way and those that wait; what arrived stays. */
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
    const file = this.files.get(id);
    if (!file) return this.change(id, { state: "failed", problem: words.unexpected });
    const stop = new AbortController();
    this.stop = stop;
    this.change(id, { state: "sending" });
    try {
      const isNew = await this.send(file, (sent) => this.change(id, { sent }), stop.signal);
      this.change(id, isNew ? { state: "done", sent: file.size } : { state: "known", problem: words.uploadKnown });
      this.onAdded();
    } catch (error) {
      if (stop.signal.aborted) this.change(id, { state: "cancelled" });
      else this.change(id, { state: "failed", problem: this.say(error) });
    } finally {
      this.files.delete(id);
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
  return { done, all: meant.length, share, isUnderWay: uploads.some(isUnderWay) };
}
