// The connection to the broker: MQTT 5 over WebSocket, subscribing only, never publishing.

// Fetched while the page is already being drawn: nothing on it waits for the library.
const library = import("./vendor/mqtt.js");

const SETTLE_MS = 3000;
// A broker queues a bounded number of messages for one client (mosquitto: 1,000 unless set) and
// drops what is beyond: what it keeps of many cameras is fetched so many cameras at a time.
const TOGETHER = 100;
const FETCH = { least_ms: 50, most_ms: 5000, round_trips: 3 };
const NOT_AUTHORISED = new Set([4, 5, 134, 135]);

/**
 * Connect and stay connected.
 *
 * @param store where messages go.
 * @param tell called with {state, detail}: connecting, connected, lost, denied.
 * @returns {close(), login(username, password)}
 */
export function openLink({ broker_url: url, topics_root: root }, store, tell) {
  let client = null;
  let settling = 0;
  let attempts = 0;
  let timer = 0;
  let closed = false;

  async function open(credentials) {
    const { connect } = await library;
    if (closed) return;
    client = connect(url, {
      protocolVersion: 5,
      clean: true,
      clientId: `dashboard-${Array.from(crypto.getRandomValues(new Uint8Array(8)), (b) => b.toString(16).padStart(2, "0")).join("")}`,
      keepalive: 30,
      connectTimeout: 10_000,
      reconnectPeriod: 0, // our own, with jitter: a wall of pages must not return as one
      // The default keeps its timers in a worker from a blob, which the policy forbids.
      timerVariant: "native",
      ...credentials,
    });
    wire(client, credentials);
  }

  function wire(mine, credentials) {
    mine.on("connect", () => {
      attempts = 0;
      store.beginSession();
      clearTimeout(settling);
      const settle = () => {
        tell({ state: "connected" });
        settling = setTimeout(() => store.settleSession(), SETTLE_MS);
      };
      const many = store.cameras.size > TOGETHER;
      // Retain handling 2: of many cameras only what comes from now on.
      mine.subscribe(`${root}/#`, { qos: 1, rh: many ? 2 : 0 }, (error, granted) => {
        if (error || granted?.some(({ qos }) => qos >= 128)) return tell({ state: "denied" });
        if (!many) return settle();
        return fetchKept(mine).then((whole) => whole && settle(), (failed) => console.warn(failed));
      });
    });
    mine.on("message", (topic, payload, packet) => {
      if (packet.retain) heard = performance.now();
      store.receive(topic, new Uint8Array(payload), packet.retain).catch((error) => console.error(error));
    });
    mine.on("error", (error) => {
      if (NOT_AUTHORISED.has(error.code)) {
        closed = true;
        tell({ state: "denied" });
      }
    });
    mine.on("close", () => {
      clearTimeout(settling);
      if (closed || mine !== client) return;
      tell({ state: "lost" });
      const ceiling = Math.min(30_000, 1000 * 2 ** attempts);
      attempts += 1;
      timer = setTimeout(() => {
        mine.end(true);
        open(credentials);
      }, 250 + Math.random() * ceiling);
    });
  }

  /** Messages that were kept, of all cameras, a part after the other; false: not connected any more. */
  async function fetchKept(mine) {
    const filters = [...store.cameras.keys()].map((id) => `${root}/${id}/#`);
    for (let from = 0; from < filters.length; from += TOGETHER) {
      if (closed || mine !== client || !mine.connected) return false;
      tell({ state: "connected", share: from / filters.length });
      const part = filters.slice(from, from + TOGETHER);
      const asked = performance.now();
      await mine.subscribeAsync(part, { qos: 1 });
      const quiet = Math.max(FETCH.least_ms, FETCH.round_trips * (performance.now() - asked));
      const since = performance.now();
      heard = since;
      while (performance.now() - heard < quiet && performance.now() - since < FETCH.most_ms) await pause(quiet / 2);
      await mine.unsubscribeAsync(part);
    }
    return true;
  }

  const pause = (ms) => new Promise((done) => setTimeout(done, ms));
  let heard = 0; // when a kept message came last

  tell({ state: "connecting" });
  open({});
  return {
    close() {
      closed = true;
      clearTimeout(timer);
      client?.end(true);
    },
    login(username, password) {
      const old = client;
      clearTimeout(timer);
      attempts = 0;
      closed = false;
      tell({ state: "connecting" });
      open({ username, password });
      old?.end(true);
    },
  };
}
