// Tools and how the image is looked at: one quiet line above it.

import { useEffect, useRef } from "react";
import type { ImageDetail } from "../api/types";
import type { Tool } from "../keys";
import type { ViewSettings } from "../viewer/Stage";
import { CT_PRESETS, type Window, fullRange, isInHounsfield, isSame } from "../viewer/window";
import { words } from "../words";
import { Icon, type IconName } from "./Icon";

interface Props {
  detail: ImageDetail | null;
  tool: Tool;
  /** Nothing can be drawn on what is only looked at. */
  isReadOnly: boolean;
  settings: ViewSettings;
  window: Window | null;
  showsPlanes: boolean;
  onTool(tool: Tool): void;
  onSettings(settings: ViewSettings): void;
  onWindow(window: Window): void;
  onFit(): void;
  onPlanes(shows: boolean): void;
}

const TOOLS: readonly { tool: Tool; icon: IconName; key: string }[] = [
  { tool: "point", icon: "point", key: "P" },
  { tool: "box", icon: "box", key: "B" },
  { tool: "scribble", icon: "scribble", key: "S" },
  { tool: "erase", icon: "erase", key: "E" },
  { tool: "brush", icon: "brush", key: "D" },
];

export function Toolbar(props: Props) {
  const { detail, tool, settings } = props;
  return (
    <div className="toolbar" role="toolbar" aria-label={words.tools}>
      <div className="group">
        {TOOLS.map(({ tool: name, icon, key }) => (
          <button
            key={name}
            type="button"
            className="tool"
            aria-pressed={tool === name}
            disabled={props.isReadOnly}
            aria-keyshortcuts={key}
            title={words.toolTitle(name, key)}
            onClick={() => props.onTool(name)}
          >
            <Icon name={icon} />
            <span className="tool-name">{words.toolName[name]}</span>
          </button>
        ))}
      </div>
      <div className="group look">
        <Toggle isOn={settings.isFilled} icon="fill" title={words.toggleFill} onToggle={(isFilled) => props.onSettings({ ...settings, isFilled })} />
        <label className="slider" title={words.opacity}>
          <span className="unseen">{words.opacity}</span>
          <input
            type="range"
            min={0}
            max={0.8}
            step={0.05}
            value={settings.opacity}
            disabled={!settings.isFilled}
            onChange={(event) => props.onSettings({ ...settings, opacity: Number(event.target.value) })}
          />
        </label>
        <Toggle isOn={settings.showsUncertainty} icon="uncertainty" title={words.toggleUncertainty} onToggle={(showsUncertainty) => props.onSettings({ ...settings, showsUncertainty })} />
        <Toggle isOn={settings.isHidden} icon="hide" title={words.toggleHide} onToggle={(isHidden) => props.onSettings({ ...settings, isHidden })} />
        <button type="button" className="tool" title={words.fit} aria-label={words.fit} onClick={props.onFit}>
          <Icon name="fit" />
        </button>
      </div>
      {detail && props.window && <Windowing {...props} detail={detail} window={props.window} />}
      {detail?.is_volume && (
        <Toggle isOn={props.showsPlanes} icon="planes" title={words.togglePlanes} onToggle={props.onPlanes} text={words.planes} />
      )}
    </div>
  );
}

interface ToggleProps {
  isOn: boolean;
  icon: IconName;
  title: string;
  text?: string;
  onToggle(isOn: boolean): void;
}

function Toggle({ isOn, icon, title, text, onToggle }: ToggleProps) {
  return (
    <button type="button" className="tool" aria-pressed={isOn} title={title} aria-label={title} onClick={() => onToggle(!isOn)}>
      <Icon name={icon} />
      {text && <span className="tool-name">{text}</span>}
    </button>
  );
}

function Windowing({ detail, window, onWindow }: Props & { detail: ImageDetail; window: Window }) {
  const isCt = isInHounsfield(detail);
  const choices = [
    ...(detail.file_window ? [{ name: words.windowFile, window: detail.file_window }] : []),
    { name: words.windowAuto, window: detail.window },
    ...(isCt ? CT_PRESETS : []),
    { name: words.windowFull, window: fullRange(detail.low, detail.high) },
  ];
  const chosen = choices.findIndex((choice) => isSame(choice.window, window));
  const range = Math.max(detail.high - detail.low, Number.EPSILON);
  const details = useRef<HTMLDetailsElement>(null);
  useEffect(() => {
    const leave = (event: PointerEvent) => {
      const open = details.current;
      if (open && event.target instanceof Node && !open.contains(event.target)) open.open = false;
    };
    addEventListener("pointerdown", leave);
    return () => removeEventListener("pointerdown", leave);
  }, []);
  const close = (event: React.KeyboardEvent<HTMLDetailsElement>) => {
    if (event.key !== "Escape" || !event.currentTarget.open) return;
    // The tool that is chosen stays: only the window goes.
    event.preventDefault();
    event.currentTarget.open = false;
    event.currentTarget.querySelector("summary")?.focus();
  };
  return (
    <details ref={details} className="windowing" onKeyDown={close}>
      <summary title={words.windowTitle}>
        <Icon name="window" />
        <span className="tool-name">{choices[chosen]?.name ?? words.windowOwn}</span>
      </summary>
      <div className="popover">
        <div className="presets" role="group" aria-label={words.windowPresets}>
          {choices.map((choice, i) => (
            <button key={choice.name} type="button" aria-pressed={i === chosen} onClick={() => onWindow(choice.window)}>
              {choice.name}
            </button>
          ))}
        </div>
        <label>
          <span>{words.level}</span>
          <output>{words.intensity(window.center, isCt)}</output>
          <input type="range" min={detail.low} max={detail.high} step={range / 500} value={window.center} onChange={(event) => onWindow({ ...window, center: Number(event.target.value) })} />
        </label>
        <label>
          <span>{words.width}</span>
          <output>{words.intensity(window.width, isCt)}</output>
          <input type="range" min={range / 500} max={range} step={range / 500} value={window.width} onChange={(event) => onWindow({ ...window, width: Number(event.target.value) })} />
        </label>
        <p className="hint">{words.windowHint}</p>
      </div>
    </details>
  );
}
