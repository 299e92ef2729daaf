// SPDX-License-Identifier: Apache-2.0
// What is only nice to have comes one after another, and not while something is waited for: the server has one worker
// that looks at pictures, and a browser six connections.

interface Turn {
  go: () => void;
  gone: boolean;
}

export class Turns {
  private waiting: Turn[] = [];
  private at_work: Turn | undefined;

  constructor(private readonly may_go: () => boolean) {}

  /** `go` is called when the turn comes; who has had it, or does not want it any more, calls what this returns. */
  join(go: () => void): () => void {
    const turn: Turn = { go, gone: false };
    this.waiting.push(turn);
    this.next();
    return () => {
      if (turn.gone) return;
      turn.gone = true;
      if (this.at_work === turn) this.at_work = undefined;
      else this.waiting = this.waiting.filter((other) => other !== turn);
      this.next();
    };
  }

  /** To be called when may_go() may have become true. */
  next() {
    if (this.at_work || !this.may_go()) return;
    this.at_work = this.waiting.shift();
    this.at_work?.go();
  }
}
