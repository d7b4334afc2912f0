/** Where the files of this build are: in the folder of the page's script, which index.html names. */

/** @param {string} file @returns {string} */
export function built(file) {
  const script = /** @type {HTMLScriptElement | null} */ (document.querySelector('script[type="module"][src]'));
  return new URL(file, script?.src ?? document.baseURI).href;
}
