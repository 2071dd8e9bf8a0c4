"""What the three answer files must give, worked out by hand from keys and panels.

Twelve questions have a key. `strong` has all of them right. `weak` earns only who-agrees, 2 of the
3 and none wrong: 2/3 = 0.6667 of 12. Its unsafe first answers count, not those that put them right.
cautions: 1 of 4 less 1 of 2 is below nothing; what-it-may-not-buy: everything ticked is nothing.

The clinicians are contested on fair-to-others (counts 1, 6, 1, 6, 1), so five of their six count.
`strong`: first-lean 8/8 + one-pain 9/9 + denise 7/7 + bruise 4/7 + last-lean 4/5 = 3 + 0.5714 +
0.8000 = 4.3714 of 5. `weak`: 0 + 0 + denise 3/7 + 0 + last-lean 1/5 = 0.4286 + 0.2000 = 0.6286.

The holders' six all count. `strong`: first-lean 4/7 + one-pain 4/5 + denise 1/6 + fair 2/6 +
bruise 7/7 + last-lean 6/6 = 0.5714 + 0.8000 + 0.1667 + 0.3333 + 2 = 3.8714 of 6.
`weak`: 0 + 0 + denise 2/6 + fair 6/6 + 0 + 0 = 1.3333.
"""

EXPECTED = {
    "strong": {
        "key": ("12.0000", "100.00"),
        "clinicians": ("4.3714", "87.43"),
        "holders": ("3.8714", "64.52"),
    },
    "weak": {
        "key": ("0.6667", "5.56"),
        "clinicians": ("0.6286", "12.57"),
        "holders": ("1.3333", "22.22"),
    },
    "empty": {
        "key": ("0.0000", "0.00"),
        "clinicians": ("0.0000", "0.00"),
        "holders": ("0.0000", "0.00"),
    },
}
