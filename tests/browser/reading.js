// Evaluated inside the page: its own decoder, asked about vectors. [what, asked] in, answers out.
async ([what, asked]) => {
  const { decode } = await import("./wire/cbor.js");
  const { VerifyKey, fromHex, hex, openSigned, sign1Structure } = await import("./wire/cose.js");
  const { readOrder, unsealCheckpoint, unsealRecord } = await import("./wire/records.js");
  const { DOMAINS, MAX_ORDER_MESSAGE_BYTES } = await import("./schema.js");
  const tried = async (work) => {
    try {
      return await work();
    } catch (error) {
      return error.reason ?? `crashed: ${error.stack}`;
    }
  };
  const all = (cases, read) => Promise.all(cases.map((one) => tried(() => read(one))));
  const ring = (rows) => new Map(rows.map(([raw, algorithm]) => {
    const key = new VerifyKey(fromHex(raw), algorithm);
    return [key.kid, key];
  }));
  const open = (bytes, kind, keys) => openSigned(bytes, keys, DOMAINS[kind], MAX_ORDER_MESSAGE_BYTES);

  const answers = {
    domains: () => DOMAINS,
    cbor: (texts) => all(texts, (text) => (decode(fromHex(text)), "read")),
    records({ key, algorithm, messages }) {
      const owner = new VerifyKey(fromHex(key), algorithm);
      return all(messages, async (message) => `read ${(await unsealRecord(fromHex(message), owner)).kind}`);
    },
    async checkpoint({ key, message }) {
      return (await unsealCheckpoint(fromHex(message), new VerifyKey(fromHex(key)))).size;
    },
    orders: (cases) => all(cases, async ({ kind, device, message, keys }) => {
      const bytes = fromHex(message);
      const order = await readOrder(kind, bytes, ring(keys));
      return order.header.audience === device ? "read" : "other_device"; // as the store asks
    }),
    async sweep({ kind, message, keys }) {
      const good = fromHex(message);
      const known = ring(keys);
      const bad = [];
      for (let bit = 0; bit < 8 * good.length; bit++) {
        const changed = good.slice();
        changed[bit >> 3] ^= 1 << (bit & 7);
        bad.push(changed);
      }
      for (let length = 0; length < good.length; length++) bad.push(good.slice(0, length));
      const read = async (bytes) => (await open(bytes, kind, known)) && "read";
      const said = await all(bad, read);
      return {
        good: await tried(() => read(good)),
        tried: said.length,
        wrong: said.filter((one) => one === "read" || one.startsWith("crashed")),
      };
    },
    holds: (cases) => all(cases, ({ key, algorithm, signature, message }) =>
      new VerifyKey(fromHex(key), algorithm).holds(fromHex(signature), fromHex(message))),
    structures: (cases) => cases.map((one) => hex(sign1Structure(
      fromHex(one.protected), new TextDecoder().decode(fromHex(one.external_aad)), fromHex(one.payload)))),
  };
  return answers[what](asked);
}
