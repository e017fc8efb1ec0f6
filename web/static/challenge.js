// Asks for the movements of a capture challenge and sends the frames that show them. What was asked is drawn by the server when the applicant
// begins, and what the frames show is judged there alone; this page only keeps the time.
//
// The way of data: POST to this page's address → nonce and movements → words, an arrow, three frames for looking straight ahead and for each
// movement → one canvas, a row each → JPEG → POST with the nonce → the answer names the next page, or says what was not seen.

import { byId, cause, open } from "./camera.js";
import { again, go, headers, here, keep, problem, saw } from "./way.js";

const camera = byId("camera");
const video = /** @type {HTMLVideoElement} */ (byId("video"));
const status = byId("status");
const button = /** @type {HTMLButtonElement} */ (byId("start"));
const sign = byId("move");
const words = camera.dataset;

const LONGEST = 640; // pixels of a frame
const PACE = 3600; // ms for one movement; twice that for who asks for more time
const MOMENTS = [0.55, 0.75, 0.95]; // of it, when frames are taken: first the words must be read
/** @type {Record<string, string>} the picture is mirrored, so that a person's left is on its left */
const SIGNS = { left: "←", right: "→", closer: "+" };

/** @type {MediaStream | null} */
let stream = null;
/** @type {{nonce: string, frames: Blob} | null} frames that did not arrive */
let unsent = null;
let busy = false;

/** @param {string | undefined} text */
function say(text) {
  status.textContent = text ?? "";
}

/** @param {number} ms */
function wait(ms) {
  return new Promise((on) => setTimeout(on, ms));
}

/** @param {string} which */
function fail(which) {
  stop();
  camera.hidden = true;
  problem(which).focus();
}

function stop() {
  stream?.getTracks().forEach((t) => t.stop());
  stream = null;
}

async function start() {
  byId("before").hidden = true;
  camera.hidden = false;
  say(words.starting);
  try {
    stream = await open(words.facing, 1280, 720);
    video.srcObject = stream;
    await video.play();
  } catch (error) {
    return fail(cause(error));
  }
  stream.getVideoTracks()[0].addEventListener("ended", () => { if (stream) fail("busy"); });
  saw("running");
  button.disabled = false;
  button.focus({ preventScroll: true });
  say(words.ready);
}

/**
 * Sends a form to this page's address and gives the answer; null when the page's turn is over.
 * @param {BodyInit} body
 */
async function ask(body) {
  const answer = await fetch(here(), { method: "POST", body, headers: { Accept: "application/json", ...headers() } });
  if (!answer.headers.get("Content-Type")?.startsWith("application/json")) {
    if (answer.status >= 500) throw new Error("no answer");
    again();
    return null;
  }
  const told = await answer.json();
  keep(told.visit);
  return told;
}

/**
 * Asks for the movements one after the other and gives the frames of all of them.
 * @param {string[]} moves
 * @returns {Promise<Blob>}
 */
async function film(moves) {
  const slow = /** @type {HTMLInputElement} */ (byId("slow")).checked;
  const pace = slow ? 2 * PACE : PACE;
  const scale = Math.min(1, LONGEST / Math.max(video.videoWidth, video.videoHeight));
  const wide = Math.floor(video.videoWidth * scale), high = Math.floor(video.videoHeight * scale);
  const sheet = document.createElement("canvas");
  sheet.width = wide * MOMENTS.length;
  sheet.height = high * (moves.length + 1);
  const pen = sheet.getContext("2d");
  for (const [row, move] of ["straight", ...moves].entries()) {
    say(words[move]);
    sign.textContent = SIGNS[move] ?? "";
    sign.hidden = !SIGNS[move];
    sign.dataset.move = move;
    navigator.vibrate?.(60);
    let now = 0;
    for (const [column, moment] of MOMENTS.entries()) {
      await wait((moment - now) * pace);
      now = moment;
      pen?.drawImage(video, column * wide, row * high, wide, high);
    }
  }
  sign.hidden = true;
  for (const quality of [0.85, 0.6, 0.4]) {
    /** @type {Blob | null} */
    const blob = await new Promise((on) => sheet.toBlob(on, "image/jpeg", quality));
    if (blob && blob.size <= Number(words.max)) return blob;
  }
  throw new Error("no frames");
}

/** @param {{nonce: string, frames: Blob}} what */
async function send(what) {
  unsent = what;
  say(words.sending);
  const body = new FormData();
  body.append("nonce", what.nonce);
  body.append("file", what.frames, "frames.jpg");
  const told = await ask(body);
  unsent = null;
  if (told) tellOf(told);
}

/** @param {{page?: string, wrong?: string, left: number}} told */
function tellOf(told) {
  if (told.page) {
    stop();
    return go(told.page);
  }
  say(told.wrong);
  button.textContent = words.again ?? "";
  if (told.left) return;
  stop();
  button.hidden = true;
  byId("without").querySelector("button")?.focus();
}

async function run() {
  if (unsent) return send(unsent);
  const told = await ask(new URLSearchParams({ draw: "1" }));
  if (!told) return;
  if (!told.moves) return tellOf(told);
  const frames = await film(told.moves);
  saw("taken");
  if (stream) await send({ nonce: told.nonce, frames });
}

button.addEventListener("click", async () => {
  if (busy || !stream) return;
  busy = true;
  // Not disabled: a disabled button loses the focus.
  button.setAttribute("aria-disabled", "true");
  try {
    await run();
  } catch {
    say(words.failed);
    button.textContent = (unsent ? words.resend : words.again) ?? "";
    problem("lost");
  }
  busy = false;
  button.removeAttribute("aria-disabled");
});

byId("before").hidden = false;
byId("open").addEventListener("click", start);

// A camera must not stay on behind another page, and must come back with this one.
addEventListener("pagehide", stop);
addEventListener("pageshow", (event) => {
  if (event.persisted) again();
});
