"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const details = document.getElementById("details");
  const places = [...document.querySelectorAll("[data-n]")];
  let pinned = null;
  document.getElementById("hint").hidden = false;

  // Text is only ever set as text: nothing of a package is read as markup.
  const element = (tag, text, ...children) => {
    const made = document.createElement(tag);
    made.textContent = text;
    made.append(...children);
    return made;
  };

  const show = (number) => {
    for (const place of places) place.classList.toggle("selected", place.dataset.n === number);
    details.replaceChildren();
    if (number === null) return;
    const part = data.parts[Number(number)];
    const chain = element("ol", "");
    chain.append(...part.chain.map((each) => element("li", data.sentences[each])));
    details.append(
      element("h2", part.path),
      element("div", `${part.size}, ${part.package}: ${part.sort}`),
      ...(part.chain.length ? [chain] : []),
    );
  };

  const numberOf = (event) => {
    const place = event.target.closest("[data-n]");
    return place ? place.dataset.n : null;
  };
  for (const picture of document.querySelectorAll("svg")) {
    picture.addEventListener("mousemove", (event) => {
      if (pinned === null) show(numberOf(event));
    });
    picture.addEventListener("mouseleave", () => {
      if (pinned === null) show(null);
    });
  }
  document.addEventListener("click", (event) => {
    if (details.contains(event.target)) return;
    const number = numberOf(event);
    pinned = number === pinned ? null : number;
    show(pinned);
  });
  for (const item of document.querySelectorAll("li[data-n]")) {
    item.setAttribute("tabindex", "0");
    item.setAttribute("role", "button");
    item.addEventListener("keydown", (event) => {
      if (event.key === "Enter" || event.key === " ") {
        event.preventDefault();
        item.click();
      }
    });
  }
})();
