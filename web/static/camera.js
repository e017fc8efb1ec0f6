// The camera, for the page that takes a photo and the one that records a video.

const PATIENCE = 8000; // ms: getUserMedia may never settle

/**
 * @param {string} id
 * @returns {HTMLElement}
 */
export function byId(id) {
  return /** @type {HTMLElement} */ (document.getElementById(id));
}

// Browsers inside of other apps, which often have no camera to give. Their names are no sure sign, so they are looked at only when it failed.
const IN_APP = /FBA[NV]|FB_IAB|Instagram|Line\/|MicroMessenger|Snapchat|TikTok|musical_ly|LinkedInApp|Twitter|GSA\/|; wv\)/;

/**
 * Gives the word for what keeps a camera from working.
 * @param {unknown} error
 */
export function cause(error) {
  return IN_APP.test(navigator.userAgent) ? "inapp" : why(error);
}

/** @param {unknown} error */
function why(error) {
  switch (error instanceof Error ? error.name : "") {
    case "NotAllowedError":
    case "SecurityError":
      return "denied";
    case "NotReadableError":
    case "AbortError":
      return "busy";
    case "TimeoutError":
      return "slow";
    default:
      return "none";
  }
}

/**
 * Asks for the camera, and gives up waiting after a while. A camera that comes after that is switched off again.
 * @param {string | undefined} facing
 * @param {number} width
 * @param {number} height
 * @returns {Promise<MediaStream>}
 */
export function open(facing, width, height) {
  if (!navigator.mediaDevices?.getUserMedia) return Promise.reject(new DOMException("no camera here", "NotFoundError"));
  const asked = navigator.mediaDevices.getUserMedia({
    audio: false,
    video: { facingMode: { ideal: facing }, width: { ideal: width }, height: { ideal: height } },
  });
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => {
      reject(new DOMException("no answer", "TimeoutError"));
      asked.then((s) => s.getTracks().forEach((t) => t.stop()), () => {});
    }, PATIENCE);
    asked.then(resolve, reject).finally(() => clearTimeout(late));
  });
}
