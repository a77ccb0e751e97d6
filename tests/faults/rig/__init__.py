"""What the fault harnesses share: a hermetic place, the operations, and the judge.

    place       a folder of its own with made-up people, data and packages
    operations  what exeat is asked to do there, and what "done" means for each
    judge       what has to hold after a fault, whatever it was
    ledger      the entries of the ledger, read without exeat
    plaintext   where plaintext lies that should not
    control     a bad writer in the place of exeat: the judge has to find it out
    table       progress, the final table, JSON
"""
