import { useState } from "react";
import type { Desk } from "../state/useDesk";
import { type Theme, chooseTheme, currentTheme } from "../theme";
import { words } from "../words";
import { Icon } from "./Icon";
import { once } from "./once";
import { Targets } from "./Targets";

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
  onPrevious(): void;
}

export function Header({ desk, panels, onPanels, onHelp, onSkip, onNext, onPrevious }: Props) {
  const [theme, setTheme] = useState<Theme>(currentTheme);
  const { detail, project, projects, shownTask } = desk;
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
      <Targets desk={desk} />
      <h1 className="image-name" title={detail?.path}>
        {detail?.name ?? shownTask?.image.name ?? ""}
      </h1>
      <span className="spacer" />
      {shownTask && shownTask.state !== "accepted" && (
        <button type="button" className="quiet" onClick={once(onSkip)} aria-keyshortcuts="K">
          {shownTask.state === "skipped" ? words.unskip : words.skip} <kbd>K</kbd>
        </button>
      )}
      {desk.previous && (
        <button type="button" className="icon" title={words.previousTitle(desk.previous.image.name)} aria-label={words.previous} onClick={onPrevious} aria-keyshortcuts="Shift+N">
          <Icon name="back" />
        </button>
      )}
      <button type="button" className="quiet" onClick={once(onNext)} aria-keyshortcuts="N">
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
