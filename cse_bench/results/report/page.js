"use strict";
// Draws the figures of the page's JSON block in the reader's colours, and colours the maps.
(() => {
  const page = JSON.parse(document.getElementById("data").textContent);
  const night = matchMedia("(prefers-color-scheme: dark)");
  const touch = matchMedia("(pointer: coarse)").matches;
  const MAPS = ["map-before", "map-after"];
  const SHOPS = [0, 4];  // numbers of the shops' --series-… colours
  const state = { by: "shop", only: null };

  const webgl = (() => {
    const canvas = document.createElement("canvas");
    return Boolean(canvas.getContext("webgl2") || canvas.getContext("webgl"));
  })();

  // Every light colour becomes its dark one; typed arrays are left as they are.
  const toned = (value) => {
    if (typeof value === "string") return (night.matches && page.dark[value]) || value;
    if (Array.isArray(value)) return value.map(toned);
    if (value === null || typeof value !== "object" || "bdata" in value) return value;
    return Object.fromEntries(Object.entries(value).map(([key, own]) => [key, toned(own)]));
  };

  const variable = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  const hover = (points) => points.id.map((id, i) => {
    const category = points.category[i];
    const popularity = points.popularity[i];
    const events = Math.round(2 ** popularity).toLocaleString("en");
    return `${id}<br>${category === null ? "no category" : points.names[category]}` +
      `<br>popularity ${popularity} (≈ ${events} events)`;
  });

  // Shops by colour and mark, or categories by colour; what was not chosen is faint.
  const marks = (points) => {
    const shop = state.by === "shop";
    const groups = shop ? points.shop : points.group;
    const last = Math.max(...points.group);
    const colours = shop
      ? SHOPS.map((i) => variable(`--series-${i}`))
      : Array.from({ length: last + 1 }, (_, i) => variable(`--category-${i}`));
    const rest = document.querySelectorAll('.chips[data-by="category"] button').length - 1;
    const alpha = (group) => {
      if (state.only !== null) return group === state.only ? "f0" : "16";
      return !shop && group === rest ? "40" : "a6";
    };
    return {
      color: groups.map((group) => colours[group] + alpha(group)),
      symbol: points.shop.map((side) => (side ? "triangle-up" : "circle")),
      size: groups.map((group, i) => (group === state.only ? 6.5 : 4.5) + 1.5 * points.shop[i]),
    };
  };

  const figure = (id) => {
    const { data, layout } = toned(page.figures[id]);
    const isMap = MAPS.includes(id);
    if (isMap) {
      const points = data[0];
      points.text = texts;
      points.marker = { ...points.marker, ...marks(page.points) };
      if (!webgl) for (const trace of data) trace.type = "scatter";
      if (touch) layout.dragmode = false;
      layout.height = Math.min(layout.height, document.getElementById(id).clientWidth);
    }
    const config = {
      responsive: true, displaylogo: false, displayModeBar: isMap && !touch, scrollZoom: false,
      modeBarButtons: [["zoom2d", "pan2d", "resetScale2d", "toImage"]],
    };
    return [data, layout, config];
  };

  const texts = page.points && hover(page.points);
  const draw = (ids) => ids.filter((id) => id in page.figures).forEach((id) => {
    Plotly.react(document.getElementById(id), ...figure(id));
  });

  const recolour = () => {
    for (const row of document.querySelectorAll(".chips")) {
      row.hidden = row.dataset.by !== state.by;
      for (const chip of row.querySelectorAll("button")) {
        const on = !row.hidden && Number(chip.dataset.only) === state.only;
        chip.setAttribute("aria-pressed", String(on));
      }
    }
    const { color, size } = marks(page.points);
    for (const id of MAPS) {
      Plotly.restyle(id, { "marker.color": [color], "marker.size": [size] }, [0]);
    }
  };

  for (const choice of document.querySelectorAll('input[name="by"]')) {
    choice.addEventListener("change", () => { state.by = choice.value; state.only = null; recolour(); });
  }
  for (const chip of document.querySelectorAll(".chips button")) {
    chip.addEventListener("click", () => {
      const wanted = Number(chip.dataset.only);
      state.only = state.only === wanted ? null : wanted;
      recolour();
    });
  }
  night.addEventListener("change", () => draw(Object.keys(page.figures)));
  draw(Object.keys(page.figures));
  document.documentElement.dataset.drawn = "yes";
})();
