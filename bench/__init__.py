"""Measures of the platform, each as a ratio to an honest minimal program in the same run."""
