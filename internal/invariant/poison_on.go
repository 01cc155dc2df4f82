//go:build race || wsdebug

package invariant

// Enabled says whether the checks are compiled in.
const Enabled = true

// Poison overwrites b, whose borrower's time is over. The octet 0xfd occurs in
// no UTF-8 text and begins no legal frame.
func Poison(b []byte) {
	for i := range b {
		b[i] = 0xfd
	}
}
