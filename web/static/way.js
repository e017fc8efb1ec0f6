// The ways from one page to the next, and what the server and the page that frames us are told on them. Where the browser keeps no cookie of
// ours the page holds the visit in the form "carry": then a way on is that form, sent to another address, and requests carry it in a header.

const carry = /** @type {HTMLFormElement | null} */ (document.getElementById("carry"));

/** @returns {HTMLInputElement | null} */
function held() {
  return /** @type {HTMLInputElement | null} */ (carry?.elements.namedItem("visit") ?? null);
}

/** @returns {Record<string, string>} what a request must say of itself */
export function headers() {
  const visit = held();
  return visit ? { "Usher-Visit": visit.value } : {};
}

/**
 * Keeps what an answer said of the visit, for the ways that follow.
 * @param {string | undefined} visit
 */
export function keep(visit) {
  const field = held();
  if (field && visit) field.value = visit;
}

/** Gives the path of this page, which in a frame without cookies is not always that of the address. */
export function here() {
  return document.body.dataset.here ?? location.pathname;
}

/**
 * Goes to another page of ours.
 * @param {string} page
 */
export function go(page) {
  if (!carry) return location.assign(page);
  carry.action = page;
  carry.submit();
}

/** Asks for this page anew. */
export function again() {
  if (carry) go(here());
  else location.reload();
}

/**
 * Tells the page that frames us what an element holds for it, if it is one that may know. A port that is left open is a developer's, and only
 * known where the browser tells it.
 * @param {HTMLElement | null} element
 */
export function tell(element) {
  if (window.parent === window) return;
  for (const message of JSON.parse(element?.dataset.tells || "[]")) post(message);
}

/** @param {unknown} message */
function post(message) {
  const parent = /** @type {any} */ (location).ancestorOrigins?.[0];
  for (const origin of JSON.parse(document.body.dataset.origins || "[]")) {
    const bare = origin.endsWith(":*") ? origin.slice(0, -2) : "";
    if (bare && (parent === bare || parent?.startsWith(bare + ":"))) window.parent.postMessage(message, parent);
    else if (!bare && (!parent || parent === origin)) window.parent.postMessage(message, origin);
  }
}

/**
 * Shows a problem of this page, with the ways out of it, and tells of it.
 * @param {string} which
 * @returns {HTMLElement}
 */
export function problem(which) {
  const part = /** @type {HTMLElement} */ (document.getElementById("problem-" + which));
  if (part.hidden) tell(part);
  part.hidden = part.childElementCount === 0;
  saw(which);
  return part;
}

/**
 * Keeps a moment of this page in the journey. Nothing depends on its arrival.
 * @param {string} moment
 */
export function saw(moment) {
  const [, root, page] = /^(.*\/f\/[^/]+)\/(.+)$/.exec(here()) ?? [];
  if (!root) return;
  const body = new URLSearchParams({ page, moment });
  fetch(root + "/seen", { method: "POST", body, headers: headers(), keepalive: true }).catch(() => {});
}
