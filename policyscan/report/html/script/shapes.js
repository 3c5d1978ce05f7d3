// What boxes and lines look like, and which boxes hold which.

const MOST_OPEN = 300;

// Whether its modules begin closed.
function isLarge(scene) {
  const holders = new Set(scene.boxes.map((box) => box[PARENT]).filter((at) => at >= 0));
  return scene.boxes.length - holders.size > MOST_OPEN;
}

const GLYPHS = { balancer: "⇉", gateway: "⇄", service: "▶", internet: "☁", endpoint: "◇" };

// Each action has a sign and an outline of its own: [sign, outline, what the style calls it].
const NO_SIGN = ["", "", "other"];
const signOf = (action) => VALUES.signs[action] || NO_SIGN;

function bent(x1, y1, x2, y2, way) {
  const bow = way * Math.max(24, Math.abs(x2 - x1) / 2);
  return [x1, y1, x1 + bow, y1, x2 - bow, y2, x2, y2];
}

function pointOf(bend, t) {
  const weights = [(1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t ** 3];
  return [0, 1].map((axis) => weights.reduce((sum, each, at) => sum + each * bend[2 * at + axis], 0));
}

function overlap(one, other) {
  return one[0] < other[2] && other[0] < one[2] && one[1] < other[3] && other[1] < one[3];
}

// The middle goes: names begin alike, and keys tell them apart.
function cut(text, most) {
  if (text.length <= most) return text;
  const tail = Math.floor(most / 2.2);
  return `${text.slice(0, most - tail - 1)}…${text.slice(-tail)}`;
}

function heads() {
  const head = (name) => s("marker", { id: `head-${name}`, viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 7, markerHeight: 7, orient: "auto-start-reverse" },
    s("path", { class: `head ${name}`, d: "M0 0.5l7 3.5-7 3.5z" }));
  return s("defs", {}, ["value", "depends", "route", "traffic", "maybe", "blocked", "way"].map(head));
}

function leavesByHolder(boxes, holders) {
  const found = new Map();
  boxes.forEach((box, at) => {
    if (holders.has(at)) return;
    for (let up = box[PARENT]; up >= 0; up = boxes[up][PARENT]) {
      if (!found.has(up)) found.set(up, []);
      found.get(up).push(at);
    }
  });
  return found;
}

function problemsByBox(boxes) {
  const byAddress = new Map();
  findings().forEach((finding, number) => {
    for (const address of addressesOf(finding)) byAddress.set(address, [...(byAddress.get(address) || []), number]);
  });
  return new Map(boxes.map((box, at) => [at, byAddress.get(box[KEY])]).filter(([, found]) => found));
}
