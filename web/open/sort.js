/** What dropped files are, told by their names: a packed bundle, or a layer's activations each, and what goes with them. */

/** @typedef {{ path: string, blob: Blob }} Held */
/** What goes with activations, as `ntrace pack` calls it. @typedef {"labels" | "classes" | "predictions" | "probabilities" | "thumbnails"} Role */

/**
 * @typedef {object} Sorted
 * @property {Map<string, Blob> | null} bundle its files by their path in its folder
 * @property {Held[]} layers
 * @property {Partial<Record<Role, Held>>} roles
 * @property {string[]} unused paths
 * @property {string} title the folder's name, or that of the only file
 */

/** @type {[Role, RegExp][]} */
const ROLES = [
  ["labels", /^(labels?|targets?|y)$/i],
  ["classes", /^class(es|_?names)$/i],
  ["predictions", /^(predictions?|predicted)$/i],
  ["probabilities", /^(probabilities|probs|confidences?)$/i],
  ["thumbnails", /^(thumbnails?|images?)$/i],
];
const LAYER = /\.(npy|safetensors)$/i;
const OF_BUNDLE = /^(current\.json|m\.[0-9a-f]{64}\.json|c\/[0-9a-f]{32}\.bin)$/;

/** @param {string} path */
export const nameOf = (path) => path.slice(path.lastIndexOf("/") + 1);
/** @param {string} path */
const folderOf = (path) => path.slice(0, path.lastIndexOf("/") + 1);
/** What systems leave in folders. @param {string} path */
const isLitter = (path) => /(^|\/)(\.[^/]*|__MACOSX\/.*|Thumbs\.db|desktop\.ini)$/i.test(path);
/** @param {string[]} paths */
const some = (paths) => `${paths.slice(0, 6).join(", ")}${paths.length > 6 ? ` and ${paths.length - 6} more` : ""}`;

/** @param {Held[]} files @param {string} folder with a slash at its end */
function takeBundle(files, folder) {
  const inside = files.filter(({ path }) => path.startsWith(folder)).map(({ path, blob }) => /** @type {[string, Blob]} */ ([path.slice(folder.length), blob]));
  return new Map(inside.filter(([path]) => OF_BUNDLE.test(path)));
}

/** @param {Held[]} files @returns {Sorted} throws, in words, where they are nothing that can be opened */
export function sortFiles(files) {
  const held = files.filter(({ path }) => !isLitter(path));
  const currents = held.filter(({ path }) => nameOf(path) === "current.json");
  const title = folderOf(held[0]?.path ?? "").split("/")[0] || (held.length === 1 ? nameOf(held[0].path).replace(/\.\w+$/, "") : "");
  /** @type {Sorted} */
  const sorted = { bundle: null, layers: [], roles: {}, unused: [], title };
  if (currents.length > 1) throw new Error(`Expected one bundle, found ${currents.length} of them: ${some(currents.map(({ path }) => path))}.`);
  if (currents.length === 1) return { ...sorted, bundle: takeBundle(held, folderOf(currents[0].path)) };
  for (const file of held) place(sorted, file);
  if (sorted.layers.length > 0) return sorted;
  const found = held.length > 0 ? `found ${some(held.map(({ path }) => path))}` : "found no file at all";
  throw new Error(`Expected a packed bundle (with current.json in it), or one .npy per layer, or a .safetensors: ${found}.`);
}

/** @param {Sorted} sorted @param {Held} file */
function place(sorted, file) {
  const name = nameOf(file.path);
  const stem = name.replace(/\.(gz)$/i, "").replace(/\.\w+$/, "");
  const word = stem.slice(stem.lastIndexOf(".") + 1); // "activations.labels.npy" are labels
  const role = ROLES.find(([, form]) => form.test(word))?.[0];
  if (role && sorted.roles[role]) throw new Error(`Expected one file of ${role}, found two: ${sorted.roles[role]?.path} and ${file.path}.`);
  if (role) sorted.roles[role] = file;
  else if (!LAYER.test(name)) sorted.unused.push(file.path);
  else if (sorted.layers.some(({ path }) => nameOf(path) === name)) throw new Error(`Expected one file a layer, found two named ${name}.`);
  else sorted.layers.push(file);
}
