// Takes a photo with the camera and sends it. The page has a form for uploading as the other way; whatever goes wrong here ends in words
// and a way there.
//
// The way of data: camera → <video> → shutter → canvas at the camera's own resolution → JPEG → POST to this page's address → the answer
// names the page where the photo is checked.

import { byId, cause, open } from "./camera.js";
import { again, go, headers, here, keep, problem as showProblem, saw } from "./way.js";

const camera = byId("camera");
const video = /** @type {HTMLVideoElement} */ (byId("video"));
const status = byId("status");
const shutter = /** @type {HTMLButtonElement} */ (byId("shutter"));
const torch = /** @type {HTMLButtonElement} */ (byId("torch"));

const HINT_EVERY = 2000; // ms between two hints, so that a screen reader can finish the first

/** @type {MediaStream | null} */
let stream = null;
let sending = false;
let hints = 0;
let quiet = 0; // no hint before this time, so that what went wrong can be read

/** @param {string} words */
function say(words) {
  if (status.textContent !== words) status.textContent = words;
}

/** @param {string} which */
function fail(which) {
  stop();
  camera.hidden = true;
  byId("other").hidden = true;
  showProblem(which).focus();
}

async function start() {
  say(camera.dataset.starting ?? "");
  try {
    stream = await open(camera.dataset.facing, 1920, 1080);
    video.srcObject = stream;
    await video.play();
  } catch (error) {
    fail(cause(error));
    return;
  }
  const [track] = stream.getVideoTracks();
  track.addEventListener("ended", () => { if (!sending) fail("busy"); });
  torch.hidden = !(/** @type {any} */ (track.getCapabilities?.())?.torch);
  shutter.disabled = false;
  saw("running");
  // With the focus on the shutter, Space and Enter take the photo.
  if (document.activeElement === document.body) shutter.focus({ preventScroll: true });
  say(camera.dataset.ready ?? "");
  hints = window.setInterval(hint, HINT_EVERY);
}

function stop() {
  clearInterval(hints);
  stream?.getTracks().forEach((t) => t.stop());
  stream = null;
}

/** Says when there is too little or too much light, and nothing else: the server looks at the photo itself. */
function hint() {
  if (sending || !video.videoWidth || performance.now() < quiet) return;
  const small = document.createElement("canvas");
  small.width = small.height = 32;
  const pen = small.getContext("2d");
  if (!pen) return;
  pen.drawImage(video, 0, 0, 32, 32);
  const pixels = pen.getImageData(0, 0, 32, 32).data;
  let light = 0;
  for (let i = 0; i < pixels.length; i += 4) light += 0.299 * pixels[i] + 0.587 * pixels[i + 1] + 0.114 * pixels[i + 2];
  light /= 32 * 32;
  if (light < 50) say(camera.dataset.dark ?? "");
  else if (light > 235) say(camera.dataset.bright ?? "");
  else say(camera.dataset.ready ?? "");
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

async function shoot() {
  if (sending || !stream) return;
  sending = true;
  shutter.setAttribute("aria-disabled", "true");
  try {
    video.pause();
    const body = new FormData();
    body.append("file", await take(), "photo.jpg");
    saw("taken");
    say(camera.dataset.sending ?? "");
    const answer = await fetch(here(), { method: "POST", body, headers: { Accept: "application/json", ...headers() } });
    if (answer.status < 500 && !answer.headers.get("Content-Type")?.startsWith("application/json")) {
      // The turn of this page is over: the same address shows why, or goes on.
      stop();
      again();
      return;
    }
    const { page, wrong, visit } = await answer.json();
    keep(visit);
    if (page) {
      stop();
      go(page);
      return;
    }
    say(wrong ?? camera.dataset.failed ?? "");
  } catch {
    say(camera.dataset.failed ?? "");
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
