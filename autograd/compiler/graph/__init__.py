"""The scalar graph as arrays: simplified, expanded, differentiated, put in order."""
