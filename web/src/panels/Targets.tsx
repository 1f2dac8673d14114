// What is segmented: which target is worked on, a new one, and one that was a mistake.

import { type KeyboardEvent, type ReactNode, type RefObject, useEffect, useRef, useState } from "react";
import { api } from "../api/client";
import type { Counts, Project } from "../api/types";
import { sentence } from "../state/insist";
import type { Desk } from "../state/useDesk";
import { words } from "../words";
import { Dialog } from "./Dialog";
import { Icon } from "./Icon";

/** Beyond this many targets nobody waits for how far each of them is. */
const MOST_COUNTED = 12;
const LONGEST_NAME = 200;

type Shown = "menu" | "new" | "remove" | null;

export function Targets({ desk: { project, target, queue, go, renew } }: { desk: Desk }) {
  const [shown, setShown] = useState<Shown>(null);
  const button = useRef<HTMLButtonElement>(null);
  const isDialog = shown === "new" || shown === "remove";
  useEffect(() => {
    if (!isDialog) return;
    return () => button.current?.focus();
  }, [isDialog]);
  if (!project || target === null) return null;
  const others = project.targets.filter((name) => name !== target);
  const isRemovable = others.length > 0 && queue?.counts.accepted === 0;
  const close = () => setShown(null);
  /** From the menu to what comes next; the focus is back at the button then. */
  const turnTo = (next: Shown) => {
    button.current?.focus();
    setShown(next);
  };
  const turn = (name: string) => {
    turnTo(null);
    go({ project: project.id, target: name, task: null });
  };
  const add = async (name: string) => {
    renew(await api.addTarget(project.id, name));
    turn(name);
  };
  const remove = async () => {
    await api.removeTarget(project.id, target);
    renew({ ...project, targets: others });
    turn(others[0] ?? target);
  };
  const open = (event: KeyboardEvent) => {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    event.preventDefault();
    setShown("menu");
  };
  return (
    // Keys pressed in the menu and its dialogs mean nothing to the image below.
    <div className="targets" onKeyDown={(event) => shown !== null && event.stopPropagation()}>
      <button ref={button} type="button" className="target" title={words.targetNow(target)} aria-label={words.targetNow(target)} aria-haspopup="menu" aria-expanded={shown === "menu"} onClick={() => setShown(shown === "menu" ? null : "menu")} onKeyDown={open}>
        <span className="target-name">{target}</span>
        <Icon name="caret" />
      </button>
      {shown === "menu" && (
        <Menu button={button} onLeave={close} onClose={() => turnTo(null)}>
          <Choices project={project} target={target} onChoose={turn} />
          <hr />
          <Item onChoose={() => turnTo("new")}>{words.newTarget}…</Item>
          {isRemovable && <Item onChoose={() => turnTo("remove")}>{words.removeThisTarget}…</Item>}
        </Menu>
      )}
      {shown === "new" && <NewTarget onAdd={add} onClose={close} />}
      {shown === "remove" && <RemoveTarget target={target} onRemove={remove} onClose={close} />}
    </div>
  );
}

interface MenuProps {
  button: RefObject<HTMLButtonElement | null>;
  /** By something else that was pressed. */
  onLeave(): void;
  onClose(): void;
  children: ReactNode;
}

function Menu({ button, onLeave, onClose, children }: MenuProps) {
  const menu = useRef<HTMLDivElement>(null);
  const leave = useRef(onLeave);
  leave.current = onLeave;
  useEffect(() => {
    const items = itemsOf(menu.current);
    (items.find((item) => item.ariaChecked === "true") ?? items[0])?.focus();
    const press = ({ target }: PointerEvent) => {
      const isOwn = target instanceof Node && (menu.current?.contains(target) || button.current?.contains(target));
      if (!isOwn) leave.current();
    };
    addEventListener("pointerdown", press);
    return () => removeEventListener("pointerdown", press);
  }, [button]);
  const move = (event: KeyboardEvent) => {
    const items = itemsOf(menu.current);
    const at = items.findIndex((item) => item === document.activeElement);
    if (event.key === "Tab") return onClose();
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const next = nextItem(event.key, at, items.map((item) => item.textContent ?? ""));
    if (event.key === "Escape") onClose();
    else if (event.key === "Enter" || event.key === " ") items[at]?.click();
    else if (next !== null) items[next]?.focus();
    else return;
    event.preventDefault();
  };
  return (
    <div ref={menu} className="target-menu" role="menu" aria-label={words.target} tabIndex={-1} onKeyDown={move}>
      {children}
    </div>
  );
}

function itemsOf(menu: HTMLElement | null): HTMLElement[] {
  return [...(menu?.querySelectorAll<HTMLElement>('[role^="menuitem"]') ?? [])];
}

/**
 * Where a key leads in a menu, from the item at `at` (-1 for none): arrows go round, a letter goes to the
 * next item that begins with it; null for keys that are the browser's own.
 */
export function nextItem(key: string, at: number, names: readonly string[]): number | null {
  const last = names.length - 1;
  if (key === "ArrowDown") return at < last ? at + 1 : 0;
  if (key === "ArrowUp") return at > 0 ? at - 1 : last;
  if (key === "Home") return 0;
  if (key === "End") return last;
  if (key.length > 1) return null;
  const begins = (name: string) => name.toLowerCase().startsWith(key.toLowerCase());
  const after = names.findIndex((name, i) => i > at && begins(name));
  const found = after >= 0 ? after : names.findIndex(begins);
  return found >= 0 ? found : null;
}

function Choices({ project, target, onChoose }: { project: Project; target: string; onChoose(name: string): void }) {
  const counts = useCounts(project);
  return (
    <div className="target-list" role="group" aria-label={words.target}>
      {project.targets.map((name) => {
        const count = counts.get(name);
        return (
          <Item key={name} isCurrent={name === target} onChoose={() => onChoose(name)}>
            <span className="target-name">{name}</span>
            {count && <span className="count">{words.queueCount(count.accepted, count.open + count.accepted + count.skipped)}</span>}
          </Item>
        );
      })}
    </div>
  );
}

/** How far each target is, once the server has said it. */
function useCounts({ id, targets }: Project): ReadonlyMap<string, Counts> {
  const [counts, setCounts] = useState<ReadonlyMap<string, Counts>>(new Map());
  useEffect(() => {
    if (targets.length > MOST_COUNTED) return;
    let isWanted = true;
    const each = targets.map(async (name) => [name, (await api.progress(id, name)).counts] as const);
    // The menu does without what cannot be told.
    Promise.all(each).then((found) => isWanted && setCounts(new Map(found)), () => null);
    return () => void (isWanted = false);
  }, [id, targets]);
  return counts;
}

interface ItemProps {
  /** Whether it is the one of several that holds; left out where there is no such choice. */
  isCurrent?: boolean;
  onChoose(): void;
  children: ReactNode;
}

function Item({ isCurrent, onChoose, children }: ItemProps) {
  const role = isCurrent === undefined ? "menuitem" : "menuitemradio";
  return (
    <div role={role} aria-checked={isCurrent} tabIndex={-1} onClick={onChoose} onPointerMove={(event) => event.currentTarget.focus({ preventScroll: true })}>
      {children}
    </div>
  );
}

function NewTarget({ onAdd, onClose }: { onAdd(name: string): Promise<void>; onClose(): void }) {
  const [name, setName] = useState("");
  const [problem, setProblem] = useState<string | null>(null);
  const send = (event: React.FormEvent) => {
    event.preventDefault();
    onAdd(name.trim()).catch((error: unknown) => setProblem(sentence(error)));
  };
  return (
    <Dialog title={words.newTarget} className="ask" onClose={onClose}>
      <form onSubmit={send}>
        <h2>{words.newTarget}</h2>
        <p className="hint" id="target-meaning">
          {words.targetMeaning}
        </p>
        <input type="text" aria-label={words.targetName} aria-describedby="target-meaning" autoComplete="off" maxLength={LONGEST_NAME} value={name} onChange={(event) => setName(event.target.value)} />
        <Problem sentence={problem} />
        <div className="ask-foot">
          <button type="submit" className="primary" disabled={!name.trim()}>
            {words.add}
          </button>
          <button type="button" onClick={onClose}>
            {words.cancel}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

/** For a target that was a mistake: offered while nothing in it is finished and there is another one. */
function RemoveTarget({ target, onRemove, onClose }: { target: string; onRemove(): Promise<void>; onClose(): void }) {
  const [problem, setProblem] = useState<string | null>(null);
  const remove = () => {
    onRemove().catch((error: unknown) => setProblem(sentence(error)));
  };
  return (
    <Dialog title={words.removeTarget(target)} className="ask" onClose={onClose}>
      <h2>{words.removeTarget(target)}</h2>
      <p className="hint">{words.removeTargetMeaning}</p>
      <Problem sentence={problem} />
      <div className="ask-foot">
        <button type="button" className="primary" onClick={remove}>
          {words.removeSure}
        </button>
        <button type="button" onClick={onClose}>
          {words.keepIt}
        </button>
      </div>
    </Dialog>
  );
}

function Problem({ sentence: said }: { sentence: string | null }) {
  if (said === null) return null;
  return (
    <p className="problem" role="alert">
      {said}
    </p>
  );
}
