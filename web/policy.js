/**
 * The page's content security policy. Workers are started from blob: addresses, because those have the policy of the page that starts
 * them; a worker started from a file has the one that its host sends with it, and a plain host sends none.
 */
import { createHash } from "node:crypto";

/** An inline script or style as a policy names it. @param {string} text */
export const hashOf = (text) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;

/** @param {string[]} scripts the inline scripts that may run, as hashes */
export const policyFor = (scripts) =>
  [
    "default-src 'none'",
    ["script-src 'self' 'wasm-unsafe-eval'", ...scripts].join(" "),
    "worker-src 'self' blob:",
    "connect-src 'self'",
    "style-src 'self'",
    "img-src 'self' data: blob:",
    "manifest-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
