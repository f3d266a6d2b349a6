/** How tiles are laid out. */

const RATIO = 16 / 9;

/**
 * The number of columns with which tiles of 16:9 become largest.
 *
 * @param {number} count tiles
 * @param {number} width of the stage
 * @param {number} height of the stage
 * @param {number} gap between tiles
 * @returns {{ columns: number, width: number }} and the width of a tile
 */
function bestGrid(count, width, height, gap) {
  let best = { columns: 1, width: 0 };
  for (let columns = 1; columns <= Math.max(1, count); columns += 1) {
    const rows = Math.ceil(count / columns);
    const byWidth = (width - gap * (columns - 1)) / columns;
    const byHeight = ((height - gap * (rows - 1)) / rows) * RATIO;
    const tile = Math.max(0, Math.floor(Math.min(byWidth, byHeight)));
    if (tile > best.width) {
      best = { columns, width: tile };
    }
  }
  return best;
}

export { bestGrid };
