// What a person sees first: one sentence and three pictures.

import { words } from "../words";
import { Dialog } from "./Dialog";

const SEEN_KEY = "assent.seen";

export function isNewcomer(): boolean {
  return localStorage.getItem(SEEN_KEY) === null;
}

const ORGAN = "M60 26c20 0 34 13 34 31S80 90 58 90 26 76 26 58 40 26 60 26Z";
const WIDER = "M60 19c25 0 42 15 42 38S85 97 58 97 18 81 18 58 35 19 60 19Z";

/** What each card removes or adds: the rim, a rim around it, a second object, a part of the side. */
const DIFFERENCES = [
  `${ORGAN}M60 36c14 0 24 9 24 22S74 80 58 80 36 71 36 58 46 36 60 36Z`,
  `${WIDER}${ORGAN}`,
  "M103 88a9 9 0 1 0 .01 0",
  "M88 40c14 4 22 14 22 26s-12 22-28 20c8-6 12-15 12-28 0-7-2-13-6-18Z",
];

export function Welcome({ onClose }: { onClose(): void }) {
  const start = () => {
    localStorage.setItem(SEEN_KEY, "yes");
    onClose();
  };
  return (
    <Dialog title={words.welcomeTitle} className="welcome" onClose={start}>
      <h1>{words.welcomeTitle}</h1>
      <p className="welcome-sentence">{words.welcomeSentence}</p>
      <div className="pictures">
        <figure>
          <Look />
          <figcaption>{words.pictureLook}</figcaption>
        </figure>
        <figure>
          <Choose />
          <figcaption>{words.pictureChoose}</figcaption>
        </figure>
        <figure>
          <Learn />
          <figcaption>{words.pictureLearn}</figcaption>
        </figure>
      </div>
      <div className="welcome-foot">
        <button type="button" className="primary" onClick={start} autoFocus>
          {words.begin}
        </button>
        <span className="hint">{words.notADevice}</span>
      </div>
    </Dialog>
  );
}

function Look() {
  return (
    <svg viewBox="0 0 120 116" aria-hidden="true">
      <rect width="120" height="116" rx="10" className="ink-stage" />
      <path d={WIDER} className="ink-tissue" />
      <path d={ORGAN} className="ink-recommended" />
      <circle cx="58" cy="58" r="3" className="ink-dot" />
    </svg>
  );
}

function Choose() {
  return (
    <svg viewBox="0 0 120 116" aria-hidden="true">
      {[0, 1, 2, 3].map((card) => {
        const x = (card % 2) * 62;
        const y = Math.floor(card / 2) * 60;
        return (
          <g key={card} transform={`translate(${x} ${y})`}>
            <rect width="58" height="56" rx="7" className={card === 1 ? "ink-stage is-chosen" : "ink-stage"} />
            <g transform="translate(1 0) scale(.47)">
              <path d={DIFFERENCES[card]} className={card === 0 ? "ink-removed" : "ink-added"} fillRule="evenodd" />
              <path d={ORGAN} className="ink-line" />
            </g>
            <text x="7" y="15" className="ink-number">
              {card + 1}
            </text>
          </g>
        );
      })}
    </svg>
  );
}

function Learn() {
  return (
    <svg viewBox="0 0 120 116" aria-hidden="true">
      <rect width="120" height="116" rx="10" className="ink-stage" />
      <path d="M18 16v82h88" className="ink-axis" />
      <path d="M24 28c10 6 14 34 30 46s30 13 50 15" className="ink-curve" />
      {[[24, 28], [38, 52], [54, 74], [78, 86], [104, 89]].map(([x, y]) => (
        <circle key={x} cx={x} cy={y} r="3.500" className="ink-mark" />
      ))}
    </svg>
  );
}
