/** How loud a percentage is: by the same law as the bot's, so that both controls feel alike. */

/**
 * The ear hears ten decibels less as half as loud, so half the number is -10 dB.
 *
 * @param {number} percent
 * @returns {number} factor of the amplitude from 0 to 1, since elements know no louder
 */
function gain(percent) {
  return percent > 0 ? Math.min(10 ** (Math.log2(percent / 100) / 2), 1) : 0;
}

export { gain };
