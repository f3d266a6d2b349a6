/** Stand-ins for elements of the page, with a focus that is on one of them at most. */

import { as } from "./fakes.js";

class FakeElement extends EventTarget {
  hidden = false;
  checked = false;
  value = "";
  title = "";
  textContent = "";
  ariaLabel = "";
  ariaDisabled = "false";
  disabled = false;
  /** @type {unknown} */
  srcObject = null;
  style = { setProperty: () => {} };
  #classes = new Set();
  #icon = new FakeIcon();

  classList = {
    /** @type {(name: string, on: boolean) => void} */
    toggle: (name, on) => (on ? this.#classes.add(name) : this.#classes.delete(name)),
    /** @type {(name: string) => boolean} */
    contains: (name) => this.#classes.has(name),
  };

  /** @param {...FakeElement} inner */
  constructor(...inner) {
    super();
    this.inner = inner;
  }

  /** @param {unknown} other */
  contains(other) {
    return other === this || this.inner.some((element) => element === other);
  }

  querySelector() {
    return this.#icon;
  }

  getAttribute() {
    return null;
  }

  toggleAttribute() {}

  /** @param {...FakeElement} inner */
  replaceChildren(...inner) {
    this.inner = inner;
  }

  focus() {
    page.activeElement = this;
  }

  click() {
    this.dispatchEvent(new Event("click"));
  }
}

class FakeIcon {
  setAttribute() {}
}

const page = {
  /** @type {FakeElement | null} */
  activeElement: null,
  createElement: () => new FakeElement(),
};

globalThis.document = as(page);
globalThis.SVGUseElement = as(FakeIcon);

export { FakeElement, page };
