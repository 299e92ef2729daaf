// SPDX-License-Identifier: Apache-2.0
// Waits until the asking pauses, then runs the newest request only; what it overtakes is aborted.

export class Latest<In, Out> {
  private timer: ReturnType<typeof setTimeout> | undefined;
  private running: AbortController | undefined;

  constructor(
    private readonly wait_ms: number,
    private readonly work: (input: In, signal: AbortSignal) => Promise<Out>,
    private readonly done: (output: Out, input: In) => void,
    private readonly failed: (error: unknown, input: In) => void,
  ) {}

  ask(input: In) {
    this.stop();
    this.timer = setTimeout(() => void this.run(input), this.wait_ms);
  }

  stop() {
    clearTimeout(this.timer);
    this.running?.abort();
    this.running = undefined;
  }

  private async run(input: In) {
    const control = new AbortController();
    this.running = control;
    try {
      const output = await this.work(input, control.signal);
      if (!control.signal.aborted) this.done(output, input);
    } catch (error) {
      if (!control.signal.aborted) this.failed(error, input);
    }
  }
}
