// The command that does the same, beside everything that a hand can do.

import { el, text } from "./dom.js";

/** Shows a command with a button that copies it. Returns {element, set(command)}. */
export function command(initial = "") {
  const code = el("code", {}, initial);
  const said = el("span", { class: "said", role: "status" });
  const button = el(
    "button",
    {
      type: "button",
      class: "copy",
      onclick: async () => {
        try {
          await navigator.clipboard.writeText(code.textContent);
          said.textContent = "copied";
        } catch {
          getSelection().selectAllChildren(code);
          said.textContent = "selected: copy it by hand";
        }
        setTimeout(() => (said.textContent = ""), 3000);
      },
    },
    "Copy",
  );
  const element = el("p", { class: "command" }, el("span", { class: "prompt", "aria-hidden": "true" }, "$ "), code, button, said);
  const set = (value) => {
    text(code, value);
    button.setAttribute("aria-label", `Copy the command ${value}`);
  };
  set(initial);
  return { element, set };
}

/** Puts a command into a place of the page. */
export function commandIn(place, initial) {
  const made = command(initial);
  place.replaceChildren(made.element);
  return made;
}
