// Puts both sides together, and lets the address of the page and the keys choose.

const drawing = new Drawing();

function showDrawn() {
  const { graph, network, unlined } = plan();
  if (!graph) {
    $("drawn").replaceChildren();
    document.body.classList.add("plain");
    return;
  }
  document.body.classList.remove("plain");
  document.body.classList.toggle("bare", !plan().findings);
  const view = (name, title) => h("button", { type: "button", class: "pill", "aria-pressed": String(state.scene === name), id: `view-${name}`, onclick: () => useScene(name) }, title);
  const button = (title, does, label = title) => h("button", { type: "button", "aria-label": label, title: label, onclick: does }, title);
  const begunClosed = isLarge(graph);
  $("drawn").replaceChildren(
    h("div", { class: "bar", role: "toolbar", "aria-label": "Drawing" },
      network && [view("graph", "Resources"), view("network", "Network")],
      h("span", { class: "space" }),
      state.scene === "graph" && graph.boxes.some((b) => b[KIND] !== "resource") && [
        button("Open all", () => drawing.turnAll(false)), button("Close all", () => drawing.turnAll(true))],
      button("−", () => drawing.zoom(1 / 1.3), "Zoom out"), button("+", () => drawing.zoom(1.3), "Zoom in"),
      button("Fit", () => { drawing.highlight([]); drawing.fit(); }, "Fit all")),
    ...(state.scene === "graph" && (unlined || begunClosed) ? [h("p", { class: "hint" },
      begunClosed && "A large plan: modules are closed, and a click or Enter opens one. ",
      unlined && "There are too many lines to draw, so only the boxes are shown.")] : []),
    drawing.stage,
    legend(state.scene === "graph" ? plan().graph : network),
    h("section", { id: "panel", "aria-label": "Chosen resource" }));
  drawing.use(plan()[state.scene], state.scene);
}

const LINES = [
  ["route", "default route"],
  ["traffic", "security groups let it through"],
  ["maybe", "they may let it through"],
  ["blocked", "they do not"],
];

function legend(scene) {
  const tones = [...new Set(scene.boxes.map((b) => b[TONE]))].filter((each) => VALUES.signs[each]);
  return h("ul", { class: "legend", "aria-label": "Legend" },
    tones.map((each) => {
      const [sign, outline, tone] = signOf(each);
      return h("li", {}, s("svg", { viewBox: "-2 -2 24 24", class: `box ${tone}`, "aria-hidden": "true" },
        s("path", { class: "sign", d: outline }), s("text", { class: "glyph", x: 10, y: 14.5 }, sign)), each);
    }),
    state.scene === "graph"
      ? h("li", {}, "an arrow leads to what a value is taken from")
      : LINES.filter(([kind]) => scene.lines.some((line) => line[2] === kind)).map(([kind, what]) => h("li", {},
        s("svg", { viewBox: "0 0 22 10", class: "sample", "aria-hidden": "true" }, s("path", { class: `line ${kind}`, d: "M0 5h22" })), what)));
}

function useScene(name) {
  state.scene = name;
  showDrawn();
  if (state.finding >= 0) drawing.show(wayOf(findings()[state.finding]));
  $(`view-${name}`)?.focus();
}

function usePlan(at) {
  Object.assign(state, { plan: at, finding: -1, filter: noFilter(), scene: "graph" });
  showHead();
  showTold();
  showDrawn();
  if (findings().length) choose(0, false, false);
}

// -- a finding or a resource ---------------------------------------------------------------------

function wayOf(finding) {
  const steps = finding.path.map((each) => each.address);
  return steps[0] === finding.address ? steps : [finding.address, ...steps];
}

function choose(at, scrolls = false, takesFocus = true) {
  state.finding = at;
  showFindings();
  $("panel")?.replaceChildren();
  const finding = findings()[at];
  if (!finding) {
    history.replaceState(null, "", location.href.split("#")[0]);
    drawing.highlight([]);
    return;
  }
  history.replaceState(null, "", linkTo(finding));
  drawing.show(wayOf(finding));
  const title = $(`finding-${at}`)?.querySelector(".title");
  if (takesFocus) title?.focus({ preventScroll: true });
  if (scrolls) $(`finding-${at}`)?.scrollIntoView({ block: "nearest" });
}

function goTo(address) {
  if (drawing.byKey.has(address) || state.scene === "graph") showResource(address);
  else { useScene("graph"); showResource(address); }
}

function showResource(address, at = drawing.byKey.get(address)) {
  if (at === undefined) { say(`${address} is not in this drawing`); return; }
  if (address) drawing.show([address]);
  const box = drawing.scene.boxes[at];
  const ends = (from, to) => [...new Set(drawing.lines.filter((line) => line[from] === at).map((line) => line[to]))];
  const list = (title, found) => found.length > 0 && h("div", {}, h("h3", {}, title), h("ul", { class: "addresses" },
    found.slice(0, 12).map((each) => h("li", {}, drawing.scene.boxes[each][KEY] ? placeButton(drawing.scene.boxes[each][KEY]) : drawing.scene.boxes[each][TITLE])),
    found.length > 12 && h("li", {}, h("small", {}, `and ${found.length - 12} more`))));
  const problems = drawing.problems.get(at) || [];
  $("panel").replaceChildren(
    h("button", { type: "button", class: "shut", "aria-label": "Close", onclick: closePanel }, "×"),
    h("h2", {}, h("code", {}, box[KEY] || box[TITLE])),
    h("p", {}, [box[TONE] && `${signOf(box[TONE])[0]} ${box[TONE]}`, box[NOTE]].filter(Boolean).join(" · ")),
    ...[problems.length > 0 && h("ul", {}, problems.map((each) => h("li", {}, h("button", { type: "button", class: "place", onclick: () => choose(each, true) },
      `${findings()[each].severity} ${findings()[each].rule} ${findings()[each].name}`)))),
    list(state.scene === "graph" ? "Takes from" : "Leads to", ends(0, 1)),
    list(state.scene === "graph" ? "Gives to" : "Is reached from", ends(1, 0))].filter(Boolean));
  say(`${address} shown`);
}

function closePanel() {
  $("panel").replaceChildren();
  if (state.finding >= 0) drawing.show(wayOf(findings()[state.finding]));
  else drawing.highlight([]);
}

// -- keys ------------------------------------------------------------------------------------------

const KEYS = [
  ["j, k", "the next finding, the one before", null],
  ["/", "search", () => $("search")?.focus()],
  ["g", "to the drawing; arrows go from box to box, Enter chooses", () => drawing.focus(drawing.path[0] !== undefined ? drawing.seen(drawing.path[0]) : drawing.shapes.keys().next().value)],
  ["f", "fit all", () => { drawing.highlight([]); drawing.fit(); }],
  ["+, -", "zoom", null],
  ["n", "network or resources", () => plan().network && useScene(state.scene === "graph" ? "network" : "graph")],
  ["w", "copy the chosen finding as a waiver", () => state.finding >= 0 && copy(findings()[state.finding].waiver, "Waiver")],
  ["d", "dark or light", () => turnLights()],
  ["Escape", "let go of what is chosen", () => ($("panel")?.children.length ? closePanel() : choose(-1))],
  ["?", "this list", () => showHelp()],
];

function showHelp() {
  const dialog = $("help");
  dialog.replaceChildren(h("h2", { id: "help-title" }, "Keys"),
    h("dl", {}, KEYS.map(([key, what]) => [h("dt", {}, key), h("dd", {}, what)])),
    h("button", { type: "button", onclick: () => dialog.close() }, "Close"));
  if (!dialog.open) dialog.showModal();
}

function next(step) {
  const shown = findings().map((_, at) => at).filter((at) => keeps(findings()[at]));
  if (!shown.length) return;
  const at = shown.indexOf(state.finding);
  choose(shown[at < 0 ? 0 : Math.min(shown.length - 1, Math.max(0, at + step))], true);
}

addEventListener("keydown", (event) => {
  const types = event.target.closest("input, select, textarea");
  if (event.key === "Escape" && types) { event.target.blur(); return; }
  if (types || event.ctrlKey || event.metaKey || event.altKey || $("help").open) return;
  const own = { j: () => next(1), k: () => next(-1), "+": () => drawing.zoom(1.3), "-": () => drawing.zoom(1 / 1.3) };
  const does = own[event.key] || KEYS.find(([key, , does_]) => key === event.key && does_)?.[2];
  if (!does || !plan().graph) return;
  event.preventDefault();
  does();
});

document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  $("told").focus();
});

// On paper every finding is told in full, and what is folded is open. Filters stay as they are.
let unfolded = [];
addEventListener("beforeprint", () => {
  if (!plan().graph) return;
  findings().forEach((finding, at) => {
    const card = $(`finding-${at}`);
    if (card && !card.querySelector(".body")) card.append(findingBody(finding));
  });
  unfolded = [...document.querySelectorAll("details:not([open])")];
  unfolded.forEach((each) => { each.open = true; });
});
addEventListener("afterprint", () => {
  unfolded.forEach((each) => { each.open = false; });
  showFindings();
});

function followLink() {
  $("lost")?.remove();
  const link = readLink(location.hash);
  if (!link) return false;
  if (VALUES.plans[link.plan] && link.plan !== state.plan) usePlan(link.plan);
  const at = VALUES.plans[link.plan] ? findingOf(link) : -1;
  if (at >= 0) {
    choose(at, true);
    // Another instance of the same root cause than the one that stands for all.
    if (link.address !== findings()[at].address) goTo(link.address);
  } else $("told").prepend(h("p", { class: "error", id: "lost", role: "status" },
    `The link leads to ${link.rule} at ${link.address}, which is not among the findings here: it may be mended, set aside, or of another plan.`));
  return at >= 0;
}

addEventListener("hashchange", followLink);

state.filter = noFilter();
// Nobody shall see PASS first where another plan fails.
state.plan = Math.max(0, VALUES.plans.findIndex((each) => each.exit));
showHead();
showTold();
// What fails is on the screen before the drawing is made.
requestAnimationFrame(() => setTimeout(() => {
  showDrawn();
  if (!followLink() && findings().length) choose(0, false, false);
  performance.mark("ready");
  document.body.dataset.ready = "yes";
}));
