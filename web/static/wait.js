// The waiting page: asks every three seconds whether it is over, and says after 10 and 60 seconds that it takes longer. Without this script
// the page reloads itself.

const text = /** @type {HTMLElement} */ (document.getElementById("wait"));
const POLL = 3000; // ms

setTimeout(() => { text.textContent = text.dataset.soon ?? ""; }, 10_000);
setTimeout(() => { text.textContent = text.dataset.long ?? ""; }, 60_000);

async function ask() {
  try {
    const answer = await fetch(text.dataset.state ?? "", { headers: { Accept: "application/json" } });
    // A visit that has ended here (opened elsewhere, cookie gone) has a page of its own: the reload shows it.
    if (answer.status >= 400 && answer.status < 500) return location.reload();
    const { page } = await answer.json();
    if (page !== location.pathname) return location.replace(page);
  } catch {
    // No network, or no answer, for a moment: ask again.
  }
  setTimeout(ask, document.hidden ? 4 * POLL : POLL);
}

setTimeout(ask, POLL / 3);
