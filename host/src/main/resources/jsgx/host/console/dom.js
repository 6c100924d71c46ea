// Elements. Strings become text and never markup: there is no other way from data to the page.

/**
 * An element. Attributes that begin with "on" are listeners, true is an attribute without a value, false and null are none;
 * children are elements and strings.
 */
export function el(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) {
      continue;
    }
    if (key.startsWith("on")) {
      element.addEventListener(key.slice(2), value);
    } else {
      element.setAttribute(key, value === true ? "" : value);
    }
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

const SVG = "http://www.w3.org/2000/svg";

/** An element of a drawing. */
export function svg(name, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) {
    element.setAttribute(key, value);
  }
  element.append(...children);
  return element;
}

export const byId = (id) => document.getElementById(id);

/** Sets an element's text where it changed, so that nothing is told twice. */
export function text(element, value) {
  if (element.textContent !== value) {
    element.textContent = value;
  }
}

/** The facts of something: pairs of a name and a text or element. */
export function facts(pairs) {
  const list = el("dl", { class: "facts" });
  for (const [name, value] of pairs) {
    if (value !== null && value !== undefined && value !== "") {
      list.append(el("dt", {}, name), el("dd", {}, typeof value === "number" ? String(value) : value));
    }
  }
  return list;
}

/** A hash, short for people; the whole one is its title, and what is copied. */
export function hash(value) {
  if (!value) {
    return el("span", { class: "none" }, "none");
  }
  return el("abbr", { class: "hash", title: value }, shortHash(value));
}

export const shortHash = (value) => (value.length > 16 ? `${value.slice(0, 8)}…${value.slice(-6)}` : value);

/** Runs at most once a frame, however often it is asked to. */
export function eachFrame(draw) {
  let asked = false;
  return () => {
    if (!asked) {
      asked = true;
      requestAnimationFrame(() => {
        asked = false;
        draw();
      });
    }
  };
}

/** Asks before something is done that others feel. Resolves to whether it was confirmed. */
export function confirmed(title, content, verb) {
  const heading = el("h2", { id: "confirm-title" }, title);
  const dialog = el(
    "dialog",
    { "aria-labelledby": "confirm-title" },
    heading,
    content,
    el(
      "div",
      { class: "buttons" },
      el("button", { type: "button", class: "danger", onclick: () => dialog.close("yes") }, verb),
      el("button", { type: "button", autofocus: true, onclick: () => dialog.close("no") }, "Leave as it is"),
    ),
  );
  document.body.append(dialog);
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
    dialog.showModal();
  });
}
