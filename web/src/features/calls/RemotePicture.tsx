/** The other side's camera or screen, without its sound. A camera fills its place unless that would cut off most of it. */
import clsx from "clsx";
import { useCallback, useEffect, useState } from "react";
import { useStream } from "./useStream";

export interface RemotePictureProps {
  stream: MediaStream | null;
  label: string;
  /** Nothing may be cut off: a screen. */
  whole?: boolean;
  /** It may not leave the page: a window of its own could not show that the call is recorded. */
  bound?: boolean;
  className: string;
  /** Gets the element while it is there, for picture in picture. */
  onElement?: ((video: HTMLVideoElement | null) => void) | undefined;
}

/** Out of its window. */
function bringBack(video: HTMLVideoElement | null): void {
  if (video !== null && document.pictureInPictureElement === video) document.exitPictureInPicture().catch(() => undefined);
}

const isWide = ({ width, height }: { width: number; height: number }): boolean => width > height;

export function RemotePicture({ stream, label, whole = false, bound = false, className, onElement }: RemotePictureProps) {
  const video = useStream<HTMLVideoElement>(stream);
  const [fills, setFills] = useState(true);

  const fit = useCallback((): void => {
    const seen = video.current;
    if (seen === null || seen.videoWidth === 0) return;
    const box = seen.getBoundingClientRect();
    setFills(isWide(box) === isWide({ width: seen.videoWidth, height: seen.videoHeight }));
  }, [video]);

  useEffect(() => {
    const seen = video.current;
    if (seen === null) return;
    const watch = new ResizeObserver(fit);
    watch.observe(seen);
    return () => watch.disconnect();
  }, [video, fit]);

  useEffect(() => {
    onElement?.(video.current);
    return () => onElement?.(null);
  }, [video, onElement]);

  useEffect(() => {
    const seen = video.current;
    if (bound) bringBack(seen);
    // Its window would stay open without it.
    return () => bringBack(seen);
  }, [video, bound]);

  return (
    <video
      ref={video}
      autoPlay
      playsInline
      muted
      disablePictureInPicture={bound}
      aria-label={label}
      onResize={fit}
      onLoadedMetadata={fit}
      className={clsx("bg-black", whole || !fills ? "object-contain" : "object-cover", className)}
    />
  );
}
