// Records a video of the face, plays it back and sends it. The page with the field for a file is the other way; whatever goes wrong here ends
// in words and a way there.
//
// The way of data: camera → MediaRecorder → blob → played back on this page → POST to this page's address → the answer names the next page.

import { byId, cause, open } from "./camera.js";
import { send as sendFile } from "./send.js";
import { again, go, problem, saw } from "./way.js";

const camera = byId("camera");
const video = /** @type {HTMLVideoElement} */ (byId("video"));
const replay = /** @type {HTMLVideoElement} */ (byId("replay"));
const status = byId("status");
const record = /** @type {HTMLButtonElement} */ (byId("record"));
const send = /** @type {HTMLButtonElement} */ (byId("send"));
const words = camera.dataset;

const SHORTEST = 3000, LONGEST = 6000; // ms
const BITS = 2_500_000; // a second: sharp enough for a face, and less than 2 MB in all
// VP8 first, since it costs an old phone the least; Safari knows MP4 only.
const TYPES = ["video/webm;codecs=vp8", "video/webm", "video/mp4"];

/** @type {MediaStream | null} */
let stream = null;
/** @type {MediaRecorder | null} */
let recorder = null;
/** @type {Blob | null} */
let taken = null;
let began = 0, end = 0, sending = false;

/** @param {string} which */
function fail(which) {
  stop();
  camera.hidden = true;
  byId("other").hidden = true;
  problem(which).focus();
}

/** @param {boolean} live shows the camera, or else what was recorded */
function show(live) {
  byId("live").hidden = byId("takes").hidden = !live;
  byId("playback").hidden = byId("sends").hidden = live;
}

async function start() {
  if (!("MediaRecorder" in window)) return fail("old");
  show(true);
  status.textContent = words.starting ?? "";
  try {
    stream = await open(words.facing, 1280, 720);
    video.srcObject = stream;
    await video.play();
  } catch (error) {
    return fail(cause(error));
  }
  const [track] = stream.getVideoTracks();
  track.addEventListener("ended", () => { if (stream) fail("busy"); });
  saw("running");
  record.textContent = words.record ?? "";
  record.disabled = false;
  record.focus({ preventScroll: true });
  status.textContent = words.ready ?? "";
}

function stop() {
  clearTimeout(end);
  const had = stream;
  stream = null;
  if (recorder?.state === "recording") recorder.stop();
  had?.getTracks().forEach((t) => t.stop());
}

function begin() {
  if (!stream) return;
  /** @type {Blob[]} */
  const pieces = [];
  const kind = TYPES.find((t) => MediaRecorder.isTypeSupported(t));
  try {
    recorder = new MediaRecorder(stream, { mimeType: kind, videoBitsPerSecond: BITS });
  } catch {
    return fail("old");
  }
  recorder.addEventListener("dataavailable", (event) => { if (event.data.size) pieces.push(event.data); });
  recorder.addEventListener("stop", () => review(new Blob(pieces, { type: recorder?.mimeType })));
  recorder.addEventListener("error", () => fail("busy"));
  recorder.start(1000);
  began = performance.now();
  end = window.setTimeout(finish, LONGEST);
  byId("sign").hidden = false;
  status.textContent = words.recording ?? "";
  // Not disabled: a disabled button loses the focus. Until the shortest time is over it does nothing.
  record.textContent = words.stop ?? "";
  record.setAttribute("aria-disabled", "true");
  setTimeout(() => record.removeAttribute("aria-disabled"), SHORTEST);
  saw("recording");
}

function finish() {
  clearTimeout(end);
  if (recorder?.state === "recording") recorder.stop();
}

/** @param {Blob} blob */
async function review(blob) {
  byId("sign").hidden = true;
  if (!stream) return; // the page is going, or the camera has failed
  stop();
  if (!blob.size) return fail("busy");
  taken = blob;
  URL.revokeObjectURL(replay.src);
  replay.src = URL.createObjectURL(blob);
  show(false);
  status.textContent = words.watch ?? "";
  send.focus({ preventScroll: true });
  saw("preview");
  // Where it may not start by itself, its own button plays it.
  await replay.play().catch(() => {});
}

record.addEventListener("click", () => {
  if (recorder?.state !== "recording") begin();
  else if (performance.now() - began >= SHORTEST) finish();
});

byId("anew").addEventListener("click", () => {
  if (sending) return;
  taken = null;
  replay.pause();
  record.disabled = true;
  start();
});

send.addEventListener("click", async () => {
  if (sending || !taken) return;
  if (taken.size > Number(words.max)) {
    status.textContent = words.tooLarge ?? "";
    return;
  }
  sending = true;
  send.setAttribute("aria-disabled", "true");
  status.textContent = words.sending ?? "";
  try {
    const answer = await sendFile(taken, "video", words.part ?? "", (part) => {
      status.textContent = (part === null ? words.lost : words.sending) ?? "";
      if (part === null) problem("lost");
    });
    if (!answer) return;
    if (answer.page) return go(answer.page);
    status.textContent = answer.wrong ?? words.failed ?? "";
  } catch {
    status.textContent = words.failed ?? "";
    problem("lost");
  }
  sending = false;
  send.removeAttribute("aria-disabled");
});

// A camera must not stay on behind another page, and must come back with this one.
addEventListener("pagehide", stop);
addEventListener("pageshow", (event) => {
  if (event.persisted) again();
});

start();
