// The list of commands, opened by Ctrl K or ⌘ K: what the page's own links and buttons do, found by typing. It presses what it lists, so that
// nothing can be done by it that cannot be done without.

const dialog = document.querySelector("[data-commands]");
const field = dialog?.querySelector("[data-command-find]");
const list = dialog?.querySelector("ul");
const none = dialog?.querySelector("[role=status]");
if (dialog instanceof HTMLDialogElement && field instanceof HTMLInputElement && list && none instanceof HTMLElement) {
  start(dialog, field, list, none);
}

/** What the page offers, in its own order. */
function offered() {
  const seen = new Set();
  const all = /** @type {HTMLElement[]} */ ([...document.querySelectorAll(
    "main a[data-key], main button[data-key], main summary[data-key], main textarea[data-key], main input[data-key], [data-tools] button, header a, header input, nav a, header button, [data-elsewhere] a",
  )]);
  return all.map((element) => ({ element, text: label(element), key: element.dataset.key ?? "" })).filter(({ text }) => {
    if (text === "" || seen.has(text)) return false;
    seen.add(text);
    return true;
  });
}

/** The words of an element. @param {HTMLElement} element */
function label(element) {
  const named = element instanceof HTMLInputElement || element instanceof HTMLTextAreaElement ? element.labels?.[0]?.textContent : element.textContent;
  return (named ?? "").replace(/\s+/g, " ").trim();
}

/**
 * @param {HTMLDialogElement} dialog @param {HTMLInputElement} field
 * @param {HTMLUListElement} list @param {HTMLElement} none
 */
function start(dialog, field, list, none) {
  /** @type {ReturnType<typeof offered>} */
  let commands = [];

  /** @param {HTMLElement} element */
  const press = (element) => {
    dialog.close();
    const fold = element.closest("details");
    if (fold && element.tagName !== "SUMMARY") fold.open = true;
    if (element.matches("input, textarea")) element.focus();
    else element.click();
  };

  const draw = () => {
    const wanted = field.value.trim().toLowerCase();
    const found = commands.filter(({ text }) => text.toLowerCase().includes(wanted));
    list.replaceChildren(...found.map(({ element, text, key }) => {
      const item = document.createElement("li");
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = text;
      if (key !== "") {
        const kbd = document.createElement("kbd");
        kbd.textContent = key;
        button.append(" ", kbd);
      }
      button.addEventListener("click", () => press(element));
      item.append(button);
      return item;
    }));
    none.hidden = found.length > 0;
  };

  field.addEventListener("input", draw);
  dialog.addEventListener("keydown", (event) => {
    const buttons = [...list.querySelectorAll("button")];
    if (event.key === "Enter" && event.target === field) {
      event.preventDefault();
      buttons[0]?.click();
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const at = buttons.indexOf(/** @type {HTMLButtonElement} */ (document.activeElement)) + (event.key === "ArrowDown" ? 1 : -1);
      (at < 0 ? field : buttons[Math.min(at, buttons.length - 1)])?.focus();
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
    event.preventDefault();
    if (dialog.open) {
      dialog.close();
      return;
    }
    commands = offered();
    field.value = "";
    draw();
    dialog.showModal();
    field.focus();
  });
}
