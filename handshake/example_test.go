package handshake_test

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/bellwire/bellwire/handshake"
)

// A server of your own checks the request, hijacks the connection and answers.
// What follows on the connection are frames.
func Example() {
	policy := handshake.Policy{Subprotocols: []string{"chat"}}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		req, err := handshake.FromHTTP(r)
		var res *handshake.Result
		if err == nil {
			res, err = policy.Accept(req)
		}
		if refusal, ok := errors.AsType[*handshake.Error](err); ok {
			refusal.ServeHTTP(w, r)
			return
		}
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer conn.Close()
		if answer, err := res.AppendResponse(nil); err == nil {
			conn.Write(answer)
		}
	}))
	defer server.Close()

	// Somebody opens the address in a browser's address bar.
	resp, err := http.Get(server.URL)
	if err != nil {
		fmt.Println(err)
		return
	}
	resp.Body.Close()
	fmt.Println(resp.Status, "Upgrade:", resp.Header.Get("Upgrade"))
	// Output: 426 Upgrade Required Upgrade: websocket
}

// Without net/http, a Parser reads the request from whatever the connection
// has delivered so far.
func ExampleParser() {
	client, server := net.Pipe()
	go func() {
		defer client.Close()
		fmt.Fprint(client, "GET / HTTP/1.1\r\nHost: example.com\r\n")
		fmt.Fprint(client, "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 8\r\n\r\n")
	}()

	var p handshake.Parser
	buf := make([]byte, 0, 4096)
	for {
		n, err := server.Read(buf[len(buf):cap(buf)])
		if err != nil {
			fmt.Println(err)
			return
		}
		buf = buf[:len(buf)+n]
		req, n, err := p.Parse(buf)
		if refusal, ok := errors.AsType[*handshake.Error](err); ok {
			status, _, _ := strings.Cut(string(refusal.AppendResponse(nil)), "\r\n")
			fmt.Println(status)
			fmt.Println(refusal)
			return
		}
		if n > 0 {
			fmt.Println(req.Path, "and", len(buf)-n, "bytes of frames")
			return
		}
	}
	// Output:
	// HTTP/1.1 426 Upgrade Required
	// RFC 6455 §4.2.1(6): Sec-WebSocket-Version is not 13, got "8". Send 13, which is all that this server speaks.
}

// Pages of the server's own origin may connect, and those that a pattern
// allows.
func ExampleAllowOrigins() {
	origins, err := handshake.AllowOrigins("https://*.example.com", "http://localhost:*")
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, page := range []string{"https://shop.example.com", "http://localhost:5173", "https://example.org"} {
		err := origins.Check(&handshake.Request{Scheme: "https", Host: "api.example.com", Origin: page})
		fmt.Println(page, err == nil)
	}

	_, err = handshake.AllowOrigins("example.com")
	fmt.Println(err)
	// Output:
	// https://shop.example.com true
	// http://localhost:5173 true
	// https://example.org false
	// handshake: origin pattern "example.com": it has no scheme: write "https://example.com"
}

// Authorize sees a request whose rules and origin are in order, and answers
// with any status.
func ExamplePolicy() {
	policy := handshake.Policy{
		Authorize: func(r *handshake.Request) (http.Header, error) {
			if r.URL().Query().Get("token") != "swordfish" {
				return nil, &handshake.Error{Status: 401, Msg: "The token is not valid any more: log in again."}
			}
			return http.Header{"X-Session": {"7"}}, nil
		},
	}
	if err := policy.Check(); err != nil {
		fmt.Println(err)
		return
	}
	for _, path := range []string{"/?token=swordfish", "/"} {
		r := httptest.NewRequest("GET", "http://example.com"+path, nil)
		r.Header.Set("Upgrade", "websocket")
		r.Header.Set("Connection", "Upgrade")
		r.Header.Set("Sec-WebSocket-Version", "13")
		r.Header.Set("Sec-WebSocket-Key", handshake.NewKey())
		req, err := handshake.FromHTTP(r)
		if err != nil {
			fmt.Println(err)
			return
		}
		res, err := policy.Accept(req)
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Println(res.Status, res.Header.Get("X-Session"))
	}
	// Output:
	// 101 7
	// The token is not valid any more: log in again.
}
