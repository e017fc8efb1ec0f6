// Single-letter keys of the desk. A key presses the link, or goes to the field, that carries it in data-key, so that nothing can be done by
// key that cannot be done without. The server leaves this module out when the keys are switched off (WCAG 2.2, 2.1.4).

/** Whether what is typed belongs to an element. @param {EventTarget | null} target */
function takesText(target) {
  return target instanceof HTMLElement && (target.isContentEditable || target.matches("input, select, textarea"));
}

/** Moves the focus among the cases of a list. @param {number} by */
function move(by) {
  const rows = /** @type {HTMLElement[]} */ ([...document.querySelectorAll("[data-row]")]);
  const at = rows.indexOf(/** @type {HTMLElement} */ (document.activeElement));
  const next = rows[at < 0 ? (by > 0 ? 0 : rows.length - 1) : at + by];
  next?.focus();
  return rows.length > 0;
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.repeat || event.isComposing || takesText(event.target)) return;
  if ((event.key === "j" || event.key === "k") && move(event.key === "j" ? 1 : -1)) return;
  if (!/^[a-z/?]$/.test(event.key)) return;
  const target = document.querySelector(`[data-key="${event.key}"]`);
  if (!(target instanceof HTMLElement)) return;
  event.preventDefault();
  const fold = target.closest("details");
  if (fold && target.tagName !== "SUMMARY") fold.open = true;
  // A field gets the focus when the key is let go, so that it does not also get the character.
  if (takesText(target)) document.addEventListener("keyup", () => target.focus(), { once: true });
  else target.click();
});
