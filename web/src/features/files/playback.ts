/**
 * What is heard: one recording at a time on the whole page. Outside React, and with an audio element of its own, so that
 * scrolling a message out of sight does not silence it. When a voice message ends, the next one below it begins.
 */
import { recall, remember } from "../../lib/storage";
import { Store } from "../../lib/store";

export const SPEEDS = [1, 1.5, 2] as const;
export type Speed = (typeof SPEEDS)[number];
const SPEED_KEY = "staffline.voiceSpeed";

export interface Heard {
  /** The attachment that is loaded; null for none. */
  id: string | null;
  playing: boolean;
  atMs: number;
  /** Null until the browser knows. */
  durationMs: number | null;
  failed: boolean;
}

/** A player on the screen. */
export interface Player {
  id: string;
  url: string;
  /** Where it stands tells which one is the next. */
  element: Element;
  /** Only voice messages follow each other. */
  voice: boolean;
}

const NOTHING: Heard = { id: null, playing: false, atMs: 0, durationMs: null, failed: false };

export class Playback {
  readonly heard = new Store<Heard>(NOTHING);
  readonly speed = new Store<Speed>(SPEEDS.find((speed) => String(speed) === recall(SPEED_KEY)) ?? 1);
  readonly #players = new Map<string, Player>();
  #audio: HTMLAudioElement | null = null;
  /** A video or another element that makes sound. */
  #other: HTMLMediaElement | null = null;

  register(player: Player): () => void {
    this.#players.set(player.id, player);
    return () => {
      if (this.#players.get(player.id) === player) this.#players.delete(player.id);
    };
  }

  toggle({ id, url }: Pick<Player, "id" | "url">): void {
    const { id: now, playing } = this.heard.get();
    if (now === id && playing) this.pause();
    else this.#play(id, url, now === id ? undefined : 0);
  }

  /** Begins to play from there, or goes on from there. */
  seek({ id, url }: Pick<Player, "id" | "url">, ms: number): void {
    const { id: now, playing } = this.heard.get();
    if (now === id && this.#audio !== null) {
      this.#audio.currentTime = ms / 1000;
      this.#change({ atMs: ms });
      if (!playing) return;
    }
    this.#play(id, url, ms);
  }

  /** What is known as `from` is `to` from now on; whoever listens to it notices nothing. */
  rename(from: string, to: string): void {
    if (this.heard.get().id === from) this.#change({ id: to });
  }

  nextSpeed(): void {
    const at = SPEEDS.indexOf(this.speed.get());
    const next = SPEEDS[(at + 1) % SPEEDS.length] ?? 1;
    this.speed.set(next);
    remember(SPEED_KEY, String(next));
    if (this.#audio !== null) this.#audio.playbackRate = next;
  }

  /** A video begins: everything else falls silent. */
  claim(element: HTMLMediaElement): void {
    this.pause();
    if (this.#other !== element) this.#other?.pause();
    this.#other = element;
  }

  pause(): void {
    this.#audio?.pause();
  }

  /** A call rings: nothing of ours may be heard. */
  silence(): void {
    this.pause();
    this.#other?.pause();
  }

  /** The chat is left. */
  stop(): void {
    this.silence();
    this.#other = null;
    if (this.#audio !== null) {
      this.#audio.removeAttribute("src");
      this.#audio.load();
    }
    this.heard.set(NOTHING);
  }

  #play(id: string, url: string, fromMs: number | undefined): void {
    this.#other?.pause();
    const audio = (this.#audio ??= this.#makeAudio());
    if (this.heard.get().id !== id || this.heard.get().failed) {
      audio.src = url;
      this.heard.set({ ...NOTHING, id, atMs: fromMs ?? 0 });
    }
    if (fromMs !== undefined) audio.currentTime = fromMs / 1000;
    audio.playbackRate = this.speed.get();
    // Refusals come as an `error` event; a pause that overtakes the start is none.
    void audio.play().catch(() => undefined);
  }

  #makeAudio(): HTMLAudioElement {
    const audio = new Audio();
    audio.preload = "auto";
    const on = (event: keyof HTMLMediaElementEventMap, act: () => void): void => {
      audio.addEventListener(event, () => {
        // The end of one that was let go of already.
        if (this.heard.get().id !== null) act();
      });
    };
    on("play", () => this.#change({ playing: true, failed: false }));
    on("pause", () => this.#change({ playing: false }));
    on("timeupdate", () => this.#change({ atMs: audio.currentTime * 1000 }));
    on("durationchange", () => this.#change({ durationMs: Number.isFinite(audio.duration) ? audio.duration * 1000 : null }));
    on("error", () => this.#change({ playing: false, failed: true }));
    on("ended", () => this.#ended());
    return audio;
  }

  #ended(): void {
    const { id } = this.heard.get();
    this.#change({ playing: false, atMs: 0 });
    const next = this.#after(id);
    if (next !== undefined) this.#play(next.id, next.url, 0);
  }

  #after(id: string | null): Player | undefined {
    const ended = id === null ? undefined : this.#players.get(id);
    if (ended?.voice !== true) return undefined;
    const below = [...this.#players.values()].filter(({ voice, element }) => voice && follows(ended.element, element));
    return below.find(({ element }) => !below.some((other) => follows(other.element, element)));
  }

  #change(change: Partial<Heard>): void {
    this.heard.update((heard) => ({ ...heard, ...change }));
  }
}

function follows(one: Element, other: Element): boolean {
  return (one.compareDocumentPosition(other) & Node.DOCUMENT_POSITION_FOLLOWING) !== 0;
}
