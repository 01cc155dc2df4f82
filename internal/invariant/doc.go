// Package invariant makes broken promises visible in tests.
//
// Memory that is lent out until a named moment is poisoned when that moment
// comes, so that whoever kept it reads nonsense at once instead of somebody
// else's message once a month. The checks are compiled in with -race and with
// -tags wsdebug; otherwise they are nothing at all.
package invariant
