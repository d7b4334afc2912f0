/** What the reader should hear beside the view: a line at the page's edge, with a button where there is something to do about it. */

/** @typedef {{ text: string, action?: { label: string, run: () => void } }} Message */

/** @param {HTMLElement} root */
export function createBulletin(root) {
  const place = document.createElement("div");
  place.className = "bulletin";
  place.setAttribute("role", "status");
  root.append(place);

  return {
    /** Says this in the place of what was said before. @param {Message} message */
    tell({ text, action }) {
      const words = document.createElement("p");
      words.textContent = text;
      const close = document.createElement("button");
      close.type = "button";
      close.textContent = "Close";
      close.addEventListener("click", () => place.replaceChildren());
      const buttons = [close];
      if (action) {
        const act = document.createElement("button");
        act.type = "button";
        act.textContent = action.label;
        act.addEventListener("click", () => {
          act.disabled = true;
          action.run();
        });
        buttons.unshift(act);
      }
      place.replaceChildren(words, ...buttons);
    },
  };
}
