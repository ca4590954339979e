// Where the page moves under a pointer that rests, what comes to lie under it was not pointed at.

let resting = false;

/** To be called where the page is about to scroll by itself. */
export function restPointer(): void {
  resting = true;
}

/** Whether the pointer has not moved since the page did. */
export function pointerRests(): boolean {
  return resting;
}

document.addEventListener("pointermove", ({ target, pointerType }) => {
  if (resting) {
    resting = false;
    // Now it points.
    (target as Element).closest("[role=gridcell]")?.dispatchEvent(new PointerEvent("pointerenter", { pointerType }));
  }
}, { capture: true });
