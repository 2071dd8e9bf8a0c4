"""What the three answer files must give, worked out by hand from keys and panels.

The clinicians are contested on fair-to-others (counts 1, 6, 1, 6, 1), so five of their six count.
`strong`: first-lean 8/8 + one-pain 9/9 + denise 7/7 + bruise 4/7 + last-lean 6/7 = 3 + 0.5714 +
0.8571 = 4.4285 of 5. `weak`: 0 + 0 + denise 3/7 + 0 + 0 = 0.4286 of 5.
"""

EXPECTED = {
    "strong": {
        "key": ("8.0000", "100.00"),
        "clinicians": ("4.4285", "88.57"),
        "holders": ("3.7047", "61.75"),
    },
    "weak": {
        "key": ("0.6667", "8.33"),
        "clinicians": ("0.4286", "8.57"),
        "holders": ("1.3333", "22.22"),
    },
    "empty": {
        "key": ("0.0000", "0.00"),
        "clinicians": ("0.0000", "0.00"),
        "holders": ("0.0000", "0.00"),
    },
}
