/** Checks one's connection, leg by leg, and says in plain words what hampers calls and whom to tell. */
import { ArrowLeft, Play, Square } from "lucide-react";
import { useCallback, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useApi } from "../../../api/context";
import { useErrorWords } from "../../../i18n/errorWords";
import { navigate } from "../../../lib/router";
import { useStore } from "../../../lib/useStore";
import { Button, IconButton } from "../../../ui/Button";
import { Card } from "../../../ui/Card";
import { useCalls, useInCall } from "../context";
import { Check, NO_CHECK, type CheckView } from "./check";
import { LEGS } from "./model";
import { LegRow } from "./LegRow";
import { OwnReturn } from "./OwnReturn";
import { VerdictCard } from "./VerdictCard";
import { checkWorld } from "./world";
import { Store } from "../../../lib/store";

const NONE = new Store(NO_CHECK);

/** One check after another; whatever it has open is let go of when the page is left. */
function useCheck(): { view: CheckView; start(): void; stop(): void } {
  const { socket } = useApi();
  const { choices } = useCalls();
  const [check, setCheck] = useState<Check | null>(null);
  useEffect(() => () => check?.stop(), [check]);
  useEffect(() => {
    const leave = (): void => check?.stop();
    addEventListener("pagehide", leave);
    return () => removeEventListener("pagehide", leave);
  }, [check]);
  const start = useCallback(() => {
    const next = new Check(checkWorld(socket, () => choices.chosen.get()));
    setCheck(next);
    void next.run();
  }, [socket, choices]);
  return { view: useStore((check?.view ?? NONE)), start, stop: useCallback(() => setCheck(null), []) };
}

export function CheckPage() {
  const { t } = useTranslation();
  const { view, start, stop } = useCheck();
  return (
    <main className="safe-x min-h-0 flex-1 overflow-y-auto bg-panel">
      <div className="mx-auto flex max-w-2xl flex-col gap-4 p-3 pb-10 md:p-6">
        <div className="flex items-center gap-1">
          <IconButton label={t("app.back")} onClick={() => navigate({ name: "home" })} className="hover:bg-line">
            <ArrowLeft size={22} />
          </IconButton>
          <h1 className="text-xl font-semibold">{t("call.check")}</h1>
        </div>
        <Announcer view={view} />
        {view.stage === "ready" && <Intro onStart={start} />}
        {view.stage === "running" && <Progress view={view} onStop={stop} />}
        {view.stage === "done" && <Result view={view} onAgain={start} />}
        {view.stage === "running" && <OwnReturn view={view} />}
        {view.stage !== "ready" && view.refused === null && <Legs view={view} />}
      </div>
    </main>
  );
}

/** Says what is going on to those who do not see it. */
function Announcer({ view: { stage, running, verdict } }: { view: CheckView }) {
  const { t } = useTranslation("check");
  const words =
    stage === "done" && verdict !== null
      ? t("done", { verdict: t(`verdict.${verdict}.title`) })
      : running === null
        ? ""
        : t("running", { leg: t(`leg.${running}`) });
  return (
    <p role="status" className="sr-only">
      {words}
    </p>
  );
}

function Intro({ onStart }: { onStart: () => void }) {
  const { t } = useTranslation("check");
  const inCall = useInCall();
  return (
    <section className="flex flex-col gap-3 rounded-3xl border border-line bg-page p-4 md:p-6">
      <p>{t("lead")}</p>
      <p className="text-sm text-muted">{t("told")}</p>
      {inCall && <p className="rounded-xl bg-warn-soft px-3 py-2 text-sm text-warn-text">{t("inCall")}</p>}
      <Button look="primary" icon={<Play size={18} aria-hidden />} disabled={inCall} onClick={onStart} className="self-start">
        {t("start")}
      </Button>
    </section>
  );
}

function Progress({ view: { running }, onStop }: { view: CheckView; onStop: () => void }) {
  const { t } = useTranslation("check");
  const step = running === null ? 0 : LEGS.findIndex((leg) => leg === running);
  const stop = useRef<HTMLButtonElement>(null);
  // The button that started it is gone.
  useEffect(() => stop.current?.focus(), []);
  return (
    <section className="flex flex-col gap-3 rounded-3xl border border-line bg-page p-4 md:p-6">
      <div className="flex flex-wrap items-center gap-3">
        <div className="min-w-40 flex-1">
          <p className="font-medium">{running !== null && t("running", { leg: t(`leg.${running}`) })}</p>
          <p className="text-sm text-muted tabular-nums">{t("step", { step: step + 1, count: LEGS.length })}</p>
        </div>
        <button
          ref={stop}
          type="button"
          onClick={onStop}
          className="inline-flex min-h-11 items-center gap-2 rounded-xl border border-line bg-raised px-4 font-medium transition hover:bg-panel md:min-h-10"
        >
          <Square size={16} aria-hidden />
          {t("stop")}
        </button>
      </div>
      <div aria-hidden="true" className="h-1.5 overflow-hidden rounded-full bg-line">
        <div
          className="h-full origin-left rounded-full bg-gradient-own transition-transform duration-200"
          style={{ transform: `scaleX(${step / LEGS.length})` }}
        />
      </div>
    </section>
  );
}

function Result({ view, onAgain }: { view: CheckView; onAgain: () => void }) {
  const { t } = useTranslation("check");
  const errorWords = useErrorWords();
  if (view.verdict !== null) return <VerdictCard view={view} onAgain={onAgain} />;
  return (
    <section role="alert" className="flex flex-col items-start gap-3 rounded-3xl border border-line bg-page p-4 md:p-6">
      <h2 className="text-lg font-semibold">{t("refused")}</h2>
      <p>{errorWords(view.refused ?? "unknown")}</p>
      <Button onClick={onAgain}>{t("again")}</Button>
    </section>
  );
}

function Legs({ view }: { view: CheckView }) {
  const { t } = useTranslation("check");
  return (
    <Card title={t("legs")}>
      <ol className="-my-2 divide-y divide-line">
        {LEGS.map((leg) => (
          <LegRow key={leg} leg={leg} view={view} />
        ))}
      </ol>
    </Card>
  );
}
