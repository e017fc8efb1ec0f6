// Counts down to the moment when a held decision is carried out, and then shows the case as it is. Nobody who writes is disturbed: the page
// stays as it is then, with its link to look again.

const note = document.querySelector("[data-held]");
const seconds = note?.querySelector("[data-seconds]");
const again = note?.querySelector("[data-again]");
if (note instanceof HTMLElement && seconds && again instanceof HTMLAnchorElement) {
  const until = performance.now() + Number(note.dataset.left);
  const slack = 700; // ms that carrying out may take
  const tick = () => {
    const left = until - performance.now();
    seconds.textContent = left > 0 ? `(${Math.ceil(left / 1000)} s)` : "";
    const busy = document.activeElement?.matches("input, select, textarea") || document.querySelector("dialog[open]") || typed();
    if (left < -slack && !busy) again.click();
    else setTimeout(tick, 250);
  };
  tick();
}

/** Whether a text on the page is not what the server sent. */
function typed() {
  return [...document.querySelectorAll("textarea, input[type=text]")].some((f) =>
    (f instanceof HTMLTextAreaElement || f instanceof HTMLInputElement) && f.value !== f.defaultValue);
}
