// Whether the server was reached just now, told to whoever wants to know.

const listeners = new Set<(isReached: boolean) => void>();

export function tellConnection(isReached: boolean): void {
  for (const listener of [...listeners]) listener(isReached);
}

export function onConnection(listener: (isReached: boolean) => void): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}
