"""The oracle: real Spark's answers to small cases, recorded and live. See README.md."""
