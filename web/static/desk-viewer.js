// Zoom, turn and light for pictures of evidence. The key z zooms the picture that was touched last, at first the first one. Without this module a picture fits its frame and opens large by its link.

const most = 8; // times the size that fits

/** Lets the key z press a shot's button to zoom in. @param {Element} shot */
function take(shot) {
  document.querySelector('[data-shot] [data-key="z"]')?.removeAttribute("data-key");
  shot.querySelector('[data-do="in"]')?.setAttribute("data-key", "z");
}

for (const shot of [...document.querySelectorAll("[data-shot]")].reverse()) {
  take(shot);
  for (const touch of ["focusin", "pointerdown"]) shot.addEventListener(touch, () => take(shot));
  const glass = shot.querySelector(".glass");
  const plate = shot.querySelector(".plate");
  const img = shot.querySelector("img");
  const tools = shot.querySelector("[data-tools]");
  if (glass instanceof HTMLElement && plate instanceof HTMLElement && img instanceof HTMLImageElement && tools instanceof HTMLElement) {
    view(glass, plate, img, tools);
  }
}

/**
 * @param {HTMLElement} glass @param {HTMLElement} plate
 * @param {HTMLImageElement} img @param {HTMLElement} tools
 */
function view(glass, plate, img, tools) {
  let zoom = 1;
  let turns = 0;

  const draw = () => {
    const [width, height] = turns % 2 ? [img.naturalHeight, img.naturalWidth] : [img.naturalWidth, img.naturalHeight];
    const fit = Math.min(glass.clientWidth / width, glass.clientHeight / height);
    const scale = fit * zoom;
    // The middle of what is seen stays the middle.
    const x = (glass.scrollLeft + glass.clientWidth / 2) / Math.max(plate.offsetWidth, 1);
    const y = (glass.scrollTop + glass.clientHeight / 2) / Math.max(plate.offsetHeight, 1);
    glass.classList.add("held");
    plate.style.inlineSize = `${width * scale}px`;
    plate.style.blockSize = `${height * scale}px`;
    img.style.inlineSize = `${img.naturalWidth * scale}px`;
    img.style.blockSize = `${img.naturalHeight * scale}px`;
    img.style.transform = `translate(-50%, -50%) rotate(${turns * 90}deg)`;
    glass.scrollTo(x * plate.offsetWidth - glass.clientWidth / 2, y * plate.offsetHeight - glass.clientHeight / 2);
  };

  const act = {
    in: () => { zoom = Math.min(zoom * 1.5, most); },
    out: () => { zoom = Math.max(zoom / 1.5, 1); },
    turn: () => { turns = (turns + 1) % 4; },
    reset: () => {
      [zoom, turns] = [1, 0];
      for (const dial of dials) dial.value = dial.defaultValue;
      light();
    },
  };
  const dials = /** @type {HTMLInputElement[]} */ ([...tools.querySelectorAll("[data-light]")]);
  const light = () => {
    img.style.filter = dials.map((dial) => dial.value === dial.defaultValue ? "" : `${dial.dataset.light}(${dial.value}%)`).join(" ").trim();
  };
  tools.addEventListener("input", light);
  tools.addEventListener("click", (event) => {
    const button = event.target instanceof Element ? event.target.closest("[data-do]") : null;
    const what = button instanceof HTMLElement ? button.dataset.do : undefined;
    if (img.naturalWidth === 0 || (what !== "in" && what !== "out" && what !== "turn" && what !== "reset")) return;
    act[what]();
    draw();
  });
  tools.hidden = false;
}
