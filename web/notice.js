/** What the page is doing or what failed, in words, with what to do about it. */

/**
 * @param {HTMLElement} root the notice of index.html
 * @param {() => void} onRetry
 */
export function createNotice(root, onRetry) {
  /** @param {string} name @returns {HTMLElement} */
  const part = (name) => /** @type {HTMLElement} */ (root.querySelector(`[${name}]`));
  const text = part("data-notice-text");
  const hint = part("data-notice-hint");
  const bar = /** @type {HTMLProgressElement} */ (part("data-notice-progress"));
  const retry = part("data-retry");
  retry.addEventListener("click", onRetry);

  return {
    /** @param {import("../wasm/ntrace.d.ts").Progress} progress */
    progress({ label, done }) {
      root.hidden = false;
      root.classList.remove("is-error");
      text.removeAttribute("data-error");
      text.textContent = `${label.charAt(0).toUpperCase()}${label.slice(1)} …`;
      hint.hidden = retry.hidden = true;
      bar.hidden = false;
      bar.value = done;
    },
    /** @param {{ message: string, hint?: string }} error */
    error({ message, hint: advice }) {
      root.hidden = false;
      root.classList.add("is-error");
      text.setAttribute("data-error", "");
      text.textContent = message;
      hint.textContent = advice ?? "";
      hint.hidden = !advice;
      retry.hidden = false;
      bar.hidden = true;
    },
    hide() {
      root.hidden = true;
      text.removeAttribute("data-error");
    },
  };
}
