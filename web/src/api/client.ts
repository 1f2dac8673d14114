// One small wrapper around fetch: JSON in and out, and every failure told apart.

import type * as T from "./types";

const BASE = "/api/v1";

/** What the server refused, in its own words (RFC 9457). */
export class Refused extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    detail: string,
    readonly current: T.Proposal | null,
    readonly retryAfterSeconds: number | null,
  ) {
    super(detail);
  }
}

/** The server gave no reply at all. */
export class Unreachable extends Error {}

/** Whether the same request may succeed later without anybody changing it. */
export function isPassing(error: unknown): boolean {
  if (error instanceof Unreachable) return true;
  return error instanceof Refused && (error.status >= 502 || error.status === 401);
}

/** Whether a session was made with other weights than those in use: it is kept, but over. */
export function isOutdated(error: unknown): boolean {
  return error instanceof Refused && error.status === 409 && error.code === "weights";
}

async function refusal(response: Response): Promise<Refused> {
  let body: Record<string, unknown> = {};
  try {
    body = (await response.json()) as Record<string, unknown>;
  } catch {
    // A proxy in between speaks no JSON; the status says enough.
  }
  const detail = typeof body.detail === "string" ? body.detail : response.statusText;
  const code = typeof body.code === "string" ? body.code : "";
  const after = Number(response.headers.get("Retry-After"));
  return new Refused(
    response.status,
    code,
    detail,
    (body.current as T.Proposal | undefined) ?? null,
    Number.isFinite(after) && after > 0 ? after : null,
  );
}

export async function request(path: string, init: RequestInit = {}): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path.startsWith("/api") ? path : BASE + path, init);
  } catch (error) {
    if (init.signal?.aborted) throw error;
    throw new Unreachable(String(error));
  }
  if (!response.ok) throw await refusal(response);
  return response;
}

async function get<R>(path: string, signal?: AbortSignal): Promise<R> {
  return (await request(path, { signal })).json() as Promise<R>;
}

async function post<R>(path: string, body?: unknown): Promise<R> {
  const init: RequestInit = { method: "POST" };
  if (body !== undefined) {
    init.headers = { "Content-Type": "application/json" };
    init.body = JSON.stringify(body);
  }
  const response = await request(path, init);
  return (response.status === 204 ? null : await response.json()) as R;
}

const target = (name: string) => `target=${encodeURIComponent(name)}`;

export const api = {
  projects: () => get<T.Project[]>("/projects"),
  queue: (project: number, name: string) =>
    get<T.Queue>(`/projects/${project}/tasks?${target(name)}`),
  progress: (project: number, name: string) =>
    get<T.Progress>(`/projects/${project}/progress?${target(name)}`),
  image: (id: number) => get<T.ImageDetail>(`/images/${id}`),
  skip: (task: number, skipped: boolean) =>
    post<T.Task>(`/tasks/${task}/${skipped ? "skip" : "unskip"}`),

  open: (image: number, name: string, person: string, useProfile: boolean, isNew: boolean) =>
    post<T.Proposal>("/sessions", {
      image,
      target: name,
      person,
      method: null,
      use_profile: useProfile,
      new: isNew,
    }),
  proposal: (session: number, page = 0) =>
    get<T.Proposal>(`/sessions/${session}?page=${page}`),
  answer: (session: number, answer: T.Answer) =>
    post<T.Proposal>(`/sessions/${session}/feedback`, answer),
  undo: (session: number, round: number) =>
    post<T.Proposal>(`/sessions/${session}/undo`, { round }),
  redo: (session: number, round: number) =>
    post<T.Proposal>(`/sessions/${session}/redo`, { round }),
  goTo: (session: number, round: number) =>
    post<T.Proposal>(`/sessions/${session}/go-to`, { round }),
  mask: (session: number, round: number, slice: number, signal?: AbortSignal) =>
    get<{ slice: number; rle: T.Rle }>(
      `/sessions/${session}/mask?round=${round}&slice=${slice}`,
      signal,
    ),
  alternative: (proposal: T.Proposal, index: number, slice: number, signal?: AbortSignal) =>
    get<T.Alternative>(
      `/sessions/${proposal.session}/alternatives/${index}` +
        `?round=${proposal.round}&page=${proposal.page}&slice=${slice}`,
      signal,
    ),

  profile: (person: string) => get<T.Profile>(`/profiles/${encodeURIComponent(person)}`),
  forgetProfile: async (person: string) => {
    await request(`/profiles/${encodeURIComponent(person)}`, { method: "DELETE" });
  },
  exportMasks: (project: number, name: string) =>
    post<T.Job>(`/projects/${project}/exports`, { target: name }),
  propagate: (project: number, name: string, person: string, risk: number | null) =>
    post<T.Job>(`/projects/${project}/propagate`, { target: name, person, risk }),
  jobs: () => get<T.Job[]>("/jobs"),
  cancel: (job: number) => post<T.Job>(`/jobs/${job}/cancel`),
  login: (token: string) => post<null>("/login", { token }),
};

export const url = {
  thumbnail: (image: number, size: number) => `${BASE}/images/${image}/thumbnail?size=${size}`,
  slice: (image: number, index: number, window: { center: number; width: number } | null) =>
    `${BASE}/images/${image}/slices/${index}?axis=z` +
    (window === null ? "" : `&center=${window.center}&width=${window.width}`),
  volume: (image: number) => `${BASE}/images/${image}/volume`,
  maskVolume: (session: number, round: number) =>
    `${BASE}/sessions/${session}/mask.nii?round=${round}`,
  uncertainty: (session: number, round: number, slice: number) =>
    `${BASE}/sessions/${session}/uncertainty?round=${round}&slice=${slice}`,
  jobEvents: (job: number) => `${BASE}/jobs/${job}/events`,
  archive: (job: number) => `${BASE}/exports/${job}`,
};
