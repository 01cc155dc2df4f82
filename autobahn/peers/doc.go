// Package peers holds the judge of package autobahn against implementations
// that are not ours: echo servers and clients made of gorilla/websocket,
// coder/websocket and gobwas/ws, each written the way its own documentation
// shows, with permessage-deflate on and the limits lifted.
//
// What the judge says of them stands in testdata and is explained, case by
// case where it is not OK, in README.md. A verdict that changes means that a
// library has changed, or the judge.
package peers
