// Instead of the package process: a tick is a microtask, where process would wait for a timer.
export const process = {
  nextTick: (work, ...given) => queueMicrotask(() => work(...given)), env: {}, versions: {},
};
