// Copies the link of a key where the browser lets pages do that.

const copy = /** @type {HTMLButtonElement | null} */ (document.getElementById("copy"));
const key = /** @type {HTMLInputElement | null} */ (document.getElementById("key"));

if (copy && key && navigator.clipboard) {
  copy.hidden = false;
  copy.addEventListener("click", async () => {
    await navigator.clipboard.writeText(key.value);
    copy.textContent = copy.dataset.done ?? "";
  });
}
