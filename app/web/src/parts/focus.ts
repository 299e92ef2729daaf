// SPDX-License-Identifier: Apache-2.0
// Who works with the keyboard is not thrown back to the top of the page when what they pressed goes away.

/** After `change` has taken a list's item away, the button of that class in the item that moved up has the focus, or `otherwise`. */
export async function remove_item(button: HTMLElement, change: () => Promise<unknown>, otherwise: string) {
  const item = button.closest("li")!, list = item.parentElement!, scope = list.parentElement!;
  const at = [...list.children].indexOf(item), selector = `.${button.className.split(" ")[0]}`;
  const had_focus = document.activeElement === button;
  await change();
  if (!had_focus) return;
  requestAnimationFrame(() => {
    const left = [...list.children].filter((child) => child !== item);
    const next = left[Math.min(at, left.length - 1)]?.querySelector(selector), main = document.querySelector("#main");
    const there = [next, scope.querySelector(otherwise), main].find((element) => element?.isConnected);
    (there as HTMLElement | undefined)?.focus();
  });
}
