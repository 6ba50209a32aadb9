"""What each verb takes on its command line: a file a verb, which loads argparse and no more.

Help, completion and the manual page are made of these without anything else of logwatch, so
`--help` is there at once and a build needs none of the dependencies.
"""
