/** Runs before the page is drawn: says which route the URL asks for, so that the story's still version is not shown for another. */
document.documentElement.dataset.route = /^#\/([a-z]+)/.exec(location.hash)?.[1] ?? "story";
