// Sends a file so that a lost connection costs a piece of it and not the whole. A small file goes in one request. A larger one is named by its
// SHA-256 and goes in pieces: the server is asked how much it has, which may be some from before a lost connection, a closed tab or another
// browser, and is sent the rest; then the page's own form goes out with the name in place of the file.

import { again, headers, here, keep } from "./way.js";

const PIECE = 256 * 1024; // bytes
const PAUSES = [1, 2, 4, 8, 15]; // seconds between tries
const PATIENCE = 10 * 60_000; // ms without a byte getting through until it is given up

/** @typedef {{ page?: string, wrong?: string, visit?: string, offset?: number }} Answer */

/**
 * Sends a file to this page.
 * @param {Blob} file
 * @param {string} name
 * @param {string} parts address for pieces, "" where they are not taken
 * @param {(part: number | null) => void} tell is told how much has gone, 0 to 1, and null while the connection is lost
 * @returns {Promise<Answer | null>} where to go or what is wrong; null when the page is going already
 */
export async function send(file, name, parts, tell) {
  const whole = new FormData();
  whole.append("file", file, name);
  const sum = parts && file.size > PIECE ? await sumOf(file) : "";
  let lost = 0, since = performance.now();
  const form = new FormData();
  if (sum) form.append("upload", sum);
  for (;;) {
    try {
      const repeated = lost ? { "Usher-Again": "1" } : {};
      if (sum) {
        const done = await pieces(file, sum, parts, repeated, (part) => {
          lost = 0;
          since = performance.now();
          tell(part);
        });
        if (!done || done.page || done.wrong) return done;
      }
      const answer = await ask(here(), { method: "POST", body: sum ? form : whole, headers: repeated });
      keep(answer?.visit);
      return answer;
    } catch (error) {
      if (performance.now() - since > PATIENCE) throw error;
      tell(null);
      await pause(PAUSES[Math.min(lost++, PAUSES.length - 1)] * 1000);
    }
  }
}

/**
 * Sends what the server does not have of a file.
 * @param {Blob} file
 * @param {string} sum
 * @param {string} parts
 * @param {Record<string, string>} more headers
 * @param {(part: number) => void} tell
 * @returns {Promise<Answer | null>}
 */
async function pieces(file, sum, parts, more, tell) {
  const named = { "Usher-Upload": sum, ...more };
  let answer = await ask(parts, { headers: named });
  while (answer && !answer.page && !answer.wrong && (answer.offset ?? 0) < file.size) {
    const from = answer.offset ?? 0;
    tell(from / file.size);
    answer = await ask(parts, {
      method: "POST", body: file.slice(from, from + PIECE), headers: { ...named, "Usher-Offset": String(from), "Content-Type": "application/octet-stream" },
    });
  }
  return answer;
}

/**
 * @param {string} address
 * @param {RequestInit} request
 * @returns {Promise<Answer | null>} null when the turn of this page is over: the same address then shows why, or goes on
 */
async function ask(address, request) {
  const answer = await fetch(address, { ...request, headers: { Accept: "application/json", ...headers(), ...request.headers } });
  if (answer.status >= 500 || answer.status === 408 || answer.status === 429) throw new Error("no answer");
  if (!answer.headers.get("Content-Type")?.startsWith("application/json")) {
    again();
    return null;
  }
  return answer.json();
}

/**
 * @param {Blob} file
 * @returns {Promise<string>} in hexadecimal digits; "" where this browser cannot count it, as over plain http
 */
async function sumOf(file) {
  if (!crypto.subtle) return "";
  const sum = new Uint8Array(await crypto.subtle.digest("SHA-256", await file.arrayBuffer()));
  return [...sum].map((b) => b.toString(16).padStart(2, "0")).join("");
}

/**
 * Waits, but not longer than until the network is back.
 * @param {number} time ms
 */
function pause(time) {
  return new Promise((on) => {
    setTimeout(on, time);
    addEventListener("online", on, { once: true });
  });
}
