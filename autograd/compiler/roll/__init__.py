"""From a graph to a program: statements over many nodes, with addresses that form loops."""
