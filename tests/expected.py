"""What the three answer files must give, worked out by hand from keys and panels.

`strong`, clinicians: first-lean 8/8, one-pain 8/8... see the panels in the case bank.
"""

EXPECTED = {
    "strong": {
        "key": ("8.0000", "100.00"),
        "clinicians": ("5.4285", "90.48"),
        "holders": ("3.7047", "61.75"),
    },
    "weak": {
        "key": ("0.6667", "8.33"),
        "clinicians": ("0.5953", "9.92"),
        "holders": ("1.3333", "22.22"),
    },
    "empty": {
        "key": ("0.0000", "0.00"),
        "clinicians": ("0.0000", "0.00"),
        "holders": ("0.0000", "0.00"),
    },
}
