"""The same plan inside an existing engine: Spark, Ray.

The engine cuts a frame into parts. Each part is judged and masked where it is, by the same plan
with keys that are loaded there; what is the whole frame's to decide (keys across parts, thresholds,
ages) is decided by whoever started it. The report is that of one run over all rows, in the order
of the parts.
"""
