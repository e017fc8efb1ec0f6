// The upload page works without this script. It adds: the button that opens the camera (which needs scripts), a word about a file that is
// too large before it is sent, a button that says that it is sending, and sending in pieces, which survives a lost connection.

import { send } from "./send.js";
import { again, go, problem as showProblem } from "./way.js";

for (const part of document.querySelectorAll(".needs-script")) {
  // Where nothing can be recorded, the field for a file is the way: on a phone it opens the camera.
  if (!part.hasAttribute("data-records") || "MediaRecorder" in window) part.removeAttribute("hidden");
}

const form = /** @type {HTMLFormElement} */ (document.getElementById("upload"));
const file = /** @type {HTMLInputElement} */ (document.getElementById("file"));
const wrong = /** @type {HTMLElement} */ (document.getElementById("file-wrong"));
const status = /** @type {HTMLElement} */ (document.getElementById("status"));
const button = /** @type {HTMLButtonElement} */ (form.querySelector("button"));

const FAILURES = 3; // after which the phone's own camera app is offered
let failed = 0;

/**
 * Says what is wrong with the file, beside the field; "" takes it back.
 * @param {string} words
 */
function say(words) {
  wrong.textContent = words;
  wrong.hidden = words === "";
  file.setAttribute("aria-invalid", String(words !== ""));
  file.closest(".field")?.classList.toggle("field-bad", words !== "");
}

/** @returns {string} what is wrong with the chosen file, or "" */
function problem() {
  const chosen = file.files?.[0];
  if (!chosen) return form.dataset.missing ?? "";
  return chosen.size > Number(form.dataset.max) ? form.dataset.tooLarge ?? "" : "";
}

/** Plays a chosen video back before it is sent. */
function play() {
  const chosen = document.getElementById("chosen");
  const player = chosen?.querySelector("video");
  if (!chosen || !player) return;
  URL.revokeObjectURL(player.src);
  const one = file.files?.[0];
  chosen.hidden = !one;
  if (one) player.src = URL.createObjectURL(one);
}

file.addEventListener("change", () => {
  say(problem());
  play();
});

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const words = problem();
  const one = file.files?.[0];
  if (words || !one) {
    say(words);
    file.focus();
    return;
  }
  // aria-disabled, not disabled: a disabled button loses the focus, and with it a screen reader its place.
  if (button.getAttribute("aria-disabled") === "true") return;
  const label = button.textContent;
  button.setAttribute("aria-disabled", "true");
  button.textContent = form.dataset.sending ?? "";
  status.textContent = form.dataset.sending ?? "";
  try {
    const answer = await send(one, one.name, form.dataset.part ?? "", (part) => {
      if (part === null) {
        status.textContent = form.dataset.lost ?? "";
        showProblem("lost");
      } else status.textContent = (form.dataset.progress ?? "").replace("%", String(Math.round(part * 100)));
    });
    if (!answer) return;
    if (answer.page) return go(answer.page);
    // The page itself says what was wrong, with all the ways on.
    say(answer.wrong ?? form.dataset.missing ?? "");
    if (++failed >= FAILURES) return again();
  } catch {
    say(form.dataset.broken ?? "");
    showProblem("lost");
  }
  status.textContent = "";
  button.removeAttribute("aria-disabled");
  button.textContent = label;
  file.focus();
});

// A page that comes back from the browser's memory must be usable again.
addEventListener("pageshow", (event) => {
  if (event.persisted) again();
});
