// What of a drawing is looked at, and how a pointer and keys move that: the viewBox of an SVG.

const KIND = 0, TONE = 1, KEY = 2, TITLE = 3, NOTE = 4, X = 5, Y = 6, W = 7, H = 8, PARENT = 9;
const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

class View {
  constructor(label) {
    this.svg = s("svg", { class: "drawing", tabindex: "0", role: "group", "aria-label": label });
    this.svg.addEventListener("wheel", (event) => this.onWheel(event), { passive: false });
    this.svg.addEventListener("pointerdown", (event) => this.onDrag(event));
    this.svg.addEventListener("keydown", (event) => this.onKey(event));
    this.slide = h("div", { class: "slide" }, this.svg);
    this.stage = h("div", { class: "stage" }, this.slide);
    new ResizeObserver(() => this.look()).observe(this.stage);
  }

  fit(only) {
    const boxes = (only || []).map((at) => this.scene.boxes[this.seen(at)]);
    const [width, height] = this.scene.size;
    const left = only ? Math.min(...boxes.map((b) => b[X])) : 0;
    const top = only ? Math.min(...boxes.map((b) => b[Y])) : 0;
    const right = only ? Math.max(...boxes.map((b) => b[X] + b[W])) : width;
    const bottom = only ? Math.max(...boxes.map((b) => b[Y] + b[H])) : height;
    const pad = only ? 60 : 10;
    const pane = this.pane();
    const scale = Math.min(only ? 1.25 : 1.5, pane.width / (right - left + 2 * pad), pane.height / (bottom - top + 2 * pad));
    const [w, h_] = [pane.width / scale, pane.height / scale];
    this.view = { x: (left + right - w) / 2, y: (top + bottom - h_) / 2, scale };
    this.look();
    const first = boxes.length ? this.seen(only[0]) : [...this.shapes].find(([, shape]) => shape.getAttribute("display") !== "none")?.[0];
    this.stop(first);
  }

  pane() {
    const { width, height } = this.stage.getBoundingClientRect();
    return { width: width || 800, height: height || 600 };
  }

  // Draws what is looked at, and half a pane around it for what moves it next.
  look() {
    if (!this.view || !this.shapes) return;
    clearTimeout(this.rest);
    const { x, y, scale } = this.still = { ...this.view };
    const { width, height } = this.pane();
    const [w, h_] = [width / scale, height / scale];
    this.slide.removeAttribute("style");
    this.svg.setAttribute("viewBox", `${x} ${y} ${w} ${h_}`);
    this.drawn = [x - w / 2, y - h_ / 2, x + 1.5 * w, y + 1.5 * h_];
    this.cull(...this.drawn);
    this.svg.classList.toggle("far", scale < 0.42);
    this.svg.classList.toggle("farther", scale < 0.16);
  }

  // While the view moves, the picture that is there is moved as a whole, which takes a browser no
  // time however much is in it. It is drawn anew at rest, or as soon as it does not reach.
  glide() {
    const { x, y, scale } = this.view;
    if (!this.reaches()) return this.look();
    const [dx, dy] = [(this.still.x - x) * scale, (this.still.y - y) * scale];
    this.slide.style.transform = `translate(${dx}px, ${dy}px) scale(${scale / this.still.scale})`;
    clearTimeout(this.rest);
    this.rest = setTimeout(() => this.look(), 150);
  }

  reaches() {
    const { x, y, scale } = this.view;
    const { width, height } = this.pane();
    const [right, bottom] = this.scene.size;
    const [l, t, r, b] = this.drawn;
    return l <= Math.max(x, 0) && t <= Math.max(y, 0) &&
      r >= Math.min(x + width / scale, right) && b >= Math.min(y + height / scale, bottom);
  }

  // What is out of sight is not drawn: a browser would take its time for it all the same.
  cull(left, top, right, bottom) {
    for (const piece of this.pieces) {
      const out = piece.left > right || piece.top > bottom || piece.right < left || piece.bottom < top;
      if (out === piece.out) continue;
      piece.out = out;
      piece.shape.setAttribute("display", out ? "none" : "inline");
    }
  }

  // Something drawn, which does not reach beyond these boxes.
  piece(shape, ...boxes) {
    this.pieces.push({
      shape, out: false,
      left: Math.min(...boxes.map((box) => box[X])), right: Math.max(...boxes.map((box) => box[X] + box[W])),
      top: Math.min(...boxes.map((box) => box[Y])), bottom: Math.max(...boxes.map((box) => box[Y] + box[H])),
    });
    return shape;
  }

  move(dx, dy) {
    this.view.x -= dx / this.view.scale;
    this.view.y -= dy / this.view.scale;
    this.glide();
  }

  zoom(factor, px, py) {
    const pane = this.pane();
    const [cx, cy] = [px ?? pane.width / 2, py ?? pane.height / 2];
    const scale = Math.min(4, Math.max(0.01, this.view.scale * factor));
    this.view.x += cx / this.view.scale - cx / scale;
    this.view.y += cy / this.view.scale - cy / scale;
    this.view.scale = scale;
    this.glide();
  }

  onWheel(event) {
    event.preventDefault();
    const { left, top } = this.stage.getBoundingClientRect();
    this.zoom(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0015)), event.clientX - left, event.clientY - top);
  }

  onDrag(start) {
    if (start.button) return;
    let [x, y, moved] = [start.clientX, start.clientY, 0];
    const drag = (event) => {
      moved += Math.abs(event.clientX - x) + Math.abs(event.clientY - y);
      this.dragged = moved > 4;
      this.move(event.clientX - x, event.clientY - y);
      [x, y] = [event.clientX, event.clientY];
    };
    const end = () => {
      removeEventListener("pointermove", drag);
      this.look();
      // A click follows what ends here, and is none when it was a drag.
      setTimeout(() => { this.dragged = false; });
    };
    addEventListener("pointermove", drag);
    addEventListener("pointerup", end, { once: true });
    addEventListener("pointercancel", end, { once: true });
  }

  onKey(event) {
    const at = Number(event.target.closest("[data-at]")?.dataset.at ?? -1);
    if (MOVES[event.key]) {
      const [dx, dy] = MOVES[event.key];
      if (at < 0 || event.shiftKey) this.move(-60 * dx, -60 * dy);
      else this.step(at, dx, dy);
    } else if (event.key === "Enter" || event.key === " ") {
      if (at < 0) this.focus(this.shapes.keys().next().value);
      else this.onPick(at);
    } else return;
    event.preventDefault();
  }

  // To the nearest box in a direction.
  step(at, dx, dy) {
    const centre = (number) => {
      const box = this.scene.boxes[number];
      return [box[X] + box[W] / 2, box[Y] + (this.holders.has(number) ? 15 : box[H] / 2)];
    };
    const [x, y] = centre(at);
    let best = null;
    for (const other of this.shapes.keys()) {
      const [ox, oy] = centre(other);
      const along = (ox - x) * dx + (oy - y) * dy, aside = Math.abs((ox - x) * dy) + Math.abs((oy - y) * dx);
      if (other !== at && along > 1 && (!best || along + 2 * aside < best.far)) best = { other, far: along + 2 * aside };
    }
    if (best) this.focus(best.other);
  }

  focus(at) {
    if (at === undefined) return;
    const shape = this.shapes.get(at);
    this.stop(at);
    const [box, pane, { x, y, scale }] = [this.scene.boxes[at], this.pane(), this.view];
    const out = box[X] < x || box[Y] < y || box[X] + 200 > x + pane.width / scale || box[Y] + 40 > y + pane.height / scale;
    if (out) {
      this.view.x = box[X] + 100 - pane.width / scale / 2;
      this.view.y = box[Y] + 20 - pane.height / scale / 2;
      this.look();
    }
    shape.focus({ preventScroll: true });
  }

  // Where Tab stops among the boxes: at one of them, from which arrows lead to the others.
  stop(at) {
    this.svg.querySelectorAll('[tabindex="0"]').forEach((each) => each.setAttribute("tabindex", "-1"));
    this.shapes.get(at)?.setAttribute("tabindex", "0");
  }
}

function middle(box) {
  return box[Y] + box[H] / 2;
}
