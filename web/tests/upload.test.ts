import { describe, expect, it, vi } from "vitest";
import type { Parcel } from "../src/state/parcels";
import { type Arrived, type Send, Uploader, summary } from "../src/state/upload";

const file = (name: string, bytes: number): Parcel => ({ name, body: new Blob([new Uint8Array(bytes)]), isSeries: false });

/** An uploader whose files arrive, fail or report when the test says so. */
function desk() {
  const sending: { name: string; onSent(bytes: number): void; arrive(images?: number, problems?: string[], names?: string[]): void; fail(error: Error): void }[] = [];
  const send: Send = (sent, onSent, signal) =>
    new Promise<Arrived>((resolve, reject) => {
      signal.addEventListener("abort", () => reject(new Error("aborted")));
      sending.push({ name: sent.name, onSent, arrive: (images = 1, problems = [], names = []) => resolve({ images, names, problems }), fail: reject });
    });
  const onAdded = vi.fn();
  const uploader = new Uploader(send, onAdded, (error) => `Said: ${(error as Error).message}`);
  const states = () => uploader.get().map(({ name, state }) => `${name} ${state}`);
  const settle = () => new Promise((resolve) => setTimeout(resolve, 0));
  return { uploader, sending, onAdded, states, settle };
}

describe("files", () => {
  it("are sent one after the other, and each is told when it arrived", async () => {
    const { uploader, sending, onAdded, states, settle } = desk();
    uploader.add([file("a", 10), file("b", 30)]);
    expect(states()).toEqual(["a sending", "b waiting"]);
    sending[0]?.arrive();
    await settle();
    expect(states()).toEqual(["a done", "b sending"]);
    expect(onAdded).toHaveBeenCalledTimes(1);
    uploader.add([file("c", 1)]);
    expect(sending.length).toBe(2);
    sending[1]?.arrive();
    await settle();
    sending[2]?.arrive();
    await settle();
    expect(states()).toEqual(["a done", "b done", "c done"]);
  });

  it("that are refused say why, and the rest goes on", async () => {
    const { uploader, sending, onAdded, states, settle } = desk();
    uploader.add([file("a", 10), file("b", 30)]);
    sending[0]?.fail(new Error("not an image"));
    await settle();
    expect(states()).toEqual(["a failed", "b sending"]);
    expect(uploader.get()[0]?.problem).toBe("Said: not an image");
    expect(onAdded).not.toHaveBeenCalled();
  });

  it("that are there already are not counted as added, and say so", async () => {
    const { uploader, sending, states, settle } = desk();
    uploader.add([file("a", 10)]);
    sending[0]?.arrive(0);
    await settle();
    expect(states()).toEqual(["a known"]);
    expect(uploader.get()[0]?.problem).toBe("This image is here already.");
    // Under another name it would not be found in the list.
    uploader.add([file("b", 10)]);
    sending[1]?.arrive(0, [], ["scan-7.png"]);
    await settle();
    expect(uploader.get()[1]?.problem).toBe("This image is here already, as scan-7.png.");
    expect(summary(uploader.get())).toMatchObject({ done: 0, isUnderWay: false });
  });

  it("that became several images count as such, and what is no image in them says so", async () => {
    const { uploader, sending, states, settle } = desk();
    uploader.add([file("study", 10), file("b", 10)]);
    sending[0]?.arrive(3, ["Series 1 is a localizer."]);
    await settle();
    sending[1]?.arrive();
    await settle();
    expect(states()).toEqual(["study done", "b done"]);
    expect(uploader.get().map(({ problem }) => problem)).toEqual(["Series 1 is a localizer.", null]);
    expect(summary(uploader.get())).toMatchObject({ done: 2, images: 4 });
  });

  it("on their way are stopped with those that wait; later ones are sent again", async () => {
    const { uploader, sending, states, settle } = desk();
    uploader.add([file("a", 10), file("b", 30), file("c", 5)]);
    sending[0]?.arrive();
    await settle();
    uploader.cancel();
    await settle();
    expect(states()).toEqual(["a done", "b cancelled", "c cancelled"]);
    expect(uploader.get()[1]?.problem).toBeNull();
    uploader.clear();
    uploader.add([file("d", 1)]);
    expect(states()).toEqual(["d sending"]);
  });
});

describe("how far it is", () => {
  it("counts bytes of what is still meant to arrive", async () => {
    const { uploader, sending, settle } = desk();
    uploader.add([file("a", 10), file("b", 30)]);
    sending[0]?.onSent(5);
    expect(summary(uploader.get())).toEqual({ done: 0, all: 2, images: 0, share: 5 / 40, isUnderWay: true });
    sending[0]?.fail(new Error("bad"));
    await settle();
    // A request has headers too, so that more than the file may be reported.
    sending[1]?.onSent(31);
    expect(summary(uploader.get())).toEqual({ done: 0, all: 1, images: 0, share: 1, isUnderWay: true });
  });

  it("is by files where they are empty, and nothing without any", () => {
    expect(summary([])).toEqual({ done: 0, all: 0, images: 0, share: 0, isUnderWay: false });
    const { uploader } = desk();
    uploader.add([file("a", 0)]);
    expect(summary(uploader.get()).share).toBe(0);
  });
});
