"""Forms that open a meeting, filled in."""

TRAINING = {"name": "Fay", "mode": "training", "case": "alcohol-detox-at-home"}
LIVE = {
    "name": "Fay",
    "mode": "live",
    "duties": "yes",
    "title": "Support at home after hospital",
    "called": "A",
    "outcomes": "Sleep in my own bed\nSee my sister",
    "options": "Help on weekday mornings; £24.50; 260\nA walking frame; 89; 1",
    "safeguards": "A number that somebody answers",
    "indicative": "£9,000",
    "quorum.person": "yes",
    "quorum.commissioner": "yes",
}
