"""What is done to pictures of pages before the detector sees them. Pictures are arrays (height, width, 3) of bytes,
red, green, blue; `rng` is a random.Random. Nothing here knows a secret.
"""
import subprocess

import cv2
import numpy as np
from PIL import Image, ImageFilter

LINE = 16  # pixels of a line at zoom 1
LINES = 60
FILTERS = [Image.Resampling.BILINEAR, Image.Resampling.BICUBIC, Image.Resampling.LANCZOS]


def to_bytes(values):
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def noise_source(rng):
    return np.random.default_rng(rng.getrandbits(63))


def coded(image, kind, quality):
    option = {".jpg": cv2.IMWRITE_JPEG_QUALITY, ".webp": cv2.IMWRITE_WEBP_QUALITY}[kind]
    done, data = cv2.imencode(kind, image[:, :, ::-1], [option, quality])
    assert done
    return np.ascontiguousarray(cv2.imdecode(data, cv2.IMREAD_COLOR)[:, :, ::-1])


def jpeg(quality):
    return lambda image, rng: coded(image, ".jpg", quality)


def webp(quality):
    return lambda image, rng: coded(image, ".webp", quality)


def scale(factor):
    def run(image, rng):
        height, width = image.shape[:2]
        size = (max(8, round(width * factor)), max(8, round(height * factor)))
        return np.asarray(Image.fromarray(image).resize(size, rng.choice(FILTERS)))
    return run


def crop(lines):
    """A stretch of whole lines that shows code: at least half of them hold some, where the page has such a stretch."""
    def run(image, rng):
        cell = LINE * image.shape[1] // 640
        body = image[:LINES * cell].astype(int)
        paper = np.median(body.reshape(-1, 3), axis=0)
        ink = (abs(body - paper).max(axis=2) > 60).reshape(LINES, -1).sum(axis=1)
        full = np.convolve(ink > 40, np.ones(lines), "valid")
        starts = np.flatnonzero(full >= min(lines / 2, full.max()))
        start = int(rng.choice(list(starts)))
        return image[start * cell:(start + lines) * cell]
    return run


def rotate(most):
    def run(image, rng):
        height, width = image.shape[:2]
        turn = cv2.getRotationMatrix2D((width / 2, height / 2), rng.uniform(-most, most), 1)
        return cv2.warpAffine(image, turn, (width, height), flags=cv2.INTER_CUBIC, borderValue=(180, 170, 160))
    return run


def seen_at_an_angle(image, tilt, pan, size, border):
    """The page turned by angles (degrees) about both axes, from twice its height away."""
    height, width = image.shape[:2]
    x, y = np.radians(tilt), np.radians(pan)
    about_x = np.array([[1, 0, 0], [0, np.cos(x), -np.sin(x)], [0, np.sin(x), np.cos(x)]])
    about_y = np.array([[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]])
    corners = np.array([[-width, -height, 0], [width, -height, 0], [width, height, 0], [-width, height, 0]]) / 2
    corners = corners @ (about_x @ about_y).T
    away = 2 * height
    flat = corners[:, :2] * (away / (away + corners[:, 2:3])) * size
    out = (int(width * size * 1.12), int(height * size * 1.12))
    matrix = cv2.getPerspectiveTransform(np.float32([[0, 0], [width, 0], [width, height], [0, height]]),
                                         np.float32(flat + np.array(out) / 2))
    return cv2.warpPerspective(image, matrix, out, flags=cv2.INTER_AREA if size < 1 else cv2.INTER_CUBIC, borderValue=border)


def perspective(most):
    def run(image, rng):
        angles = (rng.uniform(-most, most), 0) if rng.random() < 0.5 else (0, rng.uniform(-most, most))
        return seen_at_an_angle(image, *angles, 1.0, (120, 110, 100))
    return run


def photo(image, rng):
    """Simulated: a screen photographed by hand: angle, 1.3 to 1.9 pixels for one of the page, uneven light, blur, noise,
    white balance, JPEG 80. No lens, no real sensor, no real screen."""
    size = rng.uniform(1.3, 1.9)
    height, width = image.shape[:2]
    large = cv2.resize(image, (2 * width, 2 * height), interpolation=cv2.INTER_CUBIC)
    seen = seen_at_an_angle(large, rng.uniform(-8, 8), rng.uniform(-8, 8), size / 2, (96, 90, 84)).astype(np.float32)
    y, x = np.mgrid[0:1:seen.shape[0] * 1j, 0:1:seen.shape[1] * 1j]
    light = 0.85 + 0.15 * np.cos(rng.uniform(1, 3) * x + rng.uniform(0, 2) * y + rng.uniform(0, 6))
    seen *= light[:, :, None] * np.array([rng.uniform(0.92, 1), 1, rng.uniform(0.92, 1)])
    seen = cv2.GaussianBlur(seen, (0, 0), rng.uniform(0.6, 1.2))
    seen += noise_source(rng).normal(0, 4, seen.shape)
    return coded(to_bytes(seen), ".jpg", 80)


def blur(image, rng):
    return cv2.GaussianBlur(image, (0, 0), rng.uniform(0.5, 1.5))


def sharpen(image, rng):
    return np.asarray(Image.fromarray(image).filter(ImageFilter.UnsharpMask(2, rng.randint(80, 200), 2)))


def noise(deviation):
    return lambda image, rng: to_bytes(image + noise_source(rng).normal(0, deviation, image.shape))


def median(image, rng):
    return cv2.medianBlur(image, 3)


def gamma(image, rng):
    return to_bytes(255 * (image / 255.0) ** rng.uniform(0.6, 1.6))


def white_clip(image, rng):
    """All paper becomes one white."""
    return to_bytes(image * 255.0 / rng.uniform(235, 250))


def invert(image, rng):
    return 255 - image


def dark_recolour(image, rng):
    """As an extension of a browser does: brightness turned over, tinted."""
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY) / 255.0
    return to_bytes(np.array([24, 26, 30]) + (1 - grey)[:, :, None] * np.array([200, 198, 190]))


def levels(count):
    def run(image, rng):
        grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
        return np.repeat(to_bytes(np.floor(grey / 256.0 * count) * 255 / (count - 1))[:, :, None], 3, axis=2)
    return run


def palette(image, rng):
    """Sixteen colours, dithered."""
    reduced = Image.fromarray(image).quantize(16, dither=Image.Dither.FLOYDSTEINBERG)
    return np.asarray(reduced.convert("RGB"))


def moire(image, rng):
    """Simulated: a screen's stripes of red, green, blue, seen by a camera whose pixels do not fit them."""
    height, width = image.shape[:2]
    stripes = np.zeros((height * 3, width * 3, 3), np.float32)
    for channel in range(3):
        stripes[:, channel::3, channel] = np.repeat(image[:, :, channel], 3, axis=0) * 1.9
    stripes[2::3] *= 0.5
    size = rng.uniform(1.05, 1.6)
    turn = cv2.getRotationMatrix2D((0, 0), rng.uniform(-1.5, 1.5), size / 3)
    seen = cv2.warpAffine(cv2.GaussianBlur(stripes, (0, 0), 1.0), turn, (int(width * size), int(height * size)),
                          flags=cv2.INTER_LINEAR)
    return to_bytes(np.minimum(seen * 1.3, 255))


def video(image, rng):
    """Twelve frames of H.264 at constant rate factor 28; the last one is the leak."""
    height, width = image.shape[0] // 2 * 2, image.shape[1] // 2 * 2
    frames = np.ascontiguousarray(image[:height, :width]).tobytes() * 12
    size = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}", "-r", "12"]
    quiet = ["ffmpeg", "-v", "error", "-threads", "1"]
    packed = subprocess.run(quiet + size + ["-i", "-", "-c:v", "libx264", "-preset", "fast", "-crf", "28", "-pix_fmt", "yuv420p",
                                            "-f", "matroska", "-"], input=frames, capture_output=True, check=True).stdout
    shown = subprocess.run(quiet + ["-i", "-", "-f", "rawvideo", "-pix_fmt", "rgb24", "-"], input=packed, capture_output=True,
                           check=True).stdout
    return np.frombuffer(shown, np.uint8)[-height * width * 3:].reshape(height, width, 3)


def jitter(image, rng):
    """Each line moved by a part of a pixel."""
    out = image.copy()
    for line in range(image.shape[0] // LINE):
        move = np.float32([[1, 0, rng.uniform(-0.5, 0.5)], [0, 1, 0]])
        band = image[line * LINE:(line + 1) * LINE]
        out[line * LINE:(line + 1) * LINE] = cv2.warpAffine(band, move, (band.shape[1], LINE), borderMode=cv2.BORDER_REPLICATE)
    return out


def line_removal(image, rng):
    """One to three lines cut out, the rest moved up."""
    gone = set(rng.sample(range(LINES), rng.randint(1, 3)))
    return np.concatenate([image[i * LINE:(i + 1) * LINE] for i in range(LINES) if i not in gone])


def margins(image, rng):
    """A screen shot with other things around the page."""
    top, low, left, right = (rng.randint(20, 160), rng.randint(20, 100), rng.randint(20, 420), rng.randint(20, 420))
    return cv2.copyMakeBorder(image, top, low, left, right, cv2.BORDER_CONSTANT, value=(40, 44, 50))


def chain(*steps):
    def run(image, rng):
        for step in steps:
            image = step(image, rng)
        return image
    return run


def nothing(image, rng):
    return image


binarise = levels(2)

# name: (how many images, what). Goals of the design have enough for 99 % to mean something.
GOAL, OTHER = 200, 18
ONE_SESSION = {
    "none": (OTHER, nothing),
    "10 lines + JPEG 50": (GOAL, chain(crop(10), jpeg(50))),
    "10 lines + half scale": (GOAL, chain(crop(10), scale(0.5))),
    "16 levels": (OTHER, levels(16)),
    "4 levels": (OTHER, levels(4)),
    "binarised": (GOAL, binarise),
    "white clip": (GOAL, white_clip),
    "photo (simulated)": (GOAL, photo),
    "JPEG 90": (OTHER, jpeg(90)), "JPEG 75": (OTHER, jpeg(75)), "JPEG 50": (OTHER, jpeg(50)), "JPEG 30": (OTHER, jpeg(30)),
    "JPEG 10": (OTHER, jpeg(10)),
    "WebP 80": (OTHER, webp(80)), "WebP 40": (OTHER, webp(40)),
    "scale 0.33": (OTHER, scale(0.33)), "scale 0.5": (OTHER, scale(0.5)), "scale 0.75": (OTHER, scale(0.75)),
    "scale 1.5": (OTHER, scale(1.5)), "scale 3": (OTHER, scale(3)),
    "10 lines": (OTHER, crop(10)), "5 lines": (OTHER, crop(5)), "2 lines": (OTHER, crop(2)), "1 line": (OTHER, crop(1)),
    "rotation <= 5 deg": (OTHER, rotate(5)), "perspective <= 15 deg": (OTHER, perspective(15)),
    "blur": (OTHER, blur), "sharpen": (OTHER, sharpen), "noise 5": (OTHER, noise(5)), "noise 15": (OTHER, noise(15)),
    "median 3x3": (OTHER, median), "gamma 0.6 to 1.6": (OTHER, gamma), "inverted": (OTHER, invert),
    "dark recolour": (OTHER, dark_recolour), "palette of 16, dithered": (OTHER, palette), "moire (simulated)": (OTHER, moire),
    "video H.264": (OTHER, video), "lines jittered": (OTHER, jitter), "lines removed": (OTHER, line_removal),
    "margins around": (OTHER, margins),
    "5 lines + JPEG 75": (OTHER, chain(crop(5), jpeg(75))),
    "10 lines + half scale + JPEG 50": (OTHER, chain(crop(10), scale(0.5), jpeg(50))),
    "10 lines + rotation": (OTHER, chain(crop(10), rotate(5))),
    "10 lines + photo": (OTHER, chain(crop(10), photo)),
    "10 lines + white clip": (OTHER, chain(crop(10), white_clip)),
    "10 lines + binarised": (OTHER, chain(crop(10), binarise)),
    "30 lines + binarised": (OTHER, chain(crop(30), binarise)),
    "half scale + JPEG 60": (OTHER, chain(scale(0.5), jpeg(60))),
    "half scale + binarised": (OTHER, chain(scale(0.5), binarise)),
    "0.33 + JPEG 50": (OTHER, chain(scale(0.33), jpeg(50))),
    "binarised + JPEG 50": (OTHER, chain(binarise, jpeg(50))),
    "white clip + JPEG 50": (OTHER, chain(white_clip, jpeg(50))),
    "white clip + half scale": (OTHER, chain(white_clip, scale(0.5))),
    "noise 15 + JPEG 50": (OTHER, chain(noise(15), jpeg(50))),
    "blur + JPEG 30": (OTHER, chain(blur, jpeg(30))),
    "gamma + JPEG 50": (OTHER, chain(gamma, jpeg(50))),
    "rotation + JPEG 50": (OTHER, chain(rotate(5), jpeg(50))),
    "perspective + JPEG 50": (OTHER, chain(perspective(15), jpeg(50))),
    "inverted + JPEG 50": (OTHER, chain(invert, jpeg(50))),
    "photo + binarised": (OTHER, chain(photo, binarise)),
    "photo + JPEG 30": (OTHER, chain(photo, jpeg(30))),
    "photo + half scale": (OTHER, chain(photo, scale(0.5))),
    "video + half scale": (OTHER, chain(scale(0.5), video)),
}


def mean(images):
    return to_bytes(np.mean(np.stack(images).astype(np.float32), axis=0))


def least(images):
    return np.min(np.stack(images), axis=0)


def most(images):
    return np.max(np.stack(images), axis=0)


def difference(images):
    return to_bytes(128 + (images[0].astype(int) - images[1]))


# Several sessions' pages of one tile are put together: one of them, and nobody else, should be named.
COLLUSION = {f"{name} of {count} sessions": (OTHER, count, how) for count in (2, 5, 10)
             for name, how in (("mean", mean), ("least", least), ("most", most))}
COLLUSION["difference of 2 sessions"] = (OTHER, 2, difference)

# theme, zoom, attack: as another reader's settings show the page.
DRAWN = {
    "dark theme": (OTHER, 1, 0, nothing), "dark theme + JPEG 50": (OTHER, 1, 0, jpeg(50)),
    "dark theme, 10 lines + JPEG 75": (OTHER, 1, 0, chain(crop(10), jpeg(75))),
    "contrast theme": (OTHER, 2, 0, nothing), "contrast theme + JPEG 50": (OTHER, 2, 0, jpeg(50)),
    "zoom 1.5": (OTHER, 0, 1, nothing), "zoom 1.5 + JPEG 50": (OTHER, 0, 1, jpeg(50)),
    "zoom 1.5 + photo": (OTHER, 0, 1, photo), "zoom 2 + half scale": (OTHER, 0, 2, scale(0.5)),
}


def zooms_averaged(draw):
    """One session's page at three zooms, brought to one size and averaged."""
    pages = [draw(0, zoom) for zoom in range(3)]
    height, width = pages[0].shape[:2]
    return mean([cv2.resize(page, (width, height), interpolation=cv2.INTER_AREA) for page in pages])


def themes_averaged(draw):
    """One session's page light, and dark turned over: does averaging the two take the paper's mark away?"""
    return mean([draw(0, 0), 255 - draw(1, 0)])


def offsets_averaged(draw):
    """Three shots of one session at parts of a pixel, put on one another badly."""
    page = draw(0, 0)
    size = (page.shape[1], page.shape[0])
    moves = [np.float32([[1, 0, x], [0, 1, y]]) for x, y in ((0, 0), (0.4, 0.3), (-0.3, 0.5))]
    return mean([cv2.warpAffine(page, move, size, borderMode=cv2.BORDER_REPLICATE) for move in moves])


OWN = {"zooms of one session, averaged": (OTHER, zooms_averaged), "themes of one session, averaged": (OTHER, themes_averaged),
       "offsets of one session, averaged": (OTHER, offsets_averaged)}
