// Numbers as the report writes them, and elements without markup in texts.
const THIN = "\u202f", DASH = "–";

const count = (n) => n.toLocaleString("en-US");
const minus = (text) => text.replace("-", "−");

/** A share with one decimal; "100.0 %" is truly all and "0.0 %" none. steps: whole steps of `of`. */
const percent = (steps, of) => {
  if (steps === null || steps === undefined) return DASH;
  let shown = ((100 * steps) / of).toFixed(1);
  if (shown === "100.0" && steps < of) shown = ">99.9";
  else if (shown === "0.0" && steps > 0) shown = "<0.1";
  return `${shown}${THIN}%`;
};

const decimal = (steps, of, digits) =>
  steps === null || steps === undefined ? DASH : minus((steps / of).toFixed(digits).replace(/^-(0\.?0*)$/, "$1"));

const signed = (steps, of) => {
  const shown = decimal(steps, of, 1);
  return steps > 0 && Number(shown) !== 0 ? `+${shown}` : shown;
};

/** An element with attributes and children; texts stay texts. */
const make = (tag, attributes = {}, ...children) => {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
};

/** A name from outside, isolated from the direction of what stands around it. */
const named = (text) => make("bdi", {}, text);
const by = (id) => document.getElementById(id);
