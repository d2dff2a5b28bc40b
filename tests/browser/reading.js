// What a person could not read at this width: a page that scrolls sideways, and text that is cut off or runs out of its box.
() => {
  const found = [];
  const page = document.documentElement;
  if (page.scrollWidth > page.clientWidth) found.push(`scrolls sideways by ${page.scrollWidth - page.clientWidth} px`);
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const range = document.createRange();
  for (let text = texts.nextNode(); text; text = texts.nextNode()) {
    if (!text.data.trim() || text.parentElement.closest(".skip, option, script, style, svg")) continue;
    range.selectNodeContents(text);
    const at = range.getBoundingClientRect();
    const how = at.width && at.height ? lost(text.parentElement, at) : "";
    if (how) found.push(`${how}: “${text.data.trim().slice(0, 40)}”`);
  }
  return found;

  // Looks outwards from the text, up to what can be scrolled to show it, or what is hidden from the eye on purpose.
  function lost(holder, at) {
    let how = "";
    let isNearest = true;
    for (let box = holder; box && box !== document.body; box = box.parentElement) {
      const style = getComputedStyle(box);
      if (style.display === "inline" || style.display === "contents") continue;
      if (style.clipPath === "inset(50%)" || style.clip !== "auto") return "";
      const edge = box.getBoundingClientRect();
      const sideways = at.right > edge.right + 1 || at.left < edge.left - 1;
      const downwards = at.bottom > edge.bottom + 1 || at.top < edge.top - 1;
      if (sideways && isNearest && style.overflowX === "visible") how = `runs out of ${name(box)}`;
      if (sideways && /hidden|clip/.test(style.overflowX)) how ||= `cut off by ${name(box)}`;
      if (downwards && /hidden|clip/.test(style.overflowY)) how ||= `cut off by ${name(box)}`;
      if (/auto|scroll/.test(style.overflowX + style.overflowY)) return how;
      isNearest = false;
    }
    return how;
  }

  function name(box) {
    return [box.localName, ...box.classList].join(".");
  }
}
