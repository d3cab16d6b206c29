// The connection to the broker: MQTT 5 over WebSocket, subscribing only, never publishing.

import mqtt from "./vendor/mqtt.js";

const SETTLE_MS = 3000;
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

  function open(credentials) {
    client = mqtt.connect(url, {
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

  let attempts = 0;
  let timer = 0;
  let closed = false;

  function wire(mine, credentials) {
    mine.on("connect", () => {
      attempts = 0;
      store.beginSession();
      mine.subscribe(`${root}/#`, { qos: 1 }, (error, granted) => {
        const refused = error || granted?.some(({ qos }) => qos >= 128);
        tell(refused ? { state: "denied" } : { state: "connected" });
      });
      clearTimeout(settling);
      settling = setTimeout(() => store.settleSession(), SETTLE_MS);
    });
    mine.on("message", (topic, payload, packet) => {
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

  tell({ state: "connecting" });
  open({});
  return {
    close() {
      closed = true;
      clearTimeout(timer);
      client.end(true);
    },
    login(username, password) {
      const old = client;
      clearTimeout(timer);
      attempts = 0;
      closed = false;
      tell({ state: "connecting" });
      open({ username, password });
      old.end(true);
    },
  };
}
