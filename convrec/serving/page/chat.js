/** The talk: what is said goes out, what is answered is drawn, and what the agent thinks of it. */

import { Drawer } from "./drawer.js";
import { Gateway, newId } from "./gateway.js";
import { forget, keep, recall } from "./kept.js";
import { Log } from "./log.js";
import { Silence } from "./silence.js";
import { counted, thoughts } from "./thinking.js";

const HELLO = "/greet";
const KEPT_SAID = 60;
const THINKS_AFTER_MS = 250;
const TELLS = {
  offline: "I cannot reach the server. I keep trying.",
  busy: "There are many of us just now. One moment.",
  fast: "That was quick! I go on in a few seconds.",
};
const WAITS = "Take your time.";
const RESUMES = { id: null };

const at = (id) => document.getElementById(id);
const [place, words, notice, why, undo] = ["log", "words", "notice", "why", "undo"].map(at);
const root = document.documentElement;

const log = new Log(place, (payload, title, event) => press(payload, title, event));
const gateway = new Gateway((trouble) => {
  if (trouble) tell(TELLS[trouble]);
  else if (Object.values(TELLS).includes(notice.textContent)) tell("");  // nothing else that is told is over with it
});
const silence = new Silence(
  () => !words.value.trim() && !document.hidden && navigator.onLine, () => send({ id: newId(), payload: "/silence", words: null }),
);
new Drawer(at("thinking"), at("thinking-title"), at("show-thinking"), at("hide-thinking"), at("scrim"), [at("top"), at("talk")]);

let said = recall("said") ?? [];
let underWay = null;
let isWaiting = false;
let isOver = false;
let hasQuestion = false;
let latest = 0;

function tell(text) {
  notice.replaceChildren(text);
}

/** Somebody has pressed an answer. */
function press(payload, title, event) {
  if (underWay) return;
  log.close(event.currentTarget);
  say(payload, title, event.detail === 0);
}

/** @param byKeys whether the keyboard is where the answer was pressed, and has to go on from there. */
function say(payload, title, byKeys = false) {
  if (underWay) return;
  if (isOver) {
    said = [];
    log.leave();
    log.line("A new talk");
    isOver = false;
  }
  const bubble = log.person(title);
  if (byKeys) bubble.focus({ preventScroll: true });
  send({ id: newId(), payload, words: title }, byKeys);
}

/** Begin anew, with nothing on the page. */
function restart() {
  if (underWay) return;
  const payload = isOver ? HELLO : "/restart_talk";
  said = [];
  isOver = false;
  log.clear();
  words.focus({ preventScroll: true });
  send({ id: newId(), payload, words: null });
}

async function send(turn, byKeys = false) {
  if (underWay) return;
  underWay = turn;
  thinkingIs(true);
  silence.stop();
  if (said.at(-1)?.id !== turn.id) said = [...said, turn].slice(-KEPT_SAID);
  keep("said", said);
  if (turn.payload !== "/silence") tell("");
  const thinks = setTimeout(() => turn.payload !== "/silence" && log.think(true), THINKS_AFTER_MS);
  let messages = null;
  let trouble = 0;
  try {
    messages = await gateway.say(turn.payload, turn.id);
  } catch (error) {
    trouble = error.status;
  }
  clearTimeout(thinks);
  underWay = null;
  if (!messages) {
    failed(trouble, turn);
    return;
  }
  const first = log.agent(messages);
  settle(messages);
  if (byKeys) (first ?? words).focus({ preventScroll: true });
  if (isWaiting) submit();
  if (!underWay) await look();
}

function settle(messages) {
  if (!messages.length) {
    tell(WAITS);
    silence.start();
    return;
  }
  hasQuestion = messages.some((message) => message.buttons || message.attachment);
  why.disabled = !hasQuestion;
}

function failed(status, turn) {
  log.think(false);
  thinkingIs(false);
  if (status === 401 && turn.again) {
    tell("This server talks only to who knows its token.");
  } else if (status === 401) {
    const hadBegun = said.length > 1;
    gateway.dropName();
    forget("said");
    said = [];
    log.clear();
    if (hadBegun) log.line("I have lost the thread of our talk, so we begin anew.");
    send({ id: newId(), payload: HELLO, words: null, again: true });
  } else {
    tell(status ? "Something went wrong on my side. " : "I could not reach the server. ");
    const again = Object.assign(document.createElement("button"), { type: "button", className: "again", textContent: "Try again" });
    again.addEventListener("click", () => send(turn));
    notice.append(again);
  }
}

/** Ask what the agent thinks, and show it; the talk does without where that fails. */
async function look() {
  const asked = ++latest;
  const belief = await gateway.belief().catch(() => null);
  if (asked !== latest || underWay) return;
  thinkingIs(false);
  if (belief) show(belief);
}

function thinkingIs(isBusy) {
  at("thinking").setAttribute("aria-busy", String(isBusy));
}

function show(belief) {
  at("thoughts").replaceChildren(...thoughts(belief));
  at("chip-words").textContent = `${counted(belief.likely, belief.noun)} likely`;
  at("show-thinking").setAttribute("aria-label", `What I think: ${counted(belief.likely, belief.noun)} likely`);
  if (document.activeElement === undo && belief.path.length < 2) words.focus();
  undo.disabled = belief.over || belief.path.length < 2;
  if (belief.over && !isOver) end(belief);
}

function end({ number, stars }) {
  isOver = true;
  silence.stop();
  tell("");
  why.disabled = undo.disabled = true;
  log.ending(stars, (count) => rate(number, count), restart);
}

async function rate(number, stars) {
  try {
    return (await gateway.rate(number, stars)).stars;
  } catch {
    tell("Your stars did not get through. Please try once more.");
    return null;
  }
}

/** Draw the talk so far once more, and go on where it was left. */
async function resume() {
  let talk;
  underWay = RESUMES;  // whoever writes meanwhile is heard after it
  try {
    talk = await gateway.talk();
  } catch (error) {
    underWay = null;
    failed(error.status, { id: newId(), payload: HELLO, words: null });
    return;
  }
  underWay = null;
  const { turns } = talk;
  const begins = turns.findIndex((turn) => turn.message_id === said[0]?.id);
  const shown = turns.slice(Math.max(begins, 0));
  const unanswered = said.at(-1);
  if (!shown.length) {
    said = [];
    await send({ id: newId(), payload: HELLO, words: null });
    return;
  }
  log.quietly(() => {
    if (begins < 0 && said.length) log.line("What was said before is no longer kept");
    for (const turn of shown) {
      const mine = said.find((each) => each.id === turn.message_id);
      if (mine?.words) log.person(mine.words);
      log.agent(turn.messages);
      settle(turn.messages);
    }
  });
  if (shown.at(-1).messages.length) {
    tell("");
    silence.stop();
  }
  if (unanswered && !turns.some((turn) => turn.message_id === unanswered.id)) {
    if (unanswered.words) log.person(unanswered.words);
    await send(unanswered);
    return;
  }
  if (isWaiting) submit();
  if (!underWay) await look();
}

/** The talk went on in another window. */
function catchUp() {
  const others = recall("said");
  if (document.hidden || underWay || !others || others.at(-1)?.id === said.at(-1)?.id) return;
  said = others;
  isOver = false;
  silence.stop();
  log.clear();
  resume();
}

function submit() {
  const text = words.value.trim();
  isWaiting = Boolean(text && underWay);
  if (!text || underWay) return;
  words.value = "";
  log.close();
  say(text, text);
}

at("write").addEventListener("submit", (event) => {
  event.preventDefault();
  submit();
});
words.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    submit();
  }
});
document.addEventListener("visibilitychange", catchUp);
words.addEventListener("input", () => silence.disturb());
why.addEventListener("click", () => say("/why", "Why?"));
undo.addEventListener("click", () => say("/undo", "Take that back"));
at("restart").addEventListener("click", restart);

const prefersDark = matchMedia("(prefers-color-scheme: dark)");
const isDark = () => (root.dataset.look ?? (prefersDark.matches ? "dark" : "light")) === "dark";
const showLook = () => at("look").setAttribute("aria-pressed", String(isDark()));
at("look").addEventListener("click", () => {
  root.dataset.look = isDark() ? "light" : "dark";
  try {
    localStorage.setItem("convrec.look", root.dataset.look);
  } catch {
    // It is as it was when the page is loaded again.
  }
  showLook();
});
prefersDark.addEventListener("change", showLook);
showLook();

if (gateway.hasName) resume();
else {
  said = [];
  send({ id: newId(), payload: HELLO, words: null });
}
