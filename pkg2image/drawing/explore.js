"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const nodes = new Map(data.nodes.map((node) => [node.name, node]));
  const boxes = new Map();
  const paths = [...document.querySelectorAll(".closure .edge")];
  const details = document.getElementById("details");
  const find = document.getElementById("find");
  const found = document.getElementById("found");

  // Text is only ever set as text: nothing of a package is read as markup.
  const element = (tag, text, ...children) => {
    const made = document.createElement(tag);
    made.textContent = text;
    made.append(...children);
    return made;
  };
  const link = (name) => {
    const made = element("button", name);
    made.className = "link";
    made.type = "button";
    made.addEventListener("click", () => { location.hash = encodeURIComponent(name); });
    return made;
  };
  const list = (title, items, tag = "ul") => {
    if (!items.length) return [];
    const made = element(tag, "");
    made.append(...items);
    return [element("h3", title), made];
  };
  const entry = (name, text) => element("li", "", link(name), element("span", text ? `: ${text}` : ""));
  const wanting = (edge) => [edge.field, edge.relation].filter(Boolean).join(" ") + (edge.why ? `: ${edge.why}` : "");

  const chain = (node) => {
    const found = [];
    for (let step = node; step; step = nodes.get(step.parent)) found.unshift(step);
    return found;
  };

  const show = (name) => {
    const node = nodes.get(name);
    for (const [other, box] of boxes) box.classList.toggle("selected", other === name);
    for (const path of paths) {
      const into = path.dataset.to === name;
      const on = Boolean(node) && (into || path.dataset.from === name);
      path.classList.toggle("on", on);
      path.classList.toggle("in", on && into);
      path.classList.toggle("dim", Boolean(node) && !on);
    }
    details.hidden = !node;
    details.replaceChildren();
    if (!node) return;
    const out = data.edges.filter((edge) => edge.source === name);
    const into = data.edges.filter((edge) => edge.target === name);
    const brought = data.nodes.filter((other) => other.parent === name && other.version);
    const facts = [];
    if (node.version) {
      facts.push(element("div", `${node.version} (${node.architecture}), from the source ${node.source}`));
      facts.push(element("div", `${node.size}, ${node.download_size} to download`));
    }
    if (node.brought !== node.installed) {
      facts.push(element("div", `${node.brought_size} installed with what it brought`));
    }
    details.append(
      element("h2", node.name),
      ...facts,
      ...list("Why", chain(node).map((step) => entry(step.name, step.reason)), "ol"),
      ...list(`Brought (${brought.length})`, brought.map((other) => entry(other.name, other.brought_size))),
      ...list("Depends on", out.filter((edge) => !edge.cut).map((edge) => entry(edge.target, wanting(edge)))),
      ...list("Wanted by", into.filter((edge) => !edge.cut).map((edge) => entry(edge.source, wanting(edge)))),
      ...list("Left out", out.filter((edge) => edge.cut).map((edge) => entry(edge.target, wanting(edge)))),
      ...list("Left out of", into.filter((edge) => edge.cut).map((edge) => entry(edge.source, wanting(edge)))),
    );
    details.scrollTop = 0;
  };

  const reveal = (name) => {
    const box = boxes.get(name);
    if (box) box.scrollIntoView({ block: "center", inline: "center" });
  };

  const matching = () => {
    const wanted = find.value.trim().toLowerCase();
    return wanted ? data.nodes.filter((node) => node.name.toLowerCase().includes(wanted)).map((node) => node.name) : null;
  };
  const search = () => {
    const names = matching();
    const wanted = new Set(names);
    for (const [name, box] of boxes) box.classList.toggle("dim", names !== null && !wanted.has(name));
    for (const row of document.querySelectorAll("tbody tr")) {
      row.hidden = names !== null && !wanted.has(row.dataset.name);
    }
    found.textContent = names === null ? "" : `${names.length} found`;
  };

  const fromAddress = () => {
    let name = "";
    try {
      name = decodeURIComponent(location.hash.slice(1));
    } catch {
      // An address that somebody has typed may be no text.
    }
    show(name);
    return name;
  };

  for (const box of document.querySelectorAll(".closure .node[data-name]")) {
    boxes.set(box.dataset.name, box);
    box.setAttribute("tabindex", "0");
    box.setAttribute("role", "button");
    const choose = () => { location.hash = encodeURIComponent(box.dataset.name); };
    box.addEventListener("click", choose);
    box.addEventListener("keydown", (event) => {
      if (event.key === "Enter" || event.key === " ") {
        event.preventDefault();
        choose();
      }
    });
  }
  for (const cell of document.querySelectorAll("tbody td:first-child")) {
    const name = cell.parentElement.dataset.name;
    const button = link(name);
    button.addEventListener("click", () => reveal(name));
    cell.replaceChildren(button);
  }
  find.parentElement.hidden = false;
  find.addEventListener("input", search);
  find.addEventListener("keydown", (event) => {
    const [first] = (event.key === "Enter" && matching()) || [];
    if (first) {
      location.hash = encodeURIComponent(first);
      reveal(first);
    }
  });
  window.addEventListener("hashchange", fromAddress);
  reveal(fromAddress());
})();
