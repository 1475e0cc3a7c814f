/** At the end of what is loaded: loads the next page as soon as it is seen. After a failure one asks for it oneself. */
import { useEffect, useEffectEvent, useRef } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "../../../ui/Button";
import { SkeletonRows } from "../../../ui/states";

export interface MoreProps {
  busy: boolean;
  failed: boolean;
  onMore(): void;
}

export function More({ busy, failed, onMore }: MoreProps) {
  const { t } = useTranslation();
  const mark = useRef<HTMLDivElement>(null);
  const more = useEffectEvent(onMore);
  useEffect(() => {
    if (mark.current === null || busy || failed) return;
    const watch = new IntersectionObserver(([seen]) => {
      if (seen?.isIntersecting === true) more();
    });
    watch.observe(mark.current);
    return () => watch.disconnect();
  }, [busy, failed]);
  return (
    <div ref={mark} className="flex min-h-16 flex-col items-center justify-center">
      {failed ? <Button onClick={onMore}>{t("call.log.moreFailed")}</Button> : <SkeletonRows label={t("call.log.more")} count={1} />}
    </div>
  );
}
