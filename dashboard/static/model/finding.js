// What a report says of where its device points: the view of a camera, or the mount of a board
// that has none.
//
// Rule: by the signed report alone; the register does not say what a device is.

/** Whether it has no camera and feels its mount: what gravity says is then the whole verdict. */
export const isBoard = (body) => body?.view.cause === "no_camera" && Boolean(body.mount);

/** {verdict, cause, since_ms, …} that the device stands for; undefined without a report. */
export const findingOf = (body) => (isBoard(body) ? body.mount : body?.view);

/**
 * What was measured, in a MoveReport's integers; of a board tilt and roll alone, for gravity
 * does not feel a turn about itself. null: nothing was.
 */
export function measuredOf(body) {
  if (!isBoard(body)) return body?.view.move ?? null;
  const { tilt_mdeg, roll_mdeg, error_mdeg } = body.mount;
  if (tilt_mdeg === null || roll_mdeg === null) return null;
  return { tilt_mdeg, roll_mdeg, tilt_error_mdeg: error_mdeg ?? 0, roll_error_mdeg: error_mdeg ?? 0 };
}

/** Why no picture of the view can be drawn: no_camera, not_registered, no_lens; null: it can be. */
export function viewless({ report, config }) {
  const cause = report?.body.view.cause;
  if (cause === "no_camera" || cause === "not_registered") return cause;
  return config.hfov_deg === undefined ? "no_lens" : null;
}
