// Answers per finished image, oldest first: the curve that should fall.

import { useEffect, useRef } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import type { Progress } from "../api/types";
import { words } from "../words";

const HEIGHT = 84;

export function Effort({ effort }: { effort: Progress["effort"] }) {
  const holder = useRef<HTMLDivElement>(null);
  const last = effort[effort.length - 1];

  useEffect(() => {
    const element = holder.current;
    if (!element || effort.length < 2) return;
    const plot = draw(element, effort.map((image) => image.answers));
    const observer = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height: HEIGHT }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      plot.destroy();
    };
  }, [effort]);

  return (
    <figure className="effort">
      <figcaption>
        <span>{words.effort}</span>
        {last && <span className="count">{words.effortLast(last.answers)}</span>}
      </figcaption>
      {effort.length < 2 ? (
        <p className="hint">{words.effortSoon}</p>
      ) : (
        <div ref={holder} role="img" aria-label={words.effortLabel(effort.map((image) => image.answers))} />
      )}
    </figure>
  );
}

function draw(element: HTMLElement, answers: number[]): uPlot {
  const style = getComputedStyle(document.documentElement);
  const ink = style.getPropertyValue("--accent").trim();
  const quiet = style.getPropertyValue("--text-2").trim();
  const rule = style.getPropertyValue("--line").trim();
  const axis = { stroke: quiet, font: "11px system-ui", ticks: { show: false }, gap: 4 };
  return new uPlot(
    {
      width: Math.max(element.clientWidth, 60),
      height: HEIGHT,
      legend: { show: false },
      cursor: { show: false },
      padding: [6, 6, 0, 0],
      scales: { x: { time: false }, y: { range: (_plot, _low, high) => [0, Math.max(high * 1.1, 3)] } },
      axes: [
        { ...axis, size: 18, grid: { show: false }, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000] },
        { ...axis, size: 22, grid: { stroke: rule, width: 1 }, incrs: [1, 2, 5, 10, 20, 50] },
      ],
      series: [{}, { stroke: ink, width: 1.75, points: { show: answers.length < 30, size: 5, fill: ink } }],
    },
    [answers.map((_, i) => i + 1), answers],
    element,
  );
}
