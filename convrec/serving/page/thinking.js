/** The panel: how many are still likely, the way there, who leads, and what the last answer did. */

import { drawn, element, titleAndYear } from "./elements.js";

const WIDE = 320;
const HIGH = 92;
const EDGE = 7;
const LEAST_SCALE = 0.05;

/** @param belief what the server says that the agent thinks. */
export function thoughts(belief) {
  const found = [headline(belief)];
  if (belief.path.length > 1) found.push(way(belief));
  if (belief.top.length) found.push(leaders(belief));
  if (belief.change) found.push(change(belief));
  return found;
}

export function number(count) {
  return count.toLocaleString("en");
}

export function counted(count, noun) {
  return `${number(count)} ${noun}${count === 1 ? "" : "s"}`;
}

function percent(share) {
  const percents = 100 * share;
  return `${percents >= 9.95 ? percents.toFixed(0) : percents >= 0.05 || !percents ? percents.toFixed(1) : "<0.1"} %`;
}

function headline({ likely, held, noun, items }) {
  return element("section", { class: "headline" },
    element("p", {}, element("strong", { class: "big", text: number(likely) }),
      element("span", { text: ` ${noun}${likely === 1 ? "" : "s"} still likely` })),
    element("p", { class: "quiet", text: `of ${number(items)}; 95 % of my belief lies on ${number(held)}` }));
}

/** Counts after each answer, on a logarithmic scale: every answer is to halve them, and more. */
function way({ path, noun }) {
  const logs = path.map((count) => Math.log(Math.max(count, 1)));
  const most = Math.max(...logs, 1);
  const points = logs.map((log, place) => [
    EDGE + (place * (WIDE - 2 * EDGE)) / (path.length - 1), HIGH - EDGE - (log / most) * (HIGH - 2 * EDGE),
  ]);
  const line = points.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`).join("L");
  const [x, y] = points.at(-1);
  const says = `From ${number(path[0])} to ${counted(path.at(-1), noun)} in ${counted(path.length - 1, "answer")}`;
  return element("section", {},
    element("h3", { text: "The way here" }),
    drawn("svg", { class: "way", viewBox: `0 0 ${WIDE} ${HIGH}`, role: "img", "aria-label": says },
      drawn("path", { class: "way-area", d: `M${line}L${x.toFixed(1)} ${HIGH}L${EDGE} ${HIGH}Z` }),
      drawn("path", { class: "way-line", d: `M${line}` }),
      ...points.slice(0, -1).map(([cx, cy]) => drawn("circle", { class: "way-dot", cx, cy, r: 2.5 })),
      drawn("circle", { class: "way-now", cx: x, cy: y, r: 5 })),
    element("p", { class: "quiet", text: `${says}.` }));
}

function leaders({ top }) {
  const list = element("ol", { class: "leaders" });
  for (const { title: full, share } of top) {
    const [title, year] = titleAndYear(full);
    const bar = element("span", { class: "bar", "aria-hidden": "true" }, element("i"));
    bar.firstChild.style.width = `${(100 * share) / Math.max(top[0].share, LEAST_SCALE)}%`;
    list.append(element("li", {},
      element("span", { class: "leader" }, element("span", { text: title }),
        year ? element("span", { class: "year", text: ` ${year}` }) : null),
      element("span", { class: "share", text: percent(share) }), bar));
  }
  return element("section", {}, element("h3", { text: "In the lead" }), list);
}

function change({ change: { told, before, after, up, down }, noun }) {
  const moved = element("ul", { class: "moved" });
  for (const [each, way, says] of [...up.map((item) => [item, "up", "Up"]), ...down.map((item) => [item, "down", "Down"])]) {
    moved.append(element("li", { class: way },
      element("span", { class: "arrow", "aria-hidden": "true", text: way === "up" ? "↑" : "↓" }),
      element("span", { class: "unseen", text: `${says}: ` }),
      element("span", { class: "leader", text: titleAndYear(each.title)[0] }),
      element("span", { class: "share" }, element("span", { text: `${percent(each.before)} ` }),
        element("span", { "aria-hidden": "true", text: "→" }), element("span", { class: "unseen", text: "to" }),
        element("span", { text: ` ${percent(each.after)}` }))));
  }
  return element("section", {},
    element("h3", { text: "Your last answer" }),
    element("blockquote", { text: told }),
    element("p", { class: "from-to" }, element("span", { text: number(before) }),
      element("span", { class: "arrow", "aria-hidden": "true", text: " → " }), element("span", { class: "unseen", text: " to " }),
      element("strong", { text: number(after) }), element("span", { text: ` ${noun}${after === 1 ? "" : "s"}` })),
    moved.children.length ? moved : element("p", { class: "quiet", text: "It moved nothing." }));
}
