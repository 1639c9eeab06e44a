// Before the first paint, so that nobody who likes it dark sees a flash of white.
try {
  const look = localStorage.getItem("convrec.look");
  if (look) document.documentElement.dataset.look = look;
} catch {
  // A browser that keeps nothing follows the system.
}
