"""What the fault harnesses share: a hermetic place, the operations, and the judge.

    place       a folder of its own with made-up people, data and packages
    operations  what exeat is asked to do there, and what "done" means for each
    judge       what has to hold after a fault, whatever it was
    ledger      the entries of the ledger, read without exeat
    plaintext   where plaintext lies that should not
    breaks      things broken by hand: the judge has to name them
    bad-writer  stands in the place of exeat: the judge has to find it out
    strace      system calls, counted and made to fail
    begun       strace, from where the program itself begins
    syncs       calls that make durable, counted and taken away
    device      file systems of one's own, which cannot be left behind
    fuse        a disk that writes down what was written to it, and flushed, when
    images      the disks that a power failure may leave of such a one
    room        disks with so much room and no more
    stage       a place that lies on such disks
    work        where harnesses work, and how
    revision    what was put to the test
    table       progress, the final table, JSON
"""
