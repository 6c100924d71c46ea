// A range input that acts when it is let go, and goes back where the server refuses.

import { el, text } from "./dom.js";

const SETTLES = 250;

/**
 * A slider with a label. `toValue` makes a value of its position and `toPosition` a position of a value; `show` writes a value;
 * `send(value)` returns a promise; `moved(value, byHand)` is told each. Returns {element, set(value)}; a value that is set while a hand is on it waits for the server's answer.
 */
export function slider({ label, visible = false, min = 0, max, step = 1, toValue = (v) => v, toPosition = (v) => v, show, send, moved = () => {} }) {
  const output = el("output", {}, "");
  const error = el("span", { class: "error", role: "alert" });
  const input = el("input", { type: "range", min: String(min), max: String(max), step: String(step), "aria-label": label });
  let value = null;
  let touched = false;
  let timer;

  const say = (current) => {
    text(output, show(current));
    input.setAttribute("aria-valuetext", show(current));
  };
  const place = () => {
    input.value = String(toPosition(value));
    say(value);
    moved(value, false);
  };
  const act = async () => {
    const asked = toValue(Number(input.value));
    error.textContent = "";
    element.setAttribute("aria-busy", "true");
    try {
      await send(asked);
      value = asked;
    } catch (e) {
      error.textContent = e.message;
    } finally {
      touched = false;
      element.removeAttribute("aria-busy");
      place();
    }
  };
  input.addEventListener("input", () => {
    touched = true;
    clearTimeout(timer);
    const current = toValue(Number(input.value));
    say(current);
    moved(current, true);
  });
  // A pointer that lets go changes once; arrow keys change with each press, and act when they rest.
  input.addEventListener("change", () => {
    clearTimeout(timer);
    timer = setTimeout(act, SETTLES);
  });
  const element = el("span", { class: "slider" }, visible ? el("span", { class: "label", "aria-hidden": "true" }, label) : null, input, output, error);
  return {
    element,
    input,
    set(next, top) {
      if (touched) {
        return;
      }
      if (top !== undefined) {
        input.max = String(top);
      }
      value = next;
      place();
    },
  };
}
