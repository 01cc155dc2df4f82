package client

// ConnectionsWith is Connections with waits that can be foretold.
var ConnectionsWith = connections
