"""`router rules`: a duty list as a dispatcher's desk keeps it: learnt, tried, checked and replayed before it is in force."""
