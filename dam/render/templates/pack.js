"use strict";
(() => {
  // All is there without this script: it finds words, and tells the page's language to those who
  // have it read to them. Which language is seen is settled by the style alone.
  const root = document.documentElement;
  const written = { lang: root.lang, dir: root.dir };
  const pictures = [...document.querySelectorAll(".picture")];

  const plain = (text) =>
    text.normalize("NFKD").replace(/[\p{M}\p{Cf}]/gu, "").toLowerCase().replace(/\s+/g, " ").trim();

  for (const choice of document.querySelectorAll('input[name="language"]')) {
    const tell = () => {
      if (!choice.checked) return;
      const lang = choice.value || written.lang;
      root.lang = lang;
      root.dir = choice.value ? choice.closest("label").dir : written.dir;
      const heading = document.querySelector(`header .l[lang="${lang}"] h1`);
      if (heading) document.title = heading.textContent;
      for (const picture of pictures) {
        const caption = picture.querySelector(`.l[lang="${lang}"] .caption`);
        if (!caption) continue;
        const image = picture.querySelector("img");
        image.alt = caption.innerText.replace(/\s+/g, " ").trim() || image.alt;
        image.lang = caption.lang || lang;
      }
    };
    choice.addEventListener("change", tell);
    tell();
  }

  const search = document.getElementById("search");
  const shown = document.getElementById("shown");
  const nothing = document.getElementById("nothing");
  const kept = pictures.map((picture) => plain(picture.querySelector(".told").textContent));
  const find = () => {
    const words = plain(search.value).split(" ");
    let number = 0;
    pictures.forEach((picture, place) => {
      const meant = words.every((word) => kept[place].includes(word));
      picture.hidden = !meant;
      number += meant ? 1 : 0;
    });
    shown.textContent = `${number} / ${pictures.length}`;
    nothing.hidden = number > 0;
  };
  search.addEventListener("input", find);
  find();
  document.querySelector(".find").hidden = false;
})();
