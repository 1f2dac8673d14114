import { useState } from "react";
import { api } from "../api/client";
import { type Desk, sentence } from "../state/useDesk";
import { type Theme, chooseTheme, currentTheme } from "../theme";
import { words } from "../words";
import { Icon } from "./Icon";

interface Panels {
  queue: boolean;
  side: boolean;
}

interface Props {
  desk: Desk;
  panels: Panels;
  onPanels(panels: Panels): void;
  onHelp(): void;
  onSkip(): void;
  onNext(): void;
}

export function Header({ desk, panels, onPanels, onHelp, onSkip, onNext }: Props) {
  const [theme, setTheme] = useState<Theme>(currentTheme);
  const { detail, project, projects, target, shownTask } = desk;
  const turn = () => {
    const other = theme === "dark" ? "light" : "dark";
    chooseTheme(other);
    setTheme(other);
  };
  return (
    <header className="header">
      <button type="button" className="icon" aria-pressed={panels.queue} title={words.queue} aria-label={words.queue} onClick={() => onPanels({ ...panels, queue: !panels.queue })}>
        <Icon name="list" />
      </button>
      <span className="brand">{words.product}</span>
      {projects && projects.length > 1 && (
        <select aria-label={words.project} value={project?.id} onChange={(event) => desk.go({ project: Number(event.target.value), target: null, task: null })}>
          {projects.map((known) => (
            <option key={known.id} value={known.id}>
              {known.name}
            </option>
          ))}
        </select>
      )}
      {project && project.targets.length > 1 && (
        <select aria-label={words.target} value={target ?? ""} onChange={(event) => desk.go({ project: project.id, target: event.target.value, task: null })}>
          {project.targets.map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      )}
      <RemoveTarget desk={desk} key={`${project?.id}.${target}`} />
      <h1 className="image-name" title={detail?.path}>
        {detail?.name ?? shownTask?.image.name ?? ""}
        {target !== null && detail && <span className="image-target">{target}</span>}
      </h1>
      <span className="spacer" />
      {shownTask && shownTask.state !== "accepted" && (
        <button type="button" className="quiet" onClick={onSkip} aria-keyshortcuts="K">
          {shownTask.state === "skipped" ? words.unskip : words.skip} <kbd>K</kbd>
        </button>
      )}
      <button type="button" className="quiet" onClick={onNext} aria-keyshortcuts="N">
        {words.next} <kbd>N</kbd>
      </button>
      <button type="button" className="icon" title={words.theme(theme)} aria-label={words.theme(theme)} onClick={turn}>
        <Icon name={theme === "dark" ? "sun" : "moon"} />
      </button>
      <button type="button" className="icon" title={words.keys.title} aria-label={words.keys.title} aria-keyshortcuts="?" onClick={onHelp}>
        <Icon name="help" />
      </button>
      <button type="button" className="icon" aria-pressed={panels.side} title={words.side} aria-label={words.side} onClick={() => onPanels({ ...panels, side: !panels.side })}>
        <Icon name="side" />
      </button>
    </header>
  );
}

/** For a target that was a mistake: offered while nothing in it is finished and there is another one. */
function RemoveTarget({ desk: { project, target, queue, go, reload, store } }: { desk: Desk }) {
  const [isAsking, setIsAsking] = useState(false);
  const others = project?.targets.filter((name) => name !== target) ?? [];
  if (!project || target === null || others.length === 0 || !queue || queue.counts.accepted > 0) return null;
  const remove = () => {
    setIsAsking(false);
    const leave = () => {
      go({ project: project.id, target: others[0] ?? null, task: null });
      reload();
    };
    api.removeTarget(project.id, target).then(leave, (error: unknown) => store.tell("problem", sentence(error)));
  };
  if (!isAsking) {
    return (
      <button type="button" className="link" title={words.removeTarget(target)} aria-label={words.removeTarget(target)} onClick={() => setIsAsking(true)}>
        {words.remove}
      </button>
    );
  }
  return (
    <span>
      {words.removeTarget(target)}?{" "}
      <button type="button" className="link" onClick={remove}>
        {words.removeSure}
      </button>{" "}
      <button type="button" className="link" onClick={() => setIsAsking(false)}>
        {words.keepIt}
      </button>
    </span>
  );
}
