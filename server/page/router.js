// Where one is: the part of the address behind `#`, so that the page itself is always `/`.

/** Shows the view for each address. `routes` are `[pattern, view]`, a view is `(found, signal) => {title, element}`;
 *  `signal` is aborted when the view goes. */
export class Router {
  #leaving = new AbortController();

  constructor(main, routes, guard) {
    this.main = main;
    this.routes = routes;
    this.guard = guard;
    addEventListener("hashchange", () => this.show());
  }

  /** Goes to an address such as `/scenarios`, anew if that is where one is. */
  go(path) {
    if (here() === path) this.show();
    else location.hash = path;
  }

  async show() {
    this.#leaving.abort();
    const leaving = (this.#leaving = new AbortController());
    const [view, found] = this.#find(this.guard(here()));
    this.main.setAttribute("aria-busy", "true");
    const { title, element } = await view(found, leaving.signal);
    if (leaving.signal.aborted) return; // one has gone on meanwhile
    this.main.removeAttribute("aria-busy");
    document.title = `${title} · FluentPro`;
    this.main.replaceChildren(element);
    scrollTo(0, 0);
    const first = hasKeyboard() ? element.querySelector("[data-focus]") : null;
    (first ?? this.main).focus({ preventScroll: true });
  }

  #find(path) {
    for (const [pattern, view] of this.routes) {
      const found = pattern.exec(path);
      if (found) return [view, found.slice(1).map((part) => part && decodeURIComponent(part))];
    }
    return [this.routes[0][1], []];
  }
}

/** Whether focus in a field does not bring a keyboard up over half of the screen. */
function hasKeyboard() {
  return matchMedia("(hover: hover)").matches;
}

/** The address as `#` has it. */
export function here() {
  return location.hash.slice(1) || "/";
}
