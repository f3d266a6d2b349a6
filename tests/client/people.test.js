import assert from "node:assert/strict";
import { test } from "node:test";

import { People } from "../../static/js/people.js";
import { FakeClock, as, record } from "./support/fakes.js";

/** @import { Manners } from "../../static/js/people.js" */

class FakePerson extends EventTarget {
  isSettled = true;
  closed = false;
  restarts = 0;
  /** @type {any[]} */
  taken = [];
  /** @type {any[]} */
  said = [];

  /**
   * @param {string} id
   * @param {Manners} manners
   */
  constructor(id, manners) {
    super();
    this.id = id;
    this.manners = manners;
  }

  /** @param {any} signal */
  isSupersededBy(signal) {
    return signal.another === true;
  }

  /** @param {any} signal */
  receive(signal) {
    this.taken.push(signal);
  }

  bits = 0;

  /** @param {number} bits */
  limitPicture(bits) {
    this.bits = bits;
  }

  /** @param {any} message */
  say(message) {
    this.said.push(message);
  }

  /** @param {any} outgoing */
  update(outgoing) {
    this.said.push(outgoing);
  }

  restartIce() {
    this.restarts += 1;
  }

  close() {
    this.closed = true;
  }

  /**
   * @param {string} type
   * @param {unknown} [detail]
   */
  emit(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

const FIRST = as("what is sent at first");
const LATER = as("what is sent later");
const OFFER = as("an offer");

function make() {
  const clock = new FakeClock();
  /** @type {FakePerson[]} */
  const made = [];
  const people = new People({
    makePerson: (id, manners) => {
      const person = new FakePerson(id, manners);
      made.push(person);
      return as(person);
    },
    outgoing: FIRST,
    clock,
    random: () => 1,
  });
  return { clock, made, people, told: record(people, "event") };
}

/** @param {FakePerson[]} made */
function open(made) {
  return made.filter(({ closed }) => !closed).map(({ id }) => id);
}

test("of two people exactly one is polite", () => {
  const [low, high] = [make(), make()];
  low.people.enter("a", []);
  low.people.joined("b");
  high.people.enter("b", ["a"]);

  assert.deepEqual(low.made[0]?.manners, { polite: true, knocks: false, outgoing: FIRST });
  assert.deepEqual(high.made[0]?.manners, { polite: false, knocks: false, outgoing: FIRST });
});

test("a person who is announced twice has one connection", () => {
  const { made, people } = make();
  people.enter("a", ["b"]);
  people.joined("b");
  people.receive("b", OFFER);

  assert.equal(made.length, 1);
  assert.deepEqual(made[0]?.taken, [OFFER]);
});

test("who leaves has none, and may come back", () => {
  const { made, people } = make();
  people.enter("a", ["b"]);
  people.left("b");
  people.left("b");
  assert.deepEqual(open(made), []);
  people.joined("b");

  assert.deepEqual(open(made), ["b"]);
});

test("after a lost connection to the server, what stands lives on and the rest is rebuilt", () => {
  const { made, people } = make();
  people.enter("a", ["b", "c", "d"]);
  const [b, c, d] = made;
  as(c).isSettled = false;
  people.enter("a", ["b", "c", "e"]);

  assert.deepEqual([b?.closed, c?.closed, d?.closed], [false, true, true]);
  assert.deepEqual(open(made), ["b", "c", "e"]);
  assert.ok(made.slice(3).every(({ manners }) => manners.knocks));
});

test("under another id all connections are new", () => {
  const { made, people } = make();
  people.enter("m", ["b", "z"]);
  people.enter("n", ["b", "z"]);

  assert.deepEqual([made[0]?.closed, made[1]?.closed], [true, true]);
  assert.deepEqual(
    made.slice(2).map(({ manners }) => [manners.polite, manners.knocks]),
    [
      [false, false],
      [true, false],
    ],
  );
});

test("an offer of a connection that was built anew replaces ours", () => {
  const { made, people } = make();
  const offer = as({ another: true });
  people.enter("a", ["b"]);
  people.receive("b", offer);

  assert.equal(made[0]?.closed, true);
  assert.deepEqual(made[1]?.taken, [offer]);
  assert.equal(made[1]?.manners.knocks, false);
});

test("a lost connection is built again, each time after a longer wait", () => {
  const { clock, made, people } = make();
  people.enter("a", ["b"]);
  for (const delay of [0.5, 1, 2]) {
    const before = made.length;
    made.at(-1)?.emit("lost");
    clock.advance(delay - 0.01);
    assert.equal(made.length, before);
    clock.advance(0.01);
    assert.equal(made.length, before + 1);
  }
  assert.ok(made.slice(1).every(({ manners }) => manners.knocks));
  made.at(-1)?.emit("link", "connected");
  made.at(-1)?.emit("lost");
  clock.advance(0.5);

  assert.deepEqual([made.length, open(made)], [5, ["b"]]);
});

test("a connection that the other end has rebuilt first is not built again", () => {
  const { clock, made, people } = make();
  people.enter("a", ["b"]);
  made[0]?.emit("lost");
  people.receive("b", as({ another: true }));
  clock.advance(60);

  assert.equal(made.length, 2);
});

test("nobody who has left is called back", () => {
  const { clock, made, people } = make();
  people.enter("a", ["b"]);
  made[0]?.emit("lost");
  people.left("b");
  clock.advance(60);

  assert.equal(made.length, 1);
});

test("what people tell carries who they are", () => {
  const { made, people, told } = make();
  people.enter("a", ["b"]);
  const person = /** @type {FakePerson} */ (made[0]);
  person.emit("link", "connected");
  person.emit("track", "a track");
  person.emit("message", { type: "chat", id: "1", text: "hello", at: 7, more: true });
  person.emit("message", { type: "media", microphone: true, camera: false, screen: false });

  assert.deepEqual(told, [
    { type: "link", peer: "b", link: "connected" },
    { type: "track", peer: "b", track: "a track" },
    { type: "said", peer: "b", id: "1", text: "hello" },
    { type: "media", peer: "b", media: { microphone: true, camera: false, screen: false } },
  ]);
});

test("everyone is told and sent the same, and late comers the latest", () => {
  const { made, people } = make();
  const line = /** @type {const} */ ({ type: "chat", id: "1", text: "hello", at: 7 });
  people.enter("a", ["b", "c"]);
  people.say(line);
  people.update(LATER);
  people.restartIce();
  people.joined("d");

  assert.deepEqual(
    made.map(({ said, restarts }) => [said, restarts]),
    [
      [[line, LATER], 1],
      [[line, LATER], 1],
      [[], 0],
    ],
  );
  assert.equal(made[2]?.manners.outgoing, LATER);
});

test("the more people there are, the fewer bits each picture has", () => {
  const { made, people } = make();
  const bits = () => made.filter(({ closed }) => !closed).map((person) => person.bits);
  people.enter("a", ["b", "c", "d", "e"]);
  made[3]?.emit("link", "connected");
  assert.deepEqual(bits(), [1_000_000, 1_000_000, 1_000_000, 1_000_000]);
  people.left("e");
  people.left("d");

  assert.deepEqual(bits(), [1_500_000, 1_500_000]);
});

test("after close nothing is told and nothing is built", () => {
  const { clock, made, people, told } = make();
  people.enter("a", ["b"]);
  made[0]?.emit("lost");
  people.close();
  people.close();
  made[0]?.emit("link", "connected");
  clock.advance(60);

  assert.deepEqual([told, open(made), made.length, clock.pending], [[], [], 1, 0]);
});
