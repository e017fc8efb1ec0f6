// The live view: asks every few seconds for what happened since, and puts it on top. Rows do not move while they are held.

const table = /** @type {HTMLTableElement} */ (document.getElementById("live"));
const hold = /** @type {HTMLButtonElement} */ (document.getElementById("hold"));
const said = /** @type {HTMLElement} */ (document.getElementById("said"));
const POLL = 3000; // ms
const MOST = 200; // rows
let cursor = table.dataset.cursor ?? "";
let held = false, lost = false;

hold.hidden = false;
hold.addEventListener("click", () => {
  held = !held;
  hold.textContent = (held ? hold.dataset.go : hold.dataset.stop) ?? "";
});

/** @param {string} name @param {string} text */
function cell(name, text) {
  const made = document.createElement(name);
  made.textContent = text;
  return made;
}

/** @param {{id: string, at: string, type: string, words: string, session?: string, link?: string}} event */
function add(event) {
  const row = document.createElement("tr");
  const what = cell("th", event.words + " ");
  what.setAttribute("scope", "row");
  const type = cell("code", event.type);
  type.className = "soft";
  what.append(type);
  const where = document.createElement("td");
  if (event.link) {
    const link = document.createElement("a");
    link.href = event.link;
    link.append(cell("code", event.session ?? ""));
    where.append(link);
  }
  row.append(cell("td", event.at.replace("T", " ").replace("Z", " UTC")), what, where);
  const body = table.tBodies[0];
  body.prepend(row);
  while (body.rows.length > MOST) body.deleteRow(-1);
}

async function ask() {
  try {
    if (!held && !document.hidden) {
      const answer = await fetch(`${table.dataset.since}?after=${encodeURIComponent(cursor)}`, { headers: { Accept: "application/json" } });
      if (answer.redirected || answer.status === 401) return location.reload();
      if (!answer.ok) throw new Error("no answer");
      const events = await answer.json();
      if (lost) said.textContent = "";
      lost = false;
      for (const event of events) add(event);
      if (events.length) {
        cursor = events.at(-1).id;
        said.textContent = (said.dataset.more ?? "").replace("{n}", String(events.length));
      }
    }
  } catch {
    lost = true;
    said.textContent = said.dataset.lost ?? "";
  }
  setTimeout(ask, POLL);
}

setTimeout(ask, POLL);
