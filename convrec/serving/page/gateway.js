/** Talks to the server: under the name it has given, and again with the same id where the line was lost. */

import { forget, keep, recall } from "./kept.js";

const PAUSES_MS = [400, 1000, 2000, 4000, 8000, 8000];
const TOO_FAST_MS = 10_000;
const LONGEST_MS = 30_000;
const TRY_AGAIN = new Set([429, 502, 503, 504]);

/** The server does not answer this; status 0 where it could not be reached. */
export class Refused extends Error {
  constructor(status) {
    super(`status ${status}`);
    this.status = status;
  }
}

export class Gateway {
  /** @param tell called with "offline", "busy" or "fast" while it tries again, and with null when it got through. */
  constructor(tell) {
    this.tell = tell;
  }

  get hasName() {
    return recall("sender") !== null;
  }

  dropName() {
    forget("sender");
  }

  /** Messages that answer this one; the same again where the same id was answered before. */
  say(message, id) {
    return this.#asSender("webhooks/rest/webhook", { message, message_id: id });
  }

  /** What was answered so far. */
  talk() {
    return this.#asSender("session/talk", {});
  }

  /** What the agent thinks. */
  belief() {
    return this.#asSender("session/belief", {});
  }

  /** @param number of turns when the talk ended. */
  rate(number, stars) {
    return this.#asSender("session/rating", { number, stars });
  }

  async #asSender(path, body) {
    let sender = recall("sender");
    if (sender === null) {
      ({ sender } = await this.#ask("session", {}));
      keep("sender", sender);
    }
    return this.#ask(path, { sender, ...body });
  }

  async #ask(path, body) {
    for (const pause of [...PAUSES_MS, null]) {
      const { status, content } = await post(path, body);
      if (status === 200) {
        this.tell(null);
        return content;
      }
      if (pause === null || (status !== 0 && !TRY_AGAIN.has(status))) throw new Refused(status);
      this.tell(status === 429 ? "fast" : status === 0 ? "offline" : "busy");
      await passed(status === 429 ? TOO_FAST_MS : pause);
    }
  }
}

/** A new id of a message; randomUUID is missing where a page comes over plain HTTP from another machine. */
export function newId() {
  return Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function post(path, body) {
  try {
    const answer = await fetch(path, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
      credentials: "omit",
      cache: "no-store",
      signal: AbortSignal.timeout(LONGEST_MS),
    });
    return { status: answer.status, content: answer.ok ? await answer.json() : null };
  } catch {
    return { status: 0, content: null };
  }
}

/** So much time has passed, or the line is back. */
function passed(ms) {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      removeEventListener("online", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    addEventListener("online", done);
  });
}
