// Package arch holds the walls of the house, as tests. It exports nothing and
// nobody imports it: go test reads the source of every package beside it and
// fails when a package reaches over its wall, a file or a budget outgrows its
// limit, a test sleeps, a link leads nowhere, or a row of
// docs/conformance.md names a test that does not exist.
//
// A check is a function from a file tree to a list of complaints, so that each
// one is itself tested against a small tree that breaks its rule.
package arch
