"""The workbench: a page on this machine on which authors write a rule, try it on a patient, and test it."""
