package client_test

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"
)

// TestMain sets the scene before anybody looks at it, since net/http reads the
// environment once, and looks at what is left behind.
func TestMain(m *testing.M) {
	for name, value := range map[string]string{
		"HTTP_PROXY":  "http://proxy.for.http:3128",
		"HTTPS_PROXY": "proxy.for.https:3129",
	} {
		os.Setenv(name, value)
		os.Unsetenv(strings.ToLower(name))
	}
	os.Unsetenv("NO_PROXY")
	os.Unsetenv("no_proxy")
	before := runtime.NumGoroutine()
	code := m.Run()
	if left := left(before); code == 0 && left != "" {
		fmt.Fprintf(os.Stderr, "goroutines are left:\n\n%s\n", left)
		code = 1
	}
	os.Exit(code)
}

// left draws the goroutines, unless in a few seconds there are no more of them
// than before.
func left(before int) string {
	late := time.After(5 * time.Second)
	for runtime.NumGoroutine() > before {
		select {
		case <-late:
			b := make([]byte, 1<<20)
			return string(b[:runtime.Stack(b, true)])
		default:
			runtime.Gosched()
		}
	}
	return ""
}
