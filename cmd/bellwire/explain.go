package main

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/bellwire/bellwire/client"
)

// explain says why there is no connection: how far it got, what was answered,
// and what may help.
func explain(w io.Writer, address string, err error) {
	fmt.Fprintf(w, "bellwire: %s\n", visible(strings.TrimPrefix(err.Error(), "websocket: ")))
	var failed *client.DialError
	if errors.As(err, &failed) {
		// Of a short answer all is in the error already.
		if body := strings.TrimSpace(string(failed.Body)); !strings.Contains(err.Error(), body) {
			fmt.Fprintf(w, "\n  %s\n", visible(body))
		}
	}
	var record tls.RecordHeaderError
	var certificate *tls.CertificateVerificationError
	switch _, rest, _ := strings.Cut(address, "://"); {
	case errors.As(err, &record):
		fmt.Fprintf(w, "The server does not speak TLS. Did you mean ws://%s?\n", rest)
	case errors.As(err, &certificate):
		fmt.Fprintln(w, "With -insecure any certificate is accepted.")
	}
}
