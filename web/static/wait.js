// The waiting page: asks every three seconds whether it is over, and says after 10 and 60 seconds that it takes longer. Without this script
// the page reloads itself.

import { again, go, headers, here, problem } from "./way.js";

const text = /** @type {HTMLElement} */ (document.getElementById("wait"));
const POLL = 3000; // ms
const PATIENCE = 5; // questions without an answer before that is a problem
let silent = 0;

setTimeout(() => { text.textContent = text.dataset.soon ?? ""; }, 10_000);
setTimeout(() => {
  text.textContent = text.dataset.long ?? "";
  document.getElementById("away")?.removeAttribute("hidden"); // where the end page would go by itself, nobody has to wait for it
}, 60_000);

async function ask() {
  try {
    const answer = await fetch(text.dataset.state ?? "", { headers: { Accept: "application/json", ...headers() } });
    // A visit that has ended here (opened elsewhere, cookie gone) has a page of its own: asking anew shows it.
    if (answer.status >= 400 && answer.status < 500) return again();
    const { page } = await answer.json();
    silent = 0;
    if (page !== here()) return go(page);
  } catch {
    // No network, or no answer, for a moment: ask again.
    if (++silent === PATIENCE) problem("lost");
  }
  setTimeout(ask, document.hidden ? 4 * POLL : POLL);
}

setTimeout(ask, POLL / 3);
