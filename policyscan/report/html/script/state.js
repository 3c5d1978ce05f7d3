// What is looked at, and what of it is chosen.

const VALUES = JSON.parse($("values").textContent);
const SEVERITIES = ["critical", "high", "medium", "low"];

const state = { plan: 0, finding: -1, filter: {}, scene: "graph" };

const plan = () => VALUES.plans[state.plan];
const findings = () => plan().findings || [];

const noFilter = () => ({ text: "", severities: new Set(), rule: "", module: "", action: "", age: "" });

const STEP = /module\.[^.[]+(\[(?:"(?:[^"\\]|\\.)*"|\d+)\])?\.?/y;

function moduleOf(address) {
  let end = 0;
  for (STEP.lastIndex = 0; STEP.test(address); ) end = STEP.lastIndex;
  return address.slice(0, end).replace(/\.$/, "");
}

// The boxes of the graph by address: what the plan does to each is told there.
const tones = new Map();

function actionOf(address) {
  if (!tones.has(state.plan)) {
    const boxes = plan().graph ? plan().graph.boxes : [];
    tones.set(state.plan, new Map(boxes.filter((b) => b[0] === "resource").map((b) => [b[2], b[1]])));
  }
  return tones.get(state.plan).get(address) || "";
}

function isIn(address, module) {
  const own = moduleOf(address);
  return own === module || own.startsWith(`${module}.`);
}

function addressesOf(finding) {
  return [finding.address, ...finding.also];
}

function keepsAddress(address) {
  const { text, module, action } = state.filter;
  return (!text || address.toLowerCase().includes(text)) &&
    (!module || isIn(address, module)) && (!action || actionOf(address) === action);
}

function keepsRule(finding) {
  const { severities, rule, age } = state.filter;
  return (!severities.size || severities.has(finding.severity)) &&
    (!rule || finding.rule === rule) && (!age || finding.new === (age === "new"));
}

function keeps(finding) {
  const named = `${finding.rule} ${finding.name}`.toLowerCase().includes(state.filter.text);
  const kept = { ...state.filter };
  if (named) state.filter.text = "";
  const found = keepsRule(finding) && addressesOf(finding).some(keepsAddress);
  state.filter.text = kept.text;
  return found;
}

function isFiltered() {
  const { text, severities, rule, module, action, age } = state.filter;
  return Boolean(text || severities.size || rule || module || action || age);
}

// -- the address of the page says what is chosen -----------------------------------------------

function linkTo(finding) {
  const before = state.plan ? `${state.plan + 1}/` : "";
  return `#${before}${encodeURIComponent(finding.rule)}/${encodeURIComponent(finding.address)}`;
}

function readLink(hash) {
  const found = /^#(?:(\d+)\/)?([^/]+)\/(.+)$/.exec(hash);
  if (!found) return null;
  try {
    const [rule, address] = found.slice(2).map(decodeURIComponent);
    return { plan: found[1] ? Number(found[1]) - 1 : 0, rule, address };
  } catch {
    return null;
  }
}

function findingOf(link) {
  return findings().findIndex(
    (each) => each.rule === link.rule && addressesOf(each).includes(link.address));
}
