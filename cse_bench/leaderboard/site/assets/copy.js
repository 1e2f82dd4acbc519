"use strict";
// Gives every block that people take away a button that copies it.
for (const block of document.querySelectorAll("pre.copy")) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "copier";
  button.textContent = "Copy";
  button.setAttribute("aria-label", `Copy: ${block.getAttribute("aria-label")}`);
  const say = (text) => {
    button.textContent = text;
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  };
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(block.textContent);
      say("Copied");
    } catch {
      getSelection().selectAllChildren(block);  // a browser that forbids it: one key is left to press
      say("Selected");
    }
  });
  const holder = document.createElement("div");
  holder.className = "copied";
  block.replaceWith(holder);
  holder.append(block, button);
}
document.documentElement.dataset.drawn = "yes";
