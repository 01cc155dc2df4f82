package server

// Network shows which part of an address is capped.
func Network(addr string) string { return network(addr) }
