// What the page remembers until the tab is closed. Where a browser forbids it, nothing is remembered.

export function remember(name: string, value: unknown): void {
  try {
    sessionStorage.setItem(`conv2d-${name}`, JSON.stringify(value));
  } catch {
    // Private windows and full storage: the page works without.
  }
}

/** What was remembered, if it still makes sense. */
export function recall<Value>(name: string, isGood: (given: unknown) => given is Value): Value | null {
  try {
    const given: unknown = JSON.parse(sessionStorage.getItem(`conv2d-${name}`) ?? "null");
    return isGood(given) ? given : null;
  } catch {
    return null;
  }
}
