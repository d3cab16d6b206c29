// mqtt.js's client over the browser's WebSocket, without its other transports.
//
// mqtt/lib/connect also knows TCP, TLS, SOCKS and two shops' sockets; a browser has none of them.
import client from "mqtt/lib/client";
import { browserStreamBuilder } from "mqtt/lib/connect/ws";

const MqttClient = client.default ?? client;

/** As mqtt.connect(url, options) does it for ws:// and wss://. */
export function connect(url, options) {
  const { protocol, hostname, port, pathname } = new URL(url);
  const known = { ...options, protocol: protocol.slice(0, -1), hostname, port: Number(port), path: pathname };
  const made = new MqttClient((mine) => browserStreamBuilder(mine, known), known);
  made.on("error", () => {}); // an error that nobody listens to would be thrown
  return made;
}
