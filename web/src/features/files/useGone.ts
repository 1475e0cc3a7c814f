/** Whether a file that could not be shown is there no more, or only could not be fetched just now. */
import { useEffect, useState } from "react";
import { attachmentUrl } from "./model";

export function useGone(id: string): boolean {
  const [gone, setGone] = useState(false);
  useEffect(() => {
    const left = new AbortController();
    fetch(attachmentUrl(id), { method: "HEAD", credentials: "same-origin", signal: left.signal })
      .then(({ status }) => setGone(status === 404 || status === 410))
      .catch(() => undefined);
    return () => left.abort();
  }, [id]);
  return gone;
}
