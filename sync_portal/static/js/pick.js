/* Picks or unpicks every row of a list; without scripts they are picked one by one. */
const all = document.getElementById("pick_all");
if (all) {
  const rows = [...document.querySelectorAll('.picking input[name="id"]')];
  const follow = () => {
    const picked = rows.filter((row) => row.checked).length;
    all.checked = picked === rows.length;
    all.indeterminate = picked > 0 && picked < rows.length;
  };
  all.parentElement.hidden = false;
  all.addEventListener("change", () => rows.forEach((row) => { row.checked = all.checked; }));
  rows.forEach((row) => row.addEventListener("change", follow));
  follow();
}
