/** Makes elements; text is always text, never markup. */

const SVG = "http://www.w3.org/2000/svg";

/** @param more attributes; "text" is the content, "on" what happens on a click. */
export function element(tag, { text, on, ...attributes } = {}, ...children) {
  return filled(document.createElement(tag), text, on, attributes, children);
}

export function drawn(tag, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), undefined, undefined, attributes, children);
}

export function icon(name) {
  return drawn("svg", { class: "icon", "aria-hidden": "true" }, drawn("use", { href: `#icon-${name}` }));
}

function filled(made, text, on, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  if (text !== undefined) made.textContent = text;
  if (on) made.addEventListener("click", on);
  made.append(...children.filter((child) => child !== null));
  return made;
}

/** Title and year of "Heat (1995)"; the year is empty where there is none. */
export function titleAndYear(title) {
  const found = /^(.*\S) \((\d{4})\)$/.exec(title);
  return found ? [found[1], found[2]] : [title, ""];
}
