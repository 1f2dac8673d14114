/** A browser's storage, in memory. */
export class Memory implements Storage {
  private readonly values = new Map<string, string>();
  get length() {
    return this.values.size;
  }
  key = (i: number) => [...this.values.keys()][i] ?? null;
  getItem = (name: string) => this.values.get(name) ?? null;
  setItem = (name: string, value: string) => void this.values.set(name, value);
  removeItem = (name: string) => void this.values.delete(name);
  clear = () => this.values.clear();
}
