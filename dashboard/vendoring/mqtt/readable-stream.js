// Of the package readable-stream the four streams alone, without operators, promises and pipelines.
// By path: its name stands for this file.
const { Stream } = require("../node_modules/readable-stream/lib/internal/streams/legacy");
const { Buffer } = require("buffer");

// What its own lib/stream.js gives them.
Stream._isUint8Array = (value) => value instanceof Uint8Array;
Stream._uint8ArrayToBuffer = (chunk) => Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);

exports.Readable = require("../node_modules/readable-stream/lib/internal/streams/readable");
exports.Writable = require("../node_modules/readable-stream/lib/internal/streams/writable");
exports.Duplex = require("../node_modules/readable-stream/lib/internal/streams/duplex");
exports.Transform = require("../node_modules/readable-stream/lib/internal/streams/transform");
