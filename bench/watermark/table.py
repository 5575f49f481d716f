"""What the campaign found, as figures and as docs/watermark.md."""
import json
import math
import os

import numpy as np

SESSIONS_EVER = 100000
FALSE_ALARM_MOST = 1e-6
# So many bits that all agree name a session of SESSIONS_EVER: three values, one drawing measured.
BITS_LEAST = math.ceil(math.log2(3 * SESSIONS_EVER / FALSE_ALARM_MOST))
BINS_A_Z = 10
# struct tally (bench/watermark/tally.h): how often the bound is in (10^-(i + 1), 10^-i], from 3 on.
CHANCES, CHANCE_FIRST = 21, 3
FULL = ("dense", "comments")
GOALS = {"10 lines + JPEG 50": 99, "10 lines + half scale": 99, "binarised": 95, "white clip": 95, "photo (simulated)": 95}
THEMES = ("light", "dark", "contrast")


def named(row):
    return row["found"] and row["named"]


def too_few_bits(row):
    """A page whose paper is lost and which has too few runs of glyphs: no detector could name anybody by it."""
    return row["found"] and row["bits"][1] < BITS_LEAST


def wilson(hits, count):
    """95 % interval of a share. Source: Wilson, 1927."""
    if not count:
        return 0.0, 1.0
    z, share = 1.96, hits / count
    middle = share + z * z / (2 * count)
    spread = z * math.sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    return max(0.0, (middle - spread) / (1 + z * z / count)), min(1.0, (middle + spread) / (1 + z * z / count))


def share_of(rows):
    hits = sum(map(named, rows))
    low, high = wilson(hits, len(rows))
    return 100 * hits / max(1, len(rows)), 100 * low, 100 * high


def median_of(rows, layer):
    values = [row[layer] for row in rows if row["found"]]
    return float(np.median(values)) if values else 0.0


def false_names(rows):
    """Wrong sessions named, and how many were asked."""
    return sum(row["wrong"]["named"] for row in rows if row["found"]), sum(sum(row["wrong"]["z"]) for row in rows if row["found"])


def tail(rows):
    """([(i, wrong sessions whose bound is at most 10^-i, their share)], scores, the largest z lies below this, mean tries)."""
    bins = np.sum([row["wrong"]["chance"] for row in rows], axis=0)
    z = np.sum([row["wrong"]["z"] for row in rows], axis=0)
    total = int(z.sum())
    lines = [(i, int(bins[i:].sum()), int(bins[i:].sum()) / total) for i in range(CHANCE_FIRST, 12)]
    return lines, total, (int(np.flatnonzero(z).max()) + 1) / BINS_A_Z


def lab_of(rgb):
    """CIE L*a*b* of sRGB bytes, D65."""
    linear = rgb.astype(float) / 255
    linear = np.where(linear <= 0.04045, linear / 12.92, ((linear + 0.055) / 1.055) ** 2.4)
    xyz = linear @ np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]).T
    t = xyz / np.array([0.95047, 1.0, 1.08883])
    f = np.where(t > (6 / 29) ** 3, np.cbrt(t), t / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.stack([116 * f[..., 1] - 16, 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])], axis=-1)


def ciede2000(one, two):
    """Source: Sharma, Wu, Dalal, "The CIEDE2000 color-difference formula", 2005."""
    l1, a1, b1 = np.moveaxis(one, -1, 0)
    l2, a2, b2 = np.moveaxis(two, -1, 0)
    c = (np.hypot(a1, b1) + np.hypot(a2, b2)) / 2
    g = 0.5 * (1 - np.sqrt(c ** 7 / (c ** 7 + 25.0 ** 7)))
    a1, a2 = a1 * (1 + g), a2 * (1 + g)
    c1, c2 = np.hypot(a1, b1), np.hypot(a2, b2)
    h1, h2 = np.degrees(np.arctan2(b1, a1)) % 360, np.degrees(np.arctan2(b2, a2)) % 360
    turn = h2 - h1
    turn = np.where(turn > 180, turn - 360, np.where(turn < -180, turn + 360, turn))
    turn = np.where(c1 * c2 == 0, 0, turn)
    dh = 2 * np.sqrt(c1 * c2) * np.sin(np.radians(turn) / 2)
    lm, cm = (l1 + l2) / 2, (c1 + c2) / 2
    hm = np.where(c1 * c2 == 0, h1 + h2, np.where(abs(h1 - h2) <= 180, (h1 + h2) / 2,
                                                  np.where(h1 + h2 < 360, (h1 + h2 + 360) / 2, (h1 + h2 - 360) / 2)))
    t = (1 - 0.17 * np.cos(np.radians(hm - 30)) + 0.24 * np.cos(np.radians(2 * hm)) + 0.32 * np.cos(np.radians(3 * hm + 6))
         - 0.20 * np.cos(np.radians(4 * hm - 63)))
    sl = 1 + 0.015 * (lm - 50) ** 2 / np.sqrt(20 + (lm - 50) ** 2)
    sc, sh = 1 + 0.045 * cm, 1 + 0.015 * cm * t
    rt = (-2 * np.sqrt(cm ** 7 / (cm ** 7 + 25.0 ** 7)) * np.sin(np.radians(60 * np.exp(-((hm - 275) / 25) ** 2))))
    dl, dc, dh = (l2 - l1) / sl, (c2 - c1) / sc, dh / sh
    return np.sqrt(np.maximum(0, dl * dl + dc * dc + dh * dh + rt * dc * dh))


def packed(image):
    """A number a colour."""
    wide = image.astype(np.int64)
    return wide[:, :, 0] << 16 | wide[:, :, 1] << 8 | wide[:, :, 2]


def visibility(pipe, pages):
    """Marked against unmarked, by theme. paper: of pixels that no glyph touches in either, each page against the other's
    nearest paper; page: of all pixels, where a shifted stroke counts in full."""
    rows = []
    for theme, name in enumerate(THEMES):
        step, paper, all_mean, errors, pixels = 0.0, [], [], 0.0, 0
        for page in pages:
            pipe.tile(page)
            marked, plain = pipe.draw(1, theme)[:960], pipe.draw(None, theme)[:960]
            tones, counts = np.unique(packed(plain), return_counts=True)
            ground = np.array([tones[counts.argmax()] >> shift & 255 for shift in (16, 8, 0)])
            is_paper = (abs(marked.astype(int) - ground).max(axis=2) <= 6) & (abs(plain.astype(int) - ground).max(axis=2) <= 6)
            luma = (marked.astype(float) - plain) @ np.array([0.299, 0.587, 0.114])
            step = max(step, abs(luma[is_paper]).max())
            codes = (packed(marked).astype(np.int64) << 24) | packed(plain)
            codes, counts = np.unique(codes, return_counts=True)
            colours = np.stack([codes >> shift & 255 for shift in (40, 32, 24, 16, 8, 0)], axis=1)
            differences = ciede2000(lab_of(colours[:, :3]), lab_of(colours[:, 3:]))
            on_paper = (abs(colours.astype(int) - np.concatenate([ground, ground])).max(axis=1) <= 6)
            paper.append((differences[on_paper].max(), (differences * counts)[on_paper].sum() / counts[on_paper].sum()))
            all_mean.append((differences * counts).sum() / counts.sum())
            errors += ((marked.astype(float) - plain) ** 2).sum()
            pixels += marked.size
        rows.append({"theme": name, "step": step, "psnr": 10 * math.log10(255 ** 2 * pixels / errors),
                     "paper_mean": float(np.mean([mean for _, mean in paper])), "paper_max": float(max(most for most, _ in paper)),
                     "page_mean": float(np.mean(all_mean))})
    return rows


def by_attack(results):
    groups = {}
    for row in sorted(results, key=lambda row: row["i"]):
        groups.setdefault(row["attack"], []).append(row)
    return groups


def attack_line(name, rows):
    share, low, high = share_of(rows)
    full = [row for row in rows if row["kind"] in FULL]
    full_share, full_low, full_high = share_of(full)
    lost = sum(not row["found"] for row in rows)
    return (f"| {name} | {share:.1f} % ({low:.1f} to {high:.1f}) | {len(rows)} | {full_share:.1f} % ({full_low:.1f} to "
            f"{full_high:.1f}) | {len(full)} | {lost} | {median_of(rows, 'paper'):.1f} | {median_of(rows, 'shift'):.1f} | "
            f"{median_of(rows, 'both'):.1f} |")


HEAD = """# The watermark, measured

Written by `make bench BENCH=watermark` (bench/watermark/campaign.py); the numbers are of its last run that left nothing undone; n says how many images. What the mark is
and how it is found: [formats/glass.md](formats/glass.md). What it may be used for: [threats.md](threats.md).

"""


def introduction(header, pages, left):
    kinds = {kind: sum(page["kind"] == kind for page in pages) for kind in ("dense", "comments", "sparse", "nearly blank", "second block")}
    text = HEAD
    if left:
        text += f"**Not complete: {left} images of the campaign were not measured.**\n\n"
    text += (f"{len(pages)} pages of {header['source']} ({', '.join(f'{count} {kind}' for kind, count in kinds.items())}), 24 sessions, "
             f"both drawn at random for each image (seed {header['seed']}), through the program's own encoder. *Named*: the bound on naming "
             f"anybody wrongly is at most {FALSE_ALARM_MOST:.0e}, for {SESSIONS_EVER:,} sessions ever issued, three values a session and each "
             f"drawing measured; {BITS_LEAST} sure bits that agree will do. In brackets: 95 % interval (Wilson). *Full pages*: dense and "
             "comments; a sparse or nearly blank page, or what stands right of column 80, has few glyphs, and what takes the paper's mark away may leave it with too few "
             "bits. *Not found*: the page was not recognised in the picture. All pictures are made by programs; \"simulated\" says "
             "where a program stands for a camera or a screen. A crop is a stretch of whole lines of which at least half hold code.\n\n")
    return text


def page(results, seen, header, pages, left):
    groups = by_attack(results)
    text = introduction(header, pages, left)
    text += "## Recovery\n\n| attack | named, all pages | n | named, full pages | n | not found | z paper | z shift | z both |\n"
    text += "|---|---|---|---|---|---|---|---|---|\n"
    for name, rows in groups.items():
        if name not in ("unmarked", "wrong keys"):
            text += attack_line(name, rows) + "\n"
    text += "\nz: medians. With several sessions the best of them counts.\n\n## Goals\n\n"
    for name, goal in GOALS.items():
        rows = groups.get(name, [])
        share = share_of(rows)[0]
        full = share_of([row for row in rows if row["kind"] in FULL])[0]
        short = [row for row in rows if not named(row)]
        text += (f"- {name}: goal {goal} %; {share:.1f} % of all pages, {full:.1f} % of full pages: "
                 f"{'met' if share >= goal else 'met on full pages only' if full >= goal else 'not met'}."
                 + (f" Not named: {len(short)}, {sum(map(too_few_bits, short))} of which show fewer than {BITS_LEAST} runs of glyphs." if short else "")
                 + "\n")
    lost = [f"{name} ({share_of(rows)[0]:.0f} %)" for name, rows in groups.items()
            if name not in ("unmarked", "wrong keys") and share_of(rows)[0] < 50]
    text += "\nNot traceable, or seldom (below half): " + (", ".join(lost) or "none of the list") + ".\n\n## False names\n\n"
    hits, asked = false_names(results)
    unmarked = [row for row in groups.get("unmarked", []) if row["found"]]
    text += (f"{hits} wrong sessions were named, of {asked:,} scores over all images, {len(unmarked)} of which show unmarked pages.\n\n")
    wrong = [row for row in groups.get("wrong keys", []) if row["found"]]
    if wrong:
        lines, total, largest = tail(wrong)
        text += (f"{len(wrong)} images under attacks drawn from the list, {header['keys']:,} wrong sessions each, through the same "
                 f"registration and scores: {total:,} in all. The largest z was below {largest:.1f}. If the bound is one, no share is above "
                 "its bound:\n\n"
                 "| bound, three values, at most | wrong sessions | share |\n|---|---|---|\n")
        for i, above, share in lines:
            text += f"| 1e-{i} | {above:,} | {share:.2e} |\n"
        text += (f"\nNobody is named above {FALSE_ALARM_MOST / SESSIONS_EVER:.0e} (1e-6 over {SESSIONS_EVER:,} sessions, one drawing measured). "
                 "Nothing is extrapolated.\n\n")
    text += ("## Visibility\n\nMarked against unmarked pages (which are of the low paper throughout). Paper: pixels that no glyph "
             "touches. Page: all pixels; a stroke moved by one pixel counts in full, though nothing about it looks marked.\n\n"
             "| theme | largest luminance step of paper | CIEDE2000 of paper, mean | largest | CIEDE2000 of the page, mean | PSNR of "
             "the page |\n|---|---|---|---|---|---|\n")
    for row in seen:
        text += (f"| {row['theme']} | {row['step']:.1f} of 255 | {row['paper_mean']:.2f} | {row['paper_max']:.2f} | {row['page_mean']:.2f} | "
                 f"{row['psnr']:.1f} dB |\n")
    return text


def report(name, value, unit, goal, load):
    """As bench/report.h says."""
    average = os.getloadavg()[0]
    load = f"{load}, machine {average:.2f}"
    print(f"{name} {value:.6g} {unit} ({f'goal {goal}; ' if goal else ''}load {load})", flush=True)
    line = {"value": float(f"{value:.6g}"), "name": name, "unit": unit, "goal": goal, "peer": None, "peer_value": None, "load": load}
    with open(os.environ.get("BENCH_JSONL", "build/bench.jsonl"), "a", encoding="utf-8") as file:
        file.write(json.dumps(line, separators=(",", ":")) + "\n")


def figures(results, seen, header):
    groups = by_attack(results)
    names = {"10 lines + JPEG 50": "lines10_jpeg50", "10 lines + half scale": "lines10_half", "binarised": "binarised",
             "white clip": "white_clip", "photo (simulated)": "photo"}
    for attack, short in names.items():
        rows = groups.get(attack, [])
        full = [row for row in rows if row["kind"] in FULL]
        for ending, some in (("", rows), (".full_pages", full)):
            if some:
                share, low, high = share_of(some)
                report(f"watermark.{short}{ending}", share, "%", f">= {GOALS[attack]}",
                       f"{len(some)} images of {header['source']}, 95 % interval {low:.1f} to {high:.1f}")
    hits, asked = false_names(results)
    report("watermark.false_names", hits, "sessions", "0", f"{asked} scores of wrong sessions, bound at most {FALSE_ALARM_MOST:.0e}")
    times = [row["ms"] for row in results]
    if times:
        report("watermark.find_ms", float(np.median(times)), "ms", "<= 1000", "median CPU of register and measure over all attacks")
        report("watermark.find_ms_max", max(times), "ms", "<= 3000", "the slowest of them")
    for row in seen:
        report(f"watermark.paper_de2000.{row['theme']}", row["paper_max"], "dE", None, "largest, marked against unmarked paper")
