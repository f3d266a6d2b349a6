/** Small things that every view needs of the page. */

/**
 * Get an element that the page must have.
 *
 * @template {Element} T
 * @param {string} id
 * @param {new () => T} type
 * @returns {T}
 */
function getElement(id, type) {
  const element = document.getElementById(id);
  if (!(element instanceof type)) {
    throw new Error(`The page has no ${type.name} #${id}.`);
  }
  return element;
}

/**
 * Copy what a template holds.
 *
 * @param {HTMLTemplateElement} template
 * @returns {HTMLElement} its first element
 */
function instantiate(template) {
  const copy = /** @type {DocumentFragment} */ (template.content.cloneNode(true));
  return /** @type {HTMLElement} */ (copy.firstElementChild);
}

/**
 * Get a part of a template's copy.
 *
 * @template {Element} T
 * @param {ParentNode} parent
 * @param {string} selector
 * @param {new () => T} type
 * @returns {T}
 */
function part(parent, selector, type) {
  const element = parent.querySelector(selector);
  if (!(element instanceof type)) {
    throw new Error(`There is no ${type.name} at ${selector}.`);
  }
  return element;
}

/**
 * Set a text only if it is another, so that screen readers do not read it again and a selection
 * stays.
 *
 * @param {Element} element
 * @param {string} text
 */
function setText(element, text) {
  if (element.textContent !== text) {
    element.textContent = text;
  }
}

/**
 * Give a button its accessible name, which is its tooltip too.
 *
 * @param {HTMLElement} button
 * @param {string} name
 */
function setName(button, name) {
  if (button.ariaLabel !== name) {
    button.ariaLabel = name;
    button.title = name;
  }
}

/**
 * @param {Element} parent with an `<svg><use>` inside
 * @param {string} icon id of a symbol of the page
 */
function setIcon(parent, icon) {
  part(parent, "use", SVGUseElement).setAttribute("href", `#icon-${icon}`);
}

/**
 * Show a track; with the same one the picture goes on.
 *
 * @param {HTMLVideoElement} video
 * @param {MediaStreamTrack | null} track
 */
function showTrack(video, track) {
  const shown = /** @type {MediaStream | null} */ (video.srcObject)?.getTracks()[0] ?? null;
  if (shown !== track) {
    video.srcObject = track && new MediaStream([track]);
  }
}

export { getElement, instantiate, part, setIcon, setName, setText, showTrack };
