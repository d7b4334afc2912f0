/**
 * Starts a module in a Worker. Through a blob: address it has the content security policy of the page that starts it, which a worker
 * started from a file has not; where a page's policy does not allow that, it is started directly.
 * @param {string} url @param {string} name @param {boolean} [direct]
 * @returns {Worker}
 */
export function startModuleWorker(url, name, direct = false) {
  if (direct) return new Worker(url, { type: "module", name });
  const address = URL.createObjectURL(new Blob([`import ${JSON.stringify(url)};`], { type: "text/javascript" }));
  const revoke = () => URL.revokeObjectURL(address);
  try {
    const worker = new Worker(address, { type: "module", name });
    for (const event of ["message", "error"]) worker.addEventListener(event, revoke, { once: true });
    return worker;
  } catch {
    revoke();
    return startModuleWorker(url, name, true);
  }
}
