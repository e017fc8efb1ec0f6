// Pages in a frame: tells the framing page what this page has to tell, and fetches the pictures of a page that holds the visit itself.

import { headers, tell } from "./way.js";

tell(document.body);
tell(document.getElementById("problem-unexpected"));

for (const picture of /** @type {NodeListOf<HTMLImageElement>} */ (document.querySelectorAll("img[data-src]"))) {
  const answer = await fetch(picture.dataset.src ?? "", { headers: headers() });
  if (!answer.ok) continue;
  picture.src = URL.createObjectURL(await answer.blob());
}
