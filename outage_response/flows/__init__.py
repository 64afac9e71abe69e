"""Use cases on a site. Each verb locks its incident, asks the rules in `domain`, writes, and records the timeline.

No flow commits: the request, the job or the test around it does.
"""
