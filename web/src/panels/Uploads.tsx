// Adding images: a button, files dropped anywhere on the page, and how far they are.

import { useEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";
import { Unreachable, api } from "../api/client";
import { type Upload, Uploader, summary } from "../state/upload";
import { sentence } from "../state/useDesk";
import { words } from "../words";

export function useUploads(project: number | null, onAdded: () => void) {
  const added = useRef(onAdded);
  added.current = onAdded;
  const uploader = useMemo(
    () =>
      new Uploader(
        (file, onSent, signal) => api.upload(project ?? 0, file, onSent, signal),
        () => added.current(),
        (error) => (error instanceof Unreachable ? words.uploadBroke : sentence(error)),
      ),
    [project],
  );
  const uploads = useSyncExternalStore(uploader.subscribe, uploader.get);
  return { uploader, uploads };
}

/** Files over the page; returns whether some are held there right now. */
export function useDrop(uploader: Uploader, isWanted: boolean, onDrop: () => void): boolean {
  const [isOver, setIsOver] = useState(false);
  const dropped = useRef(onDrop);
  dropped.current = onDrop;
  useEffect(() => {
    if (!isWanted) return;
    const hasFiles = (event: DragEvent) => event.dataTransfer?.types.includes("Files") ?? false;
    const over = (event: DragEvent) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      setIsOver(true);
    };
    const leave = (event: DragEvent) => {
      // Leaving one element for another is not leaving the page.
      if (event.relatedTarget === null) setIsOver(false);
    };
    const drop = (event: DragEvent) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      setIsOver(false);
      take(uploader, event.dataTransfer);
      dropped.current();
    };
    addEventListener("dragover", over);
    addEventListener("dragleave", leave);
    addEventListener("drop", drop);
    return () => {
      removeEventListener("dragover", over);
      removeEventListener("dragleave", leave);
      removeEventListener("drop", drop);
    };
  }, [uploader, isWanted]);
  return isOver;
}

function take(uploader: Uploader, dropped: DataTransfer | null): void {
  const files: File[] = [];
  for (const item of dropped?.items ?? []) {
    const file = item.getAsFile();
    if (!file) continue;
    if (item.webkitGetAsEntry()?.isDirectory) uploader.refuse(file.name, words.noFolders);
    else files.push(file);
  }
  uploader.add(files);
}

export function AddImages({ uploader }: { uploader: Uploader }) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <button type="button" className="link" title={words.addImages} aria-label={words.addImages} onClick={() => input.current?.click()}>
        {words.add}
      </button>
      <input
        ref={input}
        className="unseen"
        type="file"
        multiple
        tabIndex={-1}
        aria-hidden="true"
        onChange={(event) => {
          uploader.add([...(event.target.files ?? [])]);
          // The same file can be chosen again.
          event.target.value = "";
        }}
      />
    </>
  );
}

export function Uploads({ uploader, uploads }: { uploader: Uploader; uploads: readonly Upload[] }) {
  if (uploads.length === 0) return null;
  const { done, all, share, isUnderWay } = summary(uploads);
  const percent = Math.round(100 * share);
  const now = uploads.find(({ state }) => state === "sending");
  return (
    <section className="jobs" aria-label={words.addImages}>
      <p className="job-head" role="status">
        <span>{isUnderWay ? words.uploading(done, all, percent) : words.uploaded(done)}</span>
        {isUnderWay ? (
          <button type="button" className="link" onClick={() => uploader.cancel()}>
            {words.stop}
          </button>
        ) : (
          <button type="button" className="link" onClick={() => uploader.clear()}>
            {words.close}
          </button>
        )}
      </p>
      {isUnderWay && (
        <div className="job">
          <progress max={100} value={percent} aria-label={words.addImages} />
          <p className="job-detail">{now && now.sent >= now.bytes && now.bytes > 0 ? words.uploadChecked(now.name) : now?.name}</p>
        </div>
      )}
      <ul className="upload-problems">
        {uploads
          .filter(({ problem }) => problem !== null)
          .map(({ id, name, problem }) => (
            <li key={id}>
              {/* The server names the file in most of its sentences. */}
              {!problem?.includes(name) && <strong>{name} </strong>}
              <span className="problem" role="alert">
                {problem}
              </span>
            </li>
          ))}
      </ul>
    </section>
  );
}
