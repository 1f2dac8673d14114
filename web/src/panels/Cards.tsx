// The alternatives, each as a small picture of how it differs from the recommendation.

import { useEffect, useMemo, useRef } from "react";
import type { Alternative, Crop, ImageDetail, Proposal } from "../api/types";
import { mayAnswer, type SessionState } from "../state/session";
import { isNothing } from "../state/sight";
import { closeUp, fitting, isLeftFreer } from "../viewer/closeup";
import { type Camera, type Size, aspectOf, clamp, toScreen } from "../viewer/geometry";
import { mirrorOf, turnedOf } from "../viewer/orientation";
import * as paint from "../viewer/paint";
import { type MaskSource, useMask, useSlice } from "../viewer/pictures";
import { decode } from "../viewer/rle";
import { useSize } from "../viewer/useSize";
import type { Window } from "../viewer/window";
import { tagAsShown, words } from "../words";
import { Colours } from "./Legend";
import { once } from "./once";

/** Width over height of a card's picture. */
const PROPORTION = 1.4;
/** Share of a close-up that the map of the whole takes, and its distance from the edge. */
const MAP = 0.3;
const MAP_MARGIN = 5;

interface CardProps {
  alternative: Alternative;
  detail: ImageDetail;
  proposal: Proposal;
  source: MaskSource | null;
  window: Window;
  isChallenger: boolean;
  isDisabled: boolean;
  isPicked: boolean;
  onPick(): void;
  onLook(isLooking: boolean): void;
}

/** A crop, as large as the card allows, in the middle of it. */
function cropCamera(crop: Crop, detail: ImageDetail, card: Size): Camera {
  const turned = turnedOf(detail);
  const aspect = aspectOf(detail);
  const scale = fitting(crop, card, aspect);
  const middle = { x: crop.x + crop.width / 2, y: crop.y + crop.height / 2 };
  const at = toScreen({ scale, aspect, turned, left: 0, top: 0 }, middle);
  return { scale, aspect, turned, left: card.width / 2 - at.x, top: card.height / 2 - at.y };
}

/** Moved so that the image covers the card, as far as it is large enough. */
function covering(camera: Camera, image: Size, card: Size): Camera {
  const width = image.width * camera.scale;
  const height = image.height * camera.scale * camera.aspect;
  return {
    ...camera,
    left: width < card.width ? camera.left : clamp(camera.left, card.width - width, 0),
    top: height < card.height ? camera.top : clamp(camera.top, card.height - height, 0),
  };
}

/** The same crop, small, in the lower corner where it covers less of what differs. */
function mapCamera(alternative: Alternative, detail: ImageDetail, card: Size, shown: Camera): Camera {
  const size = { width: card.width * MAP, height: card.height * MAP };
  const camera = cropCamera(alternative.crop, detail, size);
  const isLeft = isLeftFreer(alternative, shown, card, size);
  return {
    ...camera,
    left: camera.left + (isLeft ? MAP_MARGIN : card.width - size.width - MAP_MARGIN),
    top: camera.top + card.height - size.height - MAP_MARGIN,
  };
}

function Card(props: CardProps) {
  const { alternative, detail, proposal } = props;
  const canvas = useRef<HTMLCanvasElement>(null);
  const card = useSize(canvas);
  const part = useMemo(() => card && closeUp(alternative, card, aspectOf(detail)), [alternative, card, detail]);
  const picture = useSlice(detail, alternative.slice, props.window);
  const mask = useMask(props.source, alternative.slice);
  const overlay = useMemo(() => {
    const { x, y } = alternative.crop;
    return {
      recommended: mask && paint.outline(mask),
      added: paint.outline(decode(alternative.added), { x, y }),
      removed: paint.outline(decode(alternative.removed), { x, y }),
    };
  }, [mask, alternative]);

  useEffect(() => {
    const shown = canvas.current;
    const context = shown && card && paint.prepare(shown, card);
    if (!context) return;
    const [, height = 1, width = 1] = detail.shape;
    const camera = covering(cropCamera(part ?? alternative.crop, detail, card), { height, width }, card);
    paint.paintScene(context, {
      image: picture?.source ?? null,
      size: { height, width },
      camera,
      overlay,
      // In a part of it nothing else says which side of the line is inside.
      isFilled: part !== null,
      opacity: 0.16,
      uncertainty: null,
      // Thin, since it covers what differs by little.
      lineWidth: 1.1,
    });
    if (part) paint.paintMap(context, mapCamera(alternative, detail, card, camera), overlay.recommended, alternative.crop, part);
  }, [picture, overlay, alternative, detail, card, part]);

  // A card that leaves from under the pointer is not looked at any more.
  const { onLook } = props;
  const look = useRef(onLook);
  look.current = onLook;
  useEffect(() => () => look.current(false), []);

  const number = alternative.index + 1;
  return (
    <button
      type="button"
      className={`card${props.isPicked ? " is-picked" : ""}`}
      disabled={props.isDisabled}
      onClick={once(props.onPick)}
      onPointerEnter={() => props.onLook(true)}
      onPointerLeave={() => props.onLook(false)}
      onFocus={(event) => event.target.matches(":focus-visible") && props.onLook(true)}
      onBlur={() => props.onLook(false)}
      aria-keyshortcuts={String(number)}
    >
      <canvas ref={canvas} style={{ aspectRatio: PROPORTION }} />
      <span className="card-line">
        <kbd>{number}</kbd>
        <span className="card-tag">{tagAsShown(alternative.tag, mirrorOf(detail))}</span>
      </span>
      {proposal.image.is_volume && (
        <span className="card-slice">{words.sliceShort(alternative.slice + 1)}</span>
      )}
      {props.isChallenger && (
        <span className="card-mark">
          <span aria-hidden="true">↑↓</span>
          <span className="unseen">{words.challenger}</span>
        </span>
      )}
    </button>
  );
}

interface Props {
  state: SessionState;
  source: MaskSource | null;
  detail: ImageDetail;
  window: Window;
  /** Whose mask holds already, where it is another person's. */
  holder: string | null;
  onPick(candidate: number | null): void;
  onJudge(answer: "better" | "worse" | "cannot_tell"): void;
  onMore(): void;
  onAccept(): void;
  onNext(): void;
  onReopen(): void;
  onLook(alternative: Alternative | null): void;
}

export function Cards(props: Props) {
  const { state, detail } = props;
  const { proposal, pending } = state;
  if (!proposal) return <section className="cards" aria-label={words.alternatives} />;
  if (proposal.is_accepted) return <Accepted {...props} />;
  const waiting = pending[0]?.answer;
  const picked = waiting?.kind === "pick" ? waiting.candidate : null;
  const mayPick = mayAnswer(state, "pick");
  return (
    <section className="cards" aria-label={words.alternatives}>
      <div className="card-rows">
        {props.holder !== null && <p className="card-note">{words.acceptedBy(props.holder)}</p>}
        {isNothing(proposal) && proposal.alternatives.length > 0 && <p className="card-note">{words.nothingProposed(proposal.target)}</p>}
        <div className="card-row">
          {proposal.alternatives.map((alternative) => (
            <Card
              key={`${state.stamp}.${alternative.index}`}
              alternative={alternative}
              detail={detail}
              proposal={proposal}
              source={props.source}
              window={props.window}
              isChallenger={proposal.challenger === alternative.index && proposal.listens.includes("judge")}
              isDisabled={!mayPick}
              isPicked={picked === alternative.index}
              onPick={() => props.onPick(alternative.index)}
              onLook={(isLooking) => props.onLook(isLooking ? alternative : null)}
            />
          ))}
          {proposal.alternatives.length === 0 && <p className="card-hint">{emptyHint(proposal)}</p>}
        </div>
        {proposal.alternatives.length > 0 && (
          <p className="card-legend">
            <Colours />
          </p>
        )}
      </div>
      <Choices {...props} proposal={proposal} mayPick={mayPick} />
    </section>
  );
}

function emptyHint(proposal: Proposal): string {
  if (proposal.is_empty) return words.sayWhichObject(proposal.target);
  if (isNothing(proposal)) return words.nothingElse(proposal.target);
  return proposal.page > 0 ? words.noMoreOptions : words.noAlternatives;
}

function Choices({ state, proposal, mayPick, ...props }: Props & { proposal: Proposal; mayPick: boolean }) {
  const mayJudge = mayAnswer(state, "judge");
  const number = (proposal.challenger ?? 0) + 1;
  return (
    <div className="choices">
      {!proposal.is_empty && (
        <button type="button" className={isNothing(proposal) ? undefined : "primary"} disabled={!mayAnswer(state, "accept")} onClick={once(props.onAccept)} aria-keyshortcuts="Enter">
          {isNothing(proposal) ? words.acceptNone : words.accept} <kbd>↵</kbd>
        </button>
      )}
      {proposal.alternatives.length > 0 && (
        <button type="button" disabled={!mayPick} onClick={once(() => props.onPick(null))} aria-keyshortcuts="0">
          {words.none} <kbd>0</kbd>
        </button>
      )}
      {!proposal.is_empty && (
        <button type="button" disabled={state.pending.length > 0} onClick={once(props.onMore)} aria-keyshortcuts="M">
          {proposal.page > 0 && proposal.alternatives.length === 0 ? words.firstOptions : words.more} <kbd>M</kbd>
        </button>
      )}
      {mayJudge && (
        <div className="judge" role="group" aria-label={words.judgeLabel(number)}>
          <span className="judge-ask">{words.judgeAsk(number)}</span>
          <span className="judge-keys">
            <button type="button" onClick={once(() => props.onJudge("better"))} aria-keyshortcuts="ArrowUp">
              {words.better} <kbd>↑</kbd>
            </button>
            <button type="button" onClick={once(() => props.onJudge("worse"))} aria-keyshortcuts="ArrowDown">
              {words.worse} <kbd>↓</kbd>
            </button>
            <button type="button" className="quiet" onClick={once(() => props.onJudge("cannot_tell"))} title={words.cannotTell} aria-label={words.cannotTell} aria-keyshortcuts="=">
              =
            </button>
          </span>
        </div>
      )}
    </div>
  );
}

function isPainted({ proposal }: SessionState): boolean {
  const last = proposal?.log.filter(({ holds }) => holds).at(-1)?.answer;
  return last?.kind === "accept" && last.choice === "edited";
}

function Accepted(props: Props) {
  return (
    <section className="cards accepted" aria-label={words.alternatives}>
      <p>
        <strong>{isPainted(props.state) ? words.acceptedPainted : words.accepted}</strong> {words.acceptedMore}
      </p>
      <div className="accepted-choices">
        <button type="button" className="primary" onClick={once(props.onNext)} aria-keyshortcuts="N Enter">
          {words.nextImage} <kbd>↵</kbd>
        </button>
        <button type="button" onClick={once(props.onReopen)}>
          {words.reopen} <kbd>Ctrl Z</kbd>
        </button>
      </div>
    </section>
  );
}
