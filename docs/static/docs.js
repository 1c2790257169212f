// Adds a copy button to every sample. Pages work without this file.
"use strict";
for (const code of document.querySelectorAll("pre.code, code[data-copy]")) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "copy";
  button.textContent = "Copy";
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(code.querySelector("code")?.textContent ?? code.textContent);
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(code);
      button.textContent = "Selected";
    }
    setTimeout(() => { button.textContent = "Copy"; }, 1500);
  });
  if (code.matches("pre")) {
    const box = document.createElement("div");
    box.className = "copyable";
    code.replaceWith(box);
    box.append(code, button);
  } else {
    code.after(" ", button);
  }
}
// Opens the folded part that an address points to.
function reveal() {
  document.getElementById(location.hash.slice(1))?.closest("details")?.setAttribute("open", "");
}
addEventListener("hashchange", reveal);
reveal();
