// Times in the viewer's zone. Without scripts they are told in UTC.
const thisYear = new Date().getFullYear();
const options = { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" };
const recent = new Intl.DateTimeFormat(document.documentElement.lang, options);
const older = new Intl.DateTimeFormat(document.documentElement.lang, { ...options, year: "numeric" });
const local = (root) => {
  for (const time of root.querySelectorAll("time[datetime*=T]:not([title])")) {
    const moment = new Date(time.dateTime);
    time.title = time.textContent;
    time.textContent = (moment.getFullYear() === thisYear ? recent : older).format(moment);
  }
};
local(document);
document.addEventListener("htmx:load", (event) => local(event.detail.elt.parentNode ?? document));
