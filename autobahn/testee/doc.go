// Package testee is what the cases of package autobahn are played against: an
// echo server and a client that asks for cases, both of nothing but the
// public packages of this module, with their limits lifted.
//
//	http.ListenAndServe("127.0.0.1:9001", testee.Handler())
//
// Command autobahn/cmd/testee runs them, against package autobahn or against
// the original suite; the README beside says how.
package testee
