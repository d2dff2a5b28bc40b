/* Says on the page that a passkey was refused; allauth would only write it to the console. */
document.addEventListener("allauth.error", (event) => {
  const said = document.getElementById("key_failed");
  if (said) {
    event.preventDefault();
    said.hidden = false;
    said.scrollIntoView({ block: "nearest" });
  }
});
