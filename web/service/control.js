/** The line in the page's foot that says what of it works offline, and the button that keeps the bundle. */
/** @typedef {import("./keep.js").Kept} Kept */

/** @typedef {{ kept: Kept, persistent: boolean | null }} Offline persistent: whether the browser has agreed never to clear it; null: not asked */

const number = new Intl.NumberFormat("en", { minimumFractionDigits: 1, maximumFractionDigits: 1 });
/** @param {number} bytes */
const megabytes = (bytes) => `${number.format(bytes / 1e6)} MB`;

/** @param {Offline} offline */
function wordsFor({ kept: { bytes, total, stage, error }, persistent }) {
  const size = megabytes(total);
  if (stage === "busy") return `Keeping this bundle offline: ${megabytes(bytes)} of ${size}.`;
  if (error) return `${error.message} ${megabytes(bytes)} of ${size} are kept offline. ${error.hint}`;
  if (stage === "part") return `The page works offline with ${megabytes(bytes)} of ${size} of its bundle.`;
  const promise = persistent === null ? "" : persistent ? " This browser will not clear it by itself." : " This browser may clear it when storage runs short.";
  return `Page and bundle are kept offline, ${size}.${promise}`;
}

/**
 * @param {HTMLElement} root the page's foot
 * @param {{ onKeep: () => void, onPause: () => void, onRemove: () => void }} options
 */
export function createOfflineControl(root, { onKeep, onPause, onRemove }) {
  const line = document.createElement("p");
  line.className = "offline";
  line.dataset.offline = "";
  const words = document.createElement("span");
  const bar = document.createElement("progress");
  bar.max = 1;
  bar.setAttribute("aria-label", "Kept offline");
  const button = document.createElement("button");
  button.type = "button";
  const remove = document.createElement("button");
  remove.type = "button";
  remove.name = "remove-offline";
  remove.textContent = "Remove";
  remove.addEventListener("click", () => {
    button.focus();
    onRemove();
  });
  line.append(words, bar, button, remove);
  root.append(line);
  let isBusy = false;
  button.addEventListener("click", () => (isBusy ? onPause() : onKeep()));

  return {
    /** @param {Offline} offline */
    update(offline) {
      const { bytes, total, stage, error } = offline.kept;
      isBusy = stage === "busy";
      line.dataset.offline = stage;
      words.textContent = wordsFor(offline);
      words.toggleAttribute("data-offline-error", error !== null);
      bar.hidden = stage === "whole";
      bar.value = total > 0 ? bytes / total : 0;
      button.hidden = stage === "whole" && offline.persistent !== null;
      button.name = isBusy ? "pause-offline" : "keep-offline";
      button.textContent = isBusy ? "Pause" : error ? "Go on" : "Keep this bundle offline";
      remove.hidden = isBusy || bytes === 0;
    },
    destroy: () => line.remove(),
  };
}
