// SPDX-License-Identifier: Apache-2.0
// What each style alone makes of a picture, painted once and kept. Strength and mixture are weighted means in pixels, as
// the server makes them (Painter::painted), so the page mixes what it has: no slider waits for a network.
import type { BlendPart } from "../api/types";

/** One style's painting of one picture, at full strength. */
export interface Wanted {
  picture: string;
  model: string;
  /** Longer side in pixels. */
  size: number;
  keepColour: boolean;
}

const key_of = (w: Wanted) => JSON.stringify([w.picture, w.model, w.size, w.keepColour]);

/** The newest paintings, as addresses that an <img> shows. */
export class Paintings {
  private kept = new Map<string, string>();

  constructor(private readonly most: number, private readonly drop: (url: string) => void) {}

  find(wanted: Wanted): string | undefined {
    const key = key_of(wanted), url = this.kept.get(key);
    if (url === undefined) return undefined;
    this.kept.delete(key);
    this.kept.set(key, url);
    return url;
  }

  keep(wanted: Wanted, url: string) {
    this.kept.set(key_of(wanted), url);
    for (const [key, old] of this.kept) {
      if (this.kept.size <= this.most) break;
      this.kept.delete(key);
      this.drop(old);
    }
  }

  /** A model that was replaced or deleted may come again under its name. */
  forget() {
    for (const url of this.kept.values()) this.drop(url);
    this.kept.clear();
  }
}

export interface Layer {
  url: string;
  opacity: number;
}

/** Layers that lie on one another so that what is seen is the mean by weights which add up to 1. */
export function layers_of(parts: readonly (BlendPart & { url: string })[]): Layer[] {
  let sum = 0;
  return parts.filter((p) => p.weight > 0).map(({ url, weight }) => {
    sum += weight;
    return { url, opacity: weight / sum };
  });
}

/** The longer side of a first look that takes about `want_ms`, where the whole takes too long to wait for; 0: just paint it. */
export function first_look(size: number, ms_of_size: number, want_ms = 250): number {
  if (ms_of_size <= 2 * want_ms) return 0;
  return Math.max(192, Math.round((size * Math.sqrt(want_ms / ms_of_size)) / 32) * 32);
}
