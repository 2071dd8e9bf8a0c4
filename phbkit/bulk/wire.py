"""The two kinds of messages that a kernel on a pipe sends."""

IOPUB, SHELL = "iopub", "shell"
