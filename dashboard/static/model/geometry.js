// The present frame drawn into the registered one, from the numbers alone.
//
// A pixel p' of the present frame shows registered pixel p ~ K R K'^-1 p' with
// R = Ry(pan) Rx(tilt) Rz(roll) and K' = K with the focal length times zoom. Camera frame:
// X right, Y down, Z forward; pan > 0 right, tilt > 0 up, roll > 0 clockwise from behind.
// Units here: half the registered frame's width, so the frame is x -1..1, y ±1/aspect.

const NEAR = 0.02; // what lies nearer to the image plane's edge than this is clipped away
const RADIANS = Math.PI / 180;

export function rotation({ pan_deg, tilt_deg, roll_deg }) {
  const [cp, sp] = [Math.cos(pan_deg * RADIANS), Math.sin(pan_deg * RADIANS)];
  const [ct, st] = [Math.cos(tilt_deg * RADIANS), Math.sin(tilt_deg * RADIANS)];
  const [cr, sr] = [Math.cos(roll_deg * RADIANS), Math.sin(roll_deg * RADIANS)];
  return [
    [cp * cr + sp * st * sr, -cp * sr + sp * st * cr, sp * ct],
    [ct * sr, ct * cr, -st],
    [-sp * cr + cp * st * sr, sp * sr + cp * st * cr, cp * ct],
  ];
}

/** Focal length in half frame widths. */
export const focal = (hfovDeg) => 1 / Math.tan((hfovDeg / 2) * RADIANS);

/**
 * The present frame onto the registered one, K R K'^-1, as rows of a 3 × 3 matrix; of every
 * multiple of it that which leaves the present centre in front: its last element is positive.
 */
export function homography(move, hfovDeg) {
  const f = focal(hfovDeg);
  const [inner, outer] = [1 / (f * move.zoom), [f, f, 1]];
  const rows = rotation(move).map(([a, b, c], at) => [a * inner, b * inner, c].map((value) => value * outer[at]));
  const sign = rows[2][2] < 0 ? -1 : 1;
  return rows.map((row) => row.map((value) => value * sign));
}

/** Where points of the present frame fall in the registered one; those behind it are cut off. */
export function projectPolygon(points, move, hfovDeg) {
  const f = focal(hfovDeg);
  const R = rotation(move);
  const rays = points.map(([x, y]) => {
    const d = [x / (f * move.zoom), y / (f * move.zoom), 1];
    return R.map((row) => row[0] * d[0] + row[1] * d[1] + row[2] * d[2]);
  });
  return clipNear(rays).map(([x, y, z]) => [(f * x) / z, (f * y) / z]);
}

/** Sutherland–Hodgman against the plane z = NEAR. */
function clipNear(rays) {
  const kept = [];
  rays.forEach((ray, at) => {
    const before = rays[(at + rays.length - 1) % rays.length];
    if (ray[2] >= NEAR !== before[2] >= NEAR) {
      const t = (NEAR - before[2]) / (ray[2] - before[2]);
      kept.push([0, 1, 2].map((axis) => before[axis] + t * (ray[axis] - before[axis])));
    }
    if (ray[2] >= NEAR) kept.push(ray);
  });
  return kept;
}

export const frameCorners = (aspect) => [
  [-1, -1 / aspect], [1, -1 / aspect], [1, 1 / aspect], [-1, 1 / aspect],
];

/** Degrees and ratios of a MoveReport's integers. */
export function moveOf(report) {
  return {
    pan_deg: report.pan_mdeg / 1000,
    tilt_deg: report.tilt_mdeg / 1000,
    roll_deg: report.roll_mdeg / 1000,
    zoom: report.zoom_ppm / 1e6,
  };
}

export function errorOf(report) {
  return {
    pan_deg: report.pan_error_mdeg / 1000,
    tilt_deg: report.tilt_error_mdeg / 1000,
    roll_deg: report.roll_error_mdeg / 1000,
    zoom: report.zoom_error_ppm / 1e6,
  };
}
