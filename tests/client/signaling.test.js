import assert from "node:assert/strict";
import { mock, test } from "node:test";

import { Signaling } from "../../static/js/signaling.js";
import { FakeClock, FakeSocket, as, record } from "./support/fakes.js";

const HELLO = /** @type {const} */ ({
  type: "join",
  room: "abc",
  name: "Ann",
  kind: "person",
  password: null,
  token: null,
  resume: null,
});

const WELCOME = {
  type: "welcome",
  version: 1,
  self: { id: "a", name: "Ann", kind: "person", role: "host" },
  room: { name: "abc", locked: false },
  peers: [],
  ice: [],
  resume: null,
};

mock.method(console, "warn", () => {});

function make() {
  const clock = new FakeClock();
  /** @type {FakeSocket[]} */
  const sockets = [];
  const signaling = new Signaling({
    openSocket: () => {
      const socket = new FakeSocket();
      sockets.push(socket);
      return as(socket);
    },
    hello: () => HELLO,
    clock,
    random: () => 1,
  });
  return { clock, signaling, sockets, latest: () => /** @type {FakeSocket} */ (sockets.at(-1)) };
}

test("the first message of each connection is the hello", () => {
  const { clock, signaling, sockets, latest } = make();
  signaling.connect();
  latest().open();
  latest().fail();
  clock.advance(60);
  latest().open();

  assert.deepEqual(
    sockets.map(({ sent }) => sent),
    [[HELLO], [HELLO]],
  );
});

test("delays grow until the server lets us in, and then begin anew", () => {
  const { clock, signaling, latest } = make();
  const waiting = record(signaling, "waiting");
  const delays = () => waiting.splice(0).map((until) => until - clock.time);
  signaling.connect();
  latest().fail();
  assert.deepEqual(delays(), [0.5]);
  clock.advance(0.5);
  latest().open();
  latest().fail();
  assert.deepEqual(delays(), [1]);
  clock.advance(1);
  latest().open();
  latest().receive({ type: "error", code: "server-full", message: "Full." });
  latest().fail();
  assert.deepEqual(delays(), [2]);
  clock.advance(2);
  latest().open();
  latest().receive(WELCOME);
  latest().fail();

  assert.deepEqual(delays(), [0.5]);
});

test("what is not known is not told", () => {
  const { signaling, latest } = make();
  const told = record(signaling, "message");
  signaling.connect();
  latest().open();
  latest().receive("nonsense");
  latest().receive({ type: "from-the-future" });
  latest().receive(WELCOME);

  assert.deepEqual(told, [WELCOME]);
});

test("messages are sent only while the connection is open", () => {
  const { signaling, latest } = make();
  assert.equal(signaling.send({ type: "summon" }), false);
  signaling.connect();
  assert.equal(signaling.send({ type: "summon" }), false);
  latest().open();

  assert.equal(signaling.send({ type: "summon" }), true);
  assert.deepEqual(latest().sent, [HELLO, { type: "summon" }]);
});

test("a connection that does not open in time is tried again", () => {
  const { clock, signaling, sockets } = make();
  signaling.connect();
  clock.advance(10);
  clock.advance(0.5);

  assert.deepEqual(
    sockets.map(({ readyState }) => readyState),
    [3, 0],
  );
});

test("whoever does not want to wait need not", () => {
  const { clock, signaling, sockets, latest } = make();
  signaling.connect();
  latest().fail();
  signaling.connect();
  signaling.connect();
  assert.equal(sockets.length, 2);
  clock.advance(5);

  assert.equal(sockets.length, 2);
});

test("news of an old socket is not taken for the new one's", () => {
  const { clock, signaling, sockets } = make();
  const told = record(signaling, "message", "waiting");
  signaling.connect();
  sockets[0]?.fail();
  clock.advance(1);
  told.length = 0;
  sockets[0]?.receive(WELCOME);
  sockets[0]?.fail();

  assert.deepEqual(told, []);
});

test("after close nothing is tried again", () => {
  const { clock, signaling, sockets, latest } = make();
  const told = record(signaling, "waiting", "connecting", "message");
  signaling.connect();
  latest().open();
  told.length = 0;
  signaling.close();
  signaling.close();
  latest().fail();
  clock.advance(100);
  signaling.connect();

  assert.deepEqual([sockets.length, told, clock.pending], [1, [], 0]);
  assert.equal(latest().readyState, 3);
});
