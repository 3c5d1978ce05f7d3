// The left side: what fails, what nobody could decide, and what was set aside.

function showHead() {
  const { name, verdict, exit, resources, terraform, facts = [] } = plan();
  const [word, rest] = [verdict.split(":")[0], verdict.slice(verdict.indexOf(":") + 1)];
  document.title = [`${word}:`, name || rest.trim(), "- policyscan"].join(" ");
  const several = VALUES.plans.length > 1;
  $("head").replaceChildren(
    h("div", { class: `verdict exit-${exit}` },
      h("span", { class: "word" },
        exit !== null && h("span", { "aria-hidden": "true" }, { 0: "✓ ", 1: "✕ " }[exit] || "? "), word),
      h("h1", {}, verdict.includes(":") ? rest.trim() : "see the errors below")),
    h("div", { class: "facts" },
      several
        ? h("label", {}, "Plan ", h("select", { id: "plans", onchange: (e) => usePlan(Number(e.target.value)) },
          VALUES.plans.map((each, at) =>
            h("option", { value: at, selected: at === state.plan }, `${each.verdict.split(":")[0]} ${each.name}`))))
        : h("b", {}, name),
      resources != null && h("span", {}, counted(resources, "resource")),
      terraform && h("span", {}, `Terraform ${terraform}`),
      facts.map((each) => h("span", {}, each))),
    h("div", { class: "tools" },
      h("button", { type: "button", onclick: turnLights }, "Dark or light"),
      h("button", { type: "button", onclick: () => print() }, "Print"),
      h("button", { type: "button", onclick: showHelp }, "Keys")));
}

function turnLights() {
  const root = document.documentElement;
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
}

function showTold() {
  const { errors = [], warnings = [], severities, unknown = [], aside = [] } = plan();
  $("told").replaceChildren(...[
    errors.map((each) => h("p", { class: "error" }, h("b", {}, "Not judged: "), each)),
    severities && overview(),
    plan().graph && filterBar(),
    h("ol", { id: "findings", "aria-label": "What fails" }),
    unknown.length > 0 && folded(`${counted(unknown.reduce((n, e) => n + e.count, 0) + plan().moreUnknown, "verdict")} not decided`,
      unknown.map(unknownLine), plan().exit === 1 && !findings().length, "unknown"),
    aside.length > 0 && folded(`${aside.length} set aside`, aside.map((each) =>
      h("li", {}, h("b", {}, each.rule), " ", h("code", {}, each.address), h("p", {}, each.why)))),
    warnings.length > 0 && folded(counted(warnings.length, "warning"), warnings.map((each) => h("li", {}, each))),
    h("p", { class: "by" }, VALUES.tool),
  ].flat().filter(Boolean));
  showFindings();
}

function overview() {
  const { severities, rules, unknown } = plan();
  const open = unknown.reduce((sum, each) => sum + each.count, 0) + plan().moreUnknown;
  const failed = severities.filter(([, fresh, standing]) => fresh + standing);
  return h("section", { class: "overview", "aria-label": "Overview" },
    h("ul", { class: "counts" },
      failed.map(([severity, fresh, standing]) => h("li", { class: severity }, mark(severity),
        h("b", {}, String(fresh + standing)), ` ${severity}`,
        h("small", {}, [fresh && `${fresh} new`, standing && `${standing} standing`].filter(Boolean).join(", ")))),
      !failed.length && h("li", { class: "good" }, "✓ nothing fails"),
      open > 0 && h("li", {}, h("b", {}, String(open)), " ", h("button", { type: "button", class: "place", onclick: showUnknown }, "not decided"))),
    h("details", { class: "groups" },
      h("summary", {}, "By group of rules"),
      h("table", {},
        h("thead", {}, h("tr", {}, ["Group", "fail", "not decided", "pass"].map((each) => h("th", { scope: "col" }, each)))),
        h("tbody", {}, rules.map(([name, ...counts]) => h("tr", {}, h("th", { scope: "row" }, name),
          counts.map((each, at) => h("td", { class: each && !at ? "some" : "" }, String(each)))))))));
}

function folded(title, items, open = false, id = null) {
  return h("details", { class: "folded", open, id },
    h("summary", {}, title), h("ul", {}, items));
}

function showUnknown() {
  $("unknown").open = true;
  $("unknown").querySelector("summary").focus();
  $("unknown").scrollIntoView({ block: "start" });
}

function unknownLine(each) {
  return h("li", {}, h("b", {}, each.rule), ` ${each.name} `, tag(each.severity, each.severity),
    h("p", {}, each.message),
    h("ul", { class: "addresses" }, each.addresses.map((one) => h("li", {}, placeButton(one)))),
    each.count > each.addresses.length && h("small", {}, `and ${counted(each.count - each.addresses.length, "more instance")}`));
}

function placeButton(address) {
  return h("button", { type: "button", class: "place", title: "Show in the drawing", onclick: () => goTo(address) }, address);
}

// -- filters -------------------------------------------------------------------------------------

function filterBar() {
  const set = (name) => (event) => { state.filter[name] = event.target.value; filterAll(); };
  const all = findings();
  const sorted = (values) => [...new Set(values)].filter(Boolean).sort();
  const modules = sorted(plan().graph.boxes.filter((b) => b[0] === "module").map((b) => b[2]));
  const actions = sorted(plan().graph.boxes.filter((b) => b[0] === "resource").map((b) => b[1]));
  return h("form", { class: "filters", role: "search", "aria-label": "Filter", onsubmit: (e) => e.preventDefault() },
    h("input", { id: "search", type: "search", placeholder: "Address, rule or name", "aria-label": "Search by address, rule or name",
      oninput: (e) => { state.filter.text = e.target.value.trim().toLowerCase(); filterAll(); } }),
    all.length > 0 && h("div", { class: "pills", role: "group", "aria-label": "Severity" },
      SEVERITIES.map((each) => h("button", { type: "button", class: "pill", "aria-pressed": "false", onclick: (event) => {
        const on = !state.filter.severities.delete(each);
        if (on) state.filter.severities.add(each);
        event.currentTarget.setAttribute("aria-pressed", on);
        filterAll();
      } }, mark(each), each))),
    h("details", { class: "choosers" }, h("summary", {}, "More filters"), h("div", {},
    all.length > 0 && chooser("Rule", "rule", sorted(all.map((each) => each.rule)), set),
    modules.length > 0 && chooser("Module", "module", modules, set),
    chooser("Action", "action", actions, set, (each) => `${signOf(each)[0]} ${each}`),
    all.length > 0 && chooser("Age", "age", ["new", "standing"], set))),
    h("ul", { id: "matches", class: "addresses", "aria-label": "Resources found" }));
}

function chooser(label, name, values, set, shown = (each) => each) {
  return h("label", {}, h("span", {}, label), h("select", { onchange: set(name) },
    h("option", { value: "" }, "all"), values.map((each) => h("option", { value: each }, shown(each)))));
}

function filterAll() {
  showFindings();
  showMatches();
  drawing.filter();
}

function showMatches() {
  const { text } = state.filter;
  const found = text ? plan().graph.boxes.filter((b) => b[0] === "resource" && keepsAddress(b[2])) : [];
  $("matches").replaceChildren(
    ...found.slice(0, 8).map((b) => h("li", {}, placeButton(b[2]))),
    ...(found.length > 8 ? [h("li", {}, h("small", {}, `and ${counted(found.length - 8, "more resource")}`))] : []));
}

const MOST_NAMED = 200;

// -- findings ------------------------------------------------------------------------------------

function showFindings() {
  const shown = findings().map((each, at) => [each, at]).filter(([each]) => keeps(each));
  const left = findings().length - shown.length;
  $("findings").replaceChildren(
    ...shown.map(([each, at]) => findingCard(each, at)),
    ...(left ? [h("li", { class: "more" }, `${counted(left, "finding")} filtered out`)] : []),
    ...(plan().more ? [h("li", { class: "more" }, `${counted(plan().more, "milder finding")} not shown here: JSON has them all`)] : []));
}

function findingCard(finding, at) {
  const open = at === state.finding;
  const card = h("li", { class: `card ${finding.severity}${open ? " open" : ""}`, id: `finding-${at}` },
    h("h2", {}, h("button", { type: "button", class: "title", "aria-expanded": String(open), onclick: () => choose(open ? -1 : at, !open) },
      mark(finding.severity),
      h("span", { class: "what" }, h("b", {}, finding.rule), ` ${finding.name}`),
      tag(finding.severity, finding.severity), !finding.new && tag("standing"),
      h("span", { class: "who" }, finding.address, finding.count > 1 && h("small", {}, ` and ${finding.count - 1} more`)))));
  if (open) card.append(findingBody(finding));
  return card;
}

function findingBody(finding) {
  return h("div", { class: "body" },
    h("p", { class: "message" }, finding.message),
    finding.symptom && h("blockquote", {}, h("b", {}, finding.strikes ? `AWS at ${finding.strikes}: ` : "AWS: "), finding.symptom),
    part("Where", h("p", {}, h("code", {}, finding.place)), finding.source && sourceBox(finding.source)),
    finding.fix && part("Fix", lined(finding.fix), finding.snippet && h("pre", { tabindex: "0", "aria-label": "HCL that mends it" }, finding.snippet)),
    finding.path.length > 0 && part("Why", h("ol", { class: "path" }, finding.path.map(stepLine)),
      finding.inferred && h("p", { class: "note" }, "Inferred: the plan alone does not prove every step.")),
    finding.also.length > 0 && part("Also", h("ul", { class: "addresses" }, finding.also.slice(0, MOST_NAMED).map((each) => h("li", {}, placeButton(each)))),
      finding.also.length > MOST_NAMED && h("small", {}, `and ${counted(finding.also.length - MOST_NAMED, "more instance")}: search finds them all`)),
    finding.notes.map((each) => h("p", { class: "note" }, each)),
    finding.checks.length > 0 && h("p", { class: "note" }, `Checkov finds the same: ${finding.checks.join(", ")}`),
    h("div", { class: "actions" },
      h("button", { type: "button", onclick: () => copy(finding.waiver, "Waiver") }, "Copy as waiver"),
      h("button", { type: "button", onclick: () => copy(location.href.split("#")[0] + linkTo(finding), "Link") }, "Copy link"),
      finding.more.startsWith("https:") ? h("a", { href: finding.more, rel: "noreferrer" }, "Read on") : finding.more && h("code", {}, finding.more)));
}

function part(title, ...content) {
  return h("section", {}, h("h3", {}, title), content);
}

function lined(text) {
  return text.split("\n").map((line) => h("p", {}, line));
}

function stepLine(step) {
  return h("li", {}, placeButton(step.address), step.attribute && h("code", {}, ` .${step.attribute}`),
    step.note && h("span", { class: "why" }, ` ${step.note}`), step.place && h("small", {}, ` ${step.place}`));
}

function sourceBox({ first, lines, marked, more }) {
  return h("pre", { class: "source", tabindex: "0", "aria-label": "Source" },
    lines.map((line, at) => [
      h("span", { class: "number" }, String(first + at).padStart(5)),
      marked ? [marked[0], h("mark", {}, marked[1]), marked[2]] : line, "\n"]),
    more > 0 && h("span", { class: "number" }, `      and ${counted(more, "more line")}`));
}
