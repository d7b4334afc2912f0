/**
 * Runs before the page is drawn, as part of it. Says which route the URL asks for, so that the story's still version is not shown for
 * another; asks for the route's scripts, which the page's script would ask for only when it has come itself; and tells the reader when the
 * page's own script or styles do not come, since nothing else can.
 */
{
  const PATIENCE = 8000;
  const WAKING = 200; // a script that has arrived begins within it
  const page = document.documentElement;
  page.dataset.route = /^#\/([a-z]+)/.exec(location.hash)?.[1] ?? "story";

  // What the build has written down of itself; nothing where page and scripts are one file.
  const ahead = /** @type {HTMLMetaElement | null} */ (document.querySelector(`meta[name="ahead-${page.dataset.route}"]`));
  for (const file of ahead?.content.split(" ") ?? []) {
    document.head.append(Object.assign(document.createElement("link"), { rel: "modulepreload", href: file }));
  }

  /** @param {string} text @param {string} [kind] */
  const tell = (text, kind = "") => {
    const told = /** @type {HTMLElement | null} */ (document.querySelector("[data-early]"));
    if (told && (told.dataset.early !== "styles" || kind === "styles")) return;
    told?.remove(); // without its script a page has more to say than that it looks plain
    const notice = document.createElement("section");
    notice.className = "notice is-error";
    notice.dataset.early = kind;
    notice.setAttribute("role", "alert");
    const words = document.createElement("p");
    words.dataset.error = "";
    words.textContent = text;
    const again = document.createElement("button");
    again.type = "button";
    again.textContent = "Try again";
    again.onclick = () => {
      stop(); // what stalls holds all the connections that a browser opens to a host
      location.reload();
    };
    notice.append(words, again);
    document.querySelector("[data-notice]")?.setAttribute("hidden", "");
    document.body.prepend(notice);
    if (!page.dataset.started) page.dataset.state = "error";
  };
  /** @param {string} text @param {string} [kind] */
  const tellSoon = (text, kind) => (document.body ? tell(text, kind) : document.addEventListener("readystatechange", () => tell(text, kind), { once: true }));

  const tellOfStyles = () => tellSoon("The page's styles could not be fetched: all works, but looks plain. Check the connection and try again.", "styles");
  addEventListener(
    "error",
    ({ target }) => {
      if (target instanceof HTMLScriptElement) tellSoon("The page's script could not be fetched: the connection failed, or the site was not copied completely. Check the connection and try again.");
      else if (target instanceof HTMLLinkElement && target.dataset.needed === "") tellOfStyles();
    },
    true,
  );
  // Chromium calls a sheet of another type loaded, and empty; of what has loaded the window does not hear.
  document.addEventListener("load", ({ target }) => target instanceof HTMLLinkElement && target.dataset.needed === "" && target.sheet?.cssRules.length === 0 && tellOfStyles(), true);
  document.addEventListener("readystatechange", () => {
    if (!document.querySelector(".colophon")) tell("Only a part of the page has arrived: the connection broke off. Check the connection and try again.");
  }, { once: true });
  const look = () => {
    if (page.dataset.started) return;
    if (document.hidden) return void document.addEventListener("visibilitychange", () => setTimeout(look, PATIENCE), { once: true }); // browsers let it wait
    const late = [...document.querySelectorAll("link[data-needed]")].filter((link) => !(/** @type {HTMLLinkElement} */ (link).sheet));
    for (const link of late) link.remove(); // the page waits for it
    const script = /** @type {HTMLScriptElement | null} */ (document.querySelector("script[src]"))?.src ?? "";
    if (late.length > 0 && performance.getEntriesByName(script).length > 0) setTimeout(() => page.dataset.started || stop()); // Firefox waits for it all the same
    setTimeout(() => page.dataset.started || tell(`The page's files have not arrived within ${PATIENCE / 1000} seconds. Check the connection and try again.`, "late"), WAKING);
  };
  setTimeout(look, PATIENCE);
}
