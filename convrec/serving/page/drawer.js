/** The panel on a phone: a drawer over the talk, which gives the keyboard back when it closes. */

const NARROW = matchMedia("(max-width: 59.99rem)");

export class Drawer {
  constructor(panel, title, opener, closer, scrim, behind) {
    Object.assign(this, { panel, title, opener, scrim, behind });
    this.isOpen = false;
    opener.addEventListener("click", () => this.set(!this.isOpen));
    closer.addEventListener("click", () => this.set(false));
    scrim.addEventListener("click", () => this.set(false));
    addEventListener("keydown", (event) => {
      if (event.key === "Escape" && this.isOpen) this.set(false);
    });
    NARROW.addEventListener("change", () => this.set(false, false));
    this.set(false, false);
  }

  set(isOpen, movesFocus = true) {
    this.isOpen = isOpen && NARROW.matches;
    this.panel.classList.toggle("open", this.isOpen);
    this.panel.inert = NARROW.matches && !this.isOpen;
    for (const each of this.behind) each.inert = this.isOpen;
    this.scrim.hidden = !this.isOpen;
    this.opener.setAttribute("aria-expanded", String(this.isOpen));
    if (movesFocus) (this.isOpen ? this.title : this.opener).focus();
  }
}
