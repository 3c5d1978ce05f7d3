// The right side: boxes and lines where the report placed them.

const TITLED = 30; // what the title of an open box takes of its height

class Drawing extends View {
  constructor() {
    super("Resources and what they take from each other");
    this.folded = new Map();
  }

  // -- what is shown -----------------------------------------------------------------------------

  use(scene, name) {
    this.scene = scene;
    this.name = name;
    this.lines = scene.lines;
    this.byKey = new Map(scene.boxes.map((box, at) => [box[KEY], at]).filter(([key]) => key).reverse());
    this.holders = new Set(scene.boxes.map((box) => box[PARENT]));
    this.leaves = leavesByHolder(scene.boxes, this.holders);
    const id = `${state.plan} ${name}`;
    if (!this.folded.has(id)) {
      const open = !isLarge(scene) || name !== "graph";
      this.folded.set(id, new Set(open ? [] : scene.boxes.map((_, at) => at).filter((at) => this.holders.has(at))));
    }
    this.shut = this.folded.get(id);
    this.problems = problemsByBox(scene.boxes);
    this.path = [];
    this.draw();
    this.fit();
  }

  isShown(at) {
    for (let up = this.scene.boxes[at][PARENT]; up >= 0; up = this.scene.boxes[up][PARENT]) {
      if (this.shut.has(up)) return false;
    }
    return true;
  }

  // The box itself, or the outermost closed one around it.
  seen(at) {
    let found = at;
    for (let up = this.scene.boxes[at][PARENT]; up >= 0; up = this.scene.boxes[up][PARENT]) {
      if (this.shut.has(up)) found = up;
    }
    return found;
  }

  draw() {
    const frames = s("g", {}), leaves = s("g", {}), lines = s("g", { class: "lines", "aria-hidden": "true" });
    const labels = s("g", { "aria-hidden": "true" });
    this.shapes = new Map();
    this.pieces = [];
    this.taken = [];
    this.scene.boxes.forEach((box, at) => {
      if (!this.isShown(at)) return;
      const isOpen = this.holders.has(at) && !this.shut.has(at);
      const shape = isOpen ? this.frame(box, at) : this.holders.has(at) ? this.closed(box, at) : this.leaf(box, at);
      (isOpen ? frames : leaves).append(this.piece(shape, box));
      this.shapes.set(at, shape);
      this.taken.push([box[X], box[Y], box[X] + box[W], box[Y] + (isOpen ? TITLED : box[H])]);
    });
    for (const [from, to, kind, label] of this.drawnLines()) {
      const path = s("path", { class: `line ${kind}`, d: this.curve(from, to), "marker-end": `url(#head-${kind})` });
      lines.append(this.piece(path, this.scene.boxes[from], this.scene.boxes[to]));
      if (label && this.name === "network" && kind !== "route") labels.append(this.label(from, to, label));
    }
    this.over = s("g", { class: "over" });
    this.svg.replaceChildren(heads(), frames, lines, leaves, labels, this.over);
    this.filter();
    this.highlight(this.path);
    this.look();
  }

  drawnLines() {
    const found = new Map();
    for (const [source, target, kind, label] of this.lines) {
      const [from, to] = [this.seen(source), this.seen(target)];
      if (from !== to && !found.has(`${from} ${to}`)) found.set(`${from} ${to}`, [from, to, kind, label]);
    }
    return [...found.values()];
  }

  curve(from, to) {
    const [x1, y1, ...others] = this.bend(from, to);
    return `M${x1} ${y1}C${others.join(" ")}`;
  }

  // From the side of one box to the side of another that faces it: the points of a Bézier curve.
  bend(from, to) {
    const [a, b] = [this.scene.boxes[from], this.scene.boxes[to]];
    if (a[X] + a[W] <= b[X]) return bent(a[X] + a[W], middle(a), b[X], middle(b), 1);
    if (b[X] + b[W] <= a[X]) return bent(a[X], middle(a), b[X] + b[W], middle(b), -1);
    const down = a[Y] + a[H] <= b[Y];
    const [x1, x2] = [a[X] + a[W] / 2, b[X] + b[W] / 2];
    const [y1, y2] = down ? [a[Y] + a[H], b[Y]] : [a[Y], b[Y] + b[H]];
    const half = (y1 + y2) / 2;
    return [x1, y1, x1, half, x2, half, x2, y2];
  }

  // Beside the line where it covers no box, no title and no other label, if there is such a place:
  // rather near the end, where lines that begin together have parted.
  label(from, to, text) {
    const width = 7.4 * text.length;
    const places = [0.7, 0.6, 0.8, 0.5, 0.4, 0.3, 0.2].flatMap((share) => {
      const [x, y] = pointOf(this.bend(from, to), share);
      return [x + 6, x - 6 - width].map((left) => [left, y - 7, left + width, y + 7]);
    });
    const free = (place) => !this.taken.some((other) => overlap(place, other));
    const place = places.find(free) || places[0];
    this.taken.push(place);
    return s("text", { class: "port", x: place[0], y: place[3] - 3 }, text);
  }

  // -- shapes ------------------------------------------------------------------------------------

  shape(box, at, name, label, ...inside) {
    // The title is what a pointer that rests shows and what a screen reader says.
    return s("g", { class: `box ${box[KIND]} ${name}`, transform: `translate(${box[X]} ${box[Y]})`, role: "button",
      tabindex: "-1", "data-at": at, onclick: () => this.onPick(at) }, s("title", {}, label), inside);
  }

  leaf(box, at) {
    const found = this.problems.get(at) || [];
    const told = [box[KEY] || `${box[TITLE]} ${box[NOTE]}`, box[TONE], found.length && counted(found.length, "finding")];
    const [sign, outline, tone] = signOf(box[TONE]);
    const glyph = sign || GLYPHS[box[KIND]];
    const left = glyph ? 38 : 14;
    return this.shape(box, at, `leaf ${tone}`, told.filter(Boolean).join(", "),
      s("rect", { class: "body", width: box[W], height: box[H], rx: 6 }),
      outline && s("path", { class: "sign", d: outline, transform: "translate(10 13)" }),
      glyph && s("text", { class: "glyph", x: 20, y: 27.5 }, glyph),
      s("text", { class: "note", x: left, y: 18 }, cut(box[NOTE], Math.floor((box[W] - left - 4) / 6.5))),
      s("text", { class: "name", x: left, y: 35 }, cut(box[TITLE], Math.floor((box[W] - left - 4) / 7.9))),
      this.badge(found, box[W], 0));
  }

  frame(box, at) {
    const tools = this.name === "graph" ? { role: "button", "aria-expanded": "true" } : { role: "img" };
    const title = (this.name === "graph" ? "▾ " : "") + cut(box[TITLE], Math.max(8, Math.floor((box[W] - 40 - 6.2 * box[NOTE].length) / 8.2)));
    // From afar a title is twice as large where there is room.
    const roomy = 14 + 17 * title.length + 6.2 * box[NOTE].length < box[W];
    const shape = this.shape(box, at, roomy ? "frame roomy" : "frame", `${box[TITLE]}, open`,
      s("rect", { class: "body", width: box[W], height: box[H], rx: 10 }),
      s("text", { class: "title", x: 14, y: 21 }, title),
      box[NOTE] && s("text", { class: "note", x: box[W] - 14, y: 21, "text-anchor": "end" }, box[NOTE]));
    return filled(shape, tools, []);
  }

  closed(box, at) {
    const inner = this.inside(at);
    const found = [...new Set(inner.flatMap((each) => this.problems.get(each) || []))];
    const size = Math.max(12, Math.min(box[W] / (0.62 * Math.max(box[TITLE].length, 12)), box[H] / 3.2));
    const told = counted(inner.length, "resource");
    const shape = this.shape(box, at, "closed", [box[KEY], told, found.length && counted(found.length, "finding")].filter(Boolean).join(", "),
      s("rect", { class: "body", width: box[W], height: box[H], rx: 10 }),
      s("text", { class: "title", x: box[W] / 2, y: box[H] / 2, "font-size": size, "text-anchor": "middle" }, `▸ ${box[TITLE]}`),
      s("text", { class: "note", x: box[W] / 2, y: box[H] / 2 + size * 1.2, "font-size": size * 0.7, "text-anchor": "middle" }, told),
      this.badge(found, box[W], size));
    return filled(shape, { "aria-expanded": "false" }, []);
  }

  badge(found, right, size) {
    if (!found.length) return null;
    const scale = Math.max(1, size / 14);
    const worst = SEVERITIES.find((each) => found.some((at) => findings()[at].severity === each));
    return s("g", { class: `badge ${worst}`, transform: `translate(${right - 14 * scale} ${-8 * scale}) scale(${scale})` },
      s("g", {}, s("path", { d: MARKS[worst], transform: "scale(1.35)" }),
        s("text", { x: 10.8, y: 15.5, "text-anchor": "middle" }, String(found.length))));
  }

  inside(at) {
    return this.leaves.get(at) || [];
  }

  // -- what stands out -----------------------------------------------------------------------------

  // The way of a finding, in order; everything else fades behind a veil.
  highlight(path) {
    this.path = path;
    this.over.replaceChildren();
    if (!path.length) return;
    const ways = path.map((at) => this.seen(at)).filter((at, n, all) => at !== all[n - 1]);
    const [width, height] = this.scene.size;
    this.over.append(s("rect", { class: "veil", x: -width, y: -height, width: 3 * width, height: 3 * height }));
    for (const at of this.around(ways)) this.over.append(this.copied(at));
    for (let n = 1; n < ways.length; n++) {
      this.over.append(s("path", { class: "way", d: this.curve(ways[n - 1], ways[n]), "marker-end": "url(#head-way)" }));
    }
    for (const at of new Set(ways)) {
      const copied = this.copied(at);
      copied.classList.add("on");
      for (const twin of this.twins(at)) {
        const other = this.copied(twin);
        other.classList.add("on");
        this.over.append(other);
      }
      const number = [...new Set(ways)].indexOf(at) + 1;
      if (ways.length > 1) copied.append(s("g", { class: "order" },
        s("circle", { cx: 0, cy: 0, r: 10 }), s("text", { x: 0, y: 4, "text-anchor": "middle" }, String(number))));
      this.over.append(copied);
    }
  }

  // Other boxes of the same resource: a service stands in several subnets.
  twins(at) {
    const { boxes } = this.scene;
    return [...this.shapes.keys()].filter((each) => each !== at && boxes[at][KEY] && boxes[each][KEY] === boxes[at][KEY]);
  }

  // The containers these stand in, the outer ones first.
  around(some) {
    const found = new Set();
    for (const at of some) {
      for (let up = this.scene.boxes[at][PARENT]; up >= 0; up = this.scene.boxes[up][PARENT]) found.add(up);
    }
    return [...found].sort((a, b) => a - b);
  }

  copied(at) {
    const copied = this.shapes.get(at).cloneNode(true);
    for (const name of ["tabindex", "role", "aria-expanded", "display"]) copied.removeAttribute(name);
    copied.setAttribute("aria-hidden", "true");
    copied.classList.remove("off");
    copied.addEventListener("click", () => this.onPick(at));
    return copied;
  }

  filter() {
    if (!this.shapes) return;
    const on = isFiltered() ? this.matching() : null;
    this.shapes.forEach((shape, at) => {
      const isFrame = this.holders.has(at);
      const stays = !on || (isFrame ? this.inside(at).some((each) => on.has(each)) : on.has(at));
      shape.classList.toggle("off", !stays);
    });
  }

  matching() {
    const { severities, rule, age, text } = state.filter;
    const asks = severities.size || rule || age;
    const found = new Set();
    this.scene.boxes.forEach((box, at) => {
      const some = (this.problems.get(at) || []).map((each) => findings()[each]);
      const named = text && some.some((each) => keeps(each));
      if ((named || keepsAddress(box[KEY])) && (!asks || some.some(keepsRule))) found.add(at);
    });
    return found;
  }

  // Opens what is around these, shows the way through them and moves there.
  show(addresses) {
    const path = addresses.map((each) => this.byKey.get(each)).filter((at) => at !== undefined);
    let opened = false;
    for (const at of path) {
      for (let up = this.scene.boxes[at][PARENT]; up >= 0; up = this.scene.boxes[up][PARENT]) {
        opened = this.shut.delete(up) || opened;
      }
    }
    this.path = path;
    if (opened) this.draw();
    else this.highlight(path);
    if (path.length) this.fit(this.name === "graph" ? path : undefined);
    return path.length > 0;
  }

  // -- what is picked ------------------------------------------------------------------------

  onPick(at) {
    if (this.dragged) return;
    if (!this.holders.has(at)) showResource(this.scene.boxes[at][KEY], at);
    else if (this.name === "graph") this.turn(at);
  }

  turn(at) {
    if (!this.shut.delete(at)) this.shut.add(at);
    this.draw();
    this.focus(at);
  }

  turnAll(shut) {
    this.shut.clear();
    if (shut) this.holders.forEach((at) => at >= 0 && this.shut.add(at));
    this.draw();
  }
}
