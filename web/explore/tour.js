/** The explorer's guide: a tour that is offered once and can be taken again, and a list of its keys. */
import { select } from "d3";
import { escape } from "../tree.js";
import { nounOf } from "../words.js";
import { KEYS } from "./key_list.js";
import { stopsFor } from "./tour_stops.js";

/** @typedef {import("../routes/explore.js").PartOptions} PartOptions */
/** @typedef {import("../routes/explore.js").Part} Part */

const OFFERED = "ntrace-tour-offered";

/** Whether the tour has been offered before; storage may be refused to a page. */
function wasOffered() {
  try {
    return localStorage.getItem(OFFERED) !== null;
  } catch {
    return true; // it could not be remembered that it was declined
  }
}
function remember() {
  try {
    localStorage.setItem(OFFERED, "1");
  } catch {
    return;
  }
}

/** @param {HTMLElement} root @param {PartOptions} options @returns {Part} */
export function createGuide(root, { bundle, theme }) {
  const noun = nounOf(bundle.manifest);
  const block = select(root).append("div").attr("class", "guide");
  const offer = block.append("p").attr("class", "guide-offer").attr("hidden", wasOffered() ? "" : null);
  offer.append("span").text("New here? A tour of a dozen short stops. ");
  offer.append("button").attr("type", "button").attr("name", "take-tour").text("Take it").on("click", () => void start());
  offer.append("button").attr("type", "button").attr("name", "decline-tour").text("No, thanks").on("click", decline);
  const again = block.append("button").attr("type", "button").attr("name", "tour").text("Tour").on("click", () => void start());
  block.append("button").attr("type", "button").attr("name", "keys").attr("title", "Keys (?)").text("Keys").on("click", openKeys);
  const failure = block.append("p").attr("class", "guide-failure").attr("role", "status");
  const dialog = createKeyDialog(root);
  /** @type {{ destroy: () => void } | null} */
  let tour = null;

  function decline() {
    remember();
    offer.attr("hidden", "");
    /** @type {HTMLElement} */ (again.node()).focus();
  }
  function openKeys() {
    if (!dialog.open) dialog.showModal();
  }

  async function start() {
    remember();
    offer.attr("hidden", "");
    failure.text("");
    try {
      const { driver } = await import("driver.js");
      const steps = stopsFor(noun)
        .map(({ element, title, text }) => ({ element: element.split(", ").find((one) => isSeen(document.querySelector(one))) ?? "", popover: { title, description: escape(text) } })) // the library takes it for markup
        .filter(({ element }) => element !== "");
      const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
      const made = driver({
        steps, showProgress: true, progressText: "{{current}} of {{total}}", nextBtnText: "Next", prevBtnText: "Back", doneBtnText: "Done", popoverClass: "tour",
        animate: !calm, smoothScroll: !calm, overlayColor: theme.tokens().ink, overlayOpacity: 0.45, stagePadding: 4,
        // The library says of what it points at that it opens something; it does not.
        onHighlighted: (element) => ["aria-haspopup", "aria-expanded", "aria-controls"].forEach((name) => element?.removeAttribute(name)),
        // Its title and foot are a banner and a footer to it; the page has its own.
        onPopoverRender: ({ title, footer }) => [title, footer].forEach((part) => part.setAttribute("role", "presentation")),
        onDestroyed: () => /** @type {HTMLElement | null} */ (again.node())?.focus(),
      });
      tour = made;
      made.drive();
    } catch {
      failure.text("The tour could not be fetched: check the connection and try again.");
    }
  }

  /** @param {KeyboardEvent} event */
  function onKey(event) {
    if (event.key !== "?" || /** @type {Element} */ (event.target).matches?.("input:not([type=range]), textarea, select")) return;
    event.preventDefault();
    openKeys();
  }
  addEventListener("keydown", onKey);

  return {
    update() {},
    destroy() {
      removeEventListener("keydown", onKey);
      tour?.destroy();
      dialog.remove();
      block.remove();
    },
  };
}

/** @param {Element | null} element */
const isSeen = (element) => element !== null && element.getClientRects().length > 0;

/** @param {HTMLElement} root */
function createKeyDialog(root) {
  const dialog = select(root).append("dialog").attr("class", "keys").attr("aria-labelledby", "keys-title");
  const head = dialog.append("div").attr("class", "keys-head");
  head.append("h2").attr("id", "keys-title").text("Keys");
  const node = /** @type {HTMLDialogElement} */ (dialog.node());
  head.append("button").attr("type", "button").attr("name", "close-keys").text("Close").on("click", () => node.close());
  for (const { where, keys } of KEYS) {
    dialog.append("h3").text(where);
    const list = dialog.append("dl");
    for (const [key, what] of keys) {
      list.append("dt").append("kbd").text(key);
      list.append("dd").text(what);
    }
  }
  return node;
}
