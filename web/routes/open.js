/** The route to one's own data: files are chosen or dropped, read in this tab, and opened in the explorer. */
import { select } from "d3";
import { readDropped, takeChosen } from "../open/gather.js";
import { readFiles } from "../open/reader.js";
import { count } from "../words.js";

/** @typedef {import("../open/gather.js").Given} Given */

/** What can be opened: a term, and what it is. */
const KINDS = [
  ["A packed bundle", "its folder, or a .zip of it, as ntrace pack writes it."],
  ["Activations of any model", "one .npy per layer, in the order of their names (2_relu.npy before 10_head.npy), or one .safetensors with a tensor per layer. The first dimension counts the samples."],
  ["With them, if you have it", "labels (.npy, text or IDX), classes.txt with a name per line, predictions.npy, probabilities.npy, thumbnails.npy. Files are known by these names."],
];

/** @param {HTMLElement} root @param {Pick<import("../main.js").Context, "openFiles" | "report">} context @returns {import("../main.js").Route} */
export function createOpenRoute(root, { openFiles, report }) {
  root.setAttribute("aria-label", "Open your own data");
  const block = select(root).append("section").attr("class", "open").attr("aria-labelledby", "open-title");
  block.append("h2").attr("id", "open-title").text("Open your own data");
  block.append("p").attr("class", "open-lead").text("Drop files anywhere on this page, or choose them. They are read and computed in this tab; nothing is uploaded.");

  const zone = block.append("div").attr("class", "open-zone");
  const buttons = zone.append("div").attr("class", "open-buttons");
  const files = chooser("Choose files", "files", false);
  const folder = chooser("Choose a folder", "folder", true);
  zone.append("p").attr("class", "open-hint").text("or drop them here");

  const list = block.append("dl").attr("class", "open-kinds");
  for (const [term, text] of KINDS) {
    list.append("dt").text(term);
    list.append("dd").text(text);
  }

  const work = block.append("div").attr("class", "open-work").attr("role", "status").attr("hidden", "");
  const doing = work.append("p").attr("class", "open-doing");
  const bar = work.append("progress").attr("max", 1).attr("aria-label", "How far it is");
  work.append("button").attr("type", "button").attr("name", "cancel").text("Cancel").on("click", () => control?.abort());
  const failure = block.append("div").attr("class", "open-error").attr("role", "alert").attr("hidden", "");
  const wrong = failure.append("p").attr("data-error", "");
  const advice = failure.append("p").attr("class", "open-advice");

  /** @type {AbortController | null} */
  let control = null;

  /** A button, and the field for files behind it. @param {string} text @param {string} name @param {boolean} whole a folder */
  function chooser(text, name, whole) {
    const input = buttons.append("input").attr("type", "file").attr("name", name).attr("multiple", "").attr("hidden", "").attr("aria-label", text).property("webkitdirectory", whole);
    const node = /** @type {HTMLInputElement} */ (input.node());
    input.on("change", () => {
      const chosen = takeChosen(/** @type {FileList} */ (node.files));
      node.value = "";
      if (chosen.length > 0) void open(() => Promise.resolve(chosen));
    });
    return buttons.append("button").attr("type", "button").attr("name", name).text(text).on("click", () => node.click());
  }

  /** @param {boolean} busy */
  function setBusy(busy) {
    block.attr("aria-busy", String(busy));
    work.attr("hidden", busy ? null : "");
    for (const button of [files, folder]) button.property("disabled", busy);
  }
  /** @param {{ label: string, done: number }} progress */
  function show({ label, done }) {
    doing.text(`${label.charAt(0).toUpperCase()}${label.slice(1)} …`);
    bar.property("value", done);
  }
  /** @param {Error & { hint?: string }} error */
  function fail(error) {
    failure.attr("hidden", null);
    wrong.text(error.message);
    advice.text(error.hint ?? "The data that were open before are still there. Choose other files, or put right what is wrong with these.");
  }

  /** @param {() => Promise<Given[]>} gather */
  async function open(gather) {
    control?.abort();
    const own = (control = new AbortController());
    failure.attr("hidden", "");
    setBusy(true);
    show({ label: "reading the files", done: 0 });
    try {
      const given = await gather();
      const { bundle, unused } = await readFiles(given, { signal: own.signal, onProgress: show });
      const left = unused.length > 0 ? `Not used: ${unused.slice(0, 5).join(", ")}${unused.length > 5 ? ` and ${count(unused.length - 5)} more` : ""}.` : "";
      await openFiles?.(bundle, left, own.signal);
    } catch (error) {
      if (control === own) fail(/** @type {Error} */ (error));
    } finally {
      if (control === own) {
        control = null;
        setBusy(false);
        /** @type {HTMLElement} */ (files.node()).focus();
      }
    }
  }

  report.ready();
  return {
    update() {},
    /** @param {import("../open/gather.js").Dropped[]} dropped */
    receive: (dropped) => void open(() => readDropped(dropped)),
    destroy() {
      control?.abort();
      control = null;
      root.replaceChildren();
      root.removeAttribute("aria-label");
    },
  };
}
