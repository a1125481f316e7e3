"""The colours of a scale of pictures, worked out again: straight lines between anchors in Oklab."""
import numpy as np

# Lightness, chroma and hue in Oklab.
TEMPERATURE = [(.24, .09, 278), (.40, .15, 295), (.55, .17, 345), (.70, .15, 30), (.83, .13, 70),
               (.94, .11, 102)]
WARMING = [(.32, .12, 262), (.52, .13, 250), (.76, .08, 235), (.97, .005, 90), (.78, .10, 45),
           (.55, .17, 28), (.34, .12, 22)]
M1 = np.array([[1, .3963377774, .2158037573], [1, -.1055613458, -.0638541728],
               [1, -.0894841775, -1.2914855480]])
M2 = np.array([[4.0767416621, -3.3077115913, .2309699292],
               [-1.2684380046, 2.6097574011, -.3413193965],
               [-.0041960863, -.7034186147, 1.7076147010]])


def colours(anchors, shares):
    lightness, chroma, hue = np.array(anchors).T
    lab = np.stack([lightness, chroma * np.cos(np.radians(hue)), chroma * np.sin(np.radians(hue))])
    at = np.clip(shares, 0, 1) * (len(anchors) - 1)
    mixed = np.stack([np.interp(at, range(len(anchors)), row) for row in lab], -1)
    linear = np.clip((mixed @ M1.T) ** 3 @ M2.T, 0, 1)
    return np.where(linear <= .0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - .055)
