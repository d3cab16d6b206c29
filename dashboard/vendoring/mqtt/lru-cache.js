// Instead of the package lru-cache, which mqtt.js keeps the aliases of topics in that it publishes
// to: this page publishes nothing.
exports.LRUCache = class extends Map {
  constructor() {
    super();
  }
};
