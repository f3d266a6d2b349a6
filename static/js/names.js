/** What people are called where several have one name: "Ben", "Ben (2)". */

/**
 * @typedef {Readonly<Record<string, { name: string, shown: string }>>} Names
 *   by peer: the name that somebody has, and the one to show
 */

/**
 * Give everybody a name to show that nobody else has. Who has one keeps it, also when the other of
 * that name leaves.
 *
 * @param {Names} before
 * @param {readonly { id: string, name: string }[]} people in the order in which they came
 * @returns {Names}
 */
function distinctNames(before, people) {
  const kept = people.flatMap(({ id, name }) => {
    const known = before[id];
    return known?.name === name ? [[id, known]] : [];
  });
  /** @type {Record<string, { name: string, shown: string }>} */
  const names = Object.fromEntries(kept);
  const taken = new Set(Object.values(names).map(({ shown }) => shown));
  for (const { id, name } of people) {
    if (!names[id]) {
      const shown = freeName(name, taken);
      taken.add(shown);
      names[id] = { name, shown };
    }
  }
  return names;
}

/**
 * @param {string} name
 * @param {ReadonlySet<string>} taken
 * @returns {string}
 */
function freeName(name, taken) {
  let shown = name;
  for (let number = 2; taken.has(shown); number += 1) {
    shown = `${name} (${number})`;
  }
  return shown;
}

export { distinctNames };
