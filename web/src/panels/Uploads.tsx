// Adding images: a button, files dropped anywhere on the page, and how far they are.

import { useEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";
import { Unreachable, api } from "../api/client";
import type { Task } from "../api/types";
import { type Found, filesChosen, filesIn, parcelsOf } from "../state/parcels";
import { type Upload, Uploader, summary } from "../state/upload";
import { sentence } from "../state/insist";
import { words } from "../words";
import { AskTwice } from "./AskTwice";

export function useUploads(project: number | null, onAdded: () => void) {
  const added = useRef(onAdded);
  added.current = onAdded;
  const uploader = useMemo(
    () =>
      new Uploader(
        (parcel, onSent, signal) => api.upload(project ?? 0, parcel, onSent, signal),
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
  const folders: FileSystemEntry[] = [];
  // Once this function returns, the items are empty.
  for (const item of dropped?.items ?? []) {
    const entry = item.webkitGetAsEntry();
    const file = item.getAsFile();
    if (entry?.isDirectory) folders.push(entry);
    else if (file) files.push(file);
  }
  if (files.length > 0) void addAll(uploader, filesChosen(files));
  for (const folder of folders) void addFolder(uploader, folder.name, filesIn(folder));
}

async function addAll(uploader: Uploader, found: readonly Found[]): Promise<number> {
  const parcels = await parcelsOf(found);
  uploader.add(parcels);
  return parcels.length;
}

async function addFolder(uploader: Uploader, name: string, found: Promise<readonly Found[]>): Promise<void> {
  try {
    if ((await addAll(uploader, await found)) === 0) uploader.refuse(name, words.emptyFolder);
  } catch {
    uploader.refuse(name, words.brokenFolder);
  }
}

export function AddImages({ uploader }: { uploader: Uploader }) {
  return (
    <>
      <Choose label={words.add} title={words.addImages} onChosen={(files) => void addAll(uploader, filesChosen(files))} />
      <Choose
        label={words.addFolder}
        title={words.addFolderLong}
        isFolder
        onChosen={(files) => {
          const found = filesChosen(files);
          const name = found[0]?.folder.split("/")[0] ?? "";
          void addFolder(uploader, name, Promise.resolve(found));
        }}
      />
    </>
  );
}

interface ChooseProps {
  label: string;
  title: string;
  isFolder?: boolean;
  onChosen(files: readonly File[]): void;
}

/** A button that opens the browser's own window for files or a folder. */
function Choose({ label, title, isFolder = false, onChosen }: ChooseProps) {
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    // Not among the properties that the library knows.
    if (input.current) input.current.webkitdirectory = isFolder;
  }, [isFolder]);
  return (
    <>
      <button type="button" className="link" title={title} aria-label={title} onClick={() => input.current?.click()}>
        {label}
      </button>
      <input
        ref={input}
        className="unseen"
        type="file"
        multiple
        tabIndex={-1}
        aria-hidden="true"
        onChange={(event) => {
          onChosen([...(event.target.files ?? [])]);
          // The same file can be chosen again.
          event.target.value = "";
        }}
      />
    </>
  );
}

/** Takes an image back that was added here; it asks once more before. */
export function TakeBack({ task, onGone }: { task: Task; onGone(): void }) {
  const [problem, setProblem] = useState<string | null>(null);
  if (!task.image.path.startsWith(".uploads/") || task.state === "accepted") return null;
  const remove = () => {
    api.removeImage(task.image.id).then(onGone, (error: unknown) => setProblem(sentence(error)));
  };
  return (
    <section className="jobs" aria-label={words.sentImage}>
      <p className="job-head">
        <span>{words.sentImage}</span>
        <AskTwice asks={words.remove} does={words.removeSure} onSure={remove} />
      </p>
      {problem !== null && (
        <p className="problem" role="alert">
          {problem}
        </p>
      )}
    </section>
  );
}

export function Uploads({ uploader, uploads }: { uploader: Uploader; uploads: readonly Upload[] }) {
  if (uploads.length === 0) return null;
  const { done, all, images, share, isUnderWay } = summary(uploads);
  const percent = Math.round(100 * share);
  const now = uploads.find(({ state }) => state === "sending");
  return (
    <section className="jobs" aria-label={words.addImages}>
      <p className="job-head" role="status">
        <span>{isUnderWay ? words.uploading(done, all, percent) : words.uploaded(images)}</span>
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
      {/* The newest first; where it scrolls, the arrow keys reach its end. */}
      <ul className="upload-problems" tabIndex={0}>
        {uploads
          .filter(({ problem }) => problem !== null)
          .reverse()
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
