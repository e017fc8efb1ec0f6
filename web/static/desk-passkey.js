// Passkeys: asks the browser for one (data-passkey="get") or for a new one ("create"), and hands the answer to the server. Without it, or in a
// browser without passkeys, the page shows the other ways only.

const url = (/** @type {ArrayBuffer} */ bytes) =>
  btoa(String.fromCharCode(...new Uint8Array(bytes))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
const raw = (/** @type {string} */ text) =>
  Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0)).buffer;
const ids = (/** @type {{id: string}[] | undefined} */ list) => list?.map((c) => ({ ...c, id: raw(c.id) }));

for (const part of document.querySelectorAll("[data-passkey]")) {
  const button = part.querySelector("button"), wrong = part.querySelector("[data-wrong]");
  if (!(part instanceof HTMLElement) || !button || !(wrong instanceof HTMLElement) || !window.PublicKeyCredential) continue;
  part.hidden = false;
  button.addEventListener("click", async () => {
    wrong.hidden = true;
    button.disabled = true;
    try {
      await (part.dataset.passkey === "create" ? create(part) : get(part));
    } catch (e) {
      wrong.textContent = e instanceof Told ? e.message : wrong.dataset.wrong ?? "";
      wrong.hidden = false;
    }
    button.disabled = false;
  });
}

/** What the server says in words. */
class Told extends Error {}

/** Posts JSON and gives the answer. */
async function post(/** @type {string} */ to, /** @type {unknown} */ body) {
  const answer = await fetch(to, { method: "POST", redirect: "error", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
  const said = await answer.json();
  if (!answer.ok) throw Object.assign(new Told(said.error), { status: answer.status });
  return said;
}

async function get(/** @type {HTMLElement} */ part) {
  const { options } = await post(part.dataset.ask ?? "", {});
  const made = await navigator.credentials.get({
    publicKey: { ...options, challenge: raw(options.challenge), allowCredentials: ids(options.allowCredentials) },
  });
  if (!(made instanceof PublicKeyCredential) || !(made.response instanceof AuthenticatorAssertionResponse)) throw new Error("no answer");
  const r = made.response;
  const said = await post(part.dataset.take ?? "", {
    id: made.id, rawId: url(made.rawId), type: made.type, clientExtensionResults: made.getClientExtensionResults(),
    response: {
      clientDataJSON: url(r.clientDataJSON), authenticatorData: url(r.authenticatorData), signature: url(r.signature),
      userHandle: r.userHandle ? url(r.userHandle) : undefined,
    },
  });
  const carried = document.querySelector("form[data-carry]");
  if (part.dataset.again && carried instanceof HTMLFormElement) {
    carried.action = part.dataset.again; // what was typed goes on to where it was meant for
    carried.submit();
    return;
  }
  location.assign(said.to);
}

async function create(/** @type {HTMLElement} */ part) {
  const name = part.querySelector("input")?.value ?? "";
  try {
    const { options } = await post(part.dataset.ask ?? "", {});
    const made = await navigator.credentials.create({
      publicKey: {
        ...options, challenge: raw(options.challenge), user: { ...options.user, id: raw(options.user.id) }, excludeCredentials: ids(options.excludeCredentials),
      },
    });
    if (!(made instanceof PublicKeyCredential) || !(made.response instanceof AuthenticatorAttestationResponse)) throw new Error("no answer");
    const r = made.response;
    const said = await post(`${part.dataset.take}?name=${encodeURIComponent(name)}`, {
      id: made.id, rawId: url(made.rawId), type: made.type, clientExtensionResults: made.getClientExtensionResults(),
      response: { clientDataJSON: url(r.clientDataJSON), attestationObject: url(r.attestationObject), transports: r.getTransports?.() ?? [] },
    });
    location.assign(said.to);
  } catch (e) {
    if (e instanceof Told && /** @type {any} */ (e).status === 403 && part.dataset.prove) location.assign(part.dataset.prove);
    else throw e;
  }
}
