// One small wrapper around fetch: JSON in and out, and every failure told apart.

import type { Parcel } from "../state/parcels";
import type { Pending } from "../state/session";
import { tellConnection } from "./connection";
import type * as T from "./types";

const BASE = "/api/v1";

/** The header that names a database: another one, served here later, has the same ids. */
const STORE = "Assent-Store";
let store: string | null = null;

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

/**
 * Whether the same request may succeed later without anybody changing it. While another database is
 * served than the page speaks of, it waits as if the server were away.
 */
export function isPassing(error: unknown): boolean {
  if (error instanceof Unreachable) return true;
  if (isTooLong(error) || !(error instanceof Refused)) return false;
  return error.status >= 502 || error.status === 401 || error.code === "other_store";
}

/** Whether a session was made with other weights than those in use: it is kept, but over. */
export function isOutdated(error: unknown): boolean {
  return error instanceof Refused && error.status === 409 && error.code === "weights";
}

/** Whether the server gave up on a computation: the same one would take as long again. */
export function isTooLong(error: unknown): boolean {
  return error instanceof Refused && error.code === "too_long";
}

/** What a reply that is no success says; `title` is HTTP's word where it says nothing. */
function refusal(status: number, title: string, text: string, retryAfter: string | null): Refused {
  let body: Record<string, unknown> = {};
  try {
    body = JSON.parse(text) as Record<string, unknown>;
  } catch {
    // A proxy in between speaks no JSON; the status says enough.
  }
  const detail = typeof body.detail === "string" ? body.detail : title;
  const code = typeof body.code === "string" ? body.code : "";
  const after = Number(retryAfter);
  return new Refused(
    status,
    code,
    detail,
    (body.current as T.Proposal | undefined) ?? null,
    Number.isFinite(after) && after > 0 ? after : null,
  );
}

/** `meant` is the database that is spoken of; before any is known, whichever is served. */
export async function request(path: string, init: RequestInit = {}, meant = store): Promise<Response> {
  const headers = new Headers(init.headers);
  if (meant !== null) headers.set(STORE, meant);
  let response: Response;
  try {
    response = await fetch(path.startsWith("/api") ? path : BASE + path, { ...init, headers });
  } catch (error) {
    if (init.signal?.aborted) throw error;
    throw new Unreachable(String(error));
  }
  // Above, something in between replied that has not reached the server itself.
  if (response.status < 500) tellConnection(true);
  if (response.ok) return response;
  const { status, statusText } = response;
  throw refusal(status, statusText, await response.text(), response.headers.get("Retry-After"));
}

/** A file as the body of a request. `fetch` does not tell how much of it went out. */
function sendFile<R>(
  path: string,
  file: Blob,
  onSent: (bytes: number) => void,
  signal: AbortSignal,
): Promise<{ isNew: boolean; reply: R }> {
  return new Promise((resolve, reject) => {
    const asked = new XMLHttpRequest();
    asked.open("POST", BASE + path);
    asked.setRequestHeader("Content-Type", "application/octet-stream");
    if (store !== null) asked.setRequestHeader(STORE, store);
    asked.upload.onprogress = (event) => onSent(event.loaded);
    asked.onload = () => {
      if (asked.status >= 200 && asked.status < 300) {
        return resolve({ isNew: asked.status === 201, reply: JSON.parse(asked.responseText) as R });
      }
      const after = asked.getResponseHeader("Retry-After");
      reject(refusal(asked.status, asked.statusText, asked.responseText, after));
    };
    asked.onerror = () => reject(new Unreachable("The connection broke off."));
    asked.onabort = () => reject(new Unreachable("stopped"));
    signal.addEventListener("abort", () => asked.abort());
    asked.send(file);
  });
}

async function get<R>(path: string, signal?: AbortSignal): Promise<R> {
  return (await request(path, { signal })).json() as Promise<R>;
}

async function post<R>(path: string, body?: unknown, meant = store): Promise<R> {
  const init: RequestInit = { method: "POST" };
  if (body !== undefined) {
    init.headers = { "Content-Type": "application/json" };
    init.body = JSON.stringify(body);
  }
  const response = await request(path, init, meant);
  return (response.status === 204 ? null : await response.json()) as R;
}

const target = (name: string) => `target=${encodeURIComponent(name)}`;

export const api = {
  /** What a page asks first. Until it is loaded again it speaks of the database that replied. */
  projects: async () => {
    const reply = await request("/projects");
    store ??= reply.headers.get(STORE);
    return (await reply.json()) as T.Project[];
  },
  store: () => store,
  queue: (project: number, name: string) =>
    get<T.Queue>(`/projects/${project}/tasks?${target(name)}`),
  progress: (project: number, name: string) =>
    get<T.Progress>(`/projects/${project}/progress?${target(name)}`),
  readers: (image: number, name: string) => get<T.Readers>(`/images/${image}/readers?${target(name)}`),
  upload: async (project: number, { name, body, isSeries }: Parcel, onSent: (bytes: number) => void, signal: AbortSignal) => {
    const path = `/projects/${project}/${isSeries ? "series" : "images"}?name=${encodeURIComponent(name)}`;
    const { isNew, reply } = await sendFile<T.Series | T.ImageInfo>(path, body, onSent, signal);
    const { images, problems } = "images" in reply ? reply : { images: [reply], problems: [] };
    const names = images.map((image) => image.name);
    return { images: isNew ? images.length : 0, names, problems: problems.map(({ detail }) => detail) };
  },
  removeImage: async (image: number) => {
    await request(`/images/${image}`, { method: "DELETE" });
  },
  /** What of the folder is not in the list, and why. */
  problems: (project: number) => get<T.FileProblem[]>(`/projects/${project}/problems`),
  rescan: (project: number) => post<T.Job>(`/projects/${project}/scan`),
  addTarget: (project: number, name: string) => post<T.Project>(`/projects/${project}/targets`, { target: name }),
  removeTarget: async (project: number, name: string) => {
    await request(`/projects/${project}/targets?${target(name)}`, { method: "DELETE" });
  },
  image: (id: number) => get<T.ImageDetail>(`/images/${id}`),
  skip: (task: number, skipped: boolean) =>
    post<T.Task>(`/tasks/${task}/${skipped ? "skip" : "unskip"}`),
  /** The mask that holds for a task, whoever accepted it. */
  heldMask: (task: number, slice: number) =>
    get<{ slice: number; rle: T.Rle }>(`/tasks/${task}/mask?slice=${slice}`),
  confirm: (task: number, person: string) => post<T.Task>(`/tasks/${task}/confirm`, { person }),
  reopen: (task: number, person: string) => post<T.Task>(`/tasks/${task}/reopen`, { person }),

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
  answer: ({ store: meant, session, answer }: Pending) =>
    post<T.Proposal>(`/sessions/${session}/feedback`, answer, meant),
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

  context: (project: number, name: string) =>
    get<T.ContextEntry[]>(`/projects/${project}/context?${target(name)}`),
  removeEntry: async (entry: number) => {
    await request(`/context/${entry}`, { method: "DELETE" });
  },
  profile: (person: string) => get<T.Profile>(`/profiles/${encodeURIComponent(person)}`),
  forgetProfile: async (person: string) => {
    await request(`/profiles/${encodeURIComponent(person)}`, { method: "DELETE" });
  },
  exportMasks: (project: number, name: string) =>
    post<T.Job>(`/projects/${project}/exports`, { target: name }),
  propagate: (project: number, name: string, person: string, risk: number | null) =>
    post<T.Job>(`/projects/${project}/propagate`, { target: name, person, risk }),
  job: (id: number) => get<T.Job>(`/jobs/${id}`),
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
