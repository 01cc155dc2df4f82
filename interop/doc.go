// Package interop holds conversations between this project and other people's
// implementations of the same protocol. It has nothing but tests.
//
// A scenario is written once and played with every counterpart that can take
// part in it, in each of the places where we can stand:
//
//	theirs (a client)  ──►  our http.Handler under net/http
//	theirs (a client)  ──►  our standalone server
//	our client         ──►  theirs (a server)
//
// The counterparts in Go, gorilla/websocket and coder/websocket, take part in
// every run of the tests. Those that must be installed first (the npm package
// ws, Python's websockets, Chromium, nginx and curl; see install.sh) take part
// under the build tag interop, and then a missing one is a failure:
//
//	bash install.sh && go test -tags interop ./...
//
// A counterpart that is a program of its own is a child process. It is told
// what to do and says what happened in lines of JSON; see theirs_test.go.
package interop
