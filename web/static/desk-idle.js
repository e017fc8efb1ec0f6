// Warns before a quiet session ends (WCAG 2.2, 2.2.1) and lets the reviewer stay. Typing is not a request, so the server cannot see it.

const note = document.querySelector("[data-idle]");
const button = note?.querySelector("button");
if (note instanceof HTMLElement && button) {
  let timer = 0;
  const start = () => {
    note.hidden = true;
    timer = setTimeout(() => { note.hidden = false; }, Number(note.dataset.after));
  };
  button.addEventListener("click", async () => {
    clearTimeout(timer);
    try {
      const answer = await fetch(note.dataset.stay ?? "", { method: "POST", redirect: "error" });
      if (answer.ok) start();
    } catch {
      // Signed out already, or no network: the warning stays, which is the truth.
    }
  });
  start();
}
