/**
 * Guards: each says in one place what a value must be, for the reader, for tsc and at run time.
 * Fields that a shape does not name are let through, so that a newer server may send more.
 */

/**
 * @template T
 * @typedef {(value: unknown) => value is T} Guard
 */

/**
 * The type that a guard stands for.
 *
 * @template G
 * @typedef {G extends Guard<infer T> ? T : never} Guarded
 */

/**
 * The type of an object with these fields; those that may be absent are optional.
 *
 * @template {Record<string, Guard<any>>} S
 * @typedef {{ [K in keyof S as undefined extends Guarded<S[K]> ? never : K]: Guarded<S[K]> } & {
 *   [K in keyof S as undefined extends Guarded<S[K]> ? K : never]?: Guarded<S[K]>
 * }} Shaped
 */

/**
 * @param {unknown} value
 * @returns {value is string}
 */
function text(value) {
  return typeof value === "string";
}

/**
 * @param {unknown} value
 * @returns {value is number}
 */
function number(value) {
  return typeof value === "number" && Number.isFinite(value);
}

/**
 * @param {unknown} value
 * @returns {value is boolean}
 */
function flag(value) {
  return typeof value === "boolean";
}

/**
 * @param {unknown} value
 * @returns {value is Record<string, unknown>}
 */
function record(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * @template {string} T
 * @param {T[]} words
 * @returns {Guard<T>}
 */
function oneOf(...words) {
  return /** @type {Guard<T>} */ ((value) => words.some((word) => word === value));
}

/**
 * @template T
 * @param {Guard<T>} guard
 * @returns {Guard<T | null>}
 */
function orNull(guard) {
  return (value) => value === null || guard(value);
}

/**
 * @template T
 * @param {Guard<T>} guard
 * @returns {Guard<T | undefined>}
 */
function orAbsent(guard) {
  return (value) => value === undefined || guard(value);
}

/**
 * @template A, B
 * @param {Guard<A>} first
 * @param {Guard<B>} second
 * @returns {Guard<A | B>}
 */
function either(first, second) {
  return (value) => first(value) || second(value);
}

/**
 * @template T
 * @param {Guard<T>} guard
 * @returns {Guard<T[]>}
 */
function listOf(guard) {
  return (value) => Array.isArray(value) && value.every(guard);
}

/**
 * @template {Record<string, Guard<any>>} S
 * @param {S} fields
 * @returns {Guard<Shaped<S>>}
 */
function shape(fields) {
  const entries = Object.entries(fields);
  /** @type {(value: unknown) => boolean} */
  const check = (value) => record(value) && entries.every(([name, guard]) => guard(value[name]));
  return /** @type {any} */ (check);
}

/**
 * Parse a message and check it against the guard of its `type`.
 *
 * @template {Record<string, Guard<any>>} S
 * @param {S} guards by type
 * @param {unknown} data what came over the wire
 * @returns {Guarded<S[keyof S]> | null} null if it is no message that this page knows
 */
function decodeAs(guards, data) {
  if (!text(data)) {
    return null;
  }
  try {
    /** @type {unknown} */
    const value = JSON.parse(data);
    if (!record(value) || !text(value["type"]) || !Object.hasOwn(guards, value["type"])) {
      return null;
    }
    return guards[value["type"]]?.(value) ? /** @type {any} */ (value) : null;
  } catch {
    return null;
  }
}

export { decodeAs, either, flag, listOf, number, oneOf, orAbsent, orNull, record, shape, text };
