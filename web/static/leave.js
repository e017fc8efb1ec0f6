// An end page that goes back to the client by itself, after a moment in which it can be read and kept from going. Without this script, and
// for who comes back by the Back button, the button leads there.

const leave = /** @type {HTMLElement} */ (document.getElementById("leave"));
const words = /** @type {HTMLElement} */ (document.getElementById("leaving"));
const stay = /** @type {HTMLButtonElement} */ (document.getElementById("stay"));
const way = /** @type {HTMLAnchorElement} */ (leave.querySelector("a"));
const PAUSE = 5000; // ms

const [came] = /** @type {PerformanceNavigationTiming[]} */ (performance.getEntriesByType("navigation"));
if (came?.type !== "back_forward") {
  words.hidden = stay.hidden = false;
  words.textContent = leave.dataset.leaving ?? "";
  const leaving = setTimeout(() => way.click(), PAUSE);
  stay.addEventListener("click", () => {
    clearTimeout(leaving);
    words.textContent = leave.dataset.stayed ?? "";
    stay.hidden = true;
    way.focus();
  });
  // A page that the browser keeps may be come back to: then it stays.
  addEventListener("pagehide", () => {
    clearTimeout(leaving);
    words.hidden = stay.hidden = true;
  });
}
