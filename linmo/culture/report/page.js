// SPDX-License-Identifier: Apache-2.0
// The languages of a page: elements with data-t hold a sentence's key and values; the sentences come once.
const linmo = (() => {
  "use strict";
  const texts = JSON.parse(document.getElementById("texts").textContent);
  const listeners = [];
  let language = "en";
  const say = (phrase) => typeof phrase === "string" ? phrase :
    texts[language][phrase.k].replace(/\{(\w+)\}/g, (_, name) => say(phrase.v[name]));
  const show = (wanted) => {
    language = wanted in texts ? wanted : "en";
    document.documentElement.lang = language;
    for (const element of document.querySelectorAll("[data-t]"))
      element.textContent = say(JSON.parse(element.getAttribute("data-t")));
    for (const button of document.querySelectorAll("button[data-language]"))
      button.setAttribute("aria-pressed", String(button.dataset.language === language));
    for (const listener of listeners) listener();
  };
  const fromAddress = () => {
    const asked = /lang=([\w-]+)/.exec(location.hash || location.search);
    const wanted = asked ? asked[1] : (navigator.language || "en");
    return wanted.startsWith("zh") ? "zh-Hans" : wanted.startsWith("ja") ? "ja" : "en";
  };
  for (const button of document.querySelectorAll("button[data-language]"))
    button.addEventListener("click", () => {
      history.replaceState(null, "", "#lang=" + button.dataset.language);
      for (const link of document.querySelectorAll("a[data-page]"))
        link.href = link.dataset.page + "#lang=" + button.dataset.language;
      show(button.dataset.language);
    });
  // The studio shows this page in a frame and makes a collection of what it is told; nobody else listens.
  for (const button of document.querySelectorAll("button.collect")) {
    button.hidden = window.parent === window;
    button.addEventListener("click", () => {
      const drawn = [...button.parentElement.querySelectorAll("[data-file]")];
      const works = [...new Set(drawn.map((e) => JSON.stringify([e.dataset.group, e.dataset.file])))];
      window.parent.postMessage({ linmo: "works", works: works.map((w) => JSON.parse(w)) }, "*");
    });
  }
  show(fromAddress());
  return { say, show, onLanguage: (f) => listeners.push(f) };
})();
