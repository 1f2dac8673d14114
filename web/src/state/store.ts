// Holds the session's state where both the page and the sender reach it.

import { useSyncExternalStore } from "react";
import { initialState, reduce, type Notice, type SessionEvent, type SessionState } from "./session";

export class Store {
  private state = initialState;
  private readonly listeners = new Set<() => void>();

  readonly get = (): SessionState => this.state;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  dispatch(event: SessionEvent): void {
    const next = reduce(this.state, event);
    if (next === this.state) return;
    this.state = next;
    for (const listener of this.listeners) listener();
  }

  /** Say something above the image, in place of what was said there. */
  tell(kind: Notice["kind"], text: string): void {
    this.dispatch({ type: "told", notice: { kind, text } });
  }
}

export function useStore(store: Store): SessionState {
  return useSyncExternalStore(store.subscribe, store.get);
}
