// Takes a photo with the camera and sends it. The page has a form for uploading as the other way; whatever goes wrong here ends in words
// and a way there.
//
// The way of data: camera → <video> → shutter → canvas at the camera's own resolution → JPEG → send.js → the answer names the page where the
// photo is checked. Meanwhile look.js says what could be better.

import { byId, cause, open } from "./camera.js";
import { Eye } from "./look.js";
import { send } from "./send.js";
import { again, go, problem as showProblem, saw } from "./way.js";

const camera = byId("camera");
const words = camera.dataset;
const video = /** @type {HTMLVideoElement} */ (byId("video"));
const status = byId("status");
const shutter = /** @type {HTMLButtonElement} */ (byId("shutter"));
const torch = /** @type {HTMLButtonElement} */ (byId("torch"));

const LOOK_EVERY = 500; // ms
const HINT_EVERY = 2000; // ms between two hints, so that a screen reader can finish the first
const FAILURES = 3; // after which the phone's own camera app is offered

/** @type {MediaStream | null} */
let stream = null;
let sending = false;
let looking = 0, wrong = 0;
let quiet = 0; // no hint before this time, so that what went wrong can be read
let last = "";
/** @type {Eye | null} */
let eye = null;

/** @param {string | undefined} text */
function say(text) {
  if (text && status.textContent !== text) status.textContent = text;
}

/** @param {string} which */
function fail(which) {
  stop();
  camera.hidden = true;
  byId("other").hidden = true;
  showProblem(which).focus();
}

async function start() {
  say(words.starting);
  try {
    stream = await open(words.facing, 1920, 1080);
    video.srcObject = stream;
    await video.play();
  } catch (error) {
    return fail(cause(error));
  }
  const [track] = stream.getVideoTracks();
  track.addEventListener("ended", () => { if (!sending) fail("busy"); });
  torch.hidden = !(/** @type {any} */ (track.getCapabilities?.())?.torch);
  shutter.disabled = false;
  saw("running");
  // With the focus on the shutter, Space and Enter take the photo.
  if (document.activeElement === document.body) shutter.focus({ preventScroll: true });
  say(words.ready);
  quiet = performance.now() + HINT_EVERY;
  eye = new Eye(video, byId("outline"), words.frame === "selfie");
  looking = window.setInterval(hint, LOOK_EVERY);
}

function stop() {
  clearInterval(looking);
  stream?.getTracks().forEach((t) => t.stop());
  stream = null;
}

/** Says what could be better: what was seen twice running, so that a passing hand is not spoken of. */
function hint() {
  if (sending || document.hidden) return;
  const word = eye?.look() ?? "";
  const steady = word === last;
  last = word;
  if (!steady || performance.now() < quiet) return;
  const text = word ? words["hint" + word[0].toUpperCase() + word.slice(1)] : words.ready;
  if (text && text !== status.textContent) {
    say(text);
    quiet = performance.now() + HINT_EVERY;
  }
}

/** @returns {Promise<Blob>} */
function take() {
  const canvas = document.createElement("canvas");
  canvas.width = video.videoWidth;
  canvas.height = video.videoHeight;
  canvas.getContext("2d")?.drawImage(video, 0, 0);
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("no picture"))), "image/jpeg", 0.92);
  });
}

/** @param {number | null} part */
function progress(part) {
  if (part === null) {
    say(words.lost);
    showProblem("lost");
  } else say(words.sending);
}

async function shoot() {
  if (sending || !stream) return;
  sending = true;
  shutter.setAttribute("aria-disabled", "true");
  try {
    video.pause();
    const photo = await take();
    saw("taken");
    say(words.sending);
    const answer = await send(photo, "photo.jpg", words.part ?? "", progress);
    if (!answer) return stop();
    if (answer.page) {
      stop();
      return go(answer.page);
    }
    if (++wrong >= FAILURES) {
      stop();
      return go((words.upload ?? "").replace(/#.*/, ""));
    }
    say(answer.wrong ?? words.failed);
  } catch {
    say(words.failed);
    showProblem("lost");
  }
  quiet = performance.now() + 4 * HINT_EVERY;
  sending = false;
  shutter.removeAttribute("aria-disabled");
  await video.play();
}

shutter.addEventListener("click", shoot);

torch.addEventListener("click", async () => {
  const on = torch.getAttribute("aria-pressed") !== "true";
  await stream?.getVideoTracks()[0].applyConstraints(/** @type {any} */ ({ advanced: [{ torch: on }] }));
  torch.setAttribute("aria-pressed", String(on));
});

// A camera must not stay on behind another page, and must come back with this one.
addEventListener("pagehide", stop);
addEventListener("pageshow", (event) => {
  if (event.persisted) again();
});

start();
