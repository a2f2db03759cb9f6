// Keeps the page up to date, without touching what is unchanged, opened or being typed.
const opened = () => [...document.querySelectorAll("details[open][id]")].map((d) => d.id);

function take(fresh) {
  const open = opened();
  for (const part of document.querySelectorAll("[data-live]")) {
    const other = fresh.getElementById(part.id);
    if (other && other.innerHTML !== part.dataset.as) {
      part.innerHTML = part.dataset.as = other.innerHTML;
    }
  }
  for (const id of open) document.getElementById(id)?.setAttribute("open", "");
  document.body.dataset.state = fresh.body.dataset.state;
}

async function look() {
  const { state } = await (await fetch("/state")).json();
  if (state === document.body.dataset.state) return;
  const html = await (await fetch("/" + location.search)).text();
  take(new DOMParser().parseFromString(html, "text/html"));
}

for (const part of document.querySelectorAll("[data-live]")) part.dataset.as = part.innerHTML;
setInterval(() => document.hidden || look().catch(() => {}), 2000);
