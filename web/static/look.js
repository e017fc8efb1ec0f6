// Looks at the live picture and says what keeps it from being a good photo, one thing at a time. Nothing here refuses a photo: the shutter always
// works, and the server looks at the photo itself.
//
// The way of data: what is seen of the <video> → 160 pixels wide, grey → mean light, edges along the outline, motion since the last look; and
// small pieces at the camera's own resolution → sharpness. It must cost less than 50 ms on a slow phone.

export const WIDE = 160; // pixels, of the picture that is looked at
const PIECE = 64; // pixels, of a side of the pieces that sharpness is looked for in
const TILE = 8;

/** @typedef {{ x: number, y: number, w: number, h: number }} Box */
/** @typedef {{ grey: Uint8Array, w: number, h: number }} Picture */

/**
 * @param {Uint8ClampedArray} rgba
 * @returns {Uint8Array} light of each pixel, 0 to 255 (ITU-R BT.601)
 */
export function greyOf(rgba) {
  const grey = new Uint8Array(rgba.length / 4);
  for (let i = 0, j = 0; i < grey.length; i++, j += 4) grey[i] = (rgba[j] * 77 + rgba[j + 1] * 150 + rgba[j + 2] * 29) >> 8;
  return grey;
}

/**
 * Says what is wrong with a picture of a document: dark, bright, still, frame, glare, blur, or "".
 * @param {Picture} now
 * @param {Picture | null} before the picture of half a second ago
 * @param {Box} box where the outline is in it
 * @param {Picture[]} pieces of the same view, at the camera's own resolution
 */
export function document(now, before, box, pieces) {
  const light = lightIn(now, box);
  if (light.mean < 50) return "dark";
  if (light.full > 0.6) return "bright";
  if (before && motion(now, before, box) > 14) return "still";
  if (sides(now, box) < 3) return "frame";
  if (glare(now, box)) return "glare";
  return blurred(pieces) ? "blur" : "";
}

/**
 * Says what is wrong with a picture of a face: dark, bright, behind (the light), or "".
 * @param {Picture} now
 * @param {Box} box
 */
export function face(now, box) {
  const light = lightIn(now, box);
  const around = lightIn(now, { x: 0, y: 0, w: now.w, h: now.h });
  if (around.mean - light.mean > 45 && light.mean < 110) return "behind";
  if (light.mean < 50) return "dark";
  return light.full > 0.4 ? "bright" : "";
}

/**
 * @param {Picture} p
 * @param {Box} box
 */
function lightIn(p, box) {
  let sum = 0, full = 0, n = 0;
  for (let y = box.y; y < box.y + box.h; y++) {
    for (let x = box.x; x < box.x + box.w; x++, n++) {
      const v = p.grey[y * p.w + x];
      sum += v;
      if (v >= 250) full++;
    }
  }
  return { mean: sum / n, full: full / n };
}

/**
 * @param {Picture} a
 * @param {Picture} b
 * @param {Box} box
 */
function motion(a, b, box) {
  if (a.w !== b.w || a.h !== b.h) return 0;
  let sum = 0, n = 0;
  for (let y = box.y; y < box.y + box.h; y += 2) {
    for (let x = box.x; x < box.x + box.w; x += 2, n++) sum += Math.abs(a.grey[y * a.w + x] - b.grey[y * a.w + x]);
  }
  return sum / n;
}

/**
 * Counts the sides of the outline along which a straight edge lies. The differences are summed with their sign, so that an edge adds up and
 * print does not.
 * @param {Picture} p
 * @param {Box} box
 */
function sides(p, box) {
  const step = 3;
  /** @param {boolean} upright @param {number} at @param {number} from @param {number} to */
  const edge = (upright, at, from, to) => {
    const reach = Math.round((upright ? box.w : box.h) * 0.14);
    const end = upright ? p.w : p.h;
    let best = 0;
    for (let line = Math.max(step, at - reach); line < Math.min(end - step, at + reach); line++) {
      let sum = 0;
      for (let k = from; k < to; k++) {
        sum += upright
          ? p.grey[k * p.w + line + step] - p.grey[k * p.w + line - step]
          : p.grey[(line + step) * p.w + k] - p.grey[(line - step) * p.w + k];
      }
      best = Math.max(best, Math.abs(sum) / (to - from));
    }
    return best > 12 ? 1 : 0;
  };
  const x1 = box.x + (box.w * 0.25 | 0), x2 = box.x + (box.w * 0.75 | 0), y1 = box.y + (box.h * 0.25 | 0), y2 = box.y + (box.h * 0.75 | 0);
  return edge(true, box.x, y1, y2) + edge(true, box.x + box.w, y1, y2) + edge(false, box.y, x1, x2) + edge(false, box.y + box.h, x1, x2);
}

/**
 * Tells whether a part of the document is lost in a reflection: a few tiles are all white, and what is around them is not.
 * @param {Picture} p
 * @param {Box} box
 */
function glare(p, box) {
  let white = 0, tiles = 0, rest = 0, n = 0;
  for (let y = box.y + TILE; y + 2 * TILE <= box.y + box.h; y += TILE) {
    for (let x = box.x + TILE; x + 2 * TILE <= box.x + box.w; x += TILE, tiles++) {
      let full = 0, sum = 0;
      for (let j = 0; j < TILE; j++) for (let i = 0; i < TILE; i++) {
        const v = p.grey[(y + j) * p.w + x + i];
        sum += v;
        if (v >= 250) full++;
      }
      if (full > TILE * TILE * 0.7) white++;
      else { rest += sum / (TILE * TILE); n++; }
    }
  }
  return white >= 2 && white < tiles * 0.3 && rest / n < 215;
}

/**
 * Tells whether nothing in the pieces is sharp: how much of what differs at all differs from one pixel to the next.
 * @param {Picture[]} pieces
 */
function blurred(pieces) {
  let seen = false;
  for (const { grey, w, h } of pieces) {
    let sum = 0, squares = 0, edges = 0, n = 0;
    for (let y = 1; y < h - 1; y++) {
      for (let x = 1; x < w - 1; x++, n++) {
        const i = y * w + x, v = grey[i];
        const l = 4 * v - grey[i - 1] - grey[i + 1] - grey[i - w] - grey[i + w];
        sum += v;
        squares += v * v;
        edges += l * l;
      }
    }
    const spread = squares / n - (sum / n) ** 2;
    if (spread < 60) continue; // an empty place
    seen = true;
    if (edges / n / spread > SHARP) return false;
  }
  return seen;
}
const SHARP = 0.08;
const PLACES = [[0.3, 0.35], [0.7, 0.35], [0.35, 0.65], [0.65, 0.85]]; // of the pieces, as parts of the outline

/** Looks at a video through an outline. */
export class Eye {
  /**
   * @param {HTMLVideoElement} video
   * @param {HTMLElement} outline lies over the video
   * @param {boolean} selfie
   */
  constructor(video, outline, selfie) {
    this.video = video;
    this.outline = outline;
    this.selfie = selfie;
    /** @type {Picture | null} */
    this.before = null;
    /** @type {Picture[]} */
    this.pieces = [];
    this.turn = 0;
    const canvas = window.document.createElement("canvas");
    canvas.width = WIDE;
    this.pen = canvas.getContext("2d", { willReadFrequently: true });
  }

  /** @returns {string} what is wrong with what is seen now, as document and face say it */
  look() {
    const { video, pen } = this;
    const shown = video.getBoundingClientRect(), out = this.outline.getBoundingClientRect();
    if (!pen || !video.videoWidth || !shown.width) return "";
    // The video covers its place: of one direction only the middle is seen.
    const scale = Math.max(shown.width / video.videoWidth, shown.height / video.videoHeight);
    const w = shown.width / scale, h = shown.height / scale, x = (video.videoWidth - w) / 2, y = (video.videoHeight - h) / 2;
    const high = Math.round((WIDE * h) / w);
    if (pen.canvas.height !== high) pen.canvas.height = high;
    pen.drawImage(video, x, y, w, h, 0, 0, WIDE, high);
    const now = { grey: greyOf(pen.getImageData(0, 0, WIDE, high).data), w: WIDE, h: high };
    const part = WIDE / shown.width;
    const box = {
      x: Math.max(0, Math.round((out.left - shown.left) * part)), y: Math.max(0, Math.round((out.top - shown.top) * part)),
      w: Math.min(WIDE, Math.round(out.width * part)), h: Math.min(high, Math.round(out.height * part)),
    };
    if (this.selfie) return face(now, box);
    // One piece a look, since each drawing of the video costs as much as all the rest; the four of the last two seconds count.
    const turn = this.turn++ % PLACES.length, [across, down] = PLACES[turn];
    const px = x + ((box.x + box.w * across) / WIDE) * w, py = y + ((box.y + box.h * down) / high) * h;
    pen.drawImage(video, px - PIECE / 2, py - PIECE / 2, PIECE, PIECE, 0, 0, PIECE, PIECE);
    this.pieces[turn] = { grey: greyOf(pen.getImageData(0, 0, PIECE, PIECE).data), w: PIECE, h: PIECE };
    const word = document(now, this.before, box, this.turn < PLACES.length ? [] : this.pieces);
    this.before = now;
    return word;
  }
}
