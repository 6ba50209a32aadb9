"""`tests:` of a configuration, run in virtual time: what a rule is given, and what it says.

    runner     one test through the same pipeline as `run`
    comparing  what came next to what was expected
    timeline   what each line did
    coverage   what no test reaches
    rewriting  `--update`: what came becomes what is expected
    junit      the result for machines that build

Nothing is sent, nothing is stored, no clock is looked at.
"""
