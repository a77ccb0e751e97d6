"""A made-up clinic, and files in every format that hold it."""
