"use strict";
// Draws the figures of field-data.js in the reader's colours.
(() => {
  const { figures, dark } = window.cseField;
  const night = matchMedia("(prefers-color-scheme: dark)");
  const touch = matchMedia("(pointer: coarse)").matches;

  // Every light colour becomes its dark one.
  const toned = (value) => {
    if (typeof value === "string") return (night.matches && dark[value]) || value;
    if (Array.isArray(value)) return value.map(toned);
    if (value === null || typeof value !== "object") return value;
    return Object.fromEntries(Object.entries(value).map(([key, own]) => [key, toned(own)]));
  };

  const config = { responsive: true, displayModeBar: false, scrollZoom: false, staticPlot: false };
  const draw = () => {
    for (const [id, figure] of Object.entries(figures)) {
      const { data, layout } = toned(figure);
      if (touch) layout.dragmode = false;
      // Plotly leaves out labels that would touch: on a phone they are turned, to be all there.
      if (innerWidth < 720 && layout.xaxis.type !== "log") layout.xaxis.tickangle = -50;
      Plotly.react(document.getElementById(id), data, layout, config);
    }
  };
  night.addEventListener("change", draw);
  draw();
  document.documentElement.dataset.drawn = "yes";
})();
