// What the sign on the pole must say by the signed configuration, and how its text is set so
// that nothing can run over: as large as fits, else not at all.
//
// Rule: no page here; widths come from `measure(text, px)`. The words are those that the agent
// draws on a display (agent/adapters/signage/face.py); a test compares them.

export const LEAST_PX = 10; // a Chinese character has up to eight strokes a side
const LINE = 1.3, GAP = 0.35; // of the font's size
const LARGEST_PX = 40;

export const HEADLINES = ["公共安全视频图像采集区域", "Public-security video area"];

/** Beside the code, where the camera's own settings name the notice's address. */
export const SCAN = "扫码了解权利 Scan for your rights";

/** The paragraphs of the board, for a body of the message Config. */
export function paragraphsOf({ sign, retention_days: days }) {
  return [
    `管理单位 Operator: ${sign.operator}`,
    `目的 Purpose: ${sign.purpose}`,
    `电话 Phone: ${sign.phone}`,
    days ? `保存 Kept: ${days} 日 / ${days} days` : "不保存录像 No footage is kept",
  ];
}

/**
 * Set paragraphs into a box: {px, lines: [{text, x, y}]} with y of each line's top, at the
 * largest size at which all fit; null where even the least legible size does not.
 */
export function setInto(paragraphs, [left, top, width, height], measure) {
  for (let px = LARGEST_PX; px >= LEAST_PX; px -= 1) {
    const lines = [];
    let y = 0;
    for (const [at, paragraph] of paragraphs.entries()) {
      if (at) y += GAP * px;
      for (const text of wrap(paragraph, width, (text) => measure(text, px))) {
        lines.push({ text, x: left, y: top + y });
        y += LINE * px;
      }
    }
    if (y <= height && lines.every(({ text }) => measure(text, px) <= width)) return { px, lines };
  }
  return null;
}

/** Between words, between Chinese characters, and inside a word that is longer than a line. */
function wrap(paragraph, width, measure) {
  const pieces = paragraph.match(/\s+|[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]|[^\s\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]+/gu) ?? [];
  const lines = [];
  let line = "";
  const put = (piece) => {
    if (measure((line + piece).trimEnd()) <= width) {
      line += piece;
      return true;
    }
    return false;
  };
  const end = () => {
    if (line.trim()) lines.push(line.trim());
    line = "";
  };
  for (const piece of pieces) {
    if (put(piece)) continue;
    end();
    if (!piece.trim() || put(piece)) continue;
    for (const one of piece) {
      if (!put(one)) {
        end();
        line = one;
      }
    }
  }
  end();
  return lines;
}
