import { describe, expect, it, vi } from "vitest";
import { Refused, Unreachable } from "../src/api/client";
import type { Proposal } from "../src/api/types";
import { openSession } from "../src/state/opening";
import { proposal } from "./proposals";

const otherWeights = new Refused(409, "weights", "Other weights are in use.", null, null);
const asked = (old: () => Promise<Proposal>) =>
  vi.fn((isNew: boolean) => (isNew ? Promise.resolve(proposal({ session: 8 })) : old()));

describe("opening an image", () => {
  it("goes on with the session there is", async () => {
    const ask = asked(() => Promise.resolve(proposal({ session: 7 })));
    expect(await openSession(ask, null)).toEqual({ proposal: proposal({ session: 7 }), isAnew: false });
    expect(ask.mock.calls).toEqual([[false]]);
  });

  it("begins anew where the session was made with other weights", async () => {
    const ask = asked(() => Promise.reject(otherWeights));
    expect(await openSession(ask, null)).toMatchObject({ proposal: { session: 8 }, isAnew: true });
  });

  it("begins anew when the session that is over is offered again", async () => {
    const ask = asked(() => Promise.resolve(proposal({ session: 7 })));
    expect(await openSession(ask, 7)).toMatchObject({ proposal: { session: 8 }, isAnew: true });
  });

  it("takes the session that another window began meanwhile, and still says so", async () => {
    const ask = asked(() => Promise.resolve(proposal({ session: 9 })));
    expect(await openSession(ask, 7)).toMatchObject({ proposal: { session: 9 }, isAnew: true });
    expect(ask).toHaveBeenCalledTimes(1);
  });

  it("does not begin anew because of anything else", async () => {
    for (const error of [new Unreachable("gone"), new Refused(409, "changed", "", null, null)]) {
      const ask = asked(() => Promise.reject(error));
      await expect(openSession(ask, null)).rejects.toBe(error);
      expect(ask).toHaveBeenCalledTimes(1);
    }
  });
});
