"""Event streams materialised into analytical tables that are products themselves.

A projection reads what a source product has gained, folds it into the target, and publishes the
target through the target's own gate. How far the source was followed is part of the target's
commit, so result and position never disagree, and a run that is repeated does nothing.
"""
