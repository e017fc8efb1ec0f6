// Finds what a person would call by the words `target`: something to press (kind
// "press") or to fill in (kind "field"), else what the selector `target` matches.
// Gives the element, or a sentence saying why there is none.
((target, kind) => {
  const words = (s) => (s ?? "").replace(/\s+/g, " ").trim();
  const visible = (el) => el.checkVisibility({ visibilityProperty: true }) && el.getClientRects().length > 0;
  const referenced = (el) =>
    words((el.getAttribute("aria-labelledby") ?? "").split(" ").map((id) => document.getElementById(id)?.innerText).join(" "));
  const pressable = 'a, button, summary, label, input[type="submit"], input[type="button"], ' +
    '[role="button"], [role="link"], [role="tab"], [role="menuitem"], [role="option"]';
  const field = "input, textarea, select";
  const name = (el) => el.getAttribute("aria-label") || referenced(el) ||
    (el.matches("input") && kind === "press" ? el.value : words(el.innerText));

  // A label around its field says its own words, not the choices or the text in the field.
  const labelText = (label) => {
    const copy = label.cloneNode(true);
    copy.querySelectorAll(field).forEach((el) => el.remove());
    return words(copy.textContent);
  };

  const matches = [];
  if (kind === "press") {
    for (const el of document.querySelectorAll(pressable)) {
      if (words(name(el)) === target && visible(el)) matches.push(el);
    }
  } else {
    for (const el of document.querySelectorAll(field)) {
      const labels = [...(el.labels ?? [])].map(labelText);
      // A file field is often hidden behind its label, so it counts unseen.
      if ([...labels, words(name(el))].includes(target) && (visible(el) || el.type === "file")) matches.push(el);
    }
  }
  // A link in a label, or a button with a button's role inside, is one thing to a person: the inner one.
  const innermost = matches.filter((el) => !matches.some((other) => other !== el && el.contains(other)));
  if (innermost.length === 1) return innermost[0];
  if (innermost.length > 1) return `${innermost.length} elements are called ${JSON.stringify(target)}; use a selector`;
  try {
    const el = document.querySelector(target);
    if (!el) return `nothing is called ${JSON.stringify(target)} or matches it as a selector`;
    if (!visible(el) && el.type !== "file") return `${target} is there but not visible`;
    return el;
  } catch {
    return `nothing is called ${JSON.stringify(target)}`;
  }
})
