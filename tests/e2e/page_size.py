"""How much a page asks to be read: its words before the first click, on the screen and in all, and its height."""

from typing import NamedTuple

from playwright.sync_api import Page

# text that is laid out and not hidden, with the screen's part of it; icons are words of their font, no words of ours
_COUNT = """() => {
  const main = document.querySelector('[data-testid=stMain]')
  const walker = document.createTreeWalker(main, NodeFilter.SHOW_TEXT)
  let seen = 0, all = 0
  while (walker.nextNode()) {
    const node = walker.currentNode, holder = node.parentElement
    if (holder.closest('style, script, svg, [data-testid=stIconMaterial], [role=img]')) continue
    if (!holder.checkVisibility({opacityProperty: true, visibilityProperty: true})) continue
    const words = node.textContent.trim().split(/\\s+/).filter((word) => /[\\p{L}\\p{N}]/u.test(word)).length
    const range = document.createRange()
    range.selectNodeContents(node)
    const box = range.getBoundingClientRect()
    if (!words || box.width < 2 || box.height < 2) continue
    all += words
    if (box.top < window.innerHeight && box.bottom > 0 && box.left < window.innerWidth && box.right > 0) seen += words
  }
  return [seen, all, main.scrollHeight]
}"""


class PageSize(NamedTuple):
    """Words on the screen before scrolling, words on the page before a click, the page's height in CSS pixels."""

    seen: int
    words: int
    height: int


def page_size(page: Page) -> PageSize:
    """Of what the page shows now, at its viewport."""
    return PageSize(*page.evaluate(_COUNT))
