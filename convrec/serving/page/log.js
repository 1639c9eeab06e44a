/** The talk as it is drawn: bubbles, answers to press, cards, and the stars at the end. */

import { element, icon, titleAndYear } from "./elements.js";

const HUES = 6;
const SHORT = 18;
const ON_CARD = {
  accept: (title) => `This one: ${title}`,
  like: (title) => `More like ${title}`,
  dislike: (title) => `Not ${title}`,
  seen: (title) => `I have seen ${title}`,
  why: (title) => `Why ${title}?`,
};
const STARS = [1, 2, 3, 4, 5];
const calm = matchMedia("(prefers-reduced-motion: reduce)");

/** Facts that stay in one piece where a line ends: "90 to 104 minutes". */
function unbroken(facts) {
  return facts.split(" · ").map((fact) => (fact.length > SHORT ? fact : fact.replaceAll(" ", "\u00a0").replaceAll("-", "\u2011"))).join("\u00a0· ");
}

export class Log {
  /** @param say called with payload, words and the click when an answer is pressed. */
  constructor(place, say) {
    this.place = place;
    this.say = say;
    this.choices = [];
    this.turn = null;
    this.dots = null;
  }

  clear() {
    this.place.replaceChildren();
    this.choices = [];
    this.turn = null;
    this.dots = null;
  }

  /** Draw without a word to who listens: it was all said before. */
  quietly(draw) {
    this.place.setAttribute("aria-live", "off");
    draw();
    this.place.scrollTop = this.place.scrollHeight;
    setTimeout(() => this.place.setAttribute("aria-live", "polite"), 500);
  }

  line(words) {
    this.#begin("line").append(element("p", { text: words }));
  }

  person(words) {
    const bubble = element("div", { class: "bubble", tabindex: "-1" },
      element("span", { class: "unseen", text: "You said: " }), element("p", { text: words }));
    this.#begin("person").append(bubble);
    this.#show();
    return bubble;
  }

  /** @param messages as Rasa's REST channel writes them. @returns what to press first, or null. */
  agent(messages, isOpen = true) {
    this.think(false);
    if (!messages.length) {
      if (!this.choices.some((choice) => choice.querySelector(".pressed"))) this.reopen();
      return null;
    }
    const turn = element("div", { class: "turn agent" });
    const choices = [];
    for (const message of messages) {
      if (message.text) {
        turn.append(element("div", { class: "bubble" },
          element("span", { class: "unseen", text: "convrec: " }), element("p", { text: message.text })));
      }
      if (message.attachment) choices.unshift(this.#cards(message.attachment.payload.elements));
      if (message.buttons) choices.push(this.#answers(message.buttons));
    }
    for (const choice of choices) {
      // The same question, the same list once more: it moves down to where it is spoken of.
      this.choices.filter((old) => old.dataset.key === choice.dataset.key).forEach((old) => old.remove());
    }
    this.close();
    turn.append(...choices);
    if (!this.turn) this.turn = turn;
    this.place.append(turn);
    this.choices = choices;
    if (!isOpen) this.close();
    this.#show();
    return choices[0]?.querySelector("button") ?? null;
  }

  /** What was asked is answered. */
  close(pressed = null) {
    for (const choice of this.choices) {
      for (const button of choice.querySelectorAll("button")) button.disabled = true;
    }
    pressed?.classList.add("pressed");
  }

  /** It was not answered: there is time to think. */
  reopen() {
    for (const choice of this.choices) {
      for (const button of choice.querySelectorAll("button")) {
        button.disabled = false;
        button.classList.remove("pressed");
      }
    }
  }

  think(isThinking) {
    this.dots?.remove();
    this.dots = null;
    if (!isThinking) return;
    this.dots = element("div", { class: "turn agent", "aria-hidden": "true" },
      element("div", { class: "bubble dots" }, element("i"), element("i"), element("i")));
    this.place.append(this.dots);
    this.#show();
  }

  /** @param stars given before, or null. @param rate called with stars; resolves to those that stand. */
  ending(stars, rate, again) {
    const rating = element("div", { class: "stars", role: "group", "aria-label": "How was this talk?" });
    const thanks = element("p", { class: "quiet", text: "How was this talk?" });
    const buttons = STARS.map((count) => element("button", {
      type: "button", class: "star", "aria-label": `${count} ${count === 1 ? "star" : "stars"}`, "aria-pressed": "false",
      on: async () => show(await rate(count)),
    }, icon("star")));
    const show = (given) => {
      if (given === null) return;
      buttons.forEach((button, place) => {
        button.disabled = true;
        button.classList.toggle("given", place < given);
        button.setAttribute("aria-pressed", String(place + 1 === given));
      });
      thanks.textContent = `Thank you: ${given} of 5 stars.`;
    };
    rating.append(...buttons);
    show(stars);
    const anew = element("button", { type: "button", class: "answer", text: "Start a new talk", on: again });
    this.place.append(element("div", { class: "turn ending" }, thanks, rating, anew));
    this.turn ??= this.place.lastElementChild;
    this.#show();
  }

  /** The talk before is no longer to be rated: another one has begun. */
  leave() {
    for (const button of this.place.querySelectorAll(".ending button")) button.disabled = true;
  }

  #begin(kind) {
    this.turn = element("div", { class: `turn ${kind}` });
    this.place.append(this.turn);
    return this.turn;
  }

  /** All of the last turn, or its beginning where it is too long. */
  #show() {
    const { place, turn } = this;
    const last = place.scrollHeight - place.clientHeight;
    const top = turn ? Math.min(last, turn.offsetTop - place.offsetTop - 16) : last;
    place.scrollTo({ top, behavior: calm.matches ? "auto" : "smooth" });
  }

  #answers(buttons) {
    const group = element("div", { class: "answers", role: "group", "aria-label": "Answers", "aria-live": "off" });
    group.dataset.key = JSON.stringify(buttons);
    for (const { title, payload } of buttons) {
      const plain = /^\/(inform|like|affirm|deny)/.test(payload) ? "" : " plain";
      group.append(element("button", {
        type: "button", class: `answer${plain}`, text: title, on: (event) => this.say(payload, title, event),
      }));
    }
    return group;
  }

  #cards(elements) {
    const list = element("ul", { class: "cards", "aria-label": "Suggestions", "aria-live": "off" });
    list.dataset.key = JSON.stringify(elements);
    list.append(...elements.map((each) => this.#card(each)));
    return list;
  }

  #card({ title: full, subtitle, buttons }) {
    const [title, year] = titleAndYear(full);
    const hue = [...title].reduce((sum, letter) => (31 * sum + letter.codePointAt(0)) % 9973, 7) % HUES;
    const actions = element("div", { class: "card-buttons" });
    for (const { title: name, payload } of buttons) {
      const intent = /^\/(\w+)/.exec(payload)?.[1];
      const words = ON_CARD[intent]?.(title) ?? `${name}: ${title}`;
      actions.append(element("button", {
        type: "button", class: intent === "accept" ? "act first" : "act", text: name, "aria-label": `${name}: ${full}`,
        on: (event) => this.say(payload, words, event),
      }));
    }
    return element("li", { class: "card" },
      element("div", { class: `tile hue-${hue}`, "aria-hidden": "true", text: [...title.replace(/^(The|A|An) /, "")][0] ?? "" }),
      element("div", { class: "card-words" },
        element("h3", {}, element("span", { text: title }), year ? element("span", { class: "year", text: ` ${year}` }) : null),
        subtitle ? element("p", { class: "facts", text: unbroken(subtitle) }) : null),
      actions);
  }
}
