/** Wakes the agent when nothing was said for a while; never while somebody writes, or nobody looks. */

const SILENCE_MS = 12_000;

export class Silence {
  /** @param mayRing whether it is quiet, asked when the time is up. */
  constructor(mayRing, ring) {
    this.mayRing = mayRing;
    this.ring = ring;
    this.timer = null;
  }

  get isRunning() {
    return this.timer !== null;
  }

  start() {
    this.stop();
    this.timer = setTimeout(() => {
      this.timer = null;
      if (this.mayRing()) this.ring();
      else this.start();
    }, SILENCE_MS);
  }

  /** A key was pressed: the time begins again. */
  disturb() {
    if (this.isRunning) this.start();
  }

  stop() {
    clearTimeout(this.timer);
    this.timer = null;
  }
}
