"""The screen of a terminal, as `tmux capture-pane -e -p` prints it, as a page to be photographed.

Reads the screen from standard input and writes HTML. Colours, bold, italic, reverse and underlines with
their colours are those of ECMA-48 and of ISO 8613-6 (`38:2::r:g:b`); whatever else is said is an error,
so that no picture shows less than the screen.
"""

import argparse
import html
import re
import sys

# One cell in CSS pixels: a JetBrains Mono of 15 px is 9 px wide.
WIDTH, HEIGHT, FONT = 9, 20, 15
MARGIN, PADDING, BAR = 14, 14, 36
BACKGROUND, FOREGROUND = "#161a22", "#d6dce6"

STYLE = f"""
* {{ margin: 0; box-sizing: border-box; }}
body {{ background: #e9ecf1; padding: {MARGIN}px; }}
.window {{ background: {BACKGROUND}; border-radius: 10px; overflow: hidden; }}
.bar {{ height: {BAR}px; background: #1f2530; color: #97a3b6; font: 13px/{BAR}px "JetBrains Mono", monospace;
  text-align: center; position: relative; }}
.bar i {{ position: absolute; top: 12px; width: 12px; height: 12px; border-radius: 6px; }}
pre {{ padding: {PADDING}px; font: {FONT}px/{HEIGHT}px "JetBrains Mono", "DejaVu Sans Mono", monospace;
  font-variant-ligatures: none; color: {FOREGROUND}; }}
span {{ display: inline-block; height: {HEIGHT}px; vertical-align: top; white-space: pre; }}
"""

UNDERLINES = {"1": "solid", "2": "double", "3": "wavy", "4": "dotted", "5": "dashed"}


def colour(codes):
    """The colour that follows a 38, 48 or 58, as `2;r;g;b`, `2:r:g:b` or `2::r:g:b`."""
    kind = codes.pop(0)
    if kind != "2":
        raise SystemExit(f"a colour of kind {kind} is none of 24 bits")
    if codes[0] == "":
        codes.pop(0)
    return "#" + "".join(f"{int(codes.pop(0)):02x}" for _ in range(3))


def select(style, codes):
    """The style after a sequence `ESC [ codes m`."""
    for group in [] if codes == "" else codes.split(";"):
        style.setdefault("rest", []).append(group)
    rest = style.pop("rest", ["0"])
    while rest:
        code, *parts = rest.pop(0).split(":")
        if code in ("", "0"):
            style.clear()
        elif code in ("38", "48", "58"):
            name = {"38": "fg", "48": "bg", "58": "line"}[code]
            style[name] = colour(parts) if parts else colour(rest)
        elif code == "4":
            kind = parts[0] if parts else "1"
            style["under"] = UNDERLINES.get(kind)
        elif code in ("1", "3", "7"):
            style[{"1": "bold", "3": "italic", "7": "reverse"}[code]] = True
        elif code in ("22", "23", "24", "27", "39", "49", "59"):
            name = {"22": "bold", "23": "italic", "24": "under", "27": "reverse"}.get(code)
            style.pop(name or {"39": "fg", "49": "bg", "59": "line"}[code], None)
        else:
            raise SystemExit(f"the code {code} of a style is not known")


def css(style):
    """A style for CSS."""
    fg, bg = style.get("fg", FOREGROUND), style.get("bg", BACKGROUND)
    if style.get("reverse"):
        fg, bg = bg, fg
    rules = [f"color:{fg}"]
    if bg != BACKGROUND:
        rules.append(f"background:{bg}")
    if style.get("bold"):
        rules.append("font-weight:bold")
    if style.get("italic"):
        rules.append("font-style:italic")
    if style.get("under"):
        line = style.get("line", fg)
        rules.append(f"text-decoration:underline {style['under']} {line} 1.3px;text-underline-offset:3px")
    return ";".join(rules)


def line(text, style, columns):
    """A line of the screen; the style goes on in the next one."""
    out, used = [], 0
    for part in re.split(r"(\x1b\[[0-9;:]*m)", text):
        if part.startswith("\x1b["):
            select(style, part[2:-1])
        elif "\x1b" in part:
            raise SystemExit(f"what is {part!r}?")
        elif part:
            used += len(part)
            width = len(part) * WIDTH
            out.append(f'<span style="{css(style)};width:{width}px">{html.escape(part)}</span>')
    if used > columns:
        raise SystemExit(f"a line of {used} columns: {text!r}")
    return "".join(out)


def main():
    args = argparse.ArgumentParser()
    args.add_argument("--columns", type=int, required=True)
    args.add_argument("--rows", type=int, required=True)
    args.add_argument("--title", required=True)
    args = args.parse_args()
    style = {}
    lines = [line(text, style, args.columns) for text in sys.stdin.read().split("\n")[: args.rows]]
    width = args.columns * WIDTH + 2 * (PADDING + MARGIN)
    height = args.rows * HEIGHT + 2 * (PADDING + MARGIN) + BAR
    lights = zip((16, 36, 56), ("#f0655d", "#f4bd4f", "#61c554"))
    lights = "".join(f'<i style="left:{left}px;background:{fill}"></i>' for left, fill in lights)
    rows = "\n".join(lines)
    print(f'<!doctype html><meta charset="utf-8"><title>{args.title}</title><style>{STYLE}</style>')
    print(f'<body data-size="{width},{height}"><div class="window">')
    print(f'<div class="bar">{lights}{html.escape(args.title)}</div><pre>{rows}</pre></div></body>')


main()
