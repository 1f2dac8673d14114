// Joins the panels. What is open lives in the desk; how it is looked at lives here.

import { Suspense, lazy, useEffect, useMemo, useState } from "react";
import type { Alternative, ImageDetail, Job, Prompt, Task } from "./api/types";
import { BoxBar } from "./panels/BoxBar";
import { BusyBar } from "./panels/BusyBar";
import { Cards } from "./panels/Cards";
import { Context } from "./panels/Context";
import { Numbers, Profile } from "./panels/Facts";
import { Header } from "./panels/Header";
import { Help } from "./panels/Help";
import { Jobs } from "./panels/Jobs";
import { Legend } from "./panels/Legend";
import { Log } from "./panels/Log";
import { Login } from "./panels/Login";
import { PaintBar } from "./panels/PaintBar";
import { Problems } from "./panels/Problems";
import { Queue } from "./panels/Queue";
import { Readers, holderOf } from "./panels/Readers";
import { ReviewBar } from "./panels/ReviewBar";
import { Toolbar } from "./panels/Toolbar";
import { AddImages, TakeBack, Uploads, useDrop, useUploads } from "./panels/Uploads";
import { Welcome, isNewcomer } from "./panels/Welcome";
import { goesOn } from "./state/scan";
import { placedPrompts, type SessionState } from "./state/session";
import { Sight } from "./state/sight";
import { useCommands } from "./state/useCommands";
import { type Desk, useDesk } from "./state/useDesk";
import { useCrossing, usePlanes, usePreview, useShownSlice, useShownWindow } from "./state/useLooking";
import { useReview } from "./state/useReview";
import { useTools } from "./state/useTools";
import { SliceBar } from "./viewer/SliceBar";
import { Stage, type ViewSettings } from "./viewer/Stage";
import { mirrorOf } from "./viewer/orientation";
import { proposed } from "./viewer/pictures";
import type { Window } from "./viewer/window";
import { announce, tagAsShown, words } from "./words";

const Planes = lazy(() => import("./viewer/Planes"));

const PERSON_KEY = "assent.person";
const NARROW = "(max-width: 1100px)";

const SETTINGS: ViewSettings = {
  opacity: 0.3,
  isFilled: true,
  isHidden: false,
  showsUncertainty: false,
};

export function App() {
  const [person, setPerson] = useState(() => localStorage.getItem(PERSON_KEY) ?? words.defaultPerson);
  const desk = useDesk(person);
  if (desk.needsToken) return <Login onDone={desk.restart} />;
  return (
    <Desktop
      desk={desk}
      person={person}
      onPerson={(name) => {
        localStorage.setItem(PERSON_KEY, name);
        setPerson(name);
      }}
    />
  );
}

/** What stands beside the image. Where it would lie over the image, it waits to be asked for. */
function usePanels() {
  const [panels, setPanels] = useState(() => fitting(matchMedia(NARROW)));
  useEffect(() => {
    const narrow = matchMedia(NARROW);
    const follow = () => setPanels(fitting(narrow));
    narrow.addEventListener("change", follow);
    return () => narrow.removeEventListener("change", follow);
  }, []);
  return [panels, setPanels] as const;
}

function fitting({ matches: isNarrow }: MediaQueryList) {
  return { queue: !isNarrow, side: !isNarrow };
}

/** Everything that the parts of the page share: what is open, how it is looked at, and what can be done. */
function useBench(desk: Desk, person: string) {
  const { state, detail } = desk;
  const [settings, setSettings] = useState(SETTINGS);
  const review = useReview(desk, person);
  const worked = state.proposal?.image.id === detail?.id ? state.proposal : null;
  const [slice, setSlice] = useShownSlice(detail, review ? review.slice : (worked?.slice ?? null));
  const [window, setWindow] = useShownWindow(detail);
  const [looked, setLooked] = useState<Alternative | null>(null);
  const [fitRequest, setFitRequest] = useState(0);
  const [aimRequest, setAimRequest] = useState(0);
  const [dialog, setDialog] = useState<"help" | "welcome" | "context" | null>(() => (isNewcomer() ? "welcome" : null));
  const preview = usePreview(state, looked, slice);
  const sight = useMemo(() => new Sight(), []);
  const placed = useMemo(() => placedPrompts(state), [state]);
  const proposal = review ? null : worked;
  const recommended = useMemo(
    () => proposal && proposed(proposal, state.stamp),
    [proposal, state.stamp],
  );
  const tools = useTools(desk, {
    proposal,
    recommended,
    slice,
    onSlice: setSlice,
    onBox: (box) => mark([box], []),
    onPainted: (edited) => commands.acceptPainted(edited),
  });
  const mark = (prompts: Prompt[], removed: number[]) => {
    // What is marked on a slice before the first proposal is there keeps that slice in view.
    if (!state.proposal) setSlice(slice);
    commands.prompts(prompts, removed);
  };
  const [showsPlanes, showPlanes] = usePlanes(detail);
  const [crossing, setCrossing] = useCrossing(detail, slice, setSlice);
  const showWhole = () => setFitRequest((old) => old + 1);
  const source = review?.source ?? tools.source;
  const commands = useCommands(desk, person, {
    sight,
    sourceKey: source?.key ?? null,
    isHidden: settings.isHidden,
    review,
    useBox: tools.useBox,
    brush: tools.brush,
    onTool: tools.choose,
    onStep: (by) => tools.stepTo(slice + by),
    onFit: showWhole,
    onAim: () => setAimRequest((old) => old + 1),
    onPlanes: () => detail?.is_volume && showPlanes(!showsPlanes),
    onHelp: () => setDialog("help"),
    onContext: () => desk.project && setDialog("context"),
    onEscape: tools.escape,
    onSettings: setSettings,
  });
  return {
    desk, person, state, detail, settings, setSettings, review, proposal, tools, commands, mark,
    source, sight,
    slice, setSlice, window, setWindow, preview, setLooked, placed, fitRequest, aimRequest, showWhole, dialog, setDialog,
    crossing, setCrossing,
    showsPlanes, showPlanes,
  };
}

type Bench = ReturnType<typeof useBench>;

function Desktop({ desk, person, onPerson }: { desk: Desk; person: string; onPerson(name: string): void }) {
  const bench = useBench(desk, person);
  const { commands, setDialog } = bench;
  const [panels, setPanels] = usePanels();
  const { uploader, uploads } = useUploads(desk.project?.id ?? null, () => void desk.refresh());
  const isDropping = useDrop(uploader, desk.project !== null, () => setPanels((old) => ({ ...old, queue: true })));
  const open = (task: Task) => {
    desk.openTask(task);
    // Where the list lies over the image, it makes way for what was chosen in it.
    if (matchMedia(NARROW).matches) setPanels((old) => ({ ...old, queue: false }));
  };
  return (
    <div className={`app${panels.queue ? " has-queue" : ""}${panels.side ? " has-side" : ""}`}>
      <Header desk={desk} panels={panels} onPanels={setPanels} onHelp={() => setDialog("help")} onSkip={commands.skip} onNext={commands.next} onPrevious={commands.previous} />
      {panels.queue && (
        <Queue queue={desk.queue} progress={desk.progress} shown={desk.shownTask} lost={desk.lost} onOpen={open} add={desk.project && <AddImages uploader={uploader} />}>
          <Uploads uploader={uploader} uploads={uploads} />
          {desk.project && <Problems key={`problems.${desk.project.id}`} project={desk.project.id} onLooked={() => void desk.refresh()} />}
          {desk.shownTask && <TakeBack key={`take-back.${desk.shownTask.image.id}`} task={desk.shownTask} onGone={() => void desk.refresh()} />}
          {desk.project && desk.target !== null && (
            <Jobs key={`jobs.${desk.project.id}.${desk.target}`} project={desk.project.id} target={desk.target} person={person} onDone={() => void desk.refresh()} />
          )}
        </Queue>
      )}
      <Centre bench={bench} />
      {panels.side && <Side bench={bench} onPerson={onPerson} />}
      {isDropping && <p className="drop">{words.dropHere}</p>}
      <p className="unseen" role="status">
        {announce(desk.state, bench.review?.by ?? null)}
      </p>
      <Dialogs bench={bench} />
    </div>
  );
}

function Centre({ bench }: { bench: Bench }) {
  const { state, detail, review, tools, commands, window } = bench;
  return (
    <main className="centre">
      <Toolbar
        detail={detail}
        tool={tools.tool}
        isReadOnly={review !== null}
        settings={bench.settings}
        window={window}
        showsPlanes={bench.showsPlanes}
        onTool={tools.choose}
        onSettings={bench.setSettings}
        onWindow={bench.setWindow}
        onFit={bench.showWhole}
        onPlanes={bench.showPlanes}
      />
      <View bench={bench} />
      {detail?.is_volume && (
        <SliceBar depth={detail.shape[0] ?? 1} slice={bench.slice} proposal={bench.proposal} box={tools.openBox} onSlice={bench.setSlice} />
      )}
      {review && <ReviewBar review={review} onConfirm={() => commands.confirm(true)} />}
      {tools.brush && <PaintBar brush={tools.brush} onAccept={() => commands.acceptStrokes(true)} onLeave={tools.leave} />}
      {detail && window && !review && !tools.brush && (
        <Cards
          state={state}
          source={bench.source}
          detail={detail}
          window={window}
          holder={bench.desk.shownTask?.state === "accepted" ? holderOf(bench.desk.readers, bench.person) : null}
          onPick={commands.pick}
          onJudge={commands.judge}
          onMore={commands.more}
          onAccept={() => commands.accept("recommended", true)}
          onNext={commands.next}
          onReopen={commands.undo}
          onLook={bench.setLooked}
        />
      )}
    </main>
  );
}

/** The image, and what lies over it. */
function View({ bench }: { bench: Bench }) {
  const { desk, detail, window, tools, preview, commands } = bench;
  return (
    <div className="view">
      {detail && window && <Pictures bench={bench} detail={detail} window={window} />}
      <Legend tag={preview && detail && tagAsShown(preview.tag, mirrorOf(detail))} showsUncertainty={bench.settings.showsUncertainty && bench.proposal?.is_empty === false} />
      {detail && tools.openBox && tools.useBox && (
        <BoxBar box={tools.openBox} depth={detail.shape[0] ?? 1} onChange={tools.setOpenBox} onUse={tools.useBox} onDiscard={() => tools.setOpenBox(null)} />
      )}
      <BusyBar busy={desk.busy} />
      <Banner state={desk.state} onClose={() => desk.store.dispatch({ type: "told", notice: null })} />
      {commands.offered && <Offer task={commands.offered} onGo={commands.previous} onClose={commands.decline} />}
      {desk.isEmpty && <Emptiness scan={desk.scan} />}
    </div>
  );
}

/** Nothing is known to be shown: how far the folder was looked through, or what came of it. */
function Emptiness({ scan }: { scan: Job | null }) {
  if (scan && goesOn(scan)) {
    return (
      <p className="empty" role="status">
        {words.lookingThrough(scan.progress, scan.detail)}
      </p>
    );
  }
  return (
    <p className="empty" role="status">
      {scan?.detail} {words.noImages}
    </p>
  );
}

/** Ctrl Z where nothing was answered: the way back to what was accepted before. */
function Offer({ task, onGo, onClose }: { task: Task; onGo(): void; onClose(): void }) {
  return (
    <p className="banner is-info" role="alert">
      {words.undoPrevious(task.image.name)}
      <button type="button" className="link" onClick={onGo}>
        {words.goBack}
      </button>
      <button type="button" className="link" onClick={onClose}>
        {words.close}
      </button>
    </p>
  );
}

/** One slice, and beside it the three planes where they are asked for. */
function Pictures({ bench, detail, window }: { bench: Bench; detail: ImageDetail; window: Window }) {
  const { state, proposal, settings, slice, tools, commands } = bench;
  return (
    <>
      <Stage
        detail={detail}
        proposal={proposal}
        source={bench.source}
        stamp={state.stamp}
        slice={slice}
        window={window}
        settings={settings}
        tool={tools.tool}
        brush={tools.pen}
        placed={bench.placed}
        preview={bench.preview}
        fitRequest={bench.fitRequest}
        aimRequest={bench.aimRequest}
        openBox={tools.openBox}
        crosshair={bench.showsPlanes ? bench.crossing : null}
        onPainted={(key) => bench.sight.painted(state.visit, key, performance.now())}
        onWindow={bench.setWindow}
        onSlice={tools.stepTo}
        onPrompts={bench.mark}
        onStroke={(points, isErasing) => tools.brush?.stroke(slice, points, isErasing)}
        onBox={bench.review ? () => commands.prompts([], []) : tools.setOpenBox}
      />
      {bench.showsPlanes && (
        <Suspense fallback={<p className="planes-load">{words.loadingViewer}</p>}>
          <Planes
            detail={detail}
            proposal={proposal}
            stamp={state.stamp}
            window={window}
            opacity={settings.isHidden ? 0 : Math.max(settings.opacity, 0.3)}
            at={bench.crossing}
            onAt={bench.setCrossing}
          />
        </Suspense>
      )}
    </>
  );
}

function Side({ bench, onPerson }: { bench: Bench; onPerson(name: string): void }) {
  const { desk, person, state, commands } = bench;
  return (
    <aside className="side" aria-label={words.side}>
      <Numbers proposal={bench.proposal} isPainted={bench.tools.hasStrokes} onContext={() => bench.setDialog("context")} />
      {!bench.review && <Log state={state} onGoTo={commands.goTo} onUndo={commands.undo} onRedo={commands.redo} />}
      <Readers readers={desk.readers} person={person} isVolume={desk.detail?.is_volume ?? false} />
      <Profile profile={desk.profile} says={state.proposal?.profile ?? ""} person={person} onPerson={onPerson} onForget={commands.forgetProfile} />
    </aside>
  );
}

function Dialogs({ bench: { desk, dialog, setDialog } }: { bench: Bench }) {
  const close = () => setDialog(null);
  if (dialog === "help") return <Help onClose={close} onTour={() => setDialog("welcome")} />;
  if (dialog === "welcome") return <Welcome onClose={close} />;
  if (dialog === null || !desk.project || desk.target === null) return null;
  return <Context project={desk.project.id} target={desk.target} onClose={close} />;
}

function Banner({ state, onClose }: { state: SessionState; onClose(): void }) {
  const { notice, isOnline, pending } = state;
  if (!isOnline) {
    return (
      <p className="banner is-away" role="alert">
        {notice ? notice.text : words.unreachable} {pending.length > 0 && words.keptAnswers(pending.length)}
      </p>
    );
  }
  if (!notice) return null;
  return (
    <p className={`banner is-${notice.kind}`} role="alert">
      {notice.text}
      <button type="button" className="link" onClick={onClose}>
        {words.close}
      </button>
    </p>
  );
}
